import { checkBackups, checkExistence } from '../../checks/posture.ts';
import { checkSnapshot } from '../../checks/snapshot.ts';
import { reasonOf } from '../../domain/errors.ts';
import { type Finding, type FindingCode, finding } from '../../domain/finding.ts';
import { pointFromRun, snapshotName, snapshotPointId } from '../../domain/names.ts';
import { type PlatformRef, type PlatformSnapshot, type PlatformSource, TAGS } from '../../domain/platform.ts';
import { placeOf, type Target } from '../../domain/policy.ts';
import { counts, isSnapshot, type RecoveryPoint, type SnapshotPoint } from '../../domain/recovery-point.ts';
import { secondsBetween, utc } from '../../domain/time.ts';
import type { JobMessages } from '../../ports/messages.ts';
import type { Place, Platform } from '../../ports/platform.ts';
import { concludeSnapshot, keyOf, type SnapshotDeps, storedOf } from '../snapshots/made-snapshot.ts';
import { placesOf } from '../snapshots/places.ts';
import { askForCopies } from '../snapshots/snapshot.ts';
import { raise, resolve, type Telling } from '../tell.ts';

export type PlatformLookDeps = Telling & {
  platform: Platform;
  messages: JobMessages;
  keyState: SnapshotDeps['keyState'];
  home: string;
};

/** What a look at the platform can say about a target, and take back. */
export const OF_PLATFORMS: readonly FindingCode[] = [
  'source-missing',
  'backups-disabled',
  'pitr-window-short',
  'storage-full',
];

/** A copy that nobody asked for yet is asked for after this; one that failed, after an hour. In seconds. */
const FORGOTTEN = 600;
const AGAIN = 3600;

/**
 * Compares what AWS has of a target with the catalog: how far it can be wound back now, snapshots that nobody told us of,
 * those of ours that are gone, copies that were never asked for. What is found is recorded; what is bad is returned,
 * and what could not be found out: a place that does not answer hides nothing of the others.
 */
export async function lookAtPlatform(
  target: Target,
  ref: PlatformRef,
  deps: PlatformLookDeps,
  now: Date,
): Promise<{ findings: Finding[]; failures: string[] }> {
  // Before the listing: what is recorded between the two must not seem to be missing.
  const points = (await deps.catalog.points(target.id)).filter(isSnapshot);
  const running = await runningSnapshots(target, deps, now);
  const source = await deps.platform.source(ref);
  await observe(target, source, deps, now);
  // It is there again, or another of its name.
  if (source) await resolve(deps, { target: target.id, code: 'instance-deleted', subject: ref.id });
  const findings: Finding[] = [...checkSource(target, ref, source, now)];
  const failures: string[] = [];
  const trying = (what: string, work: () => Promise<void>) =>
    work().catch((error) => void failures.push(`${what}: ${reasonOf(error)}`));
  for (const place of placesOf(target, deps.home))
    await trying(place.name, async () => {
      const found = await deps.platform.snapshots(ref, place);
      for (const snapshot of found)
        if (snapshot.status === 'available')
          await adopt(target, snapshot, place, points, running, source, deps, now);
      findings.push(...(await missing(target, points, found, place, deps)));
    });
  await trying('forgotten copies', () => askForForgottenCopies(target, points, deps, now));
  return { findings, failures };
}

function checkSource(
  target: Target,
  ref: PlatformRef,
  source: PlatformSource | undefined,
  now: Date,
): Finding[] {
  if (!source) return checkExistence(target, ref, source);
  const full = source.status === 'storage-full';
  return [
    ...(source.kind === 'elasticache' ? [] : checkBackups(target, source, now)),
    ...(full
      ? [
          finding('storage-full', {
            target,
            subject: source.id,
            id: source.id,
            message: `${source.id} of ${target.id} has no storage left: it takes no writes and no backups`,
          }),
        ]
      : []),
  ];
}

async function observe(
  target: Target,
  source: PlatformSource | undefined,
  deps: PlatformLookDeps,
  now: Date,
): Promise<void> {
  const platform = {
    readAt: utc(now),
    status: source?.status ?? 'missing',
    retention: source?.backups.retention ?? 0,
    ...(source?.pitr?.earliest ? { earliest: source.pitr.earliest } : {}),
    ...(source?.pitr ? { latest: source.pitr.latest } : {}),
    ...(source && source.replicatedTo.length > 0 ? { replicatedTo: source.replicatedTo } : {}),
  };
  await deps.catalog.observe(target.id, { platform }, now);
}

/** Points whose runs live: what they are doing is theirs to say. */
async function runningSnapshots(
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
async function adopt(
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
  const findings = checkSnapshot(target, point.id, snapshot, source, key).filter(
    ({ code }) => point.kind === 'snapshot' || code === 'restore-key-unusable',
  );
  await concludeSnapshot(target, point, findings, utc(now), deps);
  deps.log.info('a snapshot was adopted', { target: target.id, point: point.id });
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
    const scheduledFor = pointFromRun(run, target.id);
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

/** What the catalog has and the platform has not. AWS's own and other people's come and go; ours only by retention. */
async function missing(
  target: Target,
  points: readonly SnapshotPoint[],
  found: readonly PlatformSnapshot[],
  place: Place,
  deps: PlatformLookDeps,
): Promise<Finding[]> {
  const ids = new Set(found.map(({ id }) => id));
  const findings: Finding[] = [];
  for (const point of points) {
    if (point.place !== place.name || !THERE.includes(point.state) || ids.has(point.snapshot.id)) continue;
    const now = await deps.catalog.point(target.id, point.id);
    if (!now || !THERE.includes(now.state)) continue;
    // Lists go by the source's name, which may have changed; the snapshot's own never does.
    const { of, id } = point.snapshot;
    if (await deps.platform.snapshot(of, id, place)) continue;
    if (point.kind !== 'snapshot') {
      await deps.catalog.movePoint(target.id, point.id, 'expiring');
      await deps.catalog.movePoint(target.id, point.id, 'expired', {
        why: 'it was deleted by whoever keeps it',
      });
      continue;
    }
    // It was told when it was found; the loss is on record.
    if (now.state === 'corrupt') continue;
    const message = `the snapshot ${point.snapshot.id} of ${target.id} in ${place.name} is gone, and retention did not delete it`;
    const gone = finding('snapshot-deleted', { target, subject: point.id, message });
    // Told first and marked then: a look that dies or fails behind the mark would not come back to it.
    await raise(deps, gone);
    await deps.catalog.movePoint(target.id, point.id, 'corrupt', { why: message });
    findings.push(gone);
  }
  return findings;
}

/** Whoever should have asked died, or the copy failed: the newest verified snapshot is asked for again. */
async function askForForgottenCopies(
  target: Target,
  points: readonly SnapshotPoint[],
  deps: PlatformLookDeps,
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
    // One that was refused has left a run and no point.
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
