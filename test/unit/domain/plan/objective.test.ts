import { formatArithmetic, rpoArithmetic } from '../../../../lib/domain/plan/objective.ts';
import type { Schedule } from '../../../../lib/domain/plan/schedule.ts';
import { DAY, HOUR, policy } from '../../../support/builders.ts';

const NOW = new Date('2026-11-20T12:00:00Z');
const dumping = (cron: string, rpo: number, timezone = 'UTC') =>
  policy({
    objectives: { rpo: { dump: rpo }, rto: HOUR },
    schedules: { dump: { cron, timezone } satisfies Schedule },
    usual: { dump: 900, verify: 600, snapshot: 300 },
    grace: 1800,
  });

test('interval, dump, verification and grace are added and held against the promise', () => {
  const sum = rpoArithmetic(dumping('0 1 * * *', 26 * HOUR), NOW)!;
  expect(sum).toEqual({
    means: 'dump',
    interval: DAY,
    dump: 900,
    verify: 600,
    grace: 1800,
    needed: DAY + 3300,
    promised: 26 * HOUR,
    fits: true,
  });
  expect(formatArithmetic(sum)).toBe(
    '24 h between dumps + 15 min dump + 10 min verification + 30 min grace = 24 h 55 min, promised 26 h',
  );
});

test.each([
  ['a promise that fits to the second', '0 1 * * *', DAY + 3300, 'UTC', true],
  ['a promise one second too bold', '0 1 * * *', DAY + 3299, 'UTC', false],
  ['24 hours from one dump a day', '0 1 * * *', DAY, 'UTC', false],
  ['24 hours from two dumps a day', '0 1,13 * * *', DAY, 'UTC', true],
  ['two dumps a day that lie close together', '0 1,2 * * *', 23 * HOUR + 3299, 'UTC', false],
  ['working days only', '0 1 * * MON-FRI', 26 * HOUR, 'UTC', false],
  ['the long day of autumn', '0 4 * * *', 25 * HOUR + 3300, 'Europe/Berlin', true],
  ['the long day of autumn', '0 4 * * *', 25 * HOUR + 3299, 'Europe/Berlin', false],
  ['a dump that the spring gap swallows', '30 2 * * *', 26 * HOUR, 'Europe/Berlin', false],
])('%s (%s, %d s, %s): %s', (_, cron, rpo, timezone, fits) => {
  expect(rpoArithmetic(dumping(cron, rpo, timezone), NOW)!.fits).toBe(fits);
});

test.each([
  ['0 4 * * *', 'Europe/Berlin', '25 h between dumps (across a clock change in Europe/Berlin) + '],
  ['30 2 * * *', 'Europe/Berlin', '47 h between dumps (across a clock change in Europe/Berlin) + '],
  ['0 4 * * *', 'Asia/Tokyo', '24 h between dumps + '],
  ['0 4 * * *', 'UTC', '24 h between dumps + '],
])('%s in %s is said to have %s', (cron, timezone, said) => {
  expect(formatArithmetic(rpoArithmetic(dumping(cron, 26 * HOUR, timezone), NOW)!)).toContain(said);
});

test('what was measured counts before what is usual', () => {
  const slow = rpoArithmetic(dumping('0 1 * * *', 26 * HOUR), NOW, { dump: 2 * HOUR, verify: 0 })!;
  expect(slow).toMatchObject({ dump: 2 * HOUR, verify: 0, needed: DAY + 2 * HOUR + 1800, fits: false });
});

test('a policy without dumps has no arithmetic', () => {
  expect(rpoArithmetic(policy({ schedules: {} }), NOW)).toBeUndefined();
});

describe('snapshots', () => {
  const taking = (cron: string, rpo: number | undefined) =>
    policy({
      objectives: { rpo: { dump: 26 * HOUR, ...(rpo === undefined ? {} : { snapshot: rpo }) }, rto: HOUR },
      schedules: { snapshot: { cron, timezone: 'UTC' } },
      usual: { dump: 900, verify: 600, snapshot: 300 },
      grace: 1800,
    });
  const arithmetic = (cron: string, rpo?: number) =>
    rpoArithmetic(taking(cron, rpo), NOW, undefined, 'snapshot');

  test('are held against their own promise, and need no verification of their own', () => {
    const sum = arithmetic('0 */6 * * *', 7 * HOUR)!;
    expect(sum).toMatchObject({ means: 'snapshot', interval: 6 * HOUR, verify: 0, fits: true });
    expect(formatArithmetic(sum)).toBe(
      '6 h between snapshots + 5 min snapshot + 30 min grace = 6 h 35 min, promised 7 h',
    );
  });

  test('fit to the second and not one less', () => {
    expect(arithmetic('0 */6 * * *', 6 * HOUR + 2100)!.fits).toBe(true);
    expect(arithmetic('0 */6 * * *', 6 * HOUR + 2099)!.fits).toBe(false);
  });

  test('have no arithmetic where none are scheduled or nothing is promised of them', () => {
    expect(arithmetic('0 */6 * * *')).toBeUndefined();
    expect(rpoArithmetic(dumping('0 1 * * *', 26 * HOUR), NOW, undefined, 'snapshot')).toBeUndefined();
    expect(rpoArithmetic(taking('0 */6 * * *', 7 * HOUR), NOW)).toBeUndefined();
  });
});
