import { reasonOf } from '../../domain/errors.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { PlatformRef } from '../../domain/points/platform-source.ts';
import { utc } from '../../domain/time.ts';
import { placesOf } from '../../points/places.ts';
import { pointOfSnapshot } from '../../points/point-of-snapshot.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Place, Platform } from '../../ports/platform.ts';
import type { Tally } from './report.ts';

export type RebuildSnapshotsDeps = {
  catalog: Pick<Catalog, 'adoptPoint' | 'point'>;
  platform: Pick<Platform, 'source' | 'snapshots'>;
  stage: string;
  /** The Region that the command runs for. */
  home: string;
  now: Date;
  dryRun: boolean;
};

/** Adds what AWS has of a target, place by place; one that does not answer stops no other. The watch judges it later. */
export async function rebuildSnapshots(
  target: Target,
  ref: PlatformRef,
  tally: Tally,
  deps: RebuildSnapshotsDeps,
): Promise<void> {
  const places = new Map(placesOf(target, deps.home).map((place) => [place.name, place]));
  for (const place of places.values())
    await rebuildPlace(target, ref, place, tally, deps).catch((error) =>
      tally.failures.push(`the snapshots of ${target.id} in ${place.name}: ${reasonOf(error)}`),
    );
}

async function rebuildPlace(
  target: Target,
  ref: PlatformRef,
  place: Place,
  tally: Tally,
  deps: RebuildSnapshotsDeps,
): Promise<void> {
  const { catalog, platform, now, dryRun } = deps;
  const counted = tally.of(target.id);
  const source = await platform.source(ref);
  for (const snapshot of await platform.snapshots(ref, place)) {
    const point =
      snapshot.state === 'available'
        ? pointOfSnapshot(snapshot, { target, place, source, now }, deps)
        : undefined;
    if (!point) continue;
    const added = dryRun
      ? !(await catalog.point(target.id, point.id))
      : await catalog.adoptPoint({ ...point, rebuiltAt: utc(now) });
    if (added) counted.added.push(point.id);
    else counted.known++;
  }
}
