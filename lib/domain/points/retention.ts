import type { Retention } from '../plan/policy.ts';
import { humanSeconds, secondsBetween } from '../time.ts';
import { counts, foundBad, isSnapshot, isVerified, type RecoveryPoint } from './recovery-point.ts';

export type Decision = { point: RecoveryPoint; keep: boolean; why: string };

export type RetentionPlan = {
  decisions: Decision[];
  /** Set when nothing is deleted because newer points are failing or too old: what is at risk and why. */
  frozen?: string;
  /** Points that would have been deleted if it were not frozen. */
  withheld: RecoveryPoint[];
};

/**
 * Grandfather, father, son; a pure function of the points and the moment. Ages count from the database snapshot.
 *
 * `alsoFrozen` is a further reason to delete nothing: a rehearsal that failed.
 *
 * Never deletes the newest verified point, the newest rehearsed one, anything locked or on legal hold, or anything at
 * all while the newest point is not good or the newest good one is older than the RPO: retention by age must not
 * finish what failing dumps began.
 */
export function planRetention(
  points: readonly RecoveryPoint[],
  retention: Retention & { labelled?: number },
  now: Date,
  rpo: number,
  alsoFrozen?: string,
): RetentionPlan {
  const newestFirst = points
    .filter((point) => point.state !== 'expired' && point.state !== 'creating')
    .sort((a, b) => moment(b).localeCompare(moment(a)) || b.id.localeCompare(a.id));
  // A labelled snapshot takes no day's or week's place.
  const slots = keptBySlot(
    newestFirst.filter((point) => !labelled(point)),
    retention,
    now,
  );
  const newestGood = newestFirst.find(counts);
  const newestRehearsed = newestFirst.find((point) => point.state === 'rehearsed' && counts(point));

  const wishes = newestFirst.map((point): Decision => {
    const keep = (why: string): Decision => ({ point, keep: true, why });
    if (point.legalHold) return keep('on legal hold');
    if (point.lockedUntil && new Date(point.lockedUntil) > now)
      return keep(`locked until ${point.lockedUntil}`);
    if (point.state === 'expiring') return { point, keep: false, why: 'its deletion had begun' };
    if (isAwaited(point, now)) return keep('waits for its verification');
    if (point === newestGood) return keep('the newest verified point');
    if (point === newestRehearsed) return keep('the newest rehearsed point');
    if (labelled(point) && secondsBetween(moment(point), now) <= (retention.labelled ?? 0))
      return keep(`labelled "${labelled(point)}"`);
    const slot = slots.get(point.id);
    if (slot) return keep(slot);
    return {
      point,
      keep: false,
      why: `${humanSeconds(secondsBetween(moment(point), now))} old, outside every period`,
    };
  });

  const frozen = whyFrozen(newestFirst, newestGood, now, rpo) ?? alsoFrozen;
  if (!frozen) return { decisions: wishes, withheld: [] };
  // A deletion that had begun is finished: the point counts for nothing, and its bytes would be billed for ever.
  const withheld = wishes
    .filter((wish) => !wish.keep && wish.point.state !== 'expiring')
    .map((wish) => wish.point);
  return {
    frozen,
    withheld,
    decisions: wishes.map((wish) =>
      withheld.includes(wish.point)
        ? { ...wish, keep: true, why: `${wish.why}; kept because ${frozen}` }
        : wish,
    ),
  };
}

function labelled(point: RecoveryPoint): string | undefined {
  return isSnapshot(point) ? point.label : undefined;
}

function moment(point: RecoveryPoint): string {
  return point.snapshotAt ?? point.scheduledFor;
}

/** A dump of this hour awaits its verification; with frequent dumps one always does. */
function isAwaited(point: RecoveryPoint, now: Date): boolean {
  return (
    point.state === 'available' &&
    point.availableAt !== undefined &&
    secondsBetween(point.availableAt, now) < 3600
  );
}

function whyFrozen(
  newestFirst: readonly RecoveryPoint[],
  newestGood: RecoveryPoint | undefined,
  now: Date,
  rpo: number,
): string | undefined {
  const newest = newestFirst.find((point) => point.state !== 'expiring' && !isAwaited(point, now));
  if (!newest) return undefined;
  if (!newestGood) return 'no point is verified';
  const bad = foundBad(newest);
  if (bad && isVerified(newest)) return `the newest point ${newest.id} failed its rehearsal (${bad})`;
  if (!counts(newest)) return `the newest point ${newest.id} is ${newest.state}`;
  const age = secondsBetween(moment(newestGood), now);
  return age > rpo ? `the newest verified point is ${humanSeconds(age)} old` : undefined;
}

/** The period that each point is kept for. Good points go first: a bad one never takes a good one's place. */
function keptBySlot(
  newestFirst: readonly RecoveryPoint[],
  retention: Retention,
  now: Date,
): Map<string, string> {
  const kept = new Map<string, string>();
  const young = (point: RecoveryPoint, age: number) => age > 0 && secondsBetween(moment(point), now) <= age;
  const keep = (point: RecoveryPoint, why: string) => kept.has(point.id) || kept.set(point.id, why);

  for (const point of newestFirst)
    if (young(point, retention.all)) keep(point, 'younger than the period that keeps all');
  const rank = (point: RecoveryPoint) => (counts(point) ? 0 : point.state === 'available' ? 1 : 2);
  const goodFirst = [...newestFirst].sort((a, b) => rank(a) - rank(b));
  const periods: [string, number, (at: string) => string][] = [
    ['day', retention.daily, (at) => at.slice(0, 10)],
    ['week', retention.weekly, isoWeek],
    ['month', retention.monthly, (at) => at.slice(0, 7)],
  ];
  for (const [name, age, period] of periods) {
    const taken = new Set<string>();
    for (const point of goodFirst) {
      const slot = period(moment(point));
      if (taken.has(slot)) continue;
      taken.add(slot);
      if (young(point, age)) keep(point, `last of its ${name} ${slot}`);
    }
  }
  return kept;
}

/** ISO 8601 week of a moment in UTC: `2026-W47`. */
function isoWeek(at: string): string {
  const date = new Date(`${at.slice(0, 10)}T00:00:00Z`);
  const thursday = new Date(date.getTime() + (4 - (date.getUTCDay() || 7)) * 86_400_000);
  const week = 1 + Math.floor((thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / 604_800_000);
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, '0')}`;
}

/** The shortest age at which a point may be deleted, in seconds: an object lock must never outlast it. */
export function shortestRetention(retention: Retention): number {
  const ages = [retention.all, retention.daily, retention.weekly, retention.monthly].filter((age) => age > 0);
  return ages.length > 0 ? Math.min(...ages) : 0;
}
