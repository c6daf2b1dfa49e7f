import { toAwsCron } from '../../lib/adapters/aws/cron.ts';
import { expectedSchedules } from '../../lib/domain/plan/expected-schedules.ts';
import { SCHEDULED_JOBS, tick } from '../../lib/domain/runs/job.ts';
import { everything, packaged, plan, planOfEverything } from './packaged.ts';

const { template } = packaged();
const schedules = template.ids('Scheduler::Schedule');
const named = (name: string, which = template) =>
  which.ids('Scheduler::Schedule').find((id) => which.text(id, 'Name') === name);
/** A heartbeat's row, which no policy schedules. */
const EVERY_MINUTE = { cron: '* * * * *', timezone: 'UTC' };

describe.each([
  ['the sample', template, plan()],
  ['everything', everything().template, planOfEverything()],
])('a deployment of %s', (_, template, plan) => {
  const schedules = template.ids('Scheduler::Schedule');
  const expected = expectedSchedules(plan, 'dev');

  test('has one schedule for every policy and job of understudy.yml, the watch’s, and no other', () => {
    expect(expected.length).toBeGreaterThan(0);
    expect(schedules.map((id) => template.text(id, 'Name')).sort()).toEqual(
      [...expected.map(({ name }) => name), 'dev-watch'].sort(),
    );
  });

  test.each(expected)(
    'has schedule $name, which fires when understudy.yml says and names its job',
    ({ name, input, cron, timezone }) => {
      const id = named(name, template)!;
      const { schedules } = plan.policies.find((policy) => policy.name === input.policy)!;
      const written = input.job === 'heartbeat' ? EVERY_MINUTE : schedules[input.job]!;
      expect(template.text(id, 'ScheduleExpression')).toBe(toAwsCron(written.cron));
      expect(cron).toBe(written.cron);
      expect([template.text(id, 'ScheduleExpressionTimezone'), timezone]).toEqual([
        written.timezone,
        written.timezone,
      ]);
      expect(template.text(id, 'Target', 'Arn')).toBe('DispatchLambdaFunction.Arn');
      expect(JSON.parse(template.text(id, 'Target', 'Input'))).toEqual({
        ...input,
        scheduledFor: '<aws.scheduler.scheduled-time>',
      });
    },
  );

  test('has schedules whose input dispatch takes once Scheduler has put the moment in', () => {
    for (const id of schedules.filter((each) => each !== 'WatchSchedule')) {
      const said = template
        .text(id, 'Target', 'Input')
        .replace('<aws.scheduler.scheduled-time>', '2026-11-20T01:00:00Z');
      expect(tick.parse(JSON.parse(said)).scheduledFor).toBe('2026-11-20T01:00:00Z');
    }
  });

  test('delivers a late tick for two hours, a heartbeat’s for five minutes and the watch’s for four', () => {
    for (const id of schedules) {
      const { job } = JSON.parse(template.text(id, 'Target', 'Input')) as { job?: string };
      const age = template.value(id, 'Target', 'RetryPolicy', 'MaximumEventAgeInSeconds');
      expect([id, age]).toEqual([id, job === undefined ? 240 : job === 'heartbeat' ? 300 : 7200]);
    }
  });
});

test('a deployment of everything has a schedule for every job that can have one', () => {
  const jobs = expectedSchedules(planOfEverything(), 'dev').map(({ input }) => input.job);
  expect([...new Set(jobs)].sort()).toEqual([...SCHEDULED_JOBS, 'heartbeat'].sort());
});

test('the watch looks every five minutes, and ends before the next look', () => {
  const id = named('dev-watch')!;
  expect(template.text(id, 'ScheduleExpression')).toBe('rate(5 minutes)');
  expect(template.text(id, 'Target', 'Arn')).toBe('WatchLambdaFunction.Arn');
  expect(Number(template.value('WatchLambdaFunction', 'Timeout'))).toBeLessThan(300);
  expect(template.value('WatchLambdaEvConf', 'MaximumRetryAttempts')).toBe(0);
});

test('schedules are enabled, fire to the minute, lie in their group and are retried', () => {
  for (const id of schedules) {
    expect(template.text(id, 'State')).toBe('ENABLED');
    expect(template.value(id, 'FlexibleTimeWindow')).toEqual({ Mode: 'OFF' });
    expect(template.text(id, 'GroupName')).toBe('Schedules');
    expect(Number(template.value(id, 'Target', 'RetryPolicy', 'MaximumRetryAttempts'))).toBeGreaterThan(0);
  }
});

describe('the role of the schedules', () => {
  test('may call the functions of the schedules, write to their dead-letter queues, and nothing else', () => {
    for (const id of schedules) expect(template.text(id, 'Target', 'RoleArn')).toBe('ScheduleRole.Arn');
    const may = Object.fromEntries(
      template.grants('ScheduleRole').map(({ actions, resources }) => [actions.join(), resources.sort()]),
    );
    const all = (path: string[]) =>
      [...new Set(schedules.map((id) => template.text(id, 'Target', ...path)))].sort();
    expect(may).toEqual({
      'lambda:InvokeFunction': all(['Arn']),
      'sqs:SendMessage': all(['DeadLetterConfig', 'Arn']),
    });
  });

  test('is assumed by Scheduler for this group of this account alone', () => {
    const [statement] = template.statements('ScheduleRole', 'AssumeRolePolicyDocument');
    expect(statement).toMatchObject({ principal: '{"Service":"scheduler.amazonaws.com"}' });
    expect(JSON.parse(statement!.condition)).toEqual({
      StringEquals: { 'aws:SourceAccount': 'AWS::AccountId', 'aws:SourceArn': 'Schedules.Arn' },
    });
  });
});

test('the watch knows the group of the schedules, and may look at it', () => {
  const group = template.variables('WatchLambdaFunction')['UNDERSTUDY_SCHEDULE_GROUP'];
  expect(group).toEqual({ Ref: 'Schedules' });
  const grants = template.grants('WatchRole');
  const looks = grants.filter(({ actions }) => actions.includes('scheduler:GetSchedule'));
  const own = `:schedule/${template.text('Schedules', 'Name')}/*`;
  expect(looks.flatMap(({ resources }) => resources)).toEqual([expect.stringContaining(own)]);
});
