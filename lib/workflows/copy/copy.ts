import { raise, resolve } from '../../alerting/alerts.ts';
import { type ErrorInfo, Refusal, toErrorInfo } from '../../domain/errors.ts';
import { finding } from '../../domain/findings/finding.ts';
import { parsePointId, type RunName, snapshotPointId } from '../../domain/names.ts';
import { type CopyTo, requireTarget, type Target } from '../../domain/plan/policy.ts';
import { counts, isSnapshot, type SnapshotPoint } from '../../domain/points/recovery-point.ts';
import type { CopyJob } from '../../domain/runs/job.ts';
import type { Claim } from '../../domain/runs/run.ts';
import { humanSeconds, utc } from '../../domain/time.ts';
import { cancellable } from '../../execution/cancellation.ts';
import { attempt, claimDurably, fail, lostClaim, succeed, unwrap } from '../../execution/durable-run.ts';
import { type Poll, poll } from '../../execution/poll.ts';
import { makeItCount, untilAvailable } from '../../points/conclude-snapshot.ts';
import { homePlace, placeNamed, subjectOfCopy } from '../../points/places.ts';
import { type RefusedPoint, refuseNamedPoint } from '../../points/refuse-named-point.ts';
import { bearsOurTags, foreign, tagsOf } from '../../points/snapshot-tags.ts';
import type { Durable } from '../../ports/durable.ts';
import type { Place } from '../../ports/platform.ts';
import { type CopyDeps, planned } from './plan-copy.ts';

export type CopyOutcome =
  | { outcome: 'done'; summary: string; point: string }
  | { outcome: 'done-before' | 'held'; summary: string }
  | RefusedPoint
  | ({ outcome: 'failed'; summary: string } & ErrorInfo);

const HOUR = 3600;

/**
 * Copies a snapshot to one place of the policy, under that place's key. A copy is its own recovery point, of the same
 * moment and with its place in its name. An impossible copy is refused before it begins; one above the destination's
 * limit of copies at once waits its turn.
 */
export async function copy(job: CopyJob, durable: Durable, deps: CopyDeps): Promise<CopyOutcome> {
  const target = requireTarget(deps.plan, job.target);
  const moment = parsePointId(job.point)?.scheduledFor ?? job.scheduledFor;
  const id = snapshotPointId(moment, 'snapshot', job.to);
  // Named after the copy, so that every request for it means one run.
  const run: RunName = { job: 'copy', target: target.id, scheduledFor: id };
  const { deadline } = target.policy.snapshot;
  const refused = await durable.step('look at the point named', () =>
    refuseNamedPoint(deps, target, run, 'copy', job.point),
  );
  if (refused) return refused;
  const claimed = await claimDurably(durable, deps, run, job, 3 * deadline + HOUR);
  if (claimed.outcome !== 'claimed') return claimed;
  const { claim } = claimed;
  try {
    const done = await copyOne(job, id, target, claim, durable, cancellable(deps, claim));
    await durable.step('take back what was said', () =>
      resolve(deps, { target: target.id, code: 'copy-impossible', subject: job.to }),
    );
    await succeed(durable, deps, claim, done, subjectOfCopy(job.to));
    return { outcome: 'done', ...done };
  } catch (error) {
    if (lostClaim(error)) return { outcome: 'held', summary: toErrorInfo(error).message };
    const said = toErrorInfo(error);
    await durable
      .step('give the copy up', () => giveUp(id, target, claim, said, deps))
      .catch(() => undefined);
    if (said.code === 'copy-impossible')
      await durable.step('say that it cannot be', () => raise(deps, impossible(target, job.to, said)));
    // A request that came too early is not a failure: the watch asks again, and reports it when it is late.
    await fail(durable, deps, claim, said, {
      subject: subjectOfCopy(job.to),
      quietly: said.code === 'copy-not-yet',
    });
    return { outcome: 'failed', summary: said.message, ...said };
  }
}

async function copyOne(
  job: CopyJob,
  id: string,
  target: Target,
  claim: Claim,
  durable: Durable,
  deps: CopyDeps,
): Promise<{ summary: string; point: string }> {
  const began = await durable.step('begin', async () => utc(deps.clock.now()));
  const { from, to } = await planned(job, target, durable, deps);
  const place = placeNamed(target, job.to, deps.home);
  const creating: SnapshotPoint = {
    ...from,
    id,
    kind: 'snapshot',
    place: job.to,
    state: 'creating',
    begunAt: began,
    snapshot: { ...from.snapshot, arn: '' },
  };
  for (const key of ['verifiedAt', 'rehearsedAt', 'availableAt', 'takeSeconds', 'why'] as const)
    delete creating[key];
  const known = await durable.step('put the copy on record', async () => {
    const known = await deps.catalog.point(target.id, id);
    if (!known || !(counts(known) || known.state === 'available' || known.state === 'corrupt'))
      await deps.catalog.putPoint(claim, creating);
    return known !== undefined && counts(known);
  });
  if (known) return { point: id, summary: `adopted ${id}, which an earlier attempt had finished` };

  await beginInTurn(from, to, creating, place, target, durable, deps);
  const copied = await untilAvailable(durable, deps, creating, target.policy.snapshot.deadline, place);
  const origin = async () => from.snapshot;
  const { seconds } = await makeItCount(creating, copied, origin, began, target, claim, durable, deps);
  return { point: id, summary: `${id} copied in ${humanSeconds(seconds)}` };
}

/** Shares where needed, then begins the copy as soon as the destination has room for one more. */
async function beginInTurn(
  from: SnapshotPoint,
  to: CopyTo,
  creating: SnapshotPoint,
  place: Place,
  target: Target,
  durable: Durable,
  deps: CopyDeps,
): Promise<void> {
  const { of, id, arn, encrypted } = from.snapshot;
  if (to.account !== undefined) {
    const account = to.account;
    unwrap(
      await attempt(durable, 'share the snapshot', () =>
        deps.platform.share(of, id, homePlace(from.place), account),
      ),
    );
  }
  const tags = tagsOf(creating, target, deps, creating.label);
  const look = async (): Promise<Poll<null>> => {
    const there = await deps.platform.snapshot(of, creating.snapshot.id, place);
    if (there)
      return bearsOurTags(there, tags)
        ? { state: 'done', value: null }
        : { state: 'refused', why: toErrorInfo(foreign(there.id, tags)) };
    try {
      await deps.platform.copySnapshot(
        { of, arn, encrypted, region: from.place.split('/')[0]! },
        { id: creating.snapshot.id, place, kmsKey: to.kmsKey, tags },
      );
    } catch (error) {
      const said = toErrorInfo(error);
      // A snapshot has taken the name since the look: the next look checks whose it is.
      if (['snapshot-exists', 'copy-quota', 'platform-unreachable'].includes(said.code))
        return { state: 'waiting', seen: said.message };
      return { state: 'refused', why: said };
    }
    return { state: 'done', value: null };
  };
  await poll(durable, deps, {
    name: 'wait for our turn',
    deadline: target.policy.snapshot.deadline,
    look,
    late: (seen, waited) =>
      new Refusal(
        'copy-late',
        `no copy to ${place.name} could be begun in ${humanSeconds(waited)}: ${seen}`,
        { hint: 'more copies are asked for than a Region takes at once; space the schedules out' },
      ),
  });
}

async function giveUp(
  id: string,
  target: Target,
  claim: Claim,
  said: ErrorInfo,
  deps: CopyDeps,
): Promise<void> {
  const known = await deps.catalog.point(target.id, id);
  if (known && isSnapshot(known) && known.state === 'creating')
    await deps.catalog.putPoint(claim, { ...known, state: 'failed', why: said.message });
}

function impossible(target: Target, place: string, said: ErrorInfo) {
  return finding('copy-impossible', { target, subject: place, message: said.message });
}
