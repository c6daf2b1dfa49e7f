import { withDurableExecution } from '@aws/durable-execution-sdk-js';
import { copyJob } from '../lib/domain/job.ts';
import { platformDeps } from '../lib/runtime/compose.ts';
import { durableSteps, parseJob } from '../lib/runtime/durable.ts';
import { copy } from '../lib/workflows/snapshots/copy.ts';

/** Topic `jobs` → a copy of a snapshot in another Region or account. A durable function: copies take hours. */
export const handler = withDurableExecution(async (event: unknown, context) =>
  copy(parseJob(copyJob, event), durableSteps(context), platformDeps()),
);
