import * as z from 'zod';
import { restartAppJob, restoreJob, rollbackAppJob, rollbackJob } from '../lib/domain/runs/job.ts';
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
import { changeApplication } from '../lib/workflows/emergency/change-app.ts';
import { emergencyRestore } from '../lib/workflows/emergency/restore.ts';
import { backToOld } from '../lib/workflows/emergency/rollback.ts';

const request = z.discriminatedUnion('job', [restoreJob, rollbackJob, restartAppJob, rollbackAppJob]);

/** A person → production goes to a new database, or back; or its application starts anew, or goes back. A durable function: it takes hours, and waits for approval. */
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
  switch (job.job) {
    case 'restore':
      return emergencyRestore(job, durable, deps);
    case 'rollback':
      return backToOld(job, durable, deps);
    default:
      return changeApplication(job, durable, deps);
  }
});
