import * as z from 'zod';
import { restoreJob, rollbackJob } from '../lib/domain/runs/job.ts';
import {
  applicationSecretStore,
  changesFunction,
  hooks,
  loadFunction,
  pick,
  platformDeps,
  restoredInstances,
  restoredPasswords,
  restoreSqlFunction,
  services,
} from '../lib/runtime/compose.ts';
import { durableHandler } from '../lib/runtime/durable-handler.ts';
import { emergencyRestore } from '../lib/workflows/emergency/restore.ts';
import { backToOld } from '../lib/workflows/emergency/rollback.ts';

const request = z.discriminatedUnion('job', [restoreJob, rollbackJob]);

/** A person → production goes to a new database, or back. A durable function: it takes hours, and waits for approval. */
export const handler = durableHandler(request, (job, durable) => {
  const deps = {
    ...platformDeps(),
    restored: restoredInstances(),
    passwords: restoredPasswords(),
    applicationSecrets: applicationSecretStore(),
    services: services(),
    hooks: hooks(),
    insideFunction: restoreSqlFunction(),
    loadFunction: loadFunction(),
    changesFunction: changesFunction(),
    pick,
  };
  return job.job === 'restore' ? emergencyRestore(job, durable, deps) : backToOld(job, durable, deps);
});
