import { raise, reconcile } from '../alerting/alerts.ts';
import { Refusal } from '../domain/errors.ts';
import { codesClosedBy, type Finding } from '../domain/findings/finding.ts';
import { earlierOrSame } from '../domain/names.ts';
import type { Target } from '../domain/plan/policy.ts';
import type { PlatformSnapshot } from '../domain/points/platform-source.ts';
import type { SnapshotPoint } from '../domain/points/recovery-point.ts';
import type { Claim } from '../domain/runs/run.ts';
import { humanSeconds, secondsBetween, utc } from '../domain/time.ts';
import type { DurableJobDeps } from '../execution/durable-run.ts';
import { type Poll, poll, type Waiting } from '../execution/poll.ts';
import type { Durable } from '../ports/durable.ts';
import type { Platform } from '../ports/platform.ts';
import { checkSnapshot, type KeyState, type Origin } from './check-snapshot.ts';
import { homePlace } from './places.ts';

export type SnapshotDeps = DurableJobDeps &
  Waiting & {
    platform: Platform;
    /** May the key of a snapshot be used? */
    keyState: (key: string, region: string) => Promise<KeyState>;
    /** The Region of the deployment and of its sources. */
    home: string;
  };

/** Waits until a snapshot in any place is available; a notice of the platform may end a pause early. */
export async function untilAvailable(
  durable: Durable,
  deps: Pick<SnapshotDeps, 'platform' | 'catalog' | 'clock' | 'pace'>,
  creating: SnapshotPoint,
  deadline: number,
  place = homePlace(creating.place),
): Promise<PlatformSnapshot> {
  const { of, id } = creating.snapshot;
  const look = async (): Promise<Poll<PlatformSnapshot>> => {
    const found = await deps.platform.snapshot(of, id, place);
    if (!found) return failed('snapshot-deleted', `the snapshot ${id} was deleted while RDS was making it`);
    if (found.state === 'available') return { state: 'done', value: found };
    if (found.state === 'failed') return failed('snapshot-failed', `the snapshot ${id} is ${found.status}`);
    return { state: 'waiting', seen: `${found.status}${found.progress ? `, ${found.progress} %` : ''}` };
  };
  return poll(durable, deps, {
    name: 'wait for the snapshot',
    deadline,
    look,
    late: (seen, waited) =>
      new Refusal(
        'snapshot-late',
        `the snapshot ${id} is still not available after ${humanSeconds(waited)}: ${seen}`,
        {
          hint: 'the watch adopts it when it becomes available; if RDS usually needs longer, raise snapshot.deadline in the policy',
        },
      ),
    onWaiting: (token) => deps.catalog.awaitNotice(`snapshot:${id}`, token, deps.clock.now()),
  });
}

function failed(code: string, message: string): Poll<never> {
  const hint = 'look up the reason in the events of RDS and in CloudTrail; then run it again';
  return { state: 'refused', why: { code, message, hint } };
}

/**
 * Concludes an available snapshot, taken or copied: compares it with its origin, records it, and sets its state by
 * the result. Rejects with the reason if it does not count.
 */
export async function makeItCount(
  creating: SnapshotPoint,
  made: PlatformSnapshot,
  origin: () => Promise<Origin | undefined>,
  began: string,
  target: Target,
  claim: Claim,
  durable: Durable,
  deps: SnapshotDeps,
): Promise<{ point: SnapshotPoint; seconds: number }> {
  const judged = await durable.step('judge it', async () => ({
    findings: checkSnapshot(
      target,
      creating.id,
      made,
      await origin(),
      await keyStateOf(made, creating.place, deps),
    ),
    seconds: secondsBetween(began, deps.clock.now()),
    now: utc(deps.clock.now()),
  }));
  const available: SnapshotPoint = {
    ...creating,
    state: 'available',
    snapshotAt: creating.snapshotAt ?? made.takenAt ?? made.createdAt ?? began,
    availableAt: judged.now,
    takeSeconds: judged.seconds,
    snapshot: storedOf(made),
  };
  await durable.step('record that it is available', async () => {
    const known = await deps.catalog.point(target.id, creating.id);
    // A bad snapshot stays bad; it is judged again for the reason.
    if (known?.state !== 'corrupt') await deps.catalog.putPoint(claim, available);
  });
  const bad = await durable.step('say what it is worth', () =>
    concludeSnapshot(target, available, judged.findings, judged.now, deps),
  );
  if (bad) throw new Refusal(bad.code, bad.message, { hint: bad.next });
  return { point: available, seconds: judged.seconds };
}

/** A denied question stays unknown: RDS has just made the snapshot, which shows that its key works. */
export async function keyStateOf(
  taken: { kmsKey?: string | undefined },
  place: string,
  deps: Pick<SnapshotDeps, 'keyState'>,
): Promise<KeyState> {
  if (!taken.kmsKey) return 'usable';
  return deps.keyState(taken.kmsKey, place.split('/')[0]!).catch(() => 'unknown' as const);
}

/**
 * Alerts on what was found against an available snapshot, and moves its point to `verified`, or to `corrupt` when it
 * is not encrypted as promised. One that may still be good stays `available` and does not count: its key may work
 * again, or its source may have been enlarged in between. Returns the finding that keeps it from counting.
 */
export async function concludeSnapshot(
  target: Target,
  point: SnapshotPoint,
  findings: readonly Finding[],
  now: string,
  deps: Pick<SnapshotDeps, 'catalog' | 'alerts' | 'metrics' | 'log' | 'clock' | 'stage'>,
): Promise<Finding | undefined> {
  for (const found of findings) await raise(deps, found);
  const [bad] = findings;
  if (bad) {
    if (bad.code === 'snapshot-unencrypted')
      await deps.catalog.movePoint(target.id, point.id, 'corrupt', { why: bad.message });
    return bad;
  }
  await deps.catalog.movePoint(target.id, point.id, 'verified', { verifiedAt: now });
  const older = (open: Finding) => earlierOrSame(open.subject, point.id);
  await reconcile(deps, target.id, codesClosedBy('snapshot'), [], older);
  return undefined;
}

export function storedOf(taken: PlatformSnapshot): SnapshotPoint['snapshot'] {
  const { of, id, arn, sourceId, resourceId, engine, engineVersion, encrypted, bytes, masterUser } = taken;
  const { kmsKey, keyOfAws } = taken;
  return {
    of,
    id,
    arn,
    sourceId,
    resourceId,
    engine,
    engineVersion,
    encrypted,
    kmsKey,
    keyOfAws,
    bytes,
    masterUser,
  };
}
