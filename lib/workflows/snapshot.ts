import { checkSnapshot, type KeyState } from '../checks/snapshot.ts';
import { Refusal } from '../domain/errors.ts';
import type { Finding, FindingCode } from '../domain/finding.ts';
import type { SnapshotJob } from '../domain/job.ts';
import { type RunName, runName, snapshotName, snapshotPointId } from '../domain/names.ts';
import { type PlatformRef, type PlatformSnapshot, type PlatformSource, TAGS } from '../domain/platform.ts';
import { placeOf, type Target } from '../domain/policy.ts';
import { isSnapshot, type SnapshotPoint } from '../domain/recovery-point.ts';
import type { Claim } from '../domain/run.ts';
import { humanSeconds, secondsBetween, utc } from '../domain/time.ts';
import type { Durable } from '../ports/durable.ts';
import type { Platform } from '../ports/platform.ts';
import { requireTarget } from './claimed.ts';
import {
  attempt,
  claimDurably,
  type DurableJobDeps,
  fail,
  granted,
  lostClaim,
  refusalOf,
  type Said,
  saidOf,
  succeed,
} from './durable-claim.ts';
import { homePlace } from './places.ts';
import { raise, settle } from './tell.ts';
import { type Poll, until, type Waiting } from './until.ts';

export type SnapshotDeps = DurableJobDeps &
  Waiting & {
    platform: Platform;
    /** May the key of a snapshot be used? */
    keyState: (key: string, region: string) => Promise<KeyState>;
    /** The Region of the deployment and of its sources. */
    home: string;
  };

export type SnapshotOutcome =
  | { outcome: 'done'; summary: string; point: string }
  | { outcome: 'done-before' | 'held'; summary: string }
  | ({ outcome: 'failed'; summary: string } & Said);

/** A source that is busy with itself is waited for this long before that is a failure. In seconds. */
const BUSY_FOR = 3600;
const HOUR = 3600;
/** Codes that say something against one snapshot. A newer good one takes them back. */
export const OF_SNAPSHOTS: readonly FindingCode[] = [
  'snapshot-failed',
  'snapshot-unencrypted',
  'snapshot-implausible',
  'restore-key-unusable',
];

/**
 * Takes a manual snapshot named after its scheduled moment.
 *
 *   claim → point `creating` on record → the source is free → snapshot begun (or ours adopted)
 *     → waited for, unbilled → judged → `available` → `verified` → copies asked for
 *
 * Killed after any step it goes on there. The snapshot is begun only when its point is on record, so one that nobody
 * came back for is known by its name and tags, and the watch adopts it.
 */
export async function snapshot(
  job: SnapshotJob,
  durable: Durable,
  deps: SnapshotDeps,
): Promise<SnapshotOutcome> {
  const target = requireTarget(deps.plan, job.target);
  const ref = platformOf(target);
  const run: RunName = { job: 'snapshot', target: target.id, scheduledFor: job.scheduledFor };
  const { deadline } = target.policy.snapshot;
  const claimed = await claimDurably(durable, deps, run, job, deadline + BUSY_FOR + HOUR);
  if (claimed.outcome !== 'claimed') return claimed;
  const { claim } = claimed;
  try {
    const made = await takeOne(job, target, ref, claim, durable, deps);
    // If this fails the watch asks again.
    await durable
      .step('ask for copies', () => askForCopies(job, target, made.point, deps))
      .catch(() => undefined);
    await succeed(durable, deps, claim, { summary: made.summary, point: made.point.id });
    return { outcome: 'done', summary: made.summary, point: made.point.id };
  } catch (error) {
    if (lostClaim(error)) return { outcome: 'held', summary: saidOf(error).message };
    const said = saidOf(error);
    await durable
      .step('give the point up', () => giveUp(claim, pointOf(job, target, ref, deps), said, deps))
      .catch(() => undefined);
    await fail(durable, deps, claim, said);
    return { outcome: 'failed', summary: said.message, ...said };
  }
}

/** Every target of a policy that schedules snapshots has one; a person may still ask for one that has not. */
export function platformOf(target: Target): PlatformRef {
  if (target.platform) return target.platform;
  throw new Refusal('no-platform', `${target.id} names no rds:, aurora: or elasticache: in understudy.yml`, {
    hint: 'add the identifier of its instance, cluster or cache',
  });
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

  await sourceIsFree(target, ref, creating, durable, deps);
  const source = granted(
    await attempt(durable, 'begin the snapshot', () => begin(job, target, ref, creating, deps)),
  );
  const taken = await untilAvailable(durable, deps, creating, target.policy.snapshot.deadline);

  const taking = await durable.step('judge it', async () => ({
    findings: checkSnapshot(target, creating.id, taken, source, await keyOf(taken, creating.place, deps)),
    seconds: secondsBetween(began, deps.clock.now()),
    now: utc(deps.clock.now()),
  }));
  const available: SnapshotPoint = {
    ...creating,
    state: 'available',
    snapshotAt: taken.takenAt ?? taken.createdAt ?? began,
    availableAt: taking.now,
    takeSeconds: taking.seconds,
    snapshot: storedOf(taken),
  };
  await durable.step('record that it is available', () => deps.catalog.putPoint(claim, available));
  const bad = await durable.step('say what it is worth', () =>
    concludeSnapshot(target, available, taking.findings, taking.now, deps),
  );
  if (bad) throw new Refusal(bad.code, bad.message, { hint: bad.next });
  const label = job.label ? ` "${job.label}"` : '';
  return {
    point: available,
    summary: `${available.id}${label}, ${say(taken)} in ${humanSeconds(taking.seconds)}`,
  };
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
    ...(job.label ? { label: job.label } : {}),
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

/** What an earlier attempt finished is ours and good. */
async function putOnRecord(
  claim: Claim,
  creating: SnapshotPoint,
  deps: SnapshotDeps,
): Promise<SnapshotPoint | undefined> {
  const known = await deps.catalog.point(creating.target, creating.id);
  if (known && isSnapshot(known) && ['verified', 'rehearsed'].includes(known.state)) return known;
  if (known?.state !== 'available') await deps.catalog.putPoint(claim, creating);
  return undefined;
}

/** States that end by themselves. Everything else needs a person. */
const PASSING =
  /^(backing-up|modifying|rebooting|starting|upgrading|maintenance|renaming|configuring-|resetting-|creating|failing-over|promoting|migrating|snapshotting)/;

/** Waits while the source is busy with itself. One that is stopped, full or on its way out is refused with what to do about it. */
async function sourceIsFree(
  target: Target,
  ref: PlatformRef,
  creating: SnapshotPoint,
  durable: Durable,
  deps: SnapshotDeps,
): Promise<void> {
  const look = async (): Promise<Poll<Said | null>> => {
    const source = await deps.platform.source(ref);
    if (!source) return { state: 'done', value: noSource(target, ref) };
    // A snapshot of ours that is being taken is what keeps it busy.
    if (await deps.platform.snapshot(ref.kind, creating.snapshot.id, homePlace(deps.home)))
      return { state: 'done', value: null };
    if (PASSING.test(source.status)) return { state: 'waiting', seen: source.status };
    return { state: 'done', value: whyNot(target, source) ?? null };
  };
  const free = await until(durable, deps, {
    name: 'wait for the source',
    deadline: BUSY_FOR,
    look: () => withoutThrowing(look),
    onWaiting: (token) => deps.catalog.awaitNotice(`instance:${ref.id}`, token, deps.clock.now()),
  });
  if (free.outcome === 'too-late')
    throw new Refusal(
      'source-busy',
      `${ref.id} of ${target.id} is ${free.seen}, and has been for ${humanSeconds(free.waited)}`,
      { hint: `wait until it is available, then: ./understudy run snapshot ${target.id}` },
    );
  if (free.value) throw refusalOf(free.value);
}

/** A poll returns a state; an error that a second look may not meet is a state too. */
export async function withoutThrowing<T>(look: () => Promise<Poll<T>>): Promise<Poll<T>> {
  try {
    return await look();
  } catch (error) {
    return { state: 'waiting', seen: saidOf(error).message };
  }
}

function noSource(target: Target, ref: PlatformRef): Said {
  return {
    code: 'source-not-found',
    message: `there is no ${ref.kind} ${ref.id}, which understudy.yml gives for ${target.id}`,
    hint: 'correct its name, or look up in CloudTrail who deleted it',
  };
}

/** Why no snapshot of it can be taken now, and what to do about it; undefined when one can. */
function whyNot(target: Target, source: PlatformSource): Said | undefined {
  const what = `${source.id} of ${target.id}`;
  if (!source.encrypted && target.policy.snapshot.encryption === 'required' && source.kind !== 'elasticache')
    return {
      code: 'snapshot-unencrypted',
      message: `${what} is not encrypted, so its snapshot would not be either`,
      hint: 'restore an encrypted copy of it, or set snapshot.encryption: any in the policy',
    };
  switch (source.status) {
    case 'available':
    case 'storage-optimization':
    case 'storage-config-upgrade':
      return undefined;
    case 'stopped':
    case 'stopping':
      return {
        code: 'source-stopped',
        message: `${what} is ${source.status}`,
        hint: `start it: aws rds start-db-${source.kind === 'aurora' ? 'cluster --db-cluster' : 'instance --db-instance'}-identifier ${source.id}`,
      };
    case 'storage-full':
      return {
        code: 'source-storage-full',
        message: `${what} has no storage left, and takes no snapshot`,
        hint: `give it more: aws rds modify-db-instance --db-instance-identifier ${source.id} --allocated-storage …`,
      };
    case 'deleting':
      return {
        code: 'source-deleting',
        message: `${what} is being deleted`,
        hint: `if nobody means to, its points are listed by: ./understudy points ${target.id}`,
      };
    default:
      return {
        code: 'source-unavailable',
        message: `${what} is ${source.status}, in which no snapshot can be taken`,
        hint: 'look at it in the console; then run the snapshot again',
      };
  }
}

/** Begins the snapshot, or adopts the one of this name that bears this run. Somebody else's is refused. */
async function begin(
  job: SnapshotJob,
  target: Target,
  ref: PlatformRef,
  creating: SnapshotPoint,
  deps: SnapshotDeps,
): Promise<PlatformSource | undefined> {
  const source = await deps.platform.source(ref);
  const tags = tagsOf(creating, target, deps, job.label);
  const { id } = creating.snapshot;
  const there = await deps.platform.snapshot(ref.kind, id, homePlace(deps.home));
  if (!there) {
    await deps.platform.takeSnapshot(ref, id, tags).catch(async (error) => {
      // Its answer may have been lost, and the SDK have asked twice.
      const now = await deps.platform.snapshot(ref.kind, id, homePlace(deps.home));
      if (!now || !isOurs(now, tags)) throw error;
    });
    return source;
  }
  if (isOurs(there, tags)) return source;
  throw foreign(id, tags);
}

/** Something else bears the name. It is nobody's to overwrite, and no recovery point of ours. */
export function foreign(id: string, tags: Record<string, string>): Refusal {
  return new Refusal(
    'snapshot-foreign',
    `there is a snapshot ${id} already, and it does not bear ${tags[TAGS.run]}: it is not ours`,
    { hint: 'delete or rename it, if nobody needs it; then run it again' },
  );
}

export function tagsOf(
  point: SnapshotPoint,
  target: Target,
  deps: { stage: string },
  label: string | undefined,
): Record<string, string> {
  return {
    [TAGS.run]: runName({ job: 'snapshot', target: target.id, scheduledFor: point.scheduledFor }),
    [TAGS.target]: target.id,
    [TAGS.policy]: target.policy.name,
    [TAGS.stage]: deps.stage,
    ...(label ? { [TAGS.label]: tagValue(label) } : {}),
  };
}

/** RDS takes letters, digits, blanks and `_.:/=+-@` in a tag; the catalog has the label as it was given. */
const tagValue = (label: string) => label.replace(/[^\p{L}\p{N} _.:/=+\-@]/gu, '-').slice(0, 256);

export function isOurs(found: PlatformSnapshot, tags: Record<string, string>): boolean {
  return found.tags[TAGS.run] === tags[TAGS.run] && found.tags[TAGS.stage] === tags[TAGS.stage];
}

/** Waits until a snapshot is available, wherever it lies; a notice of the platform's may end a pause early. */
export async function untilAvailable(
  durable: Durable,
  deps: Pick<SnapshotDeps, 'platform' | 'catalog' | 'clock' | 'pace'>,
  creating: SnapshotPoint,
  deadline: number,
  place = homePlace(creating.place),
): Promise<PlatformSnapshot> {
  const { of, id } = creating.snapshot;
  const look = async (): Promise<Poll<{ taken: PlatformSnapshot } | { said: Said }>> => {
    const found = await deps.platform.snapshot(of, id, place);
    if (!found)
      return failed('snapshot-deleted', `the snapshot ${id} is gone: somebody deleted it while it was made`);
    if (found.status === 'available') return { state: 'done', value: { taken: found } };
    if (/^(failed|incompatible|deleting)/.test(found.status))
      return failed('snapshot-failed', `the snapshot ${id} is ${found.status}`);
    return { state: 'waiting', seen: `${found.status}${found.progress ? `, ${found.progress} %` : ''}` };
  };
  const waited = await until(durable, deps, {
    name: 'wait for the snapshot',
    deadline,
    look: () => withoutThrowing(look),
    onWaiting: (token) => deps.catalog.awaitNotice(`snapshot:${id}`, token, deps.clock.now()),
  });
  if (waited.outcome === 'too-late')
    throw new Refusal(
      'snapshot-late',
      `the snapshot ${id} is still not available after ${humanSeconds(waited.waited)}: ${waited.seen}`,
      { hint: 'it may still become so, and is then adopted; or raise snapshot.deadline in the policy' },
    );
  if ('said' in waited.value) throw refusalOf(waited.value.said);
  return waited.value.taken;
}

function failed(code: string, message: string): Poll<{ said: Said }> {
  return {
    state: 'done',
    value: {
      said: { code, message, hint: 'look up in CloudTrail and the events of RDS why; then run it again' },
    },
  };
}

export async function keyOf(
  taken: PlatformSnapshot,
  place: string,
  deps: Pick<SnapshotDeps, 'keyState'>,
): Promise<KeyState> {
  if (!taken.kmsKey) return 'usable';
  return deps.keyState(taken.kmsKey, place.split('/')[0]!).catch(() => 'unknown' as const);
}

/**
 * Tells what was found against an available snapshot, and moves its point on: to `verified`, or to `corrupt` when it is not
 * what was promised. Returns the finding that stands in the way of the former. What is only odd does not.
 */
export async function concludeSnapshot(
  target: Target,
  point: SnapshotPoint,
  findings: readonly Finding[],
  now: string,
  deps: Pick<SnapshotDeps, 'catalog' | 'alerts' | 'metrics' | 'log' | 'clock' | 'stage'>,
): Promise<Finding | undefined> {
  for (const found of findings) await raise(deps, found);
  const bad = findings.find(({ code }) => code !== 'snapshot-implausible');
  if (bad) {
    await deps.catalog.movePoint(target.id, point.id, 'corrupt', { why: bad.message });
    return bad;
  }
  await deps.catalog.movePoint(target.id, point.id, 'verified', { verifiedAt: now });
  const older = (open: Finding) => open.subject <= point.id && open.subject.endsWith(`@${point.place}`);
  await settle(deps, target.id, OF_SNAPSHOTS, [...findings], older);
  return undefined;
}

export function storedOf(taken: PlatformSnapshot): SnapshotPoint['snapshot'] {
  const { of, id, arn, sourceId, resourceId, engine, engineVersion, encrypted, kmsKey, bytes, masterUser } =
    taken;
  return {
    of,
    id,
    arn,
    sourceId,
    ...(resourceId ? { resourceId } : {}),
    engine,
    engineVersion,
    encrypted,
    ...(kmsKey ? { kmsKey } : {}),
    bytes,
    ...(masterUser ? { masterUser } : {}),
  };
}

async function giveUp(claim: Claim, creating: SnapshotPoint, said: Said, deps: SnapshotDeps): Promise<void> {
  const known = await deps.catalog.point(creating.target, creating.id);
  if (known?.state === 'creating')
    await deps.catalog.putPoint(claim, { ...creating, state: 'failed', why: said.message });
}

/** One message a place. */
export async function askForCopies(
  job: Pick<SnapshotJob, 'scheduledFor' | 'requestedBy'>,
  target: Target,
  point: SnapshotPoint,
  deps: Pick<SnapshotDeps, 'messages'>,
  places: readonly string[] = target.policy.snapshot.copies.map(placeOf),
): Promise<void> {
  for (const to of places) {
    await deps.messages.publish({
      job: 'copy',
      target: target.id,
      scheduledFor: job.scheduledFor,
      requestedBy: job.requestedBy,
      reason: 'the snapshot is available',
      point: point.id,
      to,
    });
  }
}

function say(taken: PlatformSnapshot): string {
  const size = taken.bytes > 0 ? `${Math.round(taken.bytes / 1024 ** 3)} GiB, ` : '';
  return `${size}${taken.engine} ${taken.engineVersion}${taken.encrypted ? ', encrypted' : ', not encrypted'}`;
}
