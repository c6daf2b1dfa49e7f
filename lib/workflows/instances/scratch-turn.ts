import { Refusal } from '../../domain/errors.ts';
import type { RehearseInstanceJob } from '../../domain/job.ts';
import { scratchName } from '../../domain/names.ts';
import type { Target } from '../../domain/policy.ts';
import type { ScratchRecord } from '../../domain/scratch.ts';
import { humanSeconds } from '../../domain/time.ts';
import type { Durable } from '../../ports/durable.ts';
import { until, withoutThrowing } from '../until.ts';
import { rehearsalRun } from './judge-instance.ts';
import { takeDown } from './scratch-instance.ts';
import { type RehearseInstanceDeps, scratchIn } from './scratch-order.ts';

/** An attempt before this one may have died with its instance standing: that is nobody's now, and would be in the way. */
export async function clearEarlierAttempt(
  job: RehearseInstanceJob,
  target: Target,
  durable: Durable,
  deps: RehearseInstanceDeps,
): Promise<void> {
  const name = scratchName(target.id, rehearsalRun(job));
  const left = await durable.step('look for what an earlier attempt left', async () => {
    const open = await deps.catalog.openScratches();
    return open.find((record) => record.name === name) ?? null;
  });
  if (!left) return;
  const there = await takeDown(left, durable, scratchIn(deps, target, left.place ?? deps.home));
  if (there)
    throw new Refusal('scratch-left-over', there, { hint: 'delete it by hand, then rehearse again' });
}

/** First come, first served: those planned before it go first, and nobody passes one whose turn has come: as many at once as the policy allows. */
export async function itsTurn(
  record: ScratchRecord,
  target: Target,
  durable: Durable,
  deps: RehearseInstanceDeps,
): Promise<void> {
  const { atOnce, deadline } = target.policy.rehearsal.instance;
  const rank = ({ beganAt, name }: ScratchRecord) => `${beganAt} ${name}`;
  const turn = await until(durable, deps, {
    name: 'wait for its turn',
    deadline,
    look: () =>
      withoutThrowing(async () => {
        const open = (await deps.catalog.openScratches()).filter(
          (other) =>
            other.policy === record.policy &&
            other.name !== record.name &&
            (other.startedAt !== undefined || rank(other) < rank(record)),
        );
        return open.length < atOnce
          ? { state: 'done', value: null }
          : { state: 'waiting', seen: `behind ${open.map(({ name }) => name).join(', ')}` };
      }),
  });
  if (turn.outcome === 'too-late')
    throw new Refusal('scratch-busy', `no turn came in ${humanSeconds(turn.waited)}: ${turn.seen}`, {
      hint: 'raise rehearsal.instance.atOnce in the policy, or space its rehearsals out',
    });
}
