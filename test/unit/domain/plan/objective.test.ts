import { formatArithmetic, rpoArithmetic } from '../../../../lib/domain/plan/objective.ts';
import { DAY, HOUR, policy } from '../../../support/builders.ts';

const NOW = new Date('2026-11-20T12:00:00Z');
const RPO = { dump: 26 * HOUR };
const USUAL = { dump: 900, verify: 600, snapshot: 300 };
const promising = (
  rpo: { dump?: number; snapshot?: number },
  schedules: ReturnType<typeof policy>['schedules'],
) => policy({ objectives: { rpo, rto: HOUR }, schedules, usual: USUAL, grace: 1800 });
const dumping = (cron: string, dump: number, timezone = 'UTC') =>
  promising({ dump }, { dump: { cron, timezone } });
const snapshotting = (cron: string, snapshot?: number) =>
  promising({ ...RPO, ...(snapshot ? { snapshot } : {}) }, { snapshot: { cron, timezone: 'UTC' } });

test('the arithmetic of dumps adds interval, dump, verification and grace, and compares them with the RPO', () => {
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
  ['one dump a day and exactly what it needs', '0 1 * * *', DAY + 3300, 'UTC', true],
  ['one dump a day and one second too little', '0 1 * * *', DAY + 3299, 'UTC', false],
  ['two dumps a day and 24 hours', '0 1,13 * * *', DAY, 'UTC', true],
  ['two dumps a day that lie close together', '0 1,2 * * *', 23 * HOUR + 3299, 'UTC', false],
  ['dumps on working days only', '0 1 * * MON-FRI', 26 * HOUR, 'UTC', false],
  ['the long day of autumn', '0 4 * * *', 25 * HOUR + 3300, 'Europe/Berlin', true],
  ['the long day of autumn, one second too little', '0 4 * * *', 25 * HOUR + 3299, 'Europe/Berlin', false],
  ['a dump that the spring gap leaves out', '30 2 * * *', 26 * HOUR, 'Europe/Berlin', false],
])('with %s (%s), an RPO of %d s in %s can be kept: %s', (_, cron, rpo, timezone, fits) => {
  expect(rpoArithmetic(dumping(cron, rpo, timezone), NOW)!.fits).toBe(fits);
});

test.each([
  ['0 4 * * *', 'Europe/Berlin', '25 h between dumps (across a clock change in Europe/Berlin) + '],
  ['30 2 * * *', 'Europe/Berlin', '47 h between dumps (across a clock change in Europe/Berlin) + '],
  ['0 4 * * *', 'Asia/Tokyo', '24 h between dumps + '],
  ['0 4 * * *', 'UTC', '24 h between dumps + '],
])('formatArithmetic says of %s in %s: %s', (cron, timezone, said) => {
  expect(formatArithmetic(rpoArithmetic(dumping(cron, 26 * HOUR, timezone), NOW)!)).toContain(said);
});

test('the arithmetic uses measured durations before the usual ones', () => {
  const slow = rpoArithmetic(dumping('0 1 * * *', 26 * HOUR), NOW, { dump: 2 * HOUR, verify: 0 })!;
  expect(slow).toMatchObject({ dump: 2 * HOUR, verify: 0, needed: DAY + 2 * HOUR + 1800, fits: false });
});

const arithmetic = (cron: string, rpo?: number) =>
  rpoArithmetic(snapshotting(cron, rpo), NOW, undefined, 'snapshot');

test('the arithmetic of snapshots uses their own RPO and no verification', () => {
  const sum = arithmetic('0 */6 * * *', 7 * HOUR)!;
  expect(sum).toMatchObject({ means: 'snapshot', interval: 6 * HOUR, verify: 0, fits: true });
  expect(formatArithmetic(sum)).toBe(
    '6 h between snapshots + 5 min snapshot + 30 min grace = 6 h 35 min, promised 7 h',
  );
  expect(arithmetic('0 */6 * * *', 6 * HOUR + 2100)!.fits).toBe(true);
  expect(arithmetic('0 */6 * * *', 6 * HOUR + 2099)!.fits).toBe(false);
});

test('there is no arithmetic where nothing is scheduled, or where the policy promises no RPO of it', () => {
  expect(rpoArithmetic(policy({ schedules: {} }), NOW)).toBeUndefined();
  expect(arithmetic('0 */6 * * *')).toBeUndefined();
  expect(rpoArithmetic(dumping('0 1 * * *', 26 * HOUR), NOW, undefined, 'snapshot')).toBeUndefined();
  expect(rpoArithmetic(snapshotting('0 */6 * * *', 7 * HOUR), NOW)).toBeUndefined();
});
