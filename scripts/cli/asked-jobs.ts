/**
 * Jobs that a person may ask for with `run`, in the order of a night. Separate from the messages’ schemas, which
 * `--help` does not need.
 */
export const ASKED_JOBS = [
  'dump',
  'verify',
  'rehearse',
  'simulation',
  'snapshot',
  'copy',
  'rehearse-snapshot',
  'rehearse-moment',
  'drill',
  'preflight',
  'expire',
] as const;
