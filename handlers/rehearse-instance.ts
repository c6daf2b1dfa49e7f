import { rehearseInstanceJob } from '../lib/domain/runs/job.ts';
import {
  changesFunction,
  pick,
  platformDeps,
  proveFunction,
  scratchAt,
  scratchInstances,
  scratchNetwork,
  scratchSecretStore,
} from '../lib/runtime/compose.ts';
import { durableHandler } from '../lib/runtime/durable-handler.ts';
import { rehearseInstance } from '../lib/workflows/rehearse/rehearse-instance.ts';

/** Topic `jobs` → a snapshot or a moment restored onto a scratch instance. A durable function: it takes hours. */
export const handler = durableHandler(rehearseInstanceJob, (job, durable) =>
  rehearseInstance(job, durable, {
    ...platformDeps(),
    scratch: scratchInstances(),
    scratchAt,
    scratchSecrets: scratchSecretStore(),
    network: scratchNetwork(),
    proveFunction: proveFunction(),
    changesFunction: changesFunction(),
    pick,
  }),
);
