import { InputError } from '../../domain/errors.ts';
import { type RestorePlan, restorePlan } from '../../domain/incidents/restore-plan.ts';
import type { Target } from '../../domain/plan/policy.ts';
import { shortMoment } from '../../domain/time.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Clock } from '../../ports/clock.ts';

/** How many records say how long restores take. */
const REHEARSALS = 60;

/** The ways back for a target, from what is on record: a few reads, and no question to AWS. */
export async function planRestore(
  target: Target,
  at: string | undefined,
  { catalog, clock, home }: { catalog: Catalog; clock: Clock; home: string },
): Promise<RestorePlan> {
  const now = clock.now();
  if (at !== undefined && new Date(at) > now)
    throw new InputError(
      `${shortMoment(at)} UTC lies in the future`,
      [],
      'name the moment before the damage, in UTC',
    );
  const [points, evidence, statuses] = await Promise.all([
    catalog.points(target.id),
    catalog.evidence(target.id, REHEARSALS),
    catalog.statuses([target.id]),
  ]);
  const platform = statuses.get(target.id)?.platform;
  return restorePlan({ target, now, at, points, evidence, platform, home });
}
