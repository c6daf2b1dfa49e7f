import { randomUUID } from 'node:crypto';
import { raise, resolve } from '../../alerting/alerts.ts';
import { type ErrorInfo, InputError, toErrorInfo } from '../../domain/errors.ts';
import { finding } from '../../domain/findings/finding.ts';
import { isUnderWay, type RestoreRecord } from '../../domain/incidents/restore-record.ts';
import { requireTarget, type Target } from '../../domain/plan/policy.ts';
import type { RollbackJob } from '../../domain/runs/job.ts';
import { plusSeconds, utc } from '../../domain/time.ts';
import { type Attempted, attempt } from '../../execution/durable-run.ts';
import type { Durable } from '../../ports/durable.ts';
import { askInside } from './ask-inside.ts';
import { adoptAsTarget } from './close.ts';
import { RESTORE_LIVES } from './declare.ts';
import { notBegun } from './not-begun.ts';
import { restoreLog } from './restore-log.ts';
import type { RestoreDeps, RestoreOutcome } from './restoring.ts';
import { undo } from './undo.ts';

/**
 * Back to the old database: the new one is closed first, so that nobody writes into what nobody reads any more, then
 * names, secrets, fence and freeze are undone in the reverse order. What was written since the cutover stays in the
 * new database. It may be repeated until nothing is left to put back.
 */
export async function backToOld(
  job: RollbackJob,
  durable: Durable,
  deps: RestoreDeps,
): Promise<RestoreOutcome> {
  const target = requireTarget(deps.plan, job.target);
  const found = await attempt(durable, 'look at the restore', () => requireUndoable(job, deps));
  if (!found.ok) return notBegun('the rollback', found.said, target, durable, deps);
  const { state: before } = found.value;
  const obstacle = await whyNotBack(found.value, target, durable, deps);
  if (obstacle) return notBegun('the rollback', obstacle, target, durable, deps);
  const taken = await takeForRollback(found.value, durable, deps);
  if (!taken.ok) return notBegun('the rollback', taken.said, target, durable, deps);
  const log = restoreLog(taken.value, durable, deps);
  const { undone, failed } = await undo({ target, log, durable, deps }, { anyway: true });
  const { switched, old } = log.record;
  if (switched?.newIs && old && failed.length === 0)
    await durable
      .step('know the old one as the target', () => adoptAsTarget({ target, deps }, old.resourceId))
      .catch(
        (error) => void failed.push(`the watch will report a replaced source: ${toErrorInfo(error).message}`),
      );
  const endedAt = await durable.step('the end', async () => utc(deps.clock.now()));
  await log.note('rolled back', {
    state: failed.length > 0 ? (before === 'running' ? 'not-done' : before) : 'rolled-back',
    endedAt,
    error: failed.length > 0 ? { code: 'restore-not-undone', message: failed.join('; ') } : undefined,
    undone: [...log.record.undone, `${job.requestedBy} rolled it back at ${endedAt}`, ...undone],
    notPutBack: failed,
  });
  await durable.step('tell that it is rolled back', async () => {
    for (const code of ['restore-unsettled', 'restore-under-way', 'restore-awaits-approval'] as const)
      await resolve(deps, { target: target.id, code, subject: target.id });
    const about = { target, subject: target.id, message: failed.join('; ') };
    if (failed.length > 0) await raise(deps, finding('restore-not-undone', about));
    else await resolve(deps, { target: target.id, code: 'restore-not-undone', subject: target.id });
  });
  return {
    outcome: failed.length > 0 ? 'not-done' : 'done',
    restore: log.record.id,
    summary: failed.length > 0 ? failed.join('; ') : `${target.id} has its old database again`,
  };
}

/** Under way again: nothing else is done to the target meanwhile, and no second rollback begins. */
async function takeForRollback(
  seen: RestoreRecord,
  durable: Durable,
  { catalog, clock }: RestoreDeps,
): Promise<Attempted<RestoreRecord>> {
  const changes = await durable.step('draw a token', async () => ({
    ...{ state: 'running' as const, phase: 'close' as const, takenBy: randomUUID() },
    aliveUntil: utc(plusSeconds(clock.now(), RESTORE_LIVES)),
  }));
  return attempt(durable, 'on record: it goes back', async () => {
    const record = { ...seen, ...changes };
    if (await catalog.takeRestore(record, seen)) return record;
    throw underWay(record);
  });
}

/**
 * The old database must be there and let its owner in before the new one is closed: otherwise production would have
 * neither.
 */
async function whyNotBack(
  { target: id, kind, old, switched, settings }: RestoreRecord,
  target: Target,
  durable: Durable,
  deps: RestoreDeps,
): Promise<ErrorInfo | undefined> {
  if (!old)
    return { code: 'source-not-found', message: `the old database of ${id} was gone before the restore` };
  const name = switched?.oldIs ?? old.name;
  const there = await durable.step('look for the old one', async () => {
    // A rename may never have begun.
    for (const each of new Set([name, old.name])) {
      const source = await deps.platform.source({ kind, id: each });
      if (source?.resourceId === old.resourceId)
        return { state: source.state, endpoint: source.endpoint ?? null };
    }
    return null;
  });
  if (!there?.endpoint || there.state !== 'ready')
    return {
      code: 'source-not-found',
      message: `the old database ${name} of ${id} is ${there ? there.state : 'gone'}, so production keeps the new one`,
      hint: `the ways back are: ./understudy restore ${id}`,
    };
  if (!target.connection) return undefined;
  return askInside(durable, 'ask whether it lets us in', deps.insideFunction, {
    ask: 'may',
    target: id,
    at: there.endpoint,
    secrets: settings.secrets,
    all: false,
    ...(settings.admin === undefined ? {} : { admin: settings.admin }),
  }).then(
    () => undefined,
    (error) => toErrorInfo(error),
  );
}

/** The last restore of the target, which switched or left something, and which no living execution works on. */
async function requireUndoable(
  { target, restore }: RollbackJob,
  { catalog, clock }: RestoreDeps,
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
  if (isUnderWay(record, clock.now())) throw underWay(record);
  const isLeft = record.state === 'running' || record.notPutBack.length > 0;
  if ((record.state === 'done' && record.switched) || (record.state !== 'rolled-back' && isLeft))
    return record;
  throw new InputError(
    `the restore ${restore} of ${target} is ${record.state}: there is nothing to put back`,
    [],
    status,
  );
}

function underWay({ target, id, takenBy }: RestoreRecord): InputError {
  return new InputError(
    `the restore ${id} of ${target} is ${takenBy ? 'being rolled back' : 'under way'}`,
    [],
    `./understudy restore ${takenBy ? 'status' : 'abort'} ${target}`,
  );
}
