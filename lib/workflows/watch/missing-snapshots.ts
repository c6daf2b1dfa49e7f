import type { About } from '../../alerting/finding-records.ts';
import { type Finding, finding } from '../../domain/findings/finding.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { PlatformSnapshot } from '../../domain/points/platform-source.ts';
import { isOurs, type RecoveryPoint, type SnapshotPoint } from '../../domain/points/recovery-point.ts';
import { secondsBetween } from '../../domain/time.ts';
import type { InventoryDeps, PlaceInventory } from './inventory-look.ts';
import type { Look } from './look.ts';

/** States in which a snapshot must exist. */
const THERE: readonly RecoveryPoint['state'][] = ['available', 'verified', 'rehearsed', 'corrupt'];

/** How much the recorded moment and RDS's may differ, in seconds. */
const TAKING = 3600;

/** Why a snapshot with a point's name is not the point's, if it is not. */
function notThePoint(point: SnapshotPoint, there: PlatformSnapshot): string | undefined {
  if (there.state === 'failed') return `is ${there.status}`;
  const { takenAt } = there;
  if (takenAt && Math.abs(secondsBetween(point.snapshotAt!, new Date(takenAt))) > TAKING)
    return `is another of that name, of ${takenAt} and not of ${point.snapshotAt}`;
  return undefined;
}

/**
 * Snapshots that the catalog has and the platform lacks. Those by AWS and others may be deleted at any time,
 * Understudy's own only by retention.
 */
export async function missing(
  found: readonly PlatformSnapshot[],
  { target, points, place }: PlaceInventory,
  deps: InventoryDeps,
): Promise<Required<Omit<Look, 'failures'>>> {
  const listed = new Map(found.map((each) => [each.id, each]));
  const gone = new Map<Finding, () => Promise<unknown>>();
  const over: About[] = [];
  const expected = points.filter((point) => point.place === place.name && THERE.includes(point.state));
  // An empty list may be an answer from the wrong place: it raises a finding at once, and counts when the next look
  // confirms it. A list with the copies resolves it.
  const isDoubtful = place.name !== deps.home && expected.some(isOurs);
  const told = new Set(isDoubtful ? await toldDeleted(target, deps) : []);
  for (const point of expected) {
    const takeBack = () => {
      if (told.has(point.id) && point.state !== 'corrupt')
        over.push({ target: target.id, code: 'snapshot-deleted', subject: point.id });
    };
    const seen = listed.get(point.snapshot.id);
    if (seen && !notThePoint(point, seen)) {
      takeBack();
      continue;
    }
    const now = await deps.catalog.point(target.id, point.id);
    if (!now || !THERE.includes(now.state)) continue;
    // Lists go by the source's name, which may have changed; the snapshot's own never does.
    const { of, id } = point.snapshot;
    const there = seen ?? (await deps.platform.snapshot(of, id, place));
    const odd = there && notThePoint(point, there);
    if (there && !odd) {
      takeBack();
      continue;
    }
    if (point.kind !== 'snapshot') {
      await deps.catalog.movePoint(target.id, point.id, 'expiring');
      await deps.catalog.movePoint(target.id, point.id, 'expired', {
        why: 'its owner deleted it',
      });
      continue;
    }
    // It was raised when it was found; the loss is on record.
    if (now.state === 'corrupt') continue;
    const message = `the snapshot ${id} of ${target.id} in ${place.name} ${odd ?? 'is gone'}, and retention did not delete it`;
    const isBelieved = !isDoubtful || found.length > 0 || told.has(point.id);
    gone.set(finding('snapshot-deleted', { target, subject: point.id, message }), async () => {
      if (isBelieved) await deps.catalog.movePoint(target.id, point.id, 'corrupt', { why: message });
    });
  }
  return { findings: [...gone.keys()], afterwards: gone, over };
}

async function toldDeleted(target: Target, { catalog }: InventoryDeps): Promise<string[]> {
  const open = await catalog.openFindings(target.id);
  return open.filter(({ code }) => code === 'snapshot-deleted').map(({ subject }) => subject);
}
