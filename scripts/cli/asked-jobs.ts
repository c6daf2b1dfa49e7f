/** What a person may ask for with `run`, in the order of a night. Kept apart from the messages’ schemas: `--help` needs no more. */
export const ASKED_JOBS = [
  'dump',
  'verify',
  'rehearse',
  'simulation',
  'snapshot',
  'copy',
  'rehearse-snapshot',
  'rehearse-moment',
  'preflight',
  'expire',
] as const;
