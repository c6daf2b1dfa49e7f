import { createHash } from 'node:crypto';
import type { FiredJob } from '../runs/job.ts';
import { type Plan, targetsOf } from './policy.ts';
import type { Schedule } from './schedule.ts';

/** One schedule that the deployment has to have. */
export type ExpectedSchedule = Schedule & {
  name: string;
  input: { policy: string; job: FiredJob };
};

/** A row a minute: no policy's to choose, because what the heartbeat measures is no finer than its rows. */
const HEARTBEAT: Schedule = { cron: '* * * * *', timezone: 'UTC' };

/**
 * Every schedule that a plan asks for, in the plan's order; a policy with a target that has a heartbeat asks for its rows
 * too. The deployment is generated from this list and the watch compares what is deployed with it, so that neither can
 * believe in a schedule that the other does not know.
 */
export function expectedSchedules(plan: Plan, stage: string): ExpectedSchedule[] {
  return plan.policies.flatMap((policy) => {
    const schedules: Partial<Record<FiredJob, Schedule>> = targetsOf(plan, policy.name).some(
      (target) => target.heartbeat,
    )
      ? { ...policy.schedules, heartbeat: HEARTBEAT }
      : policy.schedules;
    return Object.entries(schedules).map(([name, { cron, timezone }]) => {
      const job = name as FiredJob;
      return {
        name: scheduleName(stage, policy.name, job),
        cron,
        timezone,
        input: { policy: policy.name, job },
      };
    });
  });
}

/**
 * `prod-crm-dump`. EventBridge Scheduler takes at most 64 characters: the middle of a longer name gives way to a
 * digest of all of it, so that two long names never become one.
 */
export function scheduleName(stage: string, policy: string, job: FiredJob): string {
  const full = `${stage}-${policy}-${job}`;
  if (full.length <= 64) return full;
  const digest = createHash('sha256').update(full).digest('hex').slice(0, 8);
  const end = `-${digest}-${job}`;
  return `${full.slice(0, 64 - end.length)}${end}`;
}
