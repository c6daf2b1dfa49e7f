import { ListSchedulesCommand, SchedulerClient, type SchedulerClientConfig } from '@aws-sdk/client-scheduler';
import { toAwsCron } from '../../lib/adapters/aws/cron.ts';
import { expectedSchedules } from '../../lib/domain/plan/expected-schedules.ts';
import type { Plan } from '../../lib/domain/plan/policy.ts';
import { createSchedule } from './create-schedules.ts';

/** Adds the schedules of another plan than the packaged one, which a deployment of it would have. */
export async function completeSchedules(
  plan: Plan,
  stage: string,
  GroupName: string,
  config: SchedulerClientConfig = {},
): Promise<void> {
  const scheduler = new SchedulerClient(config);
  const { Schedules } = await scheduler.send(new ListSchedulesCommand({ GroupName }));
  const there = new Set((Schedules ?? []).map(({ Name }) => Name));
  for (const { name, cron, timezone } of expectedSchedules(plan, stage)) {
    if (there.has(name)) continue;
    const schedule = {
      Name: name,
      ScheduleExpression: toAwsCron(cron),
      ScheduleExpressionTimezone: timezone,
    };
    const Arn = 'arn:aws:lambda:eu-central-1:123456789012:function:dispatch';
    await createSchedule(scheduler, GroupName, schedule, { Arn });
  }
}
