import { copyJob } from '../lib/domain/runs/job.ts';
import { platformDeps } from '../lib/runtime/compose.ts';
import { durableHandler } from '../lib/runtime/durable-handler.ts';
import { copy } from '../lib/workflows/copy/copy.ts';

/** Topic `jobs` → a copy of a snapshot in another Region or account. A durable function: copies take hours. */
export const handler = durableHandler(copyJob, (job, durable) => copy(job, durable, platformDeps()));
