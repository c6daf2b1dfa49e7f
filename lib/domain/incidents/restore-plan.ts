import { createHash } from 'node:crypto';
import { VAULT } from '../names.ts';
import { does } from '../plan/engines.ts';
import type { RestoreSettings, Target } from '../plan/policy.ts';
import { counts, type DumpPoint, isDump, isSnapshot, type RecoveryPoint } from '../points/recovery-point.ts';
import { type Evidence, type RestoredSort, restoredSort } from '../proof/evidence.ts';
import type { PlatformStatus } from '../status/target-status.ts';
import { compactUtc, humanSeconds, plusSeconds, secondsBetween, shortMoment, utc } from '../time.ts';
import { many } from '../words.ts';

/** `rows`: rows of a dump, back into the living database; the others make a new database. */
export type WayKind = 'rows' | RestoredSort;

/** How long a restore of this sort took in rehearsals of this target, scaled to the size of the point. In seconds. */
export type Took = { least: number; middle: number; most: number; measurements: number };

/** One way back. Moments are UTC, durations seconds. */
export type Way = {
  kind: WayKind;
  /** The point's id; none for a moment. */
  point?: string;
  place?: string;
  /** The moment of the data that it brings back. */
  asOf: string;
  /** Everything that was written from `asOf` to now is lost: so many seconds. For `rows` nothing is. */
  loses: number;
  takes?: Took;
  /** The last passed rehearsal: of this very point, else of its sort. */
  tested?: { at: string; strength: Evidence['strength']; thisPoint: boolean };
  /** The last rehearsal of its sort failed after that: its codes. */
  lastFailed?: { at: string; codes: string[] };
  /** What `restore --go` confirms: this way, as it is known now, with what the policy does besides. */
  confirm?: string;
};

/** A way that there could be, and why there is none. */
export type NoWay = { kind: WayKind; why: string };

export type RestorePlan = {
  target: string;
  madeAt: string;
  /** The moment that somebody wants back; absent: as new as possible. */
  wanted?: string;
  ways: Way[];
  noWays: NoWay[];
  /** Index in `ways`, with the reason in a sentence. */
  recommended?: { way: number; reason: string };
  /** What a restore into service does besides, by the policy. */
  does: RestoreSettings;
  /** Of everything above: what is confirmed is what was shown. */
  digest: string;
};

export type PlanInput = {
  target: Target;
  now: Date;
  /** The latest moment that may be brought back. */
  at?: string | undefined;
  points: readonly RecoveryPoint[];
  /** Newest first. */
  evidence: readonly Evidence[];
  platform?: PlatformStatus | undefined;
  /** The Region of the sources: only what lies there can become a new instance by `restore --go`. */
  home: string;
};

/** Every way back to a moment, the ones that lose least first, and the one to take. Changes nothing. */
export function restorePlan(input: PlanInput): RestorePlan {
  const { target, now, at } = input;
  const noWays: NoWay[] = [];
  const ways = [...rowsAndDumps(input, noWays), ...moments(input, noWays), ...snapshots(input, noWays)]
    .sort((a, b) => a.loses - b.loses || KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind))
    .map((way) => confirmable(way, input));
  const recommended = recommend(ways);
  const plan = {
    target: target.id,
    madeAt: utc(now),
    ...(at === undefined ? {} : { wanted: at }),
    ways,
    noWays,
    ...(recommended ? { recommended } : {}),
    does: target.policy.restore,
  };
  return { ...plan, digest: digestOf(plan) };
}

/** How old a plan may be that is confirmed, in seconds. */
export const PLAN_LASTS = 3600;

/** A new instance can be made of it by `restore --go`; what is confirmed says so. */
function confirmable(way: Way, { target, now, home }: PlanInput): Way {
  const isHere =
    way.kind === 'moment' ||
    (way.kind === 'snapshot' && way.place === home) ||
    (way.kind === 'dump' && way.place === VAULT && does(target.engine, 'switching') && isOnInstance(target));
  return isHere ? { ...way, confirm: confirmationOf(target, way, utc(now)) } : way;
}

/** A dump needs a server: one like the source's is made where RDS has it. */
const isOnInstance = ({ platform }: Target) => platform?.kind === 'rds' || platform?.kind === 'aurora';

/**
 * What confirms one way as it was shown at a moment, with what the policy does besides restoring: that moment, and a
 * digest. Another outcome of a rehearsal, another state of the point or another policy makes another digest.
 */
export function confirmationOf(target: Target, way: Way, madeAt: string): string {
  const { kind, point, asOf, tested, lastFailed } = way;
  const does = target.policy.restore;
  const digest = digestOf({ target: target.id, madeAt, kind, point, asOf, tested, lastFailed, does });
  return `${compactUtc(madeAt)}-${digest}`;
}

/** When the plan was made that this is from. */
export function madeAtOf(confirmation: string): string {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/.exec(confirmation) ?? [];
  return `${y}-${mo}-${d}T${h}:${mi}:${s}Z`;
}

const digestOf = (value: unknown) =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);

const KINDS: readonly WayKind[] = ['rows', 'moment', 'snapshot', 'dump'];

function rowsAndDumps(input: PlanInput, noWays: NoWay[]): Way[] {
  const { target, points } = input;
  if (!target.connection || !does(target.engine, 'dump')) return [];
  const dumps = newestOfPlaces(input, points.filter(isDump), ({ place }) => place);
  if (dumps.length === 0) {
    noWays.push({ kind: 'dump', why: `no good dump${before(input)}` });
    return [];
  }
  const ways = dumps.map((point) => wayOf('dump', point, input));
  const inVault = ways.find(({ place }) => place === 'vault');
  return inVault ? [{ ...inVault, kind: 'rows', loses: 0 }, ...ways] : ways;
}

function snapshots(input: PlanInput, noWays: NoWay[]): Way[] {
  const { target, points } = input;
  if (!target.platform || target.platform.kind === 'elasticache') return [];
  const found = newestOfPlaces(input, points.filter(isSnapshot), ({ place }) => place);
  if (found.length === 0) noWays.push({ kind: 'snapshot', why: `no good snapshot${before(input)}` });
  return found.map((point) => wayOf('snapshot', point, input));
}

/** The newest good point of each place that is not later than the wanted moment. */
function newestOfPlaces<Point extends RecoveryPoint>(
  { at }: PlanInput,
  points: readonly Point[],
  placeOf: (point: Point) => string,
): Point[] {
  const newest = new Map<string, Point>();
  for (const point of points) {
    if (!counts(point) || point.snapshotAt === undefined || (at !== undefined && point.snapshotAt > at))
      continue;
    const other = newest.get(placeOf(point));
    if (!other || other.snapshotAt! < point.snapshotAt) newest.set(placeOf(point), point);
  }
  return [...newest.values()];
}

function moments(input: PlanInput, noWays: NoWay[]): Way[] {
  const { target, platform, at, now } = input;
  if (!target.platform || target.platform.kind === 'elasticache') return [];
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
  return [
    {
      kind: 'moment',
      asOf,
      loses: Math.max(0, secondsBetween(asOf, now)),
      ...measured('moment', undefined, input),
    },
  ];
}

function wayOf(kind: RestoredSort, point: RecoveryPoint, input: PlanInput): Way {
  return {
    kind,
    point: point.id,
    place: point.place,
    asOf: point.snapshotAt!,
    loses: Math.max(0, secondsBetween(point.snapshotAt!, input.now)),
    ...measured(kind, point, input),
  };
}

/** How many of the newest rehearsals are looked at: older ones were of another size and another machine. */
const NEWEST = 10;

function measured(
  sort: RestoredSort,
  point: RecoveryPoint | undefined,
  { evidence, points }: PlanInput,
): Pick<Way, 'takes' | 'tested' | 'lastFailed'> {
  const ofSort = evidence.filter(({ run }) => restoredSort(run) === sort);
  const passed = ofSort.filter(({ outcome }) => outcome === 'passed');
  const ofPoint = passed.find((each) => each.point === point?.id);
  const best = ofPoint ?? passed[0];
  const failed = ofSort.find(({ outcome, error }) => outcome === 'failed' && error?.kind !== 'unjudged');
  const sizes = new Map(points.filter(isDump).map(({ id, sourceBytes }) => [id, sourceBytes]));
  const seconds = passed.slice(0, NEWEST).flatMap(({ rto, point: of }) => {
    if (!rto) return [];
    const [then, now] = [sizes.get(of), (point as DumpPoint | undefined)?.sourceBytes];
    // A larger database takes longer; that a smaller one would take less is not relied on.
    const scale = sort === 'dump' && then && now ? Math.max(1, now / then) : 1;
    return [rto.achieved * scale];
  });
  return {
    ...(seconds.length > 0 ? { takes: spread(seconds) } : {}),
    ...(best ? { tested: { at: best.at, strength: best.strength, thisPoint: best === ofPoint } } : {}),
    ...(failed && (!best || failed.at > best.at)
      ? { lastFailed: { at: failed.at, codes: [...new Set(failed.findings.map(({ code }) => code))] } }
      : {}),
  };
}

function spread(seconds: readonly number[]): Took {
  const sorted = [...seconds].sort((a, b) => a - b);
  return {
    least: sorted[0]!,
    middle: sorted[Math.floor(sorted.length / 2)]!,
    most: sorted.at(-1)!,
    measurements: sorted.length,
  };
}

/**
 * The way that makes a new database and loses least. One that was never measured, or failed its last rehearsal, comes
 * after every one that passed, whatever it loses.
 */
function recommend(ways: readonly Way[]): RestorePlan['recommended'] {
  const candidates = ways.map((way, index) => ({ way, index })).filter(({ way }) => way.kind !== 'rows');
  const trusted = candidates.filter(({ way }) => way.tested && way.takes && !way.lastFailed);
  const best = (trusted.length > 0 ? trusted : candidates).sort(
    (a, b) => a.way.loses - b.way.loses || (a.way.takes?.middle ?? 0) - (b.way.takes?.middle ?? 0),
  )[0];
  if (!best) return undefined;
  return {
    way: best.index,
    reason: reasonFor(
      best.way,
      trusted.length > 0,
      candidates.map(({ way }) => way),
    ),
  };
}

function reasonFor(way: Way, isTrusted: boolean, all: readonly Way[]): string {
  if (!isTrusted)
    return `it loses least (${humanSeconds(way.loses)}); no way back has passed a rehearsal, so none has a known time`;
  const untested = all.filter(
    ({ loses, tested, lastFailed }) => loses < way.loses && (!tested || lastFailed),
  );
  const least =
    untested.length === 0 ? 'it loses least' : `of the ways that passed their last rehearsal it loses least`;
  const but =
    untested.length === 0
      ? ''
      : `; ${untested.map(({ kind }) => kind).join(' and ')} would lose less, and ${untested.length === 1 ? 'has' : 'have'} not passed`;
  return `${least} (${humanSeconds(way.loses)}), and took ${formatTook(way.takes!)}${but}`;
}

/** `about 42 min (38 min to 51 min, 3 rehearsals)`. */
function formatTook({ least, middle, most, measurements }: Took): string {
  const range = measurements > 1 ? `${humanSeconds(least)} to ${humanSeconds(most)}, ` : '';
  return `about ${humanSeconds(middle)} (${range}${many(measurements, 'rehearsal')})`;
}

const before = ({ at }: PlanInput) => (at === undefined ? '' : ` from before ${shortMoment(at)} UTC`);
