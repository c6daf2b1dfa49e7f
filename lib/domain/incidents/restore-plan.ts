import { does } from '../plan/engines.ts';
import type { Target } from '../plan/policy.ts';
import {
  counts,
  type DumpPoint,
  foundBad,
  isDump,
  isSnapshot,
  isVerified,
  type RecoveryPoint,
} from '../points/recovery-point.ts';
import type { RestoredSort } from '../proof/evidence.ts';
import { plusSeconds, shortMoment, utc } from '../time.ts';
import { concernsOf } from './concerns.ts';
import { confirmationFrom, digestOf } from './confirmation.ts';
import { boundsOf, lastWriteOf, lossOf } from './loss.ts';
import { measuredWay } from './measured-way.ts';
import { recommendWay } from './recommend-way.ts';
import {
  isLoadable,
  isOnInstance,
  makesInstance,
  type NoWay,
  type PlanInput,
  type RestorePlan,
  type Way,
  type WayKind,
} from './way.ts';
import { costOf } from './way-cost.ts';

/** A way as it is found, before what is known of it besides. */
type Bare = Omit<Way, 'loses' | 'concerns' | 'costs'>;

/** Every way back to a moment, or of one point, the ones that lose least first, and the one to take. Changes nothing. */
export function restorePlan(input: PlanInput): RestorePlan {
  const { target, now, at, status } = input;
  const noWays: NoWay[] = [];
  const found = [...rowsAndDumps(input, noWays), ...moments(input, noWays), ...snapshots(input, noWays)];
  const ways = found
    .map((bare) => complete(bare, input))
    .sort((a, b) => a.loses.most - b.loses.most || KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind))
    .map((way) => confirmable(way, input));
  const recommended = recommendWay(ways);
  const lastWrite = lastWriteOf(input);
  const preflight = status?.lastSuccess.preflight?.endedAt;
  const plan = {
    target: target.id,
    madeAt: utc(now),
    ...(at === undefined ? {} : { wanted: at }),
    ...(preflight === undefined ? {} : { preflightAt: preflight }),
    ...(lastWrite.earliest === utc(now) ? {} : { lastWrite }),
    ways,
    noWays,
    ...(recommended ? { recommended } : {}),
    does: target.policy.restore,
  };
  return { ...plan, digest: digestOf(plan) };
}

function complete(bare: Bare, input: PlanInput): Way {
  const { target, status, home } = input;
  const way: Way = {
    ...bare,
    loses: bare.kind === 'rows' ? { least: 0, most: 0 } : lossOf(bare, lastWriteOf(input)),
    costs: costOf(bare, target, status?.platform, home),
    concerns: [],
  };
  return { ...way, concerns: concernsOf(way, input) };
}

/** It can be given to the application by `restore --go`; what is confirmed says so. */
function confirmable(way: Way, { target, now, home }: PlanInput): Way {
  const isPossible = (makesInstance(way, { target, home }) || way.beside) && way.notGood === undefined;
  return isPossible ? { ...way, confirm: confirmationOf(target, way, utc(now)) } : way;
}

/**
 * What confirms one way as it was shown at a moment, with what the policy does besides restoring: that moment, and a
 * digest. Another outcome of a rehearsal, another state of the point, an open finding that would stop it or another
 * policy makes another digest.
 */
export function confirmationOf(target: Target, way: Way, madeAt: string): string {
  const { kind, point, asOf, beside, tested, lastFailed, concerns } = way;
  const does = target.policy.restore;
  const stopping = concerns
    .flatMap(({ code, subject, stops }) => (stops ? [`${code} ${subject}`] : []))
    .sort();
  return confirmationFrom(madeAt, {
    target: target.id,
    madeAt,
    kind,
    point,
    asOf,
    beside,
    tested,
    lastFailed,
    does,
    stopping,
  });
}

const KINDS: readonly WayKind[] = ['rows', 'moment', 'snapshot', 'dump'];

function rowsAndDumps(input: PlanInput, noWays: NoWay[]): Bare[] {
  const { target, points } = input;
  if (!target.connection || !does(target.engine, 'dump')) return [];
  const dumps = chosenOf(input, points.filter(isDump));
  if (dumps.length === 0 && input.point === undefined)
    noWays.push({ kind: 'dump', why: `no good dump${before(input)}` });
  const ways = dumps.map((point) => wayOf('dump', point, input));
  const inVault = ways.find(({ place }) => place === 'vault');
  const whole = ways.map((way, index) => placed(way, dumps[index]!, input));
  return inVault ? [{ ...inVault, kind: 'rows' }, ...whole] : whole;
}

/** A dump goes beside the living database where there is no instance to make, or somebody says so. */
function placed(way: Bare, { sourceBytes }: DumpPoint, { target, beside }: PlanInput): Bare {
  if (!isLoadable(way, target) || (isOnInstance(target) && !beside)) return way;
  return { ...way, beside: true, ...(sourceBytes === undefined ? {} : { bytes: sourceBytes }) };
}

function snapshots(input: PlanInput, noWays: NoWay[]): Bare[] {
  const { target, points } = input;
  if (!target.platform || target.platform.kind === 'elasticache') return [];
  const found = chosenOf(input, points.filter(isSnapshot));
  if (found.length === 0 && input.point === undefined)
    noWays.push({ kind: 'snapshot', why: `no good snapshot${before(input)}` });
  return found.map((point) => wayOf('snapshot', point, input));
}

/** The point that was named; else the newest good one of each place that is not later than the wanted moment. */
function chosenOf<Point extends RecoveryPoint>(
  { at, point: id }: PlanInput,
  points: readonly Point[],
): Point[] {
  if (id !== undefined) return points.filter((point) => point.id === id && point.snapshotAt !== undefined);
  const newest = new Map<string, Point>();
  for (const point of points) {
    if (!counts(point) || point.snapshotAt === undefined || (at !== undefined && point.snapshotAt > at))
      continue;
    const other = newest.get(point.place);
    if (!other || other.snapshotAt! < point.snapshotAt) newest.set(point.place, point);
  }
  return [...newest.values()];
}

function moments(input: PlanInput, noWays: NoWay[]): Bare[] {
  const { target, status, at } = input;
  const platform = status?.platform;
  if (input.point !== undefined || !target.platform || target.platform.kind === 'elasticache') return [];
  const none = (why: string) => {
    noWays.push({ kind: 'moment', why });
    return [];
  };
  if (!platform?.latest) return none('AWS reports no backups to restore a moment from');
  if (platform.status === 'missing')
    return none('the source no longer exists; its automated backups may: docs/emergency.md');
  const earliest = platform.earliest ?? utc(plusSeconds(platform.latest, -platform.retention));
  if (at !== undefined && at < earliest)
    return none(
      `${shortMoment(at)} UTC is before the earliest moment that AWS keeps, ${shortMoment(earliest)} UTC`,
    );
  // RDS takes a moment before the latest one.
  const newest = utc(plusSeconds(platform.latest, -1));
  const asOf = at === undefined || at > newest ? newest : at;
  return [{ kind: 'moment', asOf, ...measuredWay('moment', undefined, input) }];
}

function wayOf(kind: RestoredSort, point: RecoveryPoint, input: PlanInput): Bare {
  const notGood = whyNotGood(point);
  return {
    kind,
    point: point.id,
    place: point.place,
    asOf: point.snapshotAt!,
    ...boundsOf(point, input.evidence),
    ...measuredWay(kind, point, input),
    ...(notGood === undefined ? {} : { notGood }),
  };
}

function whyNotGood(point: RecoveryPoint): string | undefined {
  if (counts(point)) return undefined;
  return isVerified(point) ? `its rehearsal found ${foundBad(point)}` : 'it was never verified';
}

const before = ({ at }: PlanInput) => (at === undefined ? '' : ` from before ${shortMoment(at)} UTC`);
