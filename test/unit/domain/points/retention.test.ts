import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Retention } from '../../../../lib/domain/plan/policy.ts';
import type { RecoveryPoint } from '../../../../lib/domain/points/recovery-point.ts';
import { planRetention, shortestRetention } from '../../../../lib/domain/points/retention.ts';
import { DAY, point, retention } from '../../../support/builders.ts';

/** Long enough that nothing here freezes: these tests are about periods, retention-rules.test.ts about what is never deleted. */
const RPO = 400 * DAY;

function kept(points: RecoveryPoint[], wanted: Partial<Retention>, now: string): string[] {
  const { decisions, frozen } = planRetention(points, retention(wanted), new Date(now), RPO);
  expect(frozen).toBeUndefined();
  return decisions
    .filter((decision) => decision.keep)
    .map((decision) => `${decision.point.scheduledFor.slice(0, 16)} ${decision.why}`);
}

test('of a dump a day for fourteen months, 35 days, 12 weeks and 12 months are kept, each for the reason written down', () => {
  const points: RecoveryPoint[] = [];
  for (let day = Date.UTC(2025, 8, 20, 1); day <= Date.UTC(2026, 10, 20, 1); day += DAY * 1000) {
    const at = new Date(day).toISOString().replace('.000', '');
    points.push(point(at, { state: at.startsWith('2026-11-15') ? 'rehearsed' : 'verified' }));
  }
  expect(points).toHaveLength(427);
  const { decisions } = planRetention(
    points,
    retention({ daily: 35 * DAY, weekly: 84 * DAY, monthly: 372 * DAY }),
    new Date('2026-11-20T05:00:00Z'),
    26 * 3600,
  );
  const golden = readFileSync(join(__dirname, 'retention.golden.txt'), 'utf8');
  const keptOnes = decisions.filter((decision) => decision.keep);
  expect(keptOnes.map(({ point, why }) => `${point.scheduledFor.slice(0, 10)}  ${why}\n`).join('')).toBe(
    golden,
  );
  expect(decisions.filter((decision) => !decision.keep)).toHaveLength(427 - 53);
  expect(decisions.find(({ point }) => point.scheduledFor.startsWith('2026-10-16'))).toMatchObject({
    keep: false,
    why: '35 d 4 h old, outside every period',
  });
});

test('a week belongs to the year of its Thursday', () => {
  const days = [
    '2026-12-28',
    '2026-12-31',
    '2027-01-01',
    '2027-01-03',
    '2027-01-04',
    '2027-01-10',
    '2027-01-11',
  ];
  const points = days.map((day) => point(`${day}T01:00:00Z`));
  expect(kept(points, { weekly: 84 * DAY }, '2027-01-11T05:00:00Z')).toEqual([
    '2027-01-11T01:00 the newest verified point',
    '2027-01-10T01:00 last of its week 2027-W01',
    '2027-01-03T01:00 last of its week 2026-W53',
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
])('%s is in week %s', (day, week) => {
  const next = new Date(Date.parse(day) + 20 * DAY * 1000).toISOString().slice(0, 10);
  const points = [point(`${day}T23:59:59Z`), point(`${next}T01:00:00Z`)];
  expect(kept(points, { weekly: 84 * DAY }, `${next}T05:00:00Z`)[1]).toMatch(`last of its week ${week}`);
});

test('the leap day is the last of its February', () => {
  const points = ['2028-02-28', '2028-02-29', '2028-03-01', '2028-04-01'].map((day) =>
    point(`${day}T01:00:00Z`),
  );
  expect(kept(points, { monthly: 372 * DAY }, '2028-04-01T05:00:00Z')).toEqual([
    '2028-04-01T01:00 the newest verified point',
    '2028-03-01T01:00 last of its month 2028-03',
    '2028-02-29T01:00 last of its month 2028-02',
  ]);
});

test('of several dumps a day the last one of each UTC day stays, and all of them while they are young', () => {
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

test('age and period count from the database snapshot, not from the moment it was scheduled for', () => {
  const late = point('2026-11-18T23:50:00Z', { snapshotAt: '2026-11-19T00:10:00Z' });
  const points = [late, point('2026-11-18T01:00:00Z'), point('2026-11-20T01:00:00Z')];
  expect(kept(points, { daily: 7 * DAY }, '2026-11-20T05:00:00Z')).toEqual([
    '2026-11-20T01:00 the newest verified point',
    '2026-11-18T23:50 last of its day 2026-11-19',
    '2026-11-18T01:00 last of its day 2026-11-18',
  ]);
});

test('the shortest retention is the shortest that keeps anything', () => {
  expect(shortestRetention(retention({ daily: 35 * DAY, weekly: 84 * DAY }))).toBe(35 * DAY);
  expect(shortestRetention(retention({ all: 7 * DAY, monthly: 372 * DAY }))).toBe(7 * DAY);
  expect(shortestRetention(retention({}))).toBe(0);
});
