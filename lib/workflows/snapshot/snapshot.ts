import { type ErrorInfo, toErrorInfo } from '../../domain/errors.ts';
import { type RunName, snapshotName, snapshotPointId } from '../../domain/names.ts';
import { requirePlatform, requireTarget, type Target } from '../../domain/plan/policy.ts';
import type { PlatformRef, PlatformSnapshot } from '../../domain/points/platform-source.ts';
import { isSnapshot, type SnapshotPoint } from '../../domain/points/recovery-point.ts';
import type { SnapshotJob } from '../../domain/runs/job.ts';
import type { Claim } from '../../domain/runs/run.ts';
import { humanSeconds, utc } from '../../domain/time.ts';
import { cancellable } from '../../execution/cancellation.ts';
import { claimDurably, fail, lostClaim, succeed } from '../../execution/durable-run.ts';
import { askForCopies } from '../../points/ask-for-copies.ts';
import { makeItCount, type SnapshotDeps, untilAvailable } from '../../points/conclude-snapshot.ts';
import type { Durable } from '../../ports/durable.ts';
import { BUSY_FOR, beginWhenFree } from './begin-snapshot.ts';

export type { SnapshotDeps };

export type SnapshotOutcome =
  | { outcome: 'done'; summary: string; point: string }
  | { outcome: 'done-before' | 'held'; summary: string }
  | ({ outcome: 'failed'; summary: string } & ErrorInfo);

const HOUR = 3600;

/**
 * Takes a manual snapshot named after its scheduled moment.
 *
 *   claim → point `creating` on record → the source is free → snapshot begun (or adopted)
 *     → waited for, unbilled → judged → `available` → `verified` → copies requested
 *
 * Killed after any step it continues there. The snapshot begins only after its point is on record, so the watch
 * recognizes an abandoned one by its name and tags, and adopts it.
 */
export async function snapshot(
  job: SnapshotJob,
  durable: Durable,
  deps: SnapshotDeps,
): Promise<SnapshotOutcome> {
  const target = requireTarget(deps.plan, job.target);
  const ref = requirePlatform(target);
  const run: RunName = { job: 'snapshot', target: target.id, scheduledFor: job.scheduledFor };
  const { deadline } = target.policy.snapshot;
  const claimed = await claimDurably(durable, deps, run, job, deadline + BUSY_FOR + HOUR);
  if (claimed.outcome !== 'claimed') return claimed;
  const { claim } = claimed;
  try {
    const made = await takeOne(job, target, ref, claim, durable, cancellable(deps, claim));
    // If this fails the watch asks again.
    await durable
      .step('ask for copies', () => askForCopies(job, target, made.point, deps))
      .catch(() => undefined);
    await succeed(durable, deps, claim, { summary: made.summary, point: made.point.id });
    return { outcome: 'done', summary: made.summary, point: made.point.id };
  } catch (error) {
    if (lostClaim(error)) return { outcome: 'held', summary: toErrorInfo(error).message };
    const said = toErrorInfo(error);
    await durable
      .step('give the point up', () => giveUp(claim, pointOf(job, target, ref, deps), said, deps))
      .catch(() => undefined);
    await fail(durable, deps, claim, said);
    return { outcome: 'failed', summary: said.message, ...said };
  }
}

async function takeOne(
  job: SnapshotJob,
  target: Target,
  ref: PlatformRef,
  claim: Claim,
  durable: Durable,
  deps: SnapshotDeps,
): Promise<{ point: SnapshotPoint; summary: string }> {
  const creating = pointOf(job, target, ref, deps);
  const began = await durable.step('begin', async () => utc(deps.clock.now()));
  const known = await durable.step('put the point on record', () => putOnRecord(claim, creating, deps));
  if (known !== undefined)
    return { point: known, summary: `adopted ${known.id}, which an earlier attempt had finished` };
  await beginWhenFree(creating, target, ref, durable, deps);
  const taken = await untilAvailable(durable, deps, creating, target.policy.snapshot.deadline);
  const source = () => deps.platform.source(ref);
  const { point, seconds } = await makeItCount(creating, taken, source, began, target, claim, durable, deps);
  const label = job.label ? ` "${job.label}"` : '';
  return { point, summary: `${point.id}${label}, ${say(taken)} in ${humanSeconds(seconds)}` };
}

function pointOf(
  job: SnapshotJob,
  target: Target,
  ref: PlatformRef,
  deps: Pick<SnapshotDeps, 'home' | 'stage'>,
): SnapshotPoint {
  return {
    id: snapshotPointId(job.scheduledFor, 'snapshot', deps.home),
    target: target.id,
    kind: 'snapshot',
    place: deps.home,
    state: 'creating',
    scheduledFor: job.scheduledFor,
    label: job.label,
    snapshot: {
      of: ref.kind,
      id: snapshotName(deps.stage, target.id, job.scheduledFor, ref.kind),
      arn: '',
      sourceId: ref.id,
      engine: '',
      engineVersion: '',
      encrypted: false,
      bytes: 0,
    },
  };
}

/** A finished snapshot of an earlier attempt is good; one that was not judged, or judged bad, is judged again. */
async function putOnRecord(
  claim: Claim,
  creating: SnapshotPoint,
  deps: SnapshotDeps,
): Promise<SnapshotPoint | undefined> {
  const known = await deps.catalog.point(creating.target, creating.id);
  if (known && isSnapshot(known) && ['verified', 'rehearsed'].includes(known.state)) return known;
  if (known?.state !== 'available' && known?.state !== 'corrupt')
    await deps.catalog.putPoint(claim, creating);
  return undefined;
}

async function giveUp(
  claim: Claim,
  creating: SnapshotPoint,
  said: ErrorInfo,
  deps: SnapshotDeps,
): Promise<void> {
  const known = await deps.catalog.point(creating.target, creating.id);
  if (known?.state === 'creating')
    await deps.catalog.putPoint(claim, { ...creating, state: 'failed', why: said.message });
}

function say(taken: PlatformSnapshot): string {
  const size = taken.bytes > 0 ? `${Math.round(taken.bytes / 1024 ** 3)} GiB, ` : '';
  return `${size}${taken.engine} ${taken.engineVersion}${taken.encrypted ? ', encrypted' : ', not encrypted'}`;
}
