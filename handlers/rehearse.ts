import { withDurableExecution } from '@aws/durable-execution-sdk-js';
import { rehearseJob } from '../lib/domain/job.ts';
import { pick, plan, scratchFunction, telling } from '../lib/runtime/compose.ts';
import { durableSteps, parseJob } from '../lib/runtime/durable.ts';
import { rehearse } from '../lib/workflows/rehearse.ts';

/** Topic `jobs` → a rehearsal. A durable function: it waits for the scratch function without being billed. */
export const handler = withDurableExecution(async (event: unknown, context) => {
  const job = parseJob(rehearseJob, event);
  return rehearse(job, durableSteps(context), {
    ...telling(),
    plan: plan(),
    scratchFunction: scratchFunction(),
    pick,
  });
});
