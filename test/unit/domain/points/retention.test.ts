import type { Retention } from '../../../../lib/domain/plan/policy.ts';
import type { RecoveryPoint } from '../../../../lib/domain/points/recovery-point.ts';
import { planRetention, shortestRetention } from '../../../../lib/domain/points/retention.ts';
import { DAY, point, retention } from '../../../support/builders.ts';

/** Periods. The RPO is long enough that nothing stops deletions: retention-rules.test.ts is about that. */
const RPO = 400 * DAY;

function kept(points: RecoveryPoint[], wanted: Partial<Retention>, now: string): string[] {
  const { decisions, frozen } = planRetention(points, retention(wanted), new Date(now), RPO);
  expect(frozen).toBeUndefined();
  return decisions
    .filter((decision) => decision.keep)
    .map((decision) => `${decision.point.scheduledFor.slice(0, 16)} ${decision.why}`);
}

const dayOf = (moment: number) => new Date(moment).toISOString().slice(0, 10);
const daysFrom = (first: string, last: string) => {
  const count = (Date.parse(last) - Date.parse(first)) / DAY / 1000 + 1;
  return Array.from({ length: count }, (_, index) => dayOf(Date.parse(first) + index * DAY * 1000));
};

test('of a dump a day for fourteen months retention keeps 35 days, 12 weeks and 12 months', () => {
  const rehearsed = '2026-11-15';
  const points = daysFrom('2025-09-20', '2026-11-20').map((day) =>
    point(`${day}T01:00:00Z`, { state: day === rehearsed ? 'rehearsed' : 'verified' }),
  );
  const wanted = { daily: 35 * DAY, weekly: 84 * DAY, monthly: 372 * DAY };
  const whyOf = new Map(
    kept(points, wanted, '2026-11-20T05:00:00Z').map((text) => [text.slice(0, 10), text.slice(17)]),
  );
  const daysKeptFor = (why: string) =>
    [...whyOf].flatMap(([day, said]) => (said.startsWith(why) ? [day] : []));
  expect(whyOf.size).toBe(53);
  expect(daysKeptFor('the newest verified point')).toEqual(['2026-11-20']);
  expect(daysKeptFor('the newest rehearsed point')).toEqual([rehearsed]);
  const days = daysFrom('2026-10-17', '2026-11-19').filter((day) => day !== rehearsed);
  expect(daysKeptFor('last of its day')).toEqual(days.reverse());
  const sundays = ['10-11', '10-04', '09-27', '09-20', '09-13', '09-06', '08-30'];
  expect(daysKeptFor('last of its week')).toEqual(sundays.map((day) => `2026-${day}`));
  const monthEnds = ['09-30', '08-31', '07-31', '06-30', '05-31', '04-30', '03-31', '02-28', '01-31'];
  expect(daysKeptFor('last of its month')).toEqual([
    ...monthEnds.map((day) => `2026-${day}`),
    ...['2025-12-31', '2025-11-30'],
  ]);
});

test.each([
  ['2024-12-29', '2024-W52'],
  ['2024-12-30', '2025-W01'],
  ['2021-01-03', '2020-W53'],
  ['2021-01-04', '2021-W01'],
  ['2016-01-03', '2015-W53'],
  ['2028-02-29', '2028-W09'],
  ['2026-01-01', '2026-W01'],
])('a point of %s belongs to the ISO week %s', (day, week) => {
  const next = dayOf(Date.parse(day) + 20 * DAY * 1000);
  const points = [point(`${day}T23:59:59Z`), point(`${next}T01:00:00Z`)];
  expect(kept(points, { weekly: 84 * DAY }, `${next}T05:00:00Z`)[1]).toMatch(`last of its week ${week}`);
});

const ofDays = (...days: string[]) => days.map((day) => point(`${day}T01:00:00Z`));

test('retention keeps one point a week across the end of a year', () => {
  const december = ['2026-12-28', '2026-12-31'];
  const points = ofDays(...december, '2027-01-01', '2027-01-03', '2027-01-04', '2027-01-10', '2027-01-11');
  expect(kept(points, { weekly: 84 * DAY }, '2027-01-11T05:00:00Z')).toEqual([
    '2027-01-11T01:00 the newest verified point',
    '2027-01-10T01:00 last of its week 2027-W01',
    '2027-01-03T01:00 last of its week 2026-W53',
  ]);
});

test('retention keeps the leap day as the last of its February', () => {
  const points = ofDays('2028-02-28', '2028-02-29', '2028-03-01', '2028-04-01');
  expect(kept(points, { monthly: 372 * DAY }, '2028-04-01T05:00:00Z')).toEqual([
    '2028-04-01T01:00 the newest verified point',
    '2028-03-01T01:00 last of its month 2028-03',
    '2028-02-29T01:00 last of its month 2028-02',
  ]);
});

test('of several dumps a day retention keeps all while they are young, then the last of each UTC day', () => {
  const points = ['01', '07', '13', '19'].flatMap((hour) =>
    ['17', '18', '19', '20'].map((day) => point(`2026-11-${day}T${hour}:00:00Z`)),
  );
  points.push(point('2026-11-18T00:00:00Z'), point('2026-11-17T23:59:59Z'));
  expect(kept(points, { all: DAY, daily: 7 * DAY }, '2026-11-20T19:30:00Z')).toEqual([
    '2026-11-20T19:00 the newest verified point',
    '2026-11-20T13:00 younger than the period that keeps all',
    '2026-11-20T07:00 younger than the period that keeps all',
    '2026-11-20T01:00 younger than the period that keeps all',
    '2026-11-19T19:00 last of its day 2026-11-19',
    '2026-11-18T19:00 last of its day 2026-11-18',
    '2026-11-17T23:59 last of its day 2026-11-17',
  ]);
});

test('a point is kept to the second of its age and not one longer', () => {
  const points = [point('2026-11-20T01:00:00Z'), point('2026-11-13T05:00:00Z')];
  expect(kept(points, { daily: 7 * DAY }, '2026-11-20T05:00:00Z')).toHaveLength(2);
  expect(kept(points, { daily: 7 * DAY }, '2026-11-20T05:00:01Z')).toHaveLength(1);
});

test('a point’s age and period count from its database snapshot, not from its scheduled moment', () => {
  const late = point('2026-11-18T23:50:00Z', { snapshotAt: '2026-11-19T00:10:00Z' });
  const points = [late, ...ofDays('2026-11-18', '2026-11-20')];
  expect(kept(points, { daily: 7 * DAY }, '2026-11-20T05:00:00Z')).toEqual([
    '2026-11-20T01:00 the newest verified point',
    '2026-11-18T23:50 last of its day 2026-11-19',
    '2026-11-18T01:00 last of its day 2026-11-18',
  ]);
});

test('shortestRetention is the shortest period that keeps anything', () => {
  expect(shortestRetention(retention({ daily: 35 * DAY, weekly: 84 * DAY }))).toBe(35 * DAY);
  expect(shortestRetention(retention({ all: 7 * DAY, monthly: 372 * DAY }))).toBe(7 * DAY);
  expect(shortestRetention(retention({}))).toBe(0);
});
