import { dumpJob } from '../lib/domain/runs/job.ts';
import { engine, jobDeps, secrets, vault } from '../lib/runtime/compose.ts';
import { jobHandler } from '../lib/runtime/job-handler.ts';
import { dump } from '../lib/workflows/dump/dump.ts';

/** Queue `dump` → a recovery point. A container function: it runs pg_dump. */
export const handler = jobHandler(dumpJob, (job, invocation) =>
  dump(job, { ...jobDeps(invocation), vault: vault(), engine: engine(job.target), secrets: secrets() }),
);
