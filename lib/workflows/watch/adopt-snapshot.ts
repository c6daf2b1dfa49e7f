import { snapshotMoment, snapshotName, snapshotPointId } from '../../domain/names.ts';
import { type PlatformSnapshot, TAGS } from '../../domain/points/platform-source.ts';
import { counts, type SnapshotPoint } from '../../domain/points/recovery-point.ts';
import { secondsBetween, utc } from '../../domain/time.ts';
import { checkSnapshot, type Origin } from '../../points/check-snapshot.ts';
import { concludeSnapshot, keyStateOf, storedOf } from '../../points/conclude-snapshot.ts';
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
  const point = pointFor(snapshot, look, deps);
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

/** The point that a snapshot is; undefined for another stage's, and for those shared by other accounts. */
function pointFor(
  snapshot: PlatformSnapshot,
  { target, place, source, now }: PlaceInventory,
  { stage, home }: Pick<InventoryDeps, 'stage' | 'home'>,
): SnapshotPoint | undefined {
  if (snapshot.type === 'shared' || !snapshot.createdAt) return undefined;
  const common = {
    target: target.id,
    place: place.name,
    state: 'available' as const,
    availableAt: utc(now),
    snapshot: storedOf(snapshot),
  };
  const run = snapshot.tags[TAGS.run];
  if (snapshot.type === 'manual' && run !== undefined) {
    const scheduledFor = snapshotMoment(run, target.id);
    if (snapshot.tags[TAGS.stage] !== stage || scheduledFor === undefined) return undefined;
    const label = snapshot.tags[TAGS.label];
    const id = snapshotPointId(scheduledFor, 'snapshot', place.name);
    // Tags are copied along with snapshots; under another name it is a copy that someone else made.
    if (snapshot.id === snapshotName(stage, target.id, scheduledFor, snapshot.of))
      return {
        ...common,
        id,
        kind: 'snapshot',
        scheduledFor,
        snapshotAt: snapshot.takenAt ?? scheduledFor,
        ...(label ? { label } : {}),
      };
  }
  // A snapshot without a date, or in another place and not provably of this source, does not count.
  if (!snapshot.takenAt) return undefined;
  if (place.name !== home && (!source || snapshot.resourceId !== source.resourceId)) return undefined;
  const kind = snapshot.type === 'automated' ? ('automated' as const) : ('foreign' as const);
  const scheduledFor = snapshot.createdAt;
  return {
    ...common,
    id: snapshotPointId(scheduledFor, kind, place.name),
    kind,
    scheduledFor,
    snapshotAt: snapshot.takenAt,
  };
}
