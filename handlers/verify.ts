import { verifyJob } from '../lib/domain/runs/job.ts';
import { engine, jobDeps, replica, vault } from '../lib/runtime/compose.ts';
import { jobHandler } from '../lib/runtime/job-handler.ts';
import { verify } from '../lib/workflows/verify/verify.ts';

/** Queue `verify` → points verified or found corrupt. A container function: it runs pg_restore. */
export const handler = jobHandler(verifyJob, (job, invocation) =>
  verify(job, { ...jobDeps(invocation), vault: vault(), replica: replica(), engine: engine(job.target) }),
);
