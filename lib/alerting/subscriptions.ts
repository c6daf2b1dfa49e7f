import { createHash } from 'node:crypto';
import type { AlertTopic } from '../domain/findings/alert.ts';
import { DEPLOYMENT, type Finding, finding } from '../domain/findings/finding.ts';
import type { Subscription } from '../ports/messages.ts';

/** A webhook's URL is a credential: of all but its host only a digest is shown. */
export function maskEndpoint({ protocol, endpoint }: Subscription): string {
  if (!URL.canParse(endpoint) || !/^https?:/.test(endpoint)) return `${protocol} ${endpoint}`;
  const digest = createHash('sha256').update(endpoint).digest('hex').slice(0, 8);
  return `${protocol} ${new URL(endpoint).host}/… (${digest})`;
}

/** Has a topic a subscriber, and have all that should confirm done so? */
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
    finding('no-subscribers', {
      target: DEPLOYMENT,
      subject: topic,
      message: `topic ${topic} has no confirmed subscription`,
    }),
  ];
}
