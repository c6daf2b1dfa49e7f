import type { Retention } from '../../../../lib/domain/plan/policy.ts';
import { POINT_STATES, type RecoveryPoint } from '../../../../lib/domain/points/recovery-point.ts';
import { planRetention } from '../../../../lib/domain/points/retention.ts';
import { DAY, HOUR, point, retention } from '../../../support/builders.ts';
import { type Random, randomFrom } from './random.ts';

/** The rules of retention again, written in another way and checked on thousands of random histories. */

const NOW = Date.parse('2027-03-01T05:00:00Z');
const good = (each: RecoveryPoint) => each.state === 'verified' || each.state === 'rehearsed';
const at = (each: RecoveryPoint) => Date.parse(each.snapshotAt!);
const awaited = (each: RecoveryPoint) => each.state === 'available' && NOW - at(each) < HOUR * 1000;
const newestOf = (points: RecoveryPoint[]) => [...points].sort((a, b) => at(b) - at(a))[0];

const textOf = (moment: number) => new Date(moment).toISOString().replace('.000', '');

function history({ below, pick, chance }: Random): RecoveryPoint[] {
  const moments = new Set(Array.from({ length: below(30) }, () => NOW - below(400 * 24) * HOUR * 1000));
  if (chance(0.7)) moments.add(NOW - 4 * HOUR * 1000);
  if (chance(0.2)) moments.add(NOW - HOUR * 500);
  const mostlyGood = chance(0.7);
  return [...moments].map((moment) => {
    const state = mostlyGood && chance(0.8) ? pick(['verified', 'rehearsed'] as const) : pick(POINT_STATES);
    return point(textOf(moment), {
      state,
      ...(chance(0.1) ? { legalHold: true } : {}),
      ...(chance(0.1) ? { lockedUntil: new Date(NOW + (below(40) - 20) * DAY * 1000).toISOString() } : {}),
    });
  });
}

function policyOf({ below, chance }: Random): Retention {
  const age = (longest: number) => (chance(0.4) ? 0 : below(longest) * DAY);
  return retention({ all: age(10), daily: age(40), weekly: age(100), monthly: age(400) });
}

/** Each period named by the moment it begins: a week by its Monday. */
const PERIODS: [keyof Retention, (moment: number) => number][] = [
  ['daily', (moment) => Math.floor(moment / 86_400_000)],
  ['weekly', (moment) => Math.floor((moment / 86_400_000 + 3) / 7)],
  ['monthly', (moment) => new Date(moment).getUTCFullYear() * 12 + new Date(moment).getUTCMonth()],
];

const CASES = Array.from({ length: 4000 }, (_, seed) => {
  const random = randomFrom(seed);
  const points = history(random);
  const wanted = policyOf(random);
  const rpo = random.pick([HOUR, 26 * HOUR, 30 * DAY]);
  return { seed, points, wanted, rpo, plan: planRetention(points, wanted, new Date(NOW), rpo) };
});

/** Checks a statement on every history, and names the seeds that break it. */
function always(statement: (of: (typeof CASES)[number], deleted: RecoveryPoint[]) => boolean): void {
  const broken = CASES.filter((each) => {
    const deleted = each.plan.decisions.filter(({ keep }) => !keep).map(({ point }) => point);
    return !statement(each, deleted);
  });
  expect(broken.map(({ seed }) => seed)).toEqual([]);
}

test('among the random histories many delete points, many stop deletions and many do neither', () => {
  const frozen = CASES.filter(({ plan }) => plan.frozen).length;
  const deleting = CASES.filter(({ plan }) => plan.decisions.some(({ keep }) => !keep)).length;
  expect(Math.min(frozen, deleting, CASES.length - frozen)).toBeGreaterThan(800);
});

test('retention decides once, with a reason, about every point that exists', () =>
  always(({ points, plan }) => {
    const decided = plan.decisions.map(({ point }) => point.id).sort();
    const there = points.filter(({ state }) => state !== 'creating' && state !== 'expired');
    return (
      plan.decisions.every(({ why }) => why.length > 0) &&
      JSON.stringify(decided) === JSON.stringify(there.map(({ id }) => id).sort())
    );
  }));

test('retention deletes neither the newest verified nor the newest rehearsed point', () =>
  always(
    ({ points }, deleted) =>
      !deleted.includes(newestOf(points.filter(good))!) &&
      !deleted.includes(newestOf(points.filter(({ state }) => state === 'rehearsed'))!),
  ));

test('retention deletes no dump that has waited for its verification for less than an hour', () =>
  always((_, deleted) => !deleted.some(awaited)));

test('retention begins to delete no point that is locked or on legal hold', () =>
  always((_, deleted) =>
    deleted.every(
      (each) =>
        each.state === 'expiring' ||
        (!each.legalHold && !(each.lockedUntil && Date.parse(each.lockedUntil) > NOW)),
    ),
  ));

test('retention begins no deletion while the newest point is bad, unverified or older than the RPO', () =>
  always(({ points, rpo, plan }, deleted) => {
    const gone = ['creating', 'expiring', 'expired'];
    const newest = newestOf(points.filter((each) => !gone.includes(each.state) && !awaited(each)));
    const sound = newest === undefined || (good(newest) && NOW - at(newest) <= rpo * 1000);
    return (
      sound === (plan.frozen === undefined) && (sound || deleted.every(({ state }) => state === 'expiring'))
    );
  }));

test('retention deletes a good point only when no age keeps it and a later good one has each of its places', () =>
  always(({ points, wanted }, deleted) =>
    deleted.filter(good).every((each) => {
      const young = (age: number) => age > 0 && NOW - at(each) <= age * 1000;
      const later = points.filter((other) => good(other) && at(other) > at(each));
      const displaced = PERIODS.every(
        ([name, period]) =>
          !young(wanted[name]) || later.some((other) => period(at(other)) === period(at(each))),
      );
      return !young(wanted.all) && displaced;
    }),
  ));

test('retention always finishes a deletion that has begun, and a second run deletes nothing more', () =>
  always(({ points, wanted, rpo }, deleted) => {
    const left = points.map((each) =>
      deleted.includes(each) ? { ...each, state: 'expired' as const } : each,
    );
    const again = planRetention(left, wanted, new Date(NOW), rpo).decisions;
    const begun = points.filter(
      ({ state, legalHold, lockedUntil }) => state === 'expiring' && !legalHold && !lockedUntil,
    );
    return begun.every((each) => deleted.includes(each)) && again.every(({ keep }) => keep);
  }));

test('retention run every night keeps the same points as retention run once at the end', () => {
  const wanted = retention({ daily: 35 * DAY, weekly: 84 * DAY, monthly: 372 * DAY });
  const all = Array.from({ length: 500 }, (_, day) =>
    point(textOf(Date.parse('2025-10-01T01:00:00Z') + day * DAY * 1000)),
  );
  const keep = (points: RecoveryPoint[]) => {
    const now = new Date(at(points.at(-1)!) + 4 * HOUR * 1000);
    const { decisions } = planRetention(points, wanted, now, 26 * HOUR);
    return new Set(decisions.filter((each) => each.keep).map((each) => each.point.id));
  };
  let left: RecoveryPoint[] = [];
  for (const next of all) {
    left.push(next);
    const ids = keep(left);
    left = left.filter(({ id }) => ids.has(id));
  }
  expect(left.map(({ id }) => id).sort()).toEqual([...keep(all)].sort());
});
