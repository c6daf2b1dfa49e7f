import { snapshotMoment, snapshotName, snapshotPointId } from '../domain/names.ts';
import type { Target } from '../domain/plan/policy.ts';
import { type PlatformSnapshot, type PlatformSource, TAGS } from '../domain/points/platform-source.ts';
import type { SnapshotPoint } from '../domain/points/recovery-point.ts';
import { utc } from '../domain/time.ts';
import type { Place } from '../ports/platform.ts';
import { storedOf } from './conclude-snapshot.ts';

/** Where and when a snapshot was found, and its source, if that exists. */
export type SnapshotFoundIn = { target: Target; place: Place; source: PlatformSource | undefined; now: Date };

/** The point that a snapshot is; undefined for another stage's, and for those shared by other accounts. */
export function pointOfSnapshot(
  snapshot: PlatformSnapshot,
  { target, place, source, now }: SnapshotFoundIn,
  { stage, home }: { stage: string; home: string },
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
