import { lastFiring, nextFirings } from '../../../../lib/domain/plan/schedule.ts';

/** EventBridge Scheduler skips what the spring gap leaves out, and runs once what the autumn repeats. */

const BERLIN = 'Europe/Berlin'; // gap 2026-03-29 02:00–03:00, repeated 2026-10-25 02:00–03:00
const NEW_YORK = 'America/New_York'; // gap 2026-03-08 02:00–03:00, repeated 2026-11-01 01:00–02:00
const LONG_AGO = new Date('2020-01-01T00:00:00Z');
const moments = (...short: string[]) => short.map((each) => `2026-${each}:00Z`);

test.each<[string, string, string, string, string[]]>([
  ['in the gap is skipped', '30 2 * * *', BERLIN, '03-28T12:00', ['03-30T00:30']],
  ['in the gap is skipped', '30 2 * * *', NEW_YORK, '03-07T12:00', ['03-09T06:30']],
  ['at the gap’s beginning is skipped', '0 2 * * *', BERLIN, '03-28T12:00', ['03-30T00:00']],
  ['at the gap’s end comes', '0 3 * * *', BERLIN, '03-28T12:00', ['03-29T01:00']],
  ['at the gap’s end comes', '0 3 * * *', NEW_YORK, '03-07T12:00', ['03-08T07:00']],
  ['in a repeated hour comes once', '30 2 * * *', BERLIN, '10-24T12:00', ['10-25T00:30', '10-26T01:30']],
  ['in a repeated hour comes once', '30 1 * * *', NEW_YORK, '10-31T12:00', ['11-01T05:30', '11-02T06:30']],
  ['at a repeated hour’s end comes once', '0 3 * * *', BERLIN, '10-24T12:00', ['10-25T02:00', '10-26T02:00']],
  ['skips the second pass', '*/30 * * * *', BERLIN, '10-25T00:10', ['10-25T00:30', '10-25T02:00']],
  ['goes on hourly', '0 * * * *', BERLIN, '03-28T23:30', ['03-29T00:00', '03-29T01:00', '03-29T02:00']],
])('across a clock change, a firing %s (%s in %s)', (_, cron, timezone, from, expected) => {
  expect(nextFirings({ cron, timezone }, new Date(`2026-${from}:00Z`), expected.length)).toEqual(
    moments(...expected),
  );
});

test.each([
  ['30 2 * * *', BERLIN, '03-29T12:00', '03-28T01:30'],
  ['30 2 * * *', BERLIN, '03-30T00:30', '03-30T00:30'],
  ['30 2 * * *', NEW_YORK, '03-08T20:00', '03-07T07:30'],
  ['30 2 * * *', BERLIN, '10-25T00:29', '10-24T00:30'],
  ['30 2 * * *', BERLIN, '10-25T01:30', '10-25T00:30'],
  ['30 1 * * *', NEW_YORK, '11-01T12:00', '11-01T05:30'],
  ['*/15 * * * *', BERLIN, '10-25T01:50', '10-25T00:45'],
  ['*/5 * * * *', BERLIN, '10-25T01:50', '10-25T00:55'],
])('the last firing of %s in %s, seen from %s UTC, was at %s UTC', (cron, timezone, from, expected) => {
  const [now, last] = moments(from, expected);
  expect(lastFiring({ cron, timezone }, new Date(now!), LONG_AGO)).toBe(last);
});

test('lastFiring agrees with nextFirings at every quarter of an hour around each clock change', () => {
  const schedules = ['30 2 * * *', '0 3 * * *', '*/30 * * * *'].flatMap((cron) => [
    { cron, timezone: BERLIN },
    { cron, timezone: NEW_YORK },
  ]);
  for (const schedule of schedules)
    for (const day of ['2026-03-08', '2026-03-29', '2026-10-25', '2026-11-01']) {
      const start = Date.parse(`${day}T00:00:00Z`) - 12 * 3_600_000;
      const firings = nextFirings(schedule, new Date(start - 2 * 86_400_000), 200);
      for (let step = 0; step < 144; step++) {
        const now = new Date(start + step * 900_000);
        const expected = firings.filter((each) => new Date(each) <= now).at(-1);
        expect([schedule, now, lastFiring(schedule, now, LONG_AGO)]).toEqual([schedule, now, expected]);
      }
    }
});
