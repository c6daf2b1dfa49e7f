import { InputError } from '../../domain/errors.ts';
import { servedBy } from '../../domain/incidents/served-by.ts';
import type { RestorePlan } from '../../domain/incidents/way.ts';
import type { Target } from '../../domain/plan/policy.ts';
import { type RestorePoint, whyNoWay } from '../../domain/points/named-point.ts';
import { shortMoment } from '../../domain/time.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Clock } from '../../ports/clock.ts';
import { waysBack } from '../../restore/ways-back.ts';

/** The ways back for a target, from what is on record. Refuses a moment to come, and a point that cannot be restored. */
export async function planRestore(
  target: Target,
  wanted: RestorePoint & { beside?: boolean | undefined },
  deps: { catalog: Catalog; clock: Clock; home: string },
): Promise<RestorePlan> {
  const { at, point } = wanted;
  if (at !== undefined && new Date(at) > deps.clock.now())
    throw new InputError(
      `${shortMoment(at)} UTC lies in the future`,
      [],
      'name the moment before the damage, in UTC',
    );
  if (point !== undefined) {
    const why = whyNoWay(target.id, point, await deps.catalog.point(target.id, point));
    if (why) throw new InputError(why.message, [], why.hint);
  }
  const plan = await waysBack(target, wanted, deps);
  const by = servedBy(target.platform, await deps.catalog.restoresOf(target.id));
  return by ? { ...plan, servedBy: by } : plan;
}
