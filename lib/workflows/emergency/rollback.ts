import { randomUUID } from 'node:crypto';
import { type ErrorInfo, InputError } from '../../domain/errors.ts';
import {
  isOpen,
  isStalled,
  RESTORE_LEASE,
  type RestoreRecord,
} from '../../domain/incidents/restore-record.ts';
import { requireTarget } from '../../domain/plan/policy.ts';
import type { RollbackJob } from '../../domain/runs/job.ts';
import { plusSeconds, shortMoment, utc } from '../../domain/time.ts';
import { type Attempted, attempt } from '../../execution/durable-run.ts';
import type { Durable } from '../../ports/durable.ts';
import { goBack, IS_GONE, whyNotBack } from './go-back.ts';
import { holding, wasTaken } from './holding.ts';
import { notBegun } from './not-begun.ts';
import { othersOnInstance } from './others-on-instance.ts';
import { restoreLog } from './restore-log.ts';
import type { RestoreDeps, RestoreOutcome } from './restoring.ts';

/**
 * A person goes back to the old database, or ends a restore whose execution has died. It may be repeated until nothing
 * is left to put back.
 */
export async function backToOld(
  job: RollbackJob,
  durable: Durable,
  deps: RestoreDeps,
): Promise<RestoreOutcome> {
  const target = requireTarget(deps.plan, job.target);
  const found = await attempt(durable, 'look at the restore', () => requireUndoable(job, deps));
  if (!found.ok) return notBegun('the rollback', found.said, target, durable, deps);
  const seen = found.value;
  const obstacle = hasTouchedProduction(seen) ? await whyNotBack(seen, target, durable, deps) : undefined;
  if (obstacle && !endsWithoutOld(seen, obstacle))
    return notBegun('the rollback', obstacle, target, durable, deps);
  const taken = await takeForRollback(seen, durable, deps);
  if (!taken.ok) return notBegun('the rollback', taken.said, target, durable, deps);
  const held = holding(durable, taken.value, deps);
  const back = { target, log: restoreLog(taken.value, held, deps), durable: held, deps };
  try {
    return await goBack(back, `${job.requestedBy} rolled it back`, { before: seen.state, obstacle });
  } catch (error) {
    if (!wasTaken(error)) throw error;
    return { outcome: 'not-done', restore: seen.id, summary: `another rollback has taken ${target.id} over` };
  }
}

const hasTouchedProduction = ({ held, closed, switched }: RestoreRecord) =>
  held !== undefined || closed !== undefined || switched !== undefined;

/** Its execution has died, and there is nothing to go back to: its target must not stay held for that. */
const endsWithoutOld = ({ state }: RestoreRecord, { code }: ErrorInfo) =>
  state === 'running' && code === IS_GONE;

/** Under way again: nothing else is done to the target meanwhile, and no second rollback begins. */
async function takeForRollback(
  seen: RestoreRecord,
  durable: Durable,
  { catalog, clock }: RestoreDeps,
): Promise<Attempted<RestoreRecord>> {
  const changes = await durable.step('draw a token', async () => ({
    ...{ state: 'running' as const, phase: 'close' as const, takenBy: randomUUID() },
    aliveUntil: utc(plusSeconds(clock.now(), RESTORE_LEASE)),
  }));
  return attempt(durable, 'on record: it goes back', async () => {
    const record = { ...seen, ...changes };
    if (await catalog.takeRestore(record, seen)) return record;
    throw underWay(record);
  });
}

/** The last restore of the target, which switched or left something, and which no living execution works on. */
async function requireUndoable({ target, restore }: RollbackJob, deps: RestoreDeps): Promise<RestoreRecord> {
  const { catalog, clock, plan } = deps;
  await othersOnInstance(plan, requireTarget(plan, target), catalog);
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
  if (isOpen(record) && !isStalled(record, clock.now())) throw underWay(record);
  const isLeft = record.state === 'running' || record.notPutBack.length > 0;
  if ((record.state === 'done' && record.switched) || isLeft) return record;
  throw new InputError(
    `the restore ${restore} of ${target} is ${record.state}: there is nothing to put back`,
    [],
    status,
  );
}

function underWay({ target, id, takenBy, aliveUntil }: RestoreRecord): InputError {
  const does = takenBy ? 'being rolled back' : 'under way';
  return new InputError(
    `the restore ${id} of ${target} is ${does}; if its execution has died, a rollback may begin at ${shortMoment(aliveUntil)} UTC`,
    [],
    `./understudy restore ${takenBy ? 'status' : 'abort'} ${target}`,
  );
}
