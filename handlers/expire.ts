import { expireJob } from '../lib/domain/runs/job.ts';
import { home, jobDeps, platform, replica, vault } from '../lib/runtime/compose.ts';
import { jobHandler } from '../lib/runtime/job-handler.ts';
import { expire } from '../lib/workflows/expire/expire.ts';

/** Queue `expire` → deletes what retention no longer keeps. The only function that may delete recovery points. */
export const handler = jobHandler(expireJob, (job, invocation) =>
  expire(job, {
    ...jobDeps(invocation),
    vault: vault(),
    replica: replica(),
    platform: platform(),
    home: home(),
  }),
);
