import { withDurableExecution } from '@aws/durable-execution-sdk-js';
import { snapshotJob } from '../lib/domain/job.ts';
import { platformDeps } from '../lib/runtime/compose.ts';
import { durableSteps, parseJob } from '../lib/runtime/durable.ts';
import { snapshot } from '../lib/workflows/snapshots/snapshot.ts';

/** Topic `jobs` → a snapshot. A durable function: it waits for hours without being billed. */
export const handler = withDurableExecution(async (event: unknown, context) =>
  snapshot(parseJob(snapshotJob, event), durableSteps(context), platformDeps()),
);
