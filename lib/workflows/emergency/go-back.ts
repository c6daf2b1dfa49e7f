import { raise, resolve } from '../../alerting/alerts.ts';
import { type ErrorInfo, toErrorInfo } from '../../domain/errors.ts';
import { finding } from '../../domain/findings/finding.ts';
import type { RestoreRecord, RestoreState } from '../../domain/incidents/restore-record.ts';
import { whatStays } from '../../domain/incidents/what-stays.ts';
import type { Target } from '../../domain/plan/policy.ts';
import { utc } from '../../domain/time.ts';
import type { Durable } from '../../ports/durable.ts';
import { adoptAsTarget } from './adopt-target.ts';
import { askInside } from './ask-inside.ts';
import { findDatabase, stepsForMemberships, whyNoOldDatabase } from './databases.ts';
import { undoHooks } from './hooks.ts';
import { removeNew } from './remove-new.ts';
import type { Afterwards, RestoreDeps, RestoreOutcome } from './restoring.ts';
import { type Undone, undo } from './undo.ts';

type Going = {
  /** What the restore was before: it stays that when something could not be put back. */
  before: RestoreState;
  /** Why there is nothing to go back to: then it only ends. */
  obstacle?: ErrorInfo | undefined;
};

/**
 * Production goes back to the old database: the new one is closed first, so that it is never written beside the old
 * one, then names, secrets, fence and freeze are undone in the reverse order. What was written since the cutover stays
 * in the new database.
 */
export async function goBack(
  back: Afterwards,
  why: string,
  { before, obstacle }: Going,
): Promise<RestoreOutcome> {
  const { target, log, durable, deps } = back;
  const { undone, failed, isBack } = obstacle
    ? await endWithoutOld(back, obstacle)
    : await undo(back, { anyway: true });
  const { switched, old } = log.record;
  if (switched?.newIs && old && isBack && log.record.kind !== 'database')
    await durable
      .step('know the old one as the target', () => adoptAsTarget({ target, deps }, old.resourceId))
      .catch(
        (error) => void failed.push(`the watch will report a replaced source: ${toErrorInfo(error).message}`),
      );
  if (isBack && log.record.drill) await removeNew(back);
  const made = isBack ? await lookForMade(back) : undefined;
  const memberships = await stepsForMemberships(back);
  const endedAt = await durable.step('the end', async () => utc(deps.clock.now()));
  await log.note('rolled back', {
    state: isBack ? 'rolled-back' : before === 'running' ? 'not-done' : before,
    endedAt,
    error: failed.length > 0 ? { code: 'restore-not-undone', message: failed.join('; ') } : obstacle,
    undone: [...log.record.undone, `${why}, at ${endedAt}`, ...undone],
    notPutBack: failed,
    next: [
      ...memberships,
      ...(isBack ? stepInConfig(target, log.record) : []),
      ...(made
        ? [`${whatStays(log.record, made.name)}${switched ? '; it has what was written to it' : ''}`]
        : []),
    ],
    ...(isBack ? { kept: made ? [made] : [] } : {}),
  });
  await durable.step('tell that it is rolled back', async () => {
    for (const code of ENDS) await resolve(deps, { target: target.id, code, subject: target.id });
    const about = { target, subject: target.id, message: failed.join('; ') };
    if (failed.length > 0) await raise(deps, finding('restore-not-undone', about));
    else await resolve(deps, { target: target.id, code: 'restore-not-undone', subject: target.id });
  });
  const has = isBack ? `${target.id} has its old database again` : (obstacle?.message ?? '');
  return {
    outcome: isBack && failed.length === 0 ? 'done' : 'not-done',
    restore: log.record.id,
    summary: [has, ...failed].filter((text) => text !== '').join('; '),
  };
}

/** Somebody has named the new database there, as the restore had asked: backups and checks would be of a closed one. */
function stepInConfig(
  { platform }: Target,
  { kind, settings, switched, made, old }: RestoreRecord,
): string[] {
  const isNamed = settings.cutover === 'secret' && switched && made && old && platform?.id === made.name;
  return isNamed && kind !== 'database'
    ? [`understudy.yml names ${made.name}, which is closed: set ${kind}: ${old.name} there and deploy`]
    : [];
}

/** There is nothing to go back to. Hooks that stopped the application let it go on; what was switched stays, and is told. */
async function endWithoutOld(back: Afterwards, { message }: ErrorInfo): Promise<Undone> {
  const result: Undone = { undone: [], failed: [], isBack: false };
  await undoHooks(back, async (what, work) => {
    await work().then(
      () => void result.undone.push(what),
      (error) => void result.failed.push(`${what}: ${toErrorInfo(error).message}`),
    );
  });
  if (back.log.record.switched) result.failed.push(message);
  return result;
}

/** What the restore has made, if it is still there: its id is not on record before it was up. */
export async function lookForMade(
  back: Afterwards,
): Promise<{ name: string; resourceId: string } | undefined> {
  const { log, durable, deps } = back;
  const { made, kind } = log.record;
  if (!made) return undefined;
  if (kind === 'database')
    return findDatabase(back, 'look what stays', made).then(
      (found) => (found ? { name: found.name, resourceId: found.id } : undefined),
      () => ({ name: made.name, resourceId: made.resourceId }),
    );
  const resourceId = await durable
    .step('look what stays', async () => (await deps.restored.look(kind, made.name))?.resourceId ?? null)
    // Better named once too often than never.
    .catch(() => made.resourceId);
  return resourceId === null ? undefined : { name: made.name, resourceId };
}

const ENDS = [
  'restore-unsettled',
  'restore-under-way',
  'restore-stalled',
  'restore-awaits-approval',
] as const;

/** The old database does not exist. */
export const IS_GONE = 'source-not-found';

/**
 * The old database must be there and let its owner in before the new one is closed: otherwise production would have
 * neither.
 */
export async function whyNotBack(
  record: RestoreRecord,
  target: Target,
  durable: Durable,
  deps: RestoreDeps,
): Promise<ErrorInfo | undefined> {
  const { target: id, kind, old, switched, settings } = record;
  if (kind === 'database') return whyNoOldDatabase({ target, log: { record }, durable, deps }, IS_GONE);
  if (!old) return { code: IS_GONE, message: `the old database of ${id} was gone before the restore` };
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
  // One that is backed up or changed lets people in all the same.
  if (!there?.endpoint || !['ready', 'busy'].includes(there.state))
    return {
      code: there ? 'source-not-ready' : IS_GONE,
      message: `the old database ${name} of ${id} is ${there ? there.state : 'gone'}${switched ? ', so production keeps the new one' : ''}`,
      hint: `the ways back are: ./understudy restore ${id}`,
    };
  if (!target.connection) return undefined;
  return askInside(durable, 'ask whether it lets us in', deps, {
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
