import { Refusal } from '../../domain/errors.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { PlatformSource } from '../../domain/points/platform-source.ts';
import { counts, isSnapshot, type SnapshotPoint } from '../../domain/points/recovery-point.ts';
import type { RehearseInstanceJob } from '../../domain/runs/job.ts';
import { compactUtc, plusSeconds, utc } from '../../domain/time.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { ScratchOrder } from '../../ports/platform.ts';
import type { Chosen } from '../restored.ts';

/** What somebody wants restored: the newest moment or snapshot, unless one is named; of the policy's place by default. */
export type Wanted = Pick<RehearseInstanceJob, 'from' | 'point' | 'moment'> & { place?: string };

/** Snapshots are rehearsed in the policy's place: at home, or copies in another place, there. */
export function placeFor(target: Target, home: string): string {
  return target.policy.rehearsal.instance.place ?? home;
}

/** The snapshot or the moment to restore, and the engine that it needs. */
export type Source = Pick<Chosen, 'point' | 'moment' | 'newestAt'> & {
  from: ScratchOrder['from'];
  engine: string;
  engineVersion: string;
  masterUser?: string | undefined;
};

type ChooseDeps = { catalog: Catalog; home: string; pick: (count: number) => number };

/** To the second: RDS knows no finer moment. */
export function chooseMoment(job: Wanted, target: Target, source: PlatformSource | undefined): Source {
  if (!source)
    throw new Refusal(
      'source-not-found',
      `the source of ${target.id} does not exist, so it cannot be restored to a moment`,
      {
        hint: 'rehearse a snapshot instead; retained backups of a deleted instance can be restored by hand',
      },
    );
  if (!source.pitr)
    throw new Refusal(
      'pitr-off',
      `${source.id} of ${target.id} cannot be restored to a point in time: automated backups are off, or RDS has not made the first one yet`,
      {
        hint: `aws rds modify-db-${source.kind === 'aurora' ? 'cluster --db-cluster' : 'instance --db-instance'}-identifier ${source.id} --backup-retention-period 7`,
      },
    );
  const { earliest, latest } = source.pitr;
  // It must lie before the latest, which has no fractions here.
  const newest = utc(plusSeconds(latest, -1));
  const moment = job.moment ?? newest;
  if (moment > latest || (earliest !== undefined && moment < earliest))
    throw new Refusal(
      'moment-out-of-reach',
      `${target.id} can be restored to moments from ${earliest ?? '?'} to ${latest} (UTC); ${moment} is outside of that`,
      { hint: 'the latest moment is about five minutes behind the present' },
    );
  return {
    point: `${compactUtc(moment)}-moment`,
    from: { source: source.id, resourceId: source.resourceId, moment },
    moment,
    newestAt: newest,
    engine: source.engine,
    engineVersion: source.engineVersion,
  };
}

/** The point asked for; else the newest verified one in the source's own Region, or by policy any kept one at random. */
export async function chooseSnapshot(
  job: Wanted,
  target: Target,
  source: PlatformSource | undefined,
  deps: ChooseDeps,
): Promise<Source> {
  const place = job.place ?? placeFor(target, deps.home);
  const points = (await deps.catalog.points(target.id))
    .filter(isSnapshot)
    .filter(
      (point) => point.place === place && point.availableAt !== undefined && point.snapshotAt !== undefined,
    )
    .sort((a, b) => b.snapshotAt!.localeCompare(a.snapshotAt!));
  const good = points.filter(counts);
  const chosen = job.point ? points.find((point) => point.id === job.point) : byPolicy(good, target, deps);
  if (!chosen || chosen.state === 'expired' || chosen.state === 'expiring')
    throw new Refusal(
      'no-point',
      job.point
        ? `${target.id} has no snapshot ${job.point} in ${place} to restore`
        : `${target.id} has no verified snapshot to rehearse`,
      {
        hint: job.point
          ? `./understudy points ${target.id} lists them`
          : `take one: ./understudy run snapshot ${target.id}`,
      },
    );
  return {
    point: chosen.id,
    from: { snapshot: chosen.snapshot.id },
    moment: chosen.snapshotAt!,
    newestAt: good[0]?.snapshotAt ?? chosen.snapshotAt!,
    masterUser: chosen.snapshot.masterUser,
    engine: chosen.snapshot.engine || (source?.engine ?? ''),
    engineVersion: chosen.snapshot.engineVersion || (source?.engineVersion ?? ''),
  };
}

function byPolicy(
  good: readonly SnapshotPoint[],
  target: Target,
  deps: ChooseDeps,
): SnapshotPoint | undefined {
  const random = target.policy.rehearsal.point === 'random' && good.length > 0;
  return random ? good[deps.pick(good.length)] : good[0];
}
