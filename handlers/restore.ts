import * as z from 'zod';
import { drillJob, restartAppJob, restoreJob, rollbackAppJob, rollbackJob } from '../lib/domain/runs/job.ts';
import {
  applicationSecretStore,
  changesFunction,
  functions,
  hooks,
  loadFunction,
  pick,
  platformDeps,
  restoredInstances,
  restoredPasswords,
  restoreSqlFunction,
  services,
  smokeFunction,
} from '../lib/runtime/compose.ts';
import { durableHandler } from '../lib/runtime/durable-handler.ts';
import { changeApplication } from '../lib/workflows/emergency/change-app.ts';
import { type DrillOutcome, runDrill } from '../lib/workflows/emergency/drill.ts';
import { emergencyRestore } from '../lib/workflows/emergency/restore.ts';
import type { RestoreOutcome } from '../lib/workflows/emergency/restoring.ts';
import { backToOld } from '../lib/workflows/emergency/rollback.ts';

const request = z.discriminatedUnion('job', [
  restoreJob,
  rollbackJob,
  restartAppJob,
  rollbackAppJob,
  drillJob,
]);

/** A person → production goes to a new database, or back; its application starts anew, or goes back. Durable: it takes hours. */
export const handler = durableHandler(request, (job, durable): Promise<RestoreOutcome | DrillOutcome> => {
  const deps = {
    ...platformDeps(),
    restored: restoredInstances(),
    passwords: restoredPasswords(),
    applicationSecrets: applicationSecretStore(),
    services: services(),
    hooks: hooks(),
    functions: functions(),
    insideFunction: restoreSqlFunction(),
    loadFunction: loadFunction(),
    changesFunction: changesFunction(),
    smokeFunction: smokeFunction(),
    pick,
  };
  if (job.job === 'restore') return emergencyRestore(job, durable, deps);
  if (job.job === 'drill') return runDrill(job, durable, deps);
  return job.job === 'rollback' ? backToOld(job, durable, deps) : changeApplication(job, durable, deps);
});
