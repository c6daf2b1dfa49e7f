import { rehearseJob } from '../lib/domain/runs/job.ts';
import { pick, plan, scratchFunction, telling } from '../lib/runtime/compose.ts';
import { durableHandler } from '../lib/runtime/durable-handler.ts';
import { rehearseDump } from '../lib/workflows/rehearse/rehearse-dump.ts';

/** Topic `jobs` → a rehearsal. A durable function: it waits for the scratch function without being billed. */
export const handler = durableHandler(rehearseJob, (job, durable) =>
  rehearseDump(job, durable, { ...telling(), plan: plan(), scratchFunction: scratchFunction(), pick }),
);
