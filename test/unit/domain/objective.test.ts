import { rpoArithmetic, sayArithmetic } from '../../../lib/domain/objective.ts';
import type { Schedule } from '../../../lib/domain/schedule.ts';
import { DAY, HOUR, policy } from '../../support/builders.ts';

const NOW = new Date('2026-11-20T12:00:00Z');
const dumping = (cron: string, rpo: number, timezone = 'UTC') =>
  policy({
    objectives: { rpo: { dump: rpo }, rto: HOUR },
    schedules: { dump: { cron, timezone } satisfies Schedule },
    usual: { dump: 900, verify: 600 },
    grace: 1800,
  });

test('interval, dump, verification and grace are added and held against the promise', () => {
  const sum = rpoArithmetic(dumping('0 1 * * *', 26 * HOUR), NOW)!;
  expect(sum).toEqual({
    interval: DAY,
    dump: 900,
    verify: 600,
    grace: 1800,
    needed: DAY + 3300,
    promised: 26 * HOUR,
    fits: true,
  });
  expect(sayArithmetic(sum)).toBe(
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

test('what was measured counts before what is usual', () => {
  const slow = rpoArithmetic(dumping('0 1 * * *', 26 * HOUR), NOW, { dump: 2 * HOUR, verify: 0 })!;
  expect(slow).toMatchObject({ dump: 2 * HOUR, verify: 0, needed: DAY + 2 * HOUR + 1800, fits: false });
});

test('a policy without dumps has no arithmetic', () => {
  expect(rpoArithmetic(policy({ schedules: {} }), NOW)).toBeUndefined();
});
