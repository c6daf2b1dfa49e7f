export type RunOptions = {
  point?: string;
  again?: boolean;
  dryRun?: boolean;
  simulation?: boolean;
  wait?: boolean;
  reason?: string;
  label?: string;
  from?: string;
  moment?: string;
  to?: string;
};

export type AskedMessage = Record<string, unknown> & { job: string; target: string; scheduledFor: string };
