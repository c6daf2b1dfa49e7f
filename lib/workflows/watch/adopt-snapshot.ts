import { snapshotPointId } from '../../domain/names.ts';
import type { PlatformSnapshot } from '../../domain/points/platform-source.ts';
import { counts, type SnapshotPoint } from '../../domain/points/recovery-point.ts';
import { secondsBetween, utc } from '../../domain/time.ts';
import { checkSnapshot, type Origin } from '../../points/check-snapshot.ts';
import { concludeSnapshot, keyStateOf } from '../../points/conclude-snapshot.ts';
import { pointOfSnapshot } from '../../points/point-of-snapshot.ts';
import type { InventoryDeps, PlaceInventory } from './inventory-look.ts';

const DAY = 86_400;

/**
 * Adds an available snapshot to the catalog: one by AWS, one by anyone else, or one by Understudy whose worker died
 * before it could.
 */
export async function adopt(
  snapshot: PlatformSnapshot,
  look: PlaceInventory,
  deps: InventoryDeps,
): Promise<void> {
  const { target, place, points, running, now } = look;
  const point = pointOfSnapshot(snapshot, look, deps);
  if (!point || running.has(point.id)) return;
  const known = points.find(({ id }) => id === point.id);
  if (known && !['creating', 'failed', 'available'].includes(known.state)) return;
  if (!known && !(await deps.catalog.adoptPoint(point))) return;
  if (known?.state === 'failed' && !(await deps.catalog.movePoint(target.id, point.id, 'creating'))) return;
  if (known && known.state !== 'available') {
    const { snapshot: stored, snapshotAt, availableAt } = point;
    await deps.catalog.movePoint(target.id, point.id, 'available', {
      snapshot: stored,
      snapshotAt: known.snapshotAt ?? snapshotAt!,
      availableAt: availableAt!,
    });
  }
  const key = await keyStateOf(snapshot, place.name, deps);
  // Its making was not observed: a key that cannot be judged leaves it available.
  if (key === 'unknown') return;
  // The promise of encryption applies only to Understudy's own snapshots.
  const origin = originOf(point, look, deps.home);
  const findings = checkSnapshot(target, point.id, snapshot, origin, key).filter(
    ({ code }) => point.kind === 'snapshot' || code === 'restore-key-unusable',
  );
  // It was reported when it appeared, and a newer good one has resolved it; it still does not count.
  if (known && findings.length > 0 && isSuperseded(point, points)) return;
  await concludeSnapshot(target, point, findings, utc(now), deps);
  deps.log.info('a snapshot was adopted', { target: target.id, point: point.id });
}

/** What it is compared with: the source, unless that may have been replaced; for a copy, its original. */
function originOf(
  point: SnapshotPoint,
  { points, source, now }: PlaceInventory,
  home: string,
): Origin | undefined {
  if (point.place === home) return secondsBetween(point.snapshotAt!, now) < DAY ? source : undefined;
  return points.find(({ id }) => id === snapshotPointId(point.scheduledFor, 'snapshot', home))?.snapshot;
}

function isSuperseded(point: SnapshotPoint, points: readonly SnapshotPoint[]): boolean {
  return points.some(
    (each) =>
      each.kind === 'snapshot' &&
      each.place === point.place &&
      counts(each) &&
      each.snapshotAt! > point.snapshotAt!,
  );
}
