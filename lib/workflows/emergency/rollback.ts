import { randomUUID } from 'node:crypto';
import { type ErrorInfo, InputError } from '../../domain/errors.ts';
import { canBePutBack, goesBackFirst } from '../../domain/incidents/put-back.ts';
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
  const { seen, newest } = found.value;
  const obstacle = hasTouchedProduction(seen) ? await whyNotBack(seen, target, durable, deps) : undefined;
  if (obstacle && !endsWithoutOld(seen, obstacle))
    return notBegun('the rollback', obstacle, target, durable, deps);
  const taken = await takeForRollback(seen, newest, durable, deps);
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
  newest: string,
  durable: Durable,
  { catalog, clock }: RestoreDeps,
): Promise<Attempted<RestoreRecord>> {
  const changes = await durable.step('draw a token', async () => ({
    ...{ state: 'running' as const, phase: 'close' as const, takenBy: randomUUID() },
    aliveUntil: utc(plusSeconds(clock.now(), RESTORE_LEASE)),
  }));
  return attempt(durable, 'on record: it goes back', async () => {
    const record = { ...seen, ...changes };
    if (await catalog.takeRestore(record, seen, newest)) return record;
    throw underWay(record);
  });
}

/** The restore, which has something to put back, with nothing on top of it, and which no living execution works on. */
async function requireUndoable(
  { target, restore }: RollbackJob,
  { catalog, clock, plan }: RestoreDeps,
): Promise<{ seen: RestoreRecord; newest: string }> {
  await othersOnInstance(plan, requireTarget(plan, target), catalog);
  const restores = await catalog.restoresOf(target);
  const record = restores.find(({ id }) => id === restore);
  const status = `./understudy restore status ${target}`;
  if (!record) throw new InputError(`there is no restore ${restore} of ${target}`, [], status);
  if (isOpen(record) && !isStalled(record, clock.now())) throw underWay(record);
  const first = goesBackFirst(record, restores);
  if (first) throw notFirst(record, first);
  const other = restores.find((each) => isOpen(each) && each.id !== record.id);
  if (other) throw underWay(other);
  if (canBePutBack(record)) return { seen: record, newest: restores[0]!.id };
  throw new InputError(
    `the restore ${restore} of ${target} is ${record.state}: there is nothing to put back`,
    [],
    status,
  );
}

/** Production would lose what the later one has given it, and neither could be put back after that. */
function notFirst({ target, id }: RestoreRecord, later: RestoreRecord): InputError {
  if (later.state === 'running') return underWay(later);
  const has =
    later.state === 'done' && later.switched ? 'production has its database' : 'something of it is left';
  return new InputError(
    `the restore ${later.id} of ${target} came after ${id}, and ${has}: it goes back first`,
    [],
    `./understudy restore rollback ${target} --restore ${later.id}`,
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
