import { GetScheduleCommand, ListSchedulesCommand, type SchedulerClient } from '@aws-sdk/client-scheduler';
import type { DeployedSchedule, Schedules } from '../../ports/messages.ts';
import { toAwsCron } from './cron.ts';

/** The schedules of one group of EventBridge Scheduler, as they are now. */
export function deployedSchedules(scheduler: SchedulerClient, group: string): Schedules {
  return {
    expression: toAwsCron,
    async deployed() {
      const names: string[] = [];
      let NextToken: string | undefined;
      do {
        const page = await scheduler.send(new ListSchedulesCommand({ GroupName: group, NextToken }));
        names.push(...(page.Schedules ?? []).flatMap((schedule) => (schedule.Name ? [schedule.Name] : [])));
        NextToken = page.NextToken;
      } while (NextToken);
      const found: DeployedSchedule[] = [];
      // One after the other: there are few schedules, and the service allows few reads a second.
      for (const Name of names) {
        const schedule = await scheduler.send(new GetScheduleCommand({ GroupName: group, Name }));
        found.push({
          name: Name,
          expression: schedule.ScheduleExpression ?? '',
          timezone: schedule.ScheduleExpressionTimezone ?? 'UTC',
          enabled: schedule.State !== 'DISABLED',
        });
      }
      return found;
    },
  };
}
