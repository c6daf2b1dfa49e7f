import { snapshotJob } from '../lib/domain/runs/job.ts';
import { platformDeps } from '../lib/runtime/compose.ts';
import { durableHandler } from '../lib/runtime/durable-handler.ts';
import { snapshot } from '../lib/workflows/snapshot/snapshot.ts';

/** Topic `jobs` → a snapshot. A durable function: it waits for hours without being billed. */
export const handler = durableHandler(snapshotJob, (job, durable) => snapshot(job, durable, platformDeps()));
