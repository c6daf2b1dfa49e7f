import { expectedSchedules, scheduleName } from '../../../../lib/domain/plan/expected-schedules.ts';
import type { Policy, Target } from '../../../../lib/domain/plan/policy.ts';
import { SCHEDULED_JOBS } from '../../../../lib/domain/runs/job.ts';
import { policy, target } from '../../../support/builders.ts';

const schedulesOf = (policies: Policy[], targets: Target[] = []) =>
  expectedSchedules({ schemaVersion: 1, policies, targets }, 'prod');

test('the deployment gets one schedule for each policy and job', () => {
  const schedules = {
    dump: { cron: '0 3,15 * * *', timezone: 'Europe/Berlin' },
    simulation: { cron: '0 3 1W * *', timezone: 'UTC' },
  };
  expect(schedulesOf([policy({ schedules: {} }), policy({ name: 'staging', schedules })])).toEqual([
    {
      name: 'prod-staging-dump',
      cron: '0 3,15 * * *',
      timezone: 'Europe/Berlin',
      input: { policy: 'staging', job: 'dump' },
    },
    {
      name: 'prod-staging-simulation',
      cron: '0 3 1W * *',
      timezone: 'UTC',
      input: { policy: 'staging', job: 'simulation' },
    },
  ]);
});

test('a policy gets one schedule a minute for heartbeats where a target of it has one, and otherwise none', () => {
  const [one, other] = [policy({ name: 'one', schedules: {} }), policy({ name: 'other', schedules: {} })];
  const targets = [
    target({ id: 'a', policy: one, heartbeat: true }),
    target({ id: 'b', policy: one, heartbeat: true }),
    target({ id: 'c', policy: one }),
    target({ id: 'd', policy: other }),
  ];
  const input = { policy: 'one', job: 'heartbeat' };
  expect(schedulesOf([one, other], targets)).toEqual([
    { name: 'prod-one-heartbeat', cron: '* * * * *', timezone: 'UTC', input },
  ]);
});

/** The jobs that have a schedule: those a policy chooses, and the heartbeat. */
const JOBS = [...SCHEDULED_JOBS, 'heartbeat'] as const;

test('a schedule’s name of 64 characters is left as it is', () => {
  const name = 'p'.repeat(54);
  expect(scheduleName('prod', name, 'dump')).toBe(`prod-${name}-dump`);
  expect(scheduleName('prod', name, 'dump')).toHaveLength(64);
});

test('a longer schedule’s name is cut to what Scheduler takes and keeps its stage and its job', () => {
  for (const length of [55, 60, 63])
    for (const job of JOBS) {
      const name = scheduleName('prod', 'p'.repeat(length), job);
      expect(name).toMatch(/^[0-9a-zA-Z_.-]{1,64}$/);
      expect(name).toMatch(new RegExp(`^prod-p.*-${job}$`));
    }
});

test('two schedules whose long names begin alike get different names', () => {
  const names = ['a', 'b', 'c'].flatMap((end) =>
    JOBS.flatMap((job) =>
      ['prod', 'production-of-the-whole-company'].map((stage) =>
        scheduleName(stage, 'p'.repeat(62) + end, job),
      ),
    ),
  );
  expect(new Set(names).size).toBe(3 * JOBS.length * 2);
});
