import { preflightJob } from '../lib/domain/runs/job.ts';
import { home, jobDeps, keyState, platform, scratchNetwork } from '../lib/runtime/compose.ts';
import { conditions } from '../lib/runtime/compose-conditions.ts';
import { jobHandler } from '../lib/runtime/job-handler.ts';
import { preflight } from '../lib/workflows/preflight/preflight.ts';

/** Queue `preflight` → would a restore succeed now, and is the source set up as promised? Only reads. */
export const handler = jobHandler(preflightJob, (job, invocation) =>
  preflight(job, {
    ...jobDeps(invocation),
    platform: platform(),
    conditions: conditions(),
    keyState,
    home: home(),
    scratchNetwork: scratchNetwork(),
  }),
);
