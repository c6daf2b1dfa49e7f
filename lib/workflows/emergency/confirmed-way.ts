import { Refusal } from '../../domain/errors.ts';
import { freshlyMadeAt } from '../../domain/incidents/confirmation.ts';
import { confirmationOf } from '../../domain/incidents/restore-plan.ts';
import type { Way } from '../../domain/incidents/way.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { RestoreJob } from '../../domain/runs/job.ts';
import { shortMoment } from '../../domain/time.ts';
import { waysBack } from '../../restore/ways-back.ts';

type WayDeps = Parameters<typeof waysBack>[2];

/** The way that was confirmed, if it is still there and nothing has become known of it since. */
export async function confirmedWay(job: RestoreJob, target: Target, deps: WayDeps): Promise<Way> {
  const madeAt = freshlyMadeAt(job.confirm, deps.clock.now(), waysAgain(job, target));
  const way = await wayOf(job, target, deps);
  if (confirmationOf(target, way, madeAt) === job.confirm) return way;
  throw new Refusal(
    'plan-overtaken',
    `what is known of this way back, or what the policy does with it, is not what was confirmed as ${job.confirm}`,
    { hint: waysAgain(job, target) },
  );
}

const waysAgain = ({ asOf }: RestoreJob, { id }: Target) =>
  `look at the ways again: ./understudy restore ${id} --at ${asOf}`;

/** The way that a job names, if it is still there. */
export async function wayOf(job: RestoreJob, target: Target, deps: WayDeps): Promise<Way> {
  const { ways } = await waysBack(target, { at: job.asOf, beside: job.beside }, deps);
  const way = ways.find(
    ({ kind, point, asOf }) => kind === job.way && point === job.point && asOf === job.asOf,
  );
  if (way) return way;
  throw new Refusal(
    'plan-overtaken',
    `${job.point ?? `the moment ${shortMoment(job.asOf)} UTC`} of ${target.id} is no way back any more`,
    { hint: waysAgain(job, target) },
  );
}
