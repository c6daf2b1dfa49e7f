import { rehearseJob } from '../lib/domain/job.ts';
import { pick, plan, scratchFunction, telling } from '../lib/runtime/compose.ts';
import { durableHandler } from '../lib/runtime/durable.ts';
import { rehearse } from '../lib/workflows/rehearse.ts';

/** Topic `jobs` → a rehearsal. A durable function: it waits for the scratch function without being billed. */
export const handler = durableHandler(rehearseJob, (job, durable) =>
  rehearse(job, durable, { ...telling(), plan: plan(), scratchFunction: scratchFunction(), pick }),
);
