import { checkSnapshot, type Origin } from '../../checks/snapshot.ts';
import { type Finding, finding } from '../../domain/finding.ts';
import { snapshotMoment, snapshotName, snapshotPointId } from '../../domain/names.ts';
import { type PlatformSnapshot, type PlatformSource, TAGS } from '../../domain/platform.ts';
import type { Target } from '../../domain/policy.ts';
import { counts, isOurs, type RecoveryPoint, type SnapshotPoint } from '../../domain/recovery-point.ts';
import { secondsBetween, utc } from '../../domain/time.ts';
import type { JobMessages } from '../../ports/messages.ts';
import type { Place, Platform } from '../../ports/platform.ts';
import { concludeSnapshot, keyOf, type SnapshotDeps, storedOf } from '../snapshots/made-snapshot.ts';
import { raise, type Telling } from '../tell.ts';

export type PlatformLookDeps = Telling & {
  platform: Platform;
  messages: JobMessages;
  keyState: SnapshotDeps['keyState'];
  home: string;
};

/** Points whose runs live: what they are doing is theirs to say. */
export async function runningSnapshots(
  target: Target,
  deps: PlatformLookDeps,
  now: Date,
): Promise<ReadonlySet<string>> {
  const open = (await deps.catalog.openRuns()).filter(
    (run) => run.target === target.id && new Date(run.leaseUntil) >= now,
  );
  return new Set(
    open.flatMap((run) => {
      if (run.job === 'snapshot') return [snapshotPointId(run.scheduledFor, 'snapshot', deps.home)];
      return run.job === 'copy' ? [run.scheduledFor] : [];
    }),
  );
}

/**
 * Brings a snapshot that stands available into the catalog: one of AWS's own, somebody else's, or one of ours whose
 * worker died before it could say so.
 */
export async function adopt(
  target: Target,
  snapshot: PlatformSnapshot,
  place: Place,
  points: readonly SnapshotPoint[],
  running: ReadonlySet<string>,
  source: PlatformSource | undefined,
  deps: PlatformLookDeps,
  now: Date,
): Promise<void> {
  const point = pointFor(target, snapshot, place, source, deps, now);
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
  const key = await keyOf(snapshot, place.name, deps);
  // Nobody saw it being made: a key that cannot be judged leaves it available, and no more.
  if (key === 'unknown') return;
  // What AWS or somebody else took is held to no promise of encryption that was ours to keep.
  const origin = originOf(point, points, source, deps.home, now);
  const findings = checkSnapshot(target, point.id, snapshot, origin, key).filter(
    ({ code }) => point.kind === 'snapshot' || code === 'restore-key-unusable',
  );
  // It was said when it came; a newer good one has taken it back since, and it counts for nothing as before.
  if (known && findings.length > 0 && isSuperseded(point, points)) return;
  await concludeSnapshot(target, point, findings, utc(now), deps);
  deps.log.info('a snapshot was adopted', { target: target.id, point: point.id });
}

/** What it is held against: the source, unless that may be another than when it was taken; of a copy, its original. */
function originOf(
  point: SnapshotPoint,
  points: readonly SnapshotPoint[],
  source: PlatformSource | undefined,
  home: string,
  now: Date,
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

/** The point that a snapshot is; undefined of another stage's, and of those shared by other accounts. */
function pointFor(
  target: Target,
  snapshot: PlatformSnapshot,
  place: Place,
  source: PlatformSource | undefined,
  { stage, home }: Pick<PlatformLookDeps, 'stage' | 'home'>,
  now: Date,
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
    // Tags are copied along with snapshots; under another name it is what somebody made of ours.
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
  // What cannot be dated, or lies elsewhere and is not provably of this source, is not ours to count.
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

/** States in which a snapshot must be there. */
const THERE: readonly RecoveryPoint['state'][] = ['available', 'verified', 'rehearsed', 'corrupt'];

const DAY = 86_400;
/** By how much the moment that is on record and the one that RDS says may differ, in seconds. */
const TAKING = 3600;

/** Why a snapshot that bears a point's name is not what the point says, if it is not. */
function notThePoint(point: SnapshotPoint, there: PlatformSnapshot): string | undefined {
  if (/^(failed|incompatible|deleting)/.test(there.status)) return `is ${there.status}`;
  const { takenAt } = there;
  if (takenAt && Math.abs(secondsBetween(point.snapshotAt!, new Date(takenAt))) > TAKING)
    return `is another of that name, of ${takenAt} and not of ${point.snapshotAt}`;
  return undefined;
}

/** What the catalog has and the platform has not. AWS's own and other people's come and go; ours only by retention. */
export async function missing(
  target: Target,
  points: readonly SnapshotPoint[],
  found: readonly PlatformSnapshot[],
  place: Place,
  deps: PlatformLookDeps,
): Promise<Finding[]> {
  const listed = new Map(found.map((each) => [each.id, each]));
  const findings: Finding[] = [];
  const expected = points.filter(
    (point) => isOurs(point) && point.place === place.name && THERE.includes(point.state),
  );
  // All at once may be an answer from another place: it is told at once, and believed when the next look finds it so too.
  const doubted =
    found.length === 0 && expected.length > 1 && place.name !== deps.home
      ? new Set((await deps.catalog.openFindings(target.id)).map(({ code, subject }) => `${code} ${subject}`))
      : undefined;
  for (const point of points) {
    if (point.place !== place.name || !THERE.includes(point.state)) continue;
    const seen = listed.get(point.snapshot.id);
    if (seen && !notThePoint(point, seen)) continue;
    const now = await deps.catalog.point(target.id, point.id);
    if (!now || !THERE.includes(now.state)) continue;
    // Lists go by the source's name, which may have changed; the snapshot's own never does.
    const { of, id } = point.snapshot;
    const there = seen ?? (await deps.platform.snapshot(of, id, place));
    const odd = there && notThePoint(point, there);
    if (there && !odd) continue;
    if (point.kind !== 'snapshot') {
      await deps.catalog.movePoint(target.id, point.id, 'expiring');
      await deps.catalog.movePoint(target.id, point.id, 'expired', {
        why: 'it was deleted by whoever keeps it',
      });
      continue;
    }
    // It was told when it was found; the loss is on record.
    if (now.state === 'corrupt') continue;
    const message = `the snapshot ${id} of ${target.id} in ${place.name} ${odd ?? 'is gone'}, and retention did not delete it`;
    const gone = finding('snapshot-deleted', { target, subject: point.id, message });
    // Told first and marked then: a look that dies or fails behind the mark would not come back to it.
    await raise(deps, gone);
    if (!doubted || doubted.has(`${gone.code} ${gone.subject}`))
      await deps.catalog.movePoint(target.id, point.id, 'corrupt', { why: message });
    findings.push(gone);
  }
  return findings;
}
