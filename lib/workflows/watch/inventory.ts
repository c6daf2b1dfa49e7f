import { reasonOf } from '../../domain/errors.ts';
import { type Finding, finding } from '../../domain/findings/finding.ts';
import { isOpen, type RestoreRecord } from '../../domain/incidents/restore-record.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { PlatformRef, PlatformSource } from '../../domain/points/platform-source.ts';
import { isSnapshot } from '../../domain/points/recovery-point.ts';
import { checkBackups, checkExistence } from '../../domain/status/posture.ts';
import type { PlatformStatus, ReadSource } from '../../domain/status/target-status.ts';
import { utc } from '../../domain/time.ts';
import { placesOf } from '../../points/places.ts';
import { adopt } from './adopt-snapshot.ts';
import { type InventoryDeps, runningSnapshots } from './inventory-look.ts';
import type { Look } from './look.ts';
import { askForMissingCopies } from './missing-copies.ts';
import { missing } from './missing-snapshots.ts';

/**
 * Compares AWS's state of a target with the catalog: how far back it can be restored now, snapshots that were not
 * announced, Understudy's own that were deleted, copies that were never requested. A place that does not answer hides
 * nothing of the others.
 */
export async function takeInventory(
  target: Target,
  ref: PlatformRef,
  deps: InventoryDeps,
  now: Date,
): Promise<Look> {
  // Before the listing: what is recorded in between must not seem to be missing.
  const points = (await deps.catalog.points(target.id)).filter(isSnapshot);
  const running = await runningSnapshots(target, deps, now);
  const source = await deps.platform.source(ref);
  const seen = await deps.catalog.observed(target.id);
  const other = checkReplaced(target, source, seen.platform);
  // Between its names nobody has replaced or deleted it: the restore says what became of it.
  const isRenaming = (!source || other.length > 0) && isRenamed(await deps.catalog.restore(target.id));
  const replaced = isRenaming ? [] : other;
  const observe = () => observeSource(target, ref, source, seen.platform, deps, now);
  const look: Required<Look> = {
    findings: [...replaced, ...(isRenaming ? [] : checkSource(target, ref, source, now))],
    // A look that dies before this finds the replacement again.
    afterwards: new Map(replaced.map((found) => [found, observe])),
    // It exists again, or another of its name does.
    over: source ? [{ target: target.id, code: 'instance-deleted', subject: ref.id }] : [],
    failures: [],
  };
  if (replaced.length === 0 && !isRenaming) await observe();
  const trying = (what: string, work: () => Promise<void>) =>
    work().catch((error) => void look.failures.push(`${what}: ${reasonOf(error)}`));
  for (const place of placesOf(target, deps.home))
    await trying(place.name, async () => {
      const here = { target, place, source, points, running, now };
      const found = await deps.platform.snapshots(ref, place);
      for (const snapshot of found) if (snapshot.state === 'available') await adopt(snapshot, here, deps);
      const { findings, afterwards, over } = await missing(found, here, deps);
      look.findings.push(...findings);
      for (const [each, record] of afterwards) look.afterwards.set(each, record);
      look.over.push(...over);
    });
  await trying('missing copies', () => askForMissingCopies(target, points, deps, now));
  return look;
}

/** Is a restore under way that has taken the old one’s name, or is about to? */
const isRenamed = (restore: RestoreRecord | undefined) =>
  isOpen(restore) && restore.switched?.oldIs !== undefined;

function checkSource(
  target: Target,
  ref: PlatformRef,
  source: PlatformSource | undefined,
  now: Date,
): Finding[] {
  if (!source) return checkExistence(target, ref, source);
  const full = source.state === 'full';
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

/**
 * The name does not tell whose data it is: automated backups, and the moments they reach, are lost with the old
 * source. A cache has none.
 */
function checkReplaced(
  target: Target,
  source: PlatformSource | undefined,
  was: PlatformStatus | undefined,
): Finding[] {
  if (!source?.resourceId || source.kind === 'elasticache') return [];
  // The plan may name another one since.
  if (!was?.resourceId || was.id !== source.id || was.resourceId === source.resourceId) return [];
  const reach =
    was.earliest && was.latest
      ? `; moments from ${was.earliest} to ${was.latest} are lost with the old one`
      : '';
  const message = `${source.id} of ${target.id} was replaced by another of the same name, created ${source.createdAt}: ${source.resourceId}, before ${was.resourceId}${reach}`;
  return [finding('source-replaced', { target, subject: source.resourceId, message })];
}

async function observeSource(
  target: Target,
  ref: PlatformRef,
  source: PlatformSource | undefined,
  was: PlatformStatus | undefined,
  deps: InventoryDeps,
  now: Date,
): Promise<void> {
  // A deleted source stays on record, so that the next of its name is not taken for it.
  const resourceId = source?.resourceId || (was?.id === ref.id ? was.resourceId : undefined);
  const platform = {
    readAt: utc(now),
    status: source?.status ?? 'missing',
    id: ref.id,
    resourceId,
    members: source?.members,
    ...(source ? { source: readOf(source) } : {}),
    retention: source?.backups.retention ?? 0,
    earliest: source?.pitr?.earliest,
    ...(source?.pitr ? { latest: source.pitr.latest } : {}),
    ...(source && source.replicatedTo.length > 0 ? { replicatedTo: source.replicatedTo } : {}),
  };
  await deps.catalog.observe(target.id, { platform }, now);
}

function readOf({ state, instanceClass, multiAz, kmsKey, subnetGroup }: PlatformSource): ReadSource {
  return { state, instanceClass, multiAz, kmsKey, subnetGroup };
}
