import { formatClockChanges } from '../../../../lib/domain/plan/clock-changes.ts';

const NOW = new Date('2026-11-20T12:00:00Z');
const said = (cron: string, timezone = 'Europe/Berlin') => formatClockChanges({ cron, timezone }, NOW);

test('formatClockChanges says that a firing in the missing hour is skipped, and one in the repeated hour comes once', () => {
  expect(said('30 2 * * *')).toEqual([
    'clocks go forward on 2027-03-28: the firing in the hour left out is skipped, 47 h between two firings, the next one comes at 00:30 UTC',
    'clocks go back on 2027-10-31: 25 h between two firings, the next one comes at 01:30 UTC',
  ]);
});

test('formatClockChanges says that a firing at another hour comes an hour earlier or later', () => {
  expect(said('0 1 * * *', 'America/New_York')).toEqual([
    'clocks go forward on 2027-03-14: 23 h between two firings, the next one comes at 05:00 UTC',
    'clocks go back on 2027-11-07: 25 h between two firings, the next one comes at 06:00 UTC',
  ]);
});

test('formatClockChanges says no hours between two firings of a weekly schedule', () => {
  expect(said('30 2 * * SUN')[0]).toBe(
    'clocks go forward on 2027-03-28: the firing in the hour left out is skipped, the next one comes at 00:30 UTC',
  );
});

test('formatClockChanges says nothing in UTC and in a zone that keeps its clock', () => {
  expect([said('30 2 * * *', 'UTC'), said('30 2 * * *', 'Asia/Kolkata')]).toEqual([[], []]);
});
