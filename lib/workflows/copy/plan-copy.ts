import { Refusal, toErrorInfo } from '../../domain/errors.ts';
import { snapshotPointId } from '../../domain/names.ts';
import { type CopyTo, placeOf, type Target } from '../../domain/plan/policy.ts';
import { counts, isSnapshot, type SnapshotPoint } from '../../domain/points/recovery-point.ts';
import type { CopyJob } from '../../domain/runs/job.ts';
import { type Poll, poll } from '../../execution/poll.ts';
import type { SnapshotDeps } from '../../points/conclude-snapshot.ts';
import type { Durable } from '../../ports/durable.ts';

export type CopyDeps = SnapshotDeps & {
  /** Is the key the account's default for RDS, which no other account can use? Undefined when unknown. */
  isDefaultKey: (key: string, region: string) => Promise<boolean | undefined>;
};

type Planned = { from: SnapshotPoint; to: CopyTo };

/** Waits for the copy that this one is made from: all are requested at once. */
export async function planned(
  job: CopyJob,
  target: Target,
  durable: Durable,
  deps: CopyDeps,
): Promise<Planned> {
  const look = async (): Promise<Poll<Planned>> => {
    try {
      return { state: 'done', value: await plan(job, target, deps) };
    } catch (error) {
      if (!(error instanceof Refusal) || error.code === 'copy-not-yet') throw error;
      return { state: 'refused', why: toErrorInfo(error) };
    }
  };
  return poll(durable, deps, {
    name: 'plan the copy',
    deadline: target.policy.snapshot.deadline,
    look,
    late: (seen) => new Refusal('copy-not-yet', seen, { hint: 'the watch asks again' }),
  });
}

/** What is copied, and where to; refused when that is impossible. */
async function plan(job: CopyJob, target: Target, deps: CopyDeps): Promise<Planned> {
  const to = target.policy.snapshot.copies.find((copy) => placeOf(copy) === job.to);
  if (!to)
    throw new Refusal(
      'copy-unknown',
      `the policy ${target.policy.name} of ${target.id} copies nothing to ${job.to}`,
      {
        hint: 'add it under snapshot.copies',
      },
    );
  const original = await deps.catalog.point(target.id, job.point);
  if (!original || !isSnapshot(original) || original.kind !== 'snapshot' || !counts(original))
    throw new Refusal('point-unusable', `${target.id} has no verified snapshot ${job.point} to copy`, {
      hint: `./understudy points ${target.id} lists them`,
    });
  const from = await nearest(original, to, target, deps);
  const why = await whyImpossible(from, to, deps);
  if (why)
    throw new Refusal(
      'copy-impossible',
      `${job.point} of ${target.id} cannot be copied to ${job.to}: ${why}`,
    );
  return { from, to };
}

/** Another account can only copy within a Region what is shared with it there: the copy of that Region, unless it is home. */
async function nearest(
  original: SnapshotPoint,
  to: CopyTo,
  target: Target,
  deps: CopyDeps,
): Promise<SnapshotPoint> {
  if (to.account === undefined || to.region === deps.home) return original;
  const there = await deps.catalog.point(
    target.id,
    snapshotPointId(original.scheduledFor, 'snapshot', to.region),
  );
  if (there && isSnapshot(there) && counts(there)) return there;
  const planned = target.policy.snapshot.copies.some((copy) => placeOf(copy) === to.region);
  if (!planned)
    throw new Refusal(
      'copy-impossible',
      `a snapshot shared with another account can only be copied within its Region, and there is no copy to ${to.region}`,
      { hint: `add { region: ${to.region}, kmsKey: … } under snapshot.copies` },
    );
  throw new Refusal(
    'copy-not-yet',
    `the copy in ${to.region}, which ${to.account} would copy, is not there yet`,
    {
      hint: 'the watch asks again',
    },
  );
}

/**
 * Limits of the service that waiting does not lift. Sources: the RDS user guide on copying and on sharing encrypted
 * snapshots.
 */
async function whyImpossible(from: SnapshotPoint, to: CopyTo, deps: CopyDeps): Promise<string | undefined> {
  if (to.account === undefined && to.region === deps.home)
    return 'it lies there already; a copy belongs into another Region or account';
  const { encrypted, kmsKey, of } = from.snapshot;
  if (!encrypted && of === 'aurora' && to.kmsKey !== undefined)
    return 'a cluster’s snapshot that is not encrypted cannot be copied under a key; restore an encrypted cluster from it';
  if (!encrypted) return undefined;
  const source = to.account !== undefined ? from.place : deps.home;
  if (to.kmsKey === undefined && (to.region !== source || to.account !== undefined))
    return 'an encrypted copy needs a key of its place; give kmsKey';
  if (to.account !== undefined && kmsKey && (await deps.isDefaultKey(kmsKey, from.place)))
    return `it is encrypted with the default key of RDS (${kmsKey}), which no other account can use; encrypt the source, or the copy in ${to.region}, with a key of your own`;
  return undefined;
}
