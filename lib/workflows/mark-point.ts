import type { Evidence } from '../domain/evidence.ts';
import { parsePointId, placedId, REPLICA, VAULT } from '../domain/names.ts';
import type { Target } from '../domain/policy.ts';
import { rehearsalOf, whyMarked } from '../domain/recovery-point.ts';
import type { Catalog, PointChanges } from '../ports/catalog.ts';

/**
 * Puts on record with the point what its rehearsal came to: corrupt for the reason given; rehearsed where it was restored;
 * else in the state it had. What was found against it stays until the same point passes. A moment is no point.
 */
export async function markPoint(
  target: Target,
  evidence: Evidence,
  why: string | undefined,
  { catalog }: { catalog: Catalog },
): Promise<void> {
  const { point: id, strength, at } = evidence;
  const known = await catalog.point(target.id, id);
  if (!known) return;
  const rehearsal = rehearsalOf(evidence, known.rehearsal);
  const changes: PointChanges = rehearsal ? { rehearsal } : {};
  const to = why !== undefined ? 'corrupt' : strength !== 'none' ? 'rehearsed' : known.state;
  const more =
    { corrupt: { why: why && whyMarked(known, why) }, rehearsed: { rehearsedAt: at } }[to as string] ?? {};
  // Restored and equal row by row: whatever was said of its bytes before was wrong.
  if (known.state === 'corrupt' && to === 'rehearsed' && strength === 'exact')
    await catalog.acquitPoint(target.id, id, known.why ?? '', {});
  const moved = await catalog.movePoint(target.id, id, to, { ...changes, ...more });
  // Expired meanwhile, or corrupt for another reason: the state stays.
  if (!moved) await catalog.movePoint(target.id, id, known.state, changes);
  if (rehearsal) await markReplica(target, id, changes, catalog);
}

/** The replica of a dump is the same bytes: what a rehearsal found of the one is true of the other. */
async function markReplica(
  target: Target,
  id: string,
  changes: PointChanges,
  catalog: Catalog,
): Promise<void> {
  const name = parsePointId(id);
  if (name?.kind !== 'dump' || name.place !== VAULT) return;
  const replica = await catalog.point(target.id, placedId(id, REPLICA));
  if (replica) await catalog.movePoint(target.id, replica.id, replica.state, changes);
}
