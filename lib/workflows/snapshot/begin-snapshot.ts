import { type ErrorInfo, Refusal, toErrorInfo } from '../../domain/errors.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { PlatformRef, PlatformSource } from '../../domain/points/platform-source.ts';
import type { SnapshotPoint } from '../../domain/points/recovery-point.ts';
import { humanSeconds } from '../../domain/time.ts';
import { type Poll, poll } from '../../execution/poll.ts';
import type { SnapshotDeps } from '../../points/conclude-snapshot.ts';
import { homePlace } from '../../points/places.ts';
import { bearsOurTags, foreign, tagsOf } from '../../points/snapshot-tags.ts';
import type { Durable } from '../../ports/durable.ts';

/** How long a busy source is waited for before the snapshot fails, in seconds. */
export const BUSY_FOR = 3600;

/**
 * Begins the snapshot as soon as the source is free, or adopts an existing one of its name and run. Refuses a source
 * that is stopped, full or being deleted with what to do about it, and another's snapshot of the name.
 */
export async function beginWhenFree(
  creating: SnapshotPoint,
  target: Target,
  ref: PlatformRef,
  durable: Durable,
  deps: SnapshotDeps,
): Promise<void> {
  await poll(durable, deps, {
    name: 'begin the snapshot',
    deadline: BUSY_FOR,
    look: () => beginIfFree(creating, target, ref, deps),
    late: (seen, waited) =>
      new Refusal(
        'source-busy',
        `${ref.id} of ${target.id} is ${seen}, and has been for ${humanSeconds(waited)}`,
        { hint: `wait until it is available, then: ./understudy run snapshot ${target.id}` },
      ),
    onWaiting: (token) => deps.catalog.awaitNotice(`instance:${ref.id}`, token, deps.clock.now()),
  });
}

const BEGUN = { state: 'done', value: null } as const;

/** One look, and one call if it is possible. A repetition recognizes its own work. */
async function beginIfFree(
  creating: SnapshotPoint,
  target: Target,
  ref: PlatformRef,
  deps: SnapshotDeps,
): Promise<Poll<null>> {
  const { id } = creating.snapshot;
  const tags = tagsOf(creating, target, deps, creating.label);
  const there = () => deps.platform.snapshot(ref.kind, id, homePlace(deps.home));
  const known = await there();
  if (known)
    return bearsOurTags(known, tags) ? BEGUN : { state: 'refused', why: toErrorInfo(foreign(id, tags)) };
  const source = await deps.platform.source(ref);
  if (!source) return { state: 'refused', why: noSource(target, ref) };
  if (source.state === 'busy') return { state: 'waiting', seen: source.status };
  const why = whyNot(target, source);
  if (why) return { state: 'refused', why };
  try {
    await deps.platform.takeSnapshot(ref, id, tags);
    return BEGUN;
  } catch (error) {
    const said = toErrorInfo(error);
    // Its answer may have been lost, and the SDK may have repeated the call: the next look checks whose it is.
    if (['source-busy', 'snapshot-exists', 'platform-unreachable'].includes(said.code))
      return { state: 'waiting', seen: said.message };
    const begunAllTheSame = await there();
    if (begunAllTheSame && bearsOurTags(begunAllTheSame, tags)) return BEGUN;
    return { state: 'refused', why: said };
  }
}

function noSource(target: Target, ref: PlatformRef): ErrorInfo {
  return {
    code: 'source-not-found',
    message: `there is no ${ref.kind} ${ref.id}, which understudy.yml gives for ${target.id}`,
    hint: 'correct its name, or look up in CloudTrail who deleted it',
  };
}

/** Why no snapshot of it can be taken now, and what to do about it; undefined when one can. */
function whyNot(target: Target, source: PlatformSource): ErrorInfo | undefined {
  const what = `${source.id} of ${target.id}`;
  if (!source.encrypted && target.policy.snapshot.encryption === 'required' && source.kind !== 'elasticache')
    return {
      code: 'snapshot-unencrypted',
      message: `${what} is not encrypted, so its snapshot would not be either`,
      hint: 'restore an encrypted copy of it, or set snapshot.encryption: any in the policy',
    };
  switch (source.state) {
    case 'ready':
      return undefined;
    case 'stopped':
      return {
        code: 'source-stopped',
        message: `${what} is ${source.status}`,
        hint: `start it: aws rds start-db-${source.kind === 'aurora' ? 'cluster --db-cluster' : 'instance --db-instance'}-identifier ${source.id}`,
      };
    case 'full':
      return {
        code: 'source-storage-full',
        message: `${what} has no storage left, and takes no snapshot`,
        hint: `give it more: aws rds modify-db-instance --db-instance-identifier ${source.id} --allocated-storage …`,
      };
    case 'deleting':
      return {
        code: 'source-deleting',
        message: `${what} is being deleted`,
        hint: `if that is a mistake, list what can be restored: ./understudy points ${target.id}`,
      };
    default:
      return {
        code: 'source-unavailable',
        message: `${what} is ${source.status}, in which no snapshot can be taken`,
        hint: 'look at it in the console; then run the snapshot again',
      };
  }
}
