import { copyJob } from '../lib/domain/job.ts';
import { platformDeps } from '../lib/runtime/compose.ts';
import { durableHandler } from '../lib/runtime/durable.ts';
import { copy } from '../lib/workflows/snapshots/copy.ts';

/** Topic `jobs` → a copy of a snapshot in another Region or account. A durable function: copies take hours. */
export const handler = durableHandler(copyJob, (job, durable) => copy(job, durable, platformDeps()));
