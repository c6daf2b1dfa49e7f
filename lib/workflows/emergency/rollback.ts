import { raise, resolve } from '../../alerting/alerts.ts';
import { InputError, reasonOf } from '../../domain/errors.ts';
import { finding } from '../../domain/findings/finding.ts';
import type { RestoreRecord } from '../../domain/incidents/restore-record.ts';
import { requireTarget } from '../../domain/plan/policy.ts';
import type { RollbackJob } from '../../domain/runs/job.ts';
import { utc } from '../../domain/time.ts';
import { attempt } from '../../execution/durable-run.ts';
import type { Durable } from '../../ports/durable.ts';
import { restartServices } from './cut-over.ts';
import { askInside } from './inside-databases.ts';
import { restoreLog } from './restore-log.ts';
import type { RestoreDeps, RestoreOutcome, Restoring } from './restoring.ts';
import { undo } from './undo.ts';

/**
 * Back to the old database: the new one is closed first, so that nobody writes into what nobody reads any more, then
 * names, secrets, fence and freeze are undone in the reverse order. What was written since the cutover stays in the
 * new database.
 */
export async function backToOld(
  job: RollbackJob,
  durable: Durable,
  deps: RestoreDeps,
): Promise<RestoreOutcome> {
  const target = requireTarget(deps.plan, job.target);
  const found = await attempt(durable, 'look at the restore', () => requireDone(job, deps));
  if (!found.ok)
    return {
      outcome: 'refused',
      summary: found.said.message,
      code: found.said.code,
      ...(found.said.hint ? { hint: found.said.hint } : {}),
    };
  const log = restoreLog(found.value, durable, deps);
  const restoring = { target, log, durable, deps } as unknown as Restoring;
  const failed = await fenceNew(restoring);
  const back = await undo(restoring);
  failed.push(...back.failed);
  if (log.record.settings.cutover === 'secret') failed.push(...(await restartServices(restoring)));
  const endedAt = await durable.step('the end', async () => utc(deps.clock.now()));
  await log.note('rolled back', {
    state: 'rolled-back',
    endedAt,
    undone: [
      ...log.record.undone,
      `${job.requestedBy} rolled it back`,
      ...back.undone,
      ...failed.map((what) => `NOT put back: ${what}`),
    ],
  });
  await durable.step('tell that it is rolled back', async () => {
    await resolve(deps, { target: target.id, code: 'restore-unsettled', subject: target.id });
    if (failed.length > 0)
      await raise(
        deps,
        finding('restore-not-undone', { target, subject: target.id, message: failed.join('; ') }),
      );
  });
  return {
    outcome: failed.length > 0 ? 'not-done' : 'done',
    restore: log.record.id,
    summary: failed.length > 0 ? failed.join('; ') : `${target.id} has its old database again`,
  };
}

async function requireDone(
  { target, restore }: RollbackJob,
  { catalog }: RestoreDeps,
): Promise<RestoreRecord> {
  const record = await catalog.restore(target, restore);
  const newest = await catalog.restore(target);
  const status = `./understudy restore status ${target}`;
  if (!record || !newest) throw new InputError(`there is no restore ${restore} of ${target}`, [], status);
  if (newest.id !== record.id)
    throw new InputError(
      `${restore} is not the last restore of ${target}: ${newest.id} came later`,
      [],
      status,
    );
  if (record.state !== 'done' || !record.switched)
    throw new InputError(
      `the restore ${restore} of ${target} is ${record.state}${record.switched ? '' : ' and switched nothing'}: there is nothing to roll back`,
      [],
      status,
    );
  return record;
}

/** Never two writers: the new one first. One that nobody reaches is not in the way. */
async function fenceNew({ target, log, durable, deps }: Restoring): Promise<string[]> {
  const { made, old, switched, settings } = log.record;
  // By name it answers where the old one did.
  const side = switched?.newIs ? old : made;
  const request = {
    ask: 'fence' as const,
    target: target.id,
    at: { host: side!.host!, port: side!.port! },
    ...(settings.admin === undefined ? {} : { admin: settings.admin }),
  };
  return askInside(durable, 'close the new one', deps.insideFunction, request).then(
    () => [],
    (error) => [`${made!.name} could not be closed: ${reasonOf(error)}`],
  );
}
