import { ListSubscriptionsByTopicCommand, PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { reasonOf } from '../../domain/errors.ts';
import {
  type Alert,
  type AlertTopic,
  alertJson,
  alertSubject,
  alertText,
} from '../../domain/findings/alert.ts';
import type { Alerts, Subscription } from '../../ports/messages.ts';

export type AlertTopics = Record<AlertTopic, string>;

/**
 * Alerts over SNS. Each topic is published to on its own, so that a deleted topic does not affect the others. Mail
 * gets readable text, machines get JSON.
 */
export function snsAlerts(sns: SNSClient, topics: AlertTopics): Alerts {
  const publish = (topic: AlertTopic, subject: string, text: string, json: string) =>
    sns.send(
      new PublishCommand({
        TopicArn: topics[topic],
        Subject: subject,
        MessageStructure: 'json',
        Message: JSON.stringify({
          default: text,
          email: text,
          sms: subject,
          http: json,
          https: json,
          sqs: json,
          lambda: json,
          'email-json': json,
        }),
      }),
    );
  return {
    async send(alert: Alert, wanted) {
      const failures = await Promise.all(
        wanted.map((topic) =>
          publish(topic, alertSubject(alert), alertText(alert), alertJson(alert)).then(
            () => [],
            (error) => [{ topic, reason: reasonOf(error) }],
          ),
        ),
      );
      return failures.flat();
    },
    async trial(topic, text) {
      await publish(
        topic,
        `[trial] understudy: a message to ${topic}`,
        text,
        JSON.stringify({ schemaVersion: 1, occasion: 'trial', topic, message: text }),
      );
    },
    async subscriptions(topic) {
      const found: Subscription[] = [];
      let NextToken: string | undefined;
      do {
        const page = await sns.send(
          new ListSubscriptionsByTopicCommand({
            TopicArn: topics[topic],
            NextToken,
          }),
        );
        for (const { Protocol, Endpoint, SubscriptionArn } of page.Subscriptions ?? []) {
          found.push({
            protocol: Protocol ?? '?',
            endpoint: Endpoint ?? '?',
            confirmed: SubscriptionArn?.startsWith('arn:') === true,
          });
        }
        NextToken = page.NextToken;
      } while (NextToken);
      return found;
    },
  };
}
