import { DEPLOYMENT, type Finding, finding } from '../../domain/findings/finding.ts';
import type { ExpectedSchedule } from '../../domain/plan/expected-schedules.ts';
import type { DeployedSchedule, Schedules } from '../../ports/messages.ts';

/** Are all schedules there, switched on, and as understudy.yml describes them? */
export function checkSchedules(
  expected: readonly ExpectedSchedule[],
  deployed: readonly DeployedSchedule[],
  { expression }: Pick<Schedules, 'expression'>,
): Finding[] {
  const byName = new Map(deployed.map((schedule) => [schedule.name, schedule]));
  return expected.flatMap((wanted): Finding[] => {
    const about = { target: DEPLOYMENT, subject: wanted.name };
    const found = byName.get(wanted.name);
    const what = `the schedule ${wanted.name} (${wanted.input.job} of policy ${wanted.input.policy})`;
    if (!found) return [finding('schedule-missing', { ...about, message: `${what} does not exist` })];
    if (!found.enabled)
      return [finding('schedule-disabled', { ...about, message: `${what} is switched off` })];
    const cron = expression(wanted.cron);
    if (found.expression === cron && found.timezone === wanted.timezone) return [];
    const message = `${what} is ${found.expression} ${found.timezone}, understudy.yml says ${cron} ${wanted.timezone}`;
    return [finding('schedule-different', { ...about, message })];
  });
}
