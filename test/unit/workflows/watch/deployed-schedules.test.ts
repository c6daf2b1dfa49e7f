import { toAwsCron } from '../../../../lib/adapters/aws/cron.ts';
import { expectedSchedules } from '../../../../lib/domain/plan/expected-schedules.ts';
import type { Plan } from '../../../../lib/domain/plan/policy.ts';
import type { DeployedSchedule } from '../../../../lib/ports/messages.ts';
import { checkSchedules } from '../../../../lib/workflows/watch/deployed-schedules.ts';
import { policy } from '../../../support/builders.ts';
import { schedulesOf } from '../../../support/doubles/schedules.ts';

const PLAN: Plan = { schemaVersion: 1, policies: [policy()], targets: [] };
const EXPECTED = expectedSchedules(PLAN, 'prod');
const found = (deployed: readonly DeployedSchedule[]) =>
  checkSchedules(EXPECTED, deployed, { expression: toAwsCron });
const DEPLOYED = schedulesOf(PLAN, 'prod');

/** The findings when the deployed dump schedule is another, or none. */
const withDump = (changes: Partial<DeployedSchedule> | undefined) =>
  found(
    DEPLOYED.flatMap((each) =>
      each.name !== 'prod-production-dump' ? [each] : changes ? [{ ...each, ...changes }] : [],
    ),
  );

test('the watch finds nothing where every schedule exists, is on and is as described, in any order', () => {
  expect(EXPECTED.length).toBeGreaterThan(3);
  expect(found(DEPLOYED)).toEqual([]);
  expect(found([...DEPLOYED].reverse())).toEqual([]);
});

const SAYS = 'understudy.yml says cron(0 1 * * ? *) UTC';
test.each<[string, Partial<DeployedSchedule> | undefined, string, string]>([
  ['that does not exist', undefined, 'missing', 'does not exist'],
  ['that is switched off', { enabled: false }, 'disabled', 'is switched off'],
  ['at another hour', { expression: 'cron(0 2 * * ? *)' }, 'different', `is cron(0 2 * * ? *) UTC, ${SAYS}`],
  ['in another zone', { timezone: 'Asia/Tokyo' }, 'different', `is cron(0 1 * * ? *) Asia/Tokyo, ${SAYS}`],
  ['in another zone and off', { enabled: false, timezone: 'Asia/Tokyo' }, 'disabled', 'is switched off'],
])('the watch finds a schedule %s, with its job and policy', (_, changes, code, said) => {
  expect(withDump(changes)).toMatchObject([
    {
      code: `schedule-${code}`,
      target: 'understudy',
      subject: 'prod-production-dump',
      message: `the schedule prod-production-dump (dump of policy production) ${said}`,
    },
  ]);
});

test('the watch finds every schedule missing where none exists', () => {
  expect(found([]).map(({ subject }) => subject)).toEqual(EXPECTED.map(({ name }) => name));
});
