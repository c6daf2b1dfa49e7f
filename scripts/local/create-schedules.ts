import {
  CreateScheduleCommand,
  CreateScheduleGroupCommand,
  type SchedulerClient,
} from '@aws-sdk/client-scheduler';
import type { Template } from './read-template.ts';

type ScheduleProperties = {
  Name: string;
  ScheduleExpression: string;
  ScheduleExpressionTimezone: string;
  Target: { Input: string };
};

/** Makes the template's schedules in its group; returns the group's name. */
export async function createSchedules(
  scheduler: SchedulerClient,
  template: Template,
  ids: Map<string, string>,
): Promise<string> {
  const groups = Object.entries(template.Resources).filter(
    ([, resource]) => resource.Type === 'AWS::Scheduler::ScheduleGroup',
  );
  const name = String(groups[0]?.[1].Properties['Name'] ?? 'understudy');
  await scheduler.send(new CreateScheduleGroupCommand({ Name: name }));
  for (const { Type, Properties } of Object.values(template.Resources)) {
    if (Type !== 'AWS::Scheduler::Schedule') continue;
    const { Name, ScheduleExpression, ScheduleExpressionTimezone, Target } = Properties as ScheduleProperties;
    const schedule = { Name, ScheduleExpression, ScheduleExpressionTimezone };
    await createSchedule(scheduler, name, schedule, { Arn: ids.get('JobsTopic')!, Input: Target?.Input });
  }
  return name;
}

type Schedule = Omit<ScheduleProperties, 'Target'>;

export async function createSchedule(
  scheduler: SchedulerClient,
  GroupName: string,
  { ScheduleExpressionTimezone = 'UTC', ...schedule }: Schedule,
  { Arn, Input }: { Arn: string; Input?: unknown },
): Promise<void> {
  await scheduler.send(
    new CreateScheduleCommand({
      ...{ ...schedule, GroupName, ScheduleExpressionTimezone, FlexibleTimeWindow: { Mode: 'OFF' } },
      Target: {
        ...{ Arn, RoleArn: 'arn:aws:iam::123456789012:role/local' },
        ...(typeof Input === 'string' ? { Input } : {}),
      },
    }),
  );
}
