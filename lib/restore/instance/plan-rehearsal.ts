import { Refusal } from '../../domain/errors.ts';
import { VAULT } from '../../domain/names.ts';
import type { EngineName } from '../../domain/plan/engines.ts';
import { requirePlatform, type Target } from '../../domain/plan/policy.ts';
import type { PlatformRef, PlatformSource } from '../../domain/points/platform-source.ts';
import { type DumpPoint, isDump, isVerified, type StoredObject } from '../../domain/points/recovery-point.ts';
import { SNAPSHOT_TAKES } from '../../domain/proof/heartbeat-proof.ts';
import type { InstanceJob } from '../../domain/runs/job.ts';
import { humanSeconds, plusSeconds, utc } from '../../domain/time.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/messages.ts';
import type { EngineFamily, Platform, ScratchOrder } from '../../ports/platform.ts';
import type { Chosen } from '../restored.ts';
import { type Estimate, formatEstimate, refuseOverBudget } from './budget.ts';
import { chooseMoment, chooseSnapshot, placeFor, type Wanted } from './choose.ts';

/** What will be restored, and everything known of it before. Small: it travels through a checkpoint. */
export type InstancePlan = Chosen & {
  kind: 'rds' | 'aurora';
  /** Where it is restored. */
  place: string;
  from: ScratchOrder['from'];
  engine: string;
  engineVersion: string;
  /** What Understudy calls the engine. */
  dialect?: EngineName;
  masterUser?: string;
  database: string;
  parametersFrom: string;
  optionGroup?: string;
  /** Of the last dump before the moment. */
  manifest?: StoredObject;
  plannedAt: string;
  notes: string[];
};

/** The same for a rehearsal, with what it is expected to cost. */
export type RehearsalPlan = InstancePlan & { estimate: Estimate };

export type PlanDeps = {
  catalog: Catalog;
  platform: Platform;
  clock: Clock;
  log: Log;
  home: string;
  pick: (count: number) => number;
};

/** Chooses what is rehearsed and estimates its cost; refused when there is nothing to restore, or no hours are left. */
export async function planRehearsal(
  job: Pick<InstanceJob, 'job'> & Wanted,
  target: Target,
  deps: PlanDeps,
): Promise<RehearsalPlan> {
  refuseCache(target);
  const estimate = await refuseOverBudget(target, `rehearse-${job.from}`, deps);
  const { plan } = await planInstance(job, target, deps);
  deps.log.info('a scratch instance is planned', {
    job: job.job,
    target: target.id,
    point: plan.point,
    estimate,
  });
  return { ...plan, estimate, notes: [formatEstimate(estimate), ...plan.notes] };
}

/** Chooses what is restored, for a rehearsal or an emergency, with the source as it is now. */
export async function planInstance(
  job: Wanted,
  target: Target,
  deps: PlanDeps,
): Promise<{ plan: InstancePlan; source: PlatformSource | undefined }> {
  const ref = refuseCache(target);
  const now = deps.clock.now();
  const source = await deps.platform.source(ref);
  const family = source && (await deps.platform.family(source));
  if (ref.kind === 'aurora' && family?.isAurora === false)
    throw new Refusal(
      'not-rehearsed',
      `${ref.id} of ${target.id} is a Multi-AZ DB cluster, which cannot be rehearsed; its snapshots are still taken, checked for age and copied`,
      { hint: 'leave rehearse-snapshot and rehearse-moment out of its policy; dumps of it are rehearsed' },
    );
  const what =
    job.from === 'moment'
      ? chooseMoment(job, target, source)
      : await chooseSnapshot(job, target, source, deps);
  const place = job.from === 'moment' ? deps.home : (job.place ?? placeFor(target, deps.home));
  // The data of a snapshot may be from a little before the moment that it reports.
  const surely = job.from === 'moment' ? what.moment : utc(plusSeconds(what.moment, -SNAPSHOT_TAKES));
  const manifest = await manifestBefore(surely, target, deps);
  const own = await deps.platform.family(what);
  const options = optionsOf(source, family?.parameterGroup === own.parameterGroup, own, target);
  const plan: InstancePlan = {
    ...what,
    sort: job.from,
    kind: ref.kind,
    place,
    database: manifest?.database ?? target.connection?.database ?? source?.database ?? 'postgres',
    ...((what.masterUser ?? source?.masterUser) ? { masterUser: what.masterUser ?? source?.masterUser } : {}),
    dialect: own.engine,
    // Parameter and option groups do not leave their Region and account, and are of one family.
    parametersFrom:
      place === deps.home && source?.parameterGroup && family?.parameterGroup === own.parameterGroup
        ? source.parameterGroup
        : own.parameterGroup,
    ...options,
    ...(manifest ? { manifest: manifest.stored } : {}),
    plannedAt: utc(now),
    notes: [
      ...(manifest ? [] : [await whyNoDump(job, target, deps)]),
      ...optionsNote(source, options.optionGroup),
      ...(place === deps.home ? [] : [`restored in ${place}, under the engine’s own parameters`]),
      ...(source ? [] : [`the source ${ref.id} is not there; the engine’s own parameters are used`]),
    ],
  };
  return { plan, source };
}

function refuseCache(target: Target): PlatformRef & { kind: InstancePlan['kind'] } {
  const { kind, id } = requirePlatform(target);
  if (kind !== 'elasticache') return { kind, id };
  throw new Refusal('not-rehearsed', `${target.id} is a cache, which is not rehearsed`);
}

/** There may be a dump that is too recent to bound what is restored. */
async function whyNoDump(job: Wanted, target: Target, deps: PlanDeps): Promise<string> {
  const newest = await manifestBefore('9999', target, deps);
  const before =
    job.from === 'moment' ? 'before this moment' : `${humanSeconds(SNAPSHOT_TAKES)} before this snapshot`;
  return `there is no verified dump ${before} to compare with${newest ? `; the newest is of ${newest.snapshotAt}` : ''}`;
}

/** Notes that the copy lacks what the source's option group adds. */
function optionsNote(source: PlatformSource | undefined, given: string | undefined): string[] {
  const { optionGroup } = source ?? {};
  if (!optionGroup || optionGroup.startsWith('default:') || optionGroup === given) return [];
  return [`restored without the source’s option group ${optionGroup}, which is tied to its network`];
}

/**
 * A custom option group is tied to its VPC, and a restore elsewhere that names none is given it all the same and
 * refused: there it gets the engine's default (RDS user guide, "Working with option groups", VPC considerations).
 */
function optionsOf(
  source: PlatformSource | undefined,
  isSameFamily: boolean,
  own: EngineFamily,
  target: Target,
): { optionGroup?: string } {
  const { optionGroup, subnetGroup } = source ?? {};
  if (!optionGroup || optionGroup.startsWith('default:') || !isSameFamily) return {};
  if (subnetGroup !== undefined && subnetGroup === target.policy.rehearsal.instance.subnetGroup)
    return { optionGroup };
  return { optionGroup: own.optionGroup };
}

/** The newest dump that is not younger than the moment: it bounds everything after it. */
async function manifestBefore(
  moment: string,
  target: Target,
  deps: PlanDeps,
): Promise<{ stored: StoredObject; database: string | undefined; snapshotAt: string } | undefined> {
  const dumps = (await deps.catalog.points(target.id))
    .filter(isDump)
    .filter((point): point is DumpPoint & { manifest: StoredObject } => point.manifest !== undefined)
    .filter((point) => point.place === VAULT && isVerified(point) && point.snapshotAt! < moment)
    .sort((a, b) => b.snapshotAt!.localeCompare(a.snapshotAt!));
  const [newest] = dumps;
  return newest && { stored: newest.manifest, database: newest.database, snapshotAt: newest.snapshotAt! };
}
