import { createHash } from 'node:crypto';
import type { FiredJob } from '../runs/job.ts';
import { type Plan, targetsOf } from './policy.ts';
import type { Schedule } from './schedule.ts';

/** One schedule that the deployment has to have. */
export type ExpectedSchedule = Schedule & {
  name: string;
  input: { policy: string; job: FiredJob };
};

/** One row a minute, not configurable: what the heartbeat measures is no finer than its rows. */
const HEARTBEAT: Schedule = { cron: '* * * * *', timezone: 'UTC' };

/**
 * Every schedule of a plan, in the plan's order, and one for the heartbeat of each policy that has a target with one.
 * The deployment is generated from this list, and the watch compares the deployed schedules with it.
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
 * `prod-crm-dump`. EventBridge Scheduler takes at most 64 characters: a digest of the whole name replaces the middle
 * of a longer one, so that two long names never become one.
 */
export function scheduleName(stage: string, policy: string, job: FiredJob): string {
  const full = `${stage}-${policy}-${job}`;
  if (full.length <= 64) return full;
  const digest = createHash('sha256').update(full).digest('hex').slice(0, 8);
  const end = `-${digest}-${job}`;
  return `${full.slice(0, 64 - end.length)}${end}`;
}
