import { placedId, REPLICA, VAULT } from '../../domain/names.ts';
import type { Target } from '../../domain/plan/policy.ts';
import {
  isDump,
  type PointRehearsal,
  type RecoveryPoint,
  rehearsalOf,
  whyMarked,
} from '../../domain/points/recovery-point.ts';
import type { Evidence } from '../../domain/proof/evidence.ts';
import type { Catalog, PointChanges } from '../../ports/catalog.ts';

/**
 * Records a rehearsal's result with its point: corrupt for the reason given; rehearsed if it was restored; else its
 * earlier state. What was found against it stays until the same point passes. A moment is not a point.
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
  // Before the point itself: a repetition after a crash must still see what it was marked for.
  for (const other of rehearsal ? await sharing(known, rehearsal, catalog) : [])
    await catalog.movePoint(target.id, other.id, other.state, changes);
  if (to === 'rehearsed' && acquits(evidence, known))
    await catalog.acquitPoint(target.id, id, known.why ?? '', {});
  const moved = await catalog.movePoint(target.id, id, to, { ...changes, ...more });
  // It has expired, or is corrupt for another reason: the state stays.
  if (!moved) await catalog.movePoint(target.id, id, known.state, changes);
}

/**
 * The replica of a dump has the same bytes: a rehearsal's result for one applies to the other. A copied snapshot has
 * the same content, but its own key and Region: it shares a difference and its end, and nothing else.
 */
async function sharing(
  known: RecoveryPoint,
  rehearsal: PointRehearsal,
  catalog: Catalog,
): Promise<RecoveryPoint[]> {
  if (isDump(known)) {
    const replica = known.place === VAULT && (await catalog.point(known.target, placedId(known.id, REPLICA)));
    return replica ? [replica] : [];
  }
  const copies = (await catalog.points(known.target)).filter(
    ({ id, kind, scheduledFor }) =>
      kind === 'snapshot' && kind === known.kind && scheduledFor === known.scheduledFor && id !== known.id,
  );
  return copies.filter(
    (copy) =>
      rehearsal.code === 'proof-mismatch' ||
      (copy.rehearsal !== undefined && copy.rehearsal.run === known.rehearsal?.run),
  );
}

/** Does a pass clear a corrupt point? Equal row by row clears any reason; within bounds clears a difference. */
function acquits({ strength }: Evidence, { state, rehearsal }: RecoveryPoint): boolean {
  if (state !== 'corrupt') return false;
  return strength === 'exact' || (strength === 'bounded' && rehearsal?.code === 'proof-mismatch');
}
