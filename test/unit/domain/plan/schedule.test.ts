import {
  inZone,
  lastFiring,
  longestInterval,
  nextFirings,
  scheduleMistake,
} from '../../../../lib/domain/plan/schedule.ts';
import { DAY, HOUR } from '../../../support/builders.ts';

const NOW = new Date('2026-11-20T12:00:00Z');
const LONG_AGO = new Date('2020-01-01T00:00:00Z');
const DAILY = { cron: '0 1 * * *', timezone: 'UTC' };
const at = (cron: string, timezone = 'UTC') => ({ cron, timezone });

test.each([
  ['0 1 * *', 'UTC', 'expected five fields'],
  ['0 0 1 * * *', 'UTC', 'expected five fields'],
  ['@daily', 'UTC', 'expected five fields'],
  ['0 1 1 * MON', 'UTC', 'day-of-month and day-of-week cannot both be set'],
  ['60 1 * * *', 'UTC', 'Invalid value for minute: 60'],
  ['0 24 * * *', 'UTC', 'Invalid value for hour: 24'],
  ['0 1 32 * *', 'UTC', 'Invalid value for day'],
  ['0 1 * 13 *', 'UTC', 'Invalid value for month'],
  ['x 1 * * *', 'UTC', 'illegal characters'],
  ['0 1 30 2 *', 'UTC', 'this schedule can never fire'],
  ['0 1 31 4,6,9,11 *', 'UTC', 'this schedule can never fire'],
  ['30 2 * 3 0L', 'Europe/Berlin', 'this schedule can never fire'],
  ['0 1 * * *', 'Mars/Base', 'Mars/Base'],
  ['0 1 * * *', '', 'time zone'],
  ['0 1 * * *', '+02:00', '+02:00'],
])('scheduleMistake says of %s in "%s": %s', (cron, timezone, expected) => {
  expect(scheduleMistake(at(cron, timezone), NOW)).toContain(expected);
});

test.each(['0 1 * * *', '0 2 * * SUN', '0 3 1W * *', '0 1 29 2 *', '*/5 * * * *'])(
  'scheduleMistake finds nothing wrong with %s',
  (cron) => {
    expect(scheduleMistake(at(cron), NOW)).toBeUndefined();
    expect(scheduleMistake(at(cron, 'America/New_York'), NOW)).toBeUndefined();
  },
);

test('1W fires on the first business day of each of 24 months', () => {
  const expected = Array.from({ length: 24 }, (_, month) => {
    const first = new Date(Date.UTC(2026, 11 + month, 1, 3));
    while (first.getUTCDay() === 0 || first.getUTCDay() === 6) first.setUTCDate(first.getUTCDate() + 1);
    return first.toISOString().replace('.000', '');
  });
  expect(new Set(expected.map((each) => each.slice(8, 10)))).toEqual(new Set(['01', '02', '03']));
  expect(nextFirings(at('0 3 1W * *'), NOW, 24)).toEqual(expected);
});

test('nextFirings begins strictly after a moment, and lastFiring includes it', () => {
  const one = '2026-11-20T01:00:00Z';
  const next = (from: string, count: number) => nextFirings(DAILY, new Date(from), count);
  const last = (from: string) => lastFiring(DAILY, new Date(from), LONG_AGO);
  expect(next(one, 2)).toEqual(['2026-11-21T01:00:00Z', '2026-11-22T01:00:00Z']);
  expect(next('2026-11-20T00:59:59Z', 1)).toEqual([one]);
  expect([last(one), last('2026-11-20T01:00:00.700Z')]).toEqual([one, one]);
  expect(last('2026-11-20T00:59:59.700Z')).toBe('2026-11-19T01:00:00Z');
});

test('nextFirings gives firings in UTC for a schedule in another zone', () => {
  expect(nextFirings(at('0 2 * * *', 'America/New_York'), NOW, 1)).toEqual(['2026-11-21T07:00:00Z']);
  expect(nextFirings(at('30 1 * * *', 'Asia/Kolkata'), NOW, 1)).toEqual(['2026-11-20T20:00:00Z']);
});

test('lastFiring gives no firing before its bound', () => {
  expect(lastFiring(DAILY, NOW, new Date('2026-11-20T01:00:00Z'))).toBe('2026-11-20T01:00:00Z');
  expect(lastFiring(DAILY, NOW, new Date('2026-11-20T01:00:01Z'))).toBeUndefined();
  expect(lastFiring(at('0 1 1 1 *'), NOW, LONG_AGO)).toBe('2026-01-01T01:00:00Z');
});

test.each(['0 1 1,31 * *', '0 1 1,30 * *', '0 1 */15 * *'])('%s fires on the first of March', (cron) => {
  expect(nextFirings(at(cron), new Date('2027-02-17T00:00:00Z'), 1)).toEqual(['2027-03-01T01:00:00Z']);
  expect(lastFiring(at(cron), new Date('2027-03-02T00:00:00Z'), LONG_AGO)).toBe('2027-03-01T01:00:00Z');
});

test('a schedule that can never fire has no next and no last firing', () => {
  expect(nextFirings(at('0 1 30 2 *'), NOW, 3)).toEqual([]);
  expect(lastFiring(at('0 1 30 2 *'), NOW, LONG_AGO)).toBeUndefined();
});

test.each([
  ['0 1 * * *', 'UTC', DAY],
  ['0 3,15 * * *', 'UTC', DAY / 2],
  ['0 3,4 * * *', 'UTC', 23 * HOUR],
  ['*/15 * * * *', 'UTC', 900],
  ['0 3 * * MON-FRI', 'UTC', 3 * DAY],
  ['0 2 * * SUN', 'UTC', 7 * DAY],
  ['0 6 1 * *', 'UTC', 31 * DAY],
  ['0 4 * * *', 'Europe/Berlin', 25 * HOUR],
  ['30 2 * * *', 'Europe/Berlin', 47 * HOUR],
])('the longest interval of %s in %s is %d seconds', (cron, timezone, expected) => {
  expect(longestInterval(at(cron, timezone), NOW)).toBe(expected);
});

test.each([
  ['0 1 1 1,7 *', 184 * DAY],
  ['0 1 1 1 *', 365 * DAY],
  ['0 1 29 2 *', 4 * 365 * DAY],
])('the longest interval of %s, which seldom fires, is at least %d seconds', (cron, atLeast) => {
  expect(longestInterval(at(cron), NOW)).toBeGreaterThanOrEqual(atLeast);
});

test.each([
  ['0 1 * * *', 'UTC'],
  ['*/50 3,22 * * *', 'UTC'],
  ['0 3 * * MON-FRI', 'UTC'],
  ['15 6 * * TUE,SAT', 'UTC'],
  ['0 3 * * SUN#5', 'UTC'],
  ['0 3 * * 6L', 'UTC'],
  ['0 3 * * MON', 'Europe/Berlin'],
  ['0 3 1-28 * *', 'UTC'],
  ['0 3 * 1,6,11,12 *', 'UTC'],
])(
  'the longest interval of %s in %s is the longest one of 400 days, whenever it is asked',
  (cron, timezone) => {
    for (const hours of [80, 9048]) {
      const from = new Date(NOW.getTime() + hours * HOUR * 1000);
      const until = from.getTime() + 400 * DAY * 1000;
      const last = lastFiring(at(cron, timezone), from, LONG_AGO)!;
      const moments = [last, ...nextFirings(at(cron, timezone), from, 420)].map((moment) =>
        Date.parse(moment),
      );
      const gaps = moments.flatMap((moment, index) => {
        const before = moments[index - 1];
        return before === undefined || before > until ? [] : (moment - before) / 1000;
      });
      expect([hours, longestInterval(at(cron, timezone), from)]).toEqual([hours, Math.max(...gaps)]);
    }
  },
);

test('inZone writes a moment in the schedule’s own zone', () => {
  expect(inZone('2026-11-20T01:00:00Z', 'Europe/Berlin')).toBe('2026-11-20 02:00 Europe/Berlin');
  expect(inZone('2026-07-01T01:00:00Z', 'UTC')).toBe('2026-07-01 01:00 UTC');
});
