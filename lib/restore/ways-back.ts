import { restorePlan } from '../domain/incidents/restore-plan.ts';
import type { RestorePlan } from '../domain/incidents/way.ts';
import type { Target } from '../domain/plan/policy.ts';
import type { RestorePoint } from '../domain/points/named-point.ts';
import type { Catalog } from '../ports/catalog.ts';
import type { Clock } from '../ports/clock.ts';

/** How many records say how long restores take. */
const REHEARSALS = 60;

/** Every way back of a target, from what is on record: a few reads, and no question to AWS. */
export async function waysBack(
  target: Target,
  wanted: RestorePoint & { beside?: boolean | undefined },
  { catalog, clock, home }: { catalog: Catalog; clock: Clock; home: string },
): Promise<RestorePlan> {
  const [points, evidence, statuses, findings] = await Promise.all([
    catalog.points(target.id),
    catalog.evidence(target.id, REHEARSALS),
    catalog.statuses([target.id]),
    catalog.openFindings(target.id),
  ]);
  const status = statuses.get(target.id);
  return restorePlan({ target, now: clock.now(), ...wanted, points, evidence, status, findings, home });
}
