import { expireJob } from '../lib/domain/runs/job.ts';
import { home, jobDeps, platform, replica, vault } from '../lib/runtime/compose.ts';
import { jobHandler } from '../lib/runtime/job-handler.ts';
import { expire } from '../lib/workflows/expire/expire.ts';

/** Queue `expire` → what retention keeps no longer is gone. The only function that may delete what is kept. */
export const handler = jobHandler(expireJob, (job, invocation) =>
  expire(job, {
    ...jobDeps(invocation),
    vault: vault(),
    replica: replica(),
    platform: platform(),
    home: home(),
  }),
);
