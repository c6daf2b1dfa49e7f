import { snapshotPointId } from '../../domain/names.ts';
import { placeOf, type Target } from '../../domain/plan/policy.ts';
import { counts, type SnapshotPoint } from '../../domain/points/recovery-point.ts';
import { secondsBetween, utc } from '../../domain/time.ts';
import { askForCopies } from '../../points/ask-for-copies.ts';
import type { InventoryDeps } from './inventory-look.ts';

/** When a copy that was never requested is requested; one that failed, after an hour. In seconds. */
const FORGOTTEN = 600;
const AGAIN = 3600;

/** The snapshot's worker died before it asked, or the copy failed: the newest verified snapshot is copied again. */
export async function askForMissingCopies(
  target: Target,
  points: readonly SnapshotPoint[],
  deps: InventoryDeps,
  now: Date,
): Promise<void> {
  const newest = points
    .filter((point) => point.kind === 'snapshot' && point.place === deps.home && counts(point))
    .sort((a, b) => b.snapshotAt!.localeCompare(a.snapshotAt!))[0];
  if (!newest || secondsBetween(newest.availableAt!, now) < FORGOTTEN) return;
  const places: string[] = [];
  for (const place of target.policy.snapshot.copies.map(placeOf)) {
    const id = snapshotPointId(newest.scheduledFor, 'snapshot', place);
    const copy = points.find((point) => point.id === id);
    if (copy && copy.state !== 'failed') continue;
    // A refused copy has left a run and no point.
    const run = await deps.catalog.run({ job: 'copy', target: target.id, scheduledFor: id });
    const due = run ? secondsBetween(run.endedAt ?? utc(now), now) > AGAIN : !copy;
    if (due) places.push(place);
  }
  if (places.length > 0)
    await askForCopies(
      { scheduledFor: newest.scheduledFor, requestedBy: 'watch' },
      target,
      newest,
      deps,
      places,
    );
}
