import { Refusal, toErrorInfo } from '../../domain/errors.ts';
import { scratchName } from '../../domain/names.ts';
import type { Target } from '../../domain/plan/policy.ts';
import { type InstanceJob, rehearsalRun } from '../../domain/runs/job.ts';
import type { ScratchRecord } from '../../domain/runs/scratch-record.ts';
import { humanSeconds, plusSeconds, utc } from '../../domain/time.ts';
import { type Poll, poll } from '../../execution/poll.ts';
import type { Durable } from '../../ports/durable.ts';
import { copyOf, stopCopy } from '../application/smoke-copy.ts';
import { refuseOverBudget } from './budget.ts';
import { BESIDE, type RehearseInstanceDeps, scratchIn } from './restore-request.ts';
import { teardown } from './teardown.ts';

/** An earlier attempt may have died and left its instance running, which would be in the way now. */
export async function clearEarlierAttempt(
  job: InstanceJob,
  target: Target,
  durable: Durable,
  deps: RehearseInstanceDeps,
): Promise<void> {
  const name = scratchName(deps.stage, target.id, rehearsalRun(job));
  const left = await durable.step('look for what an earlier attempt left', async () => {
    const open = await deps.catalog.openScratches();
    return open.find((record) => record.name === name) ?? null;
  });
  if (!left) return;
  // It may run without anybody who would stop it; one that cannot be stopped now is told at the end of this attempt.
  if (job.job === 'rehearse-instance')
    await stopCopy({ ...copyOf(left, job), at: null }, target, durable, deps);
  await teardown(left, target, durable, scratchIn(deps, target, left.place ?? deps.home));
}

/**
 * Waits until few enough run for the policy, and its month has hours left; then its clock starts. First come, first
 * served, as far as that is known; the limit itself is never exceeded.
 */
export async function waitForSlot(
  job: InstanceJob,
  record: ScratchRecord,
  target: Target,
  durable: Durable,
  deps: RehearseInstanceDeps,
): Promise<ScratchRecord> {
  return poll(durable, deps, {
    name: 'wait for its turn',
    deadline: target.policy.rehearsal.instance.deadline,
    look: () => begin(job, record, target, deps),
    late: (seen, waited) =>
      new Refusal(
        'scratch-busy',
        `no slot for a scratch instance became free in ${humanSeconds(waited)}: ${seen}`,
        {
          hint: 'raise rehearsal.instance.atOnce in the policy, or space its rehearsals out',
        },
      ),
  });
}

async function begin(
  job: InstanceJob,
  record: ScratchRecord,
  target: Target,
  deps: RehearseInstanceDeps,
): Promise<Poll<ScratchRecord>> {
  const { atOnce, deadline } = target.policy.rehearsal.instance;
  const standing = await deps.catalog.standing(record.policy);
  if (!(record.name in standing.since)) {
    const ahead = new Set([...Object.keys(standing.since), ...(await plannedBefore(record, deps))]);
    if (ahead.size >= atOnce) return { state: 'waiting', seen: `behind ${[...ahead].join(', ')}` };
    // Others may have used the hours up during the wait.
    try {
      await refuseOverBudget(target, `rehearse-${job.from}`, deps, standing);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { state: 'refused', why: toErrorInfo(error) };
    }
  }
  const now = deps.clock.now();
  const expires = utc(plusSeconds(now, 2 * deadline + BESIDE));
  const started = await deps.catalog.startScratch(record, utc(now), expires, standing);
  return started
    ? { state: 'done', value: started }
    : { state: 'waiting', seen: 'another began or ended at the same moment' };
}

/** Names of those that wait and were planned before it. */
async function plannedBefore(record: ScratchRecord, deps: RehearseInstanceDeps): Promise<string[]> {
  const rank = ({ beganAt, name }: ScratchRecord) => `${beganAt} ${name}`;
  return (await deps.catalog.openScratches())
    .filter((other) => other.policy === record.policy && other.startedAt === undefined)
    .filter((other) => rank(other) < rank(record))
    .map(({ name }) => name);
}
