import { createHash } from 'node:crypto';
import type { AlertTopic } from '../domain/alert.ts';
import type { ExpectedSchedule } from '../domain/expected-schedules.ts';
import { DEPLOYMENT, type Finding, finding } from '../domain/finding.ts';
import type { DeployedSchedule, Subscription } from '../ports/messages.ts';

/** Are all schedules there, switched on, and those that understudy.yml describes? */
export function checkSchedules(
  expected: readonly ExpectedSchedule[],
  deployed: readonly DeployedSchedule[],
): Finding[] {
  const byName = new Map(deployed.map((schedule) => [schedule.name, schedule]));
  return expected.flatMap((wanted): Finding[] => {
    const about = { target: DEPLOYMENT, subject: wanted.name };
    const found = byName.get(wanted.name);
    const what = `the schedule ${wanted.name} (${wanted.input.job} of policy ${wanted.input.policy})`;
    if (!found) return [finding('schedule-missing', { ...about, message: `${what} does not exist` })];
    if (!found.enabled)
      return [finding('schedule-disabled', { ...about, message: `${what} is switched off` })];
    if (found.expression === wanted.expression && found.timezone === wanted.timezone) return [];
    const message = `${what} is ${found.expression} ${found.timezone}, understudy.yml says ${wanted.expression} ${wanted.timezone}`;
    return [finding('schedule-different', { ...about, message })];
  });
}

/** A webhook's URL is a credential: all but its host is told by a digest only. */
export function maskEndpoint({ protocol, endpoint }: Subscription): string {
  if (!URL.canParse(endpoint) || !/^https?:/.test(endpoint)) return `${protocol} ${endpoint}`;
  const digest = createHash('sha256').update(endpoint).digest('hex').slice(0, 8);
  return `${protocol} ${new URL(endpoint).host}/… (${digest})`;
}

/** Does anybody hear a topic, and did everybody who should confirm? */
export function checkSubscriptions(topic: AlertTopic, subscriptions: readonly Subscription[]): Finding[] {
  const unconfirmed = subscriptions
    .filter((subscription) => !subscription.confirmed)
    .map((subscription) =>
      finding('subscription-unconfirmed', {
        target: DEPLOYMENT,
        subject: `${topic} ${maskEndpoint(subscription)}`,
        message: `${maskEndpoint(subscription)} has not confirmed its subscription to ${topic}`,
      }),
    );
  if (subscriptions.some((subscription) => subscription.confirmed)) return unconfirmed;
  return [
    ...unconfirmed,
    finding('alerts-unheard', {
      target: DEPLOYMENT,
      subject: topic,
      message: `topic ${topic} has no confirmed subscription`,
    }),
  ];
}
