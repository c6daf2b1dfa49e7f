import { toAwsCron } from '../../../lib/adapters/aws/cron.ts';
import { expectedSchedules } from '../../../lib/domain/plan/expected-schedules.ts';
import type { Plan } from '../../../lib/domain/plan/policy.ts';
import type { DeployedSchedule } from '../../../lib/ports/messages.ts';

/** What a deployment of a plan holds: each schedule there, switched on and as described. */
export function schedulesOf(plan: Plan, stage = 'test'): DeployedSchedule[] {
  return expectedSchedules(plan, stage).map(({ name, cron, timezone }) => ({
    name,
    expression: toAwsCron(cron),
    timezone,
    enabled: true,
  }));
}
