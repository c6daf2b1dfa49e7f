import { DeleteTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { sns, sqs } from '../../../lib/adapters/aws/clients.ts';
import { jobMessages } from '../../../lib/adapters/aws/job-messages.ts';
import { snsAlerts } from '../../../lib/adapters/aws/sns-alerts.ts';
import type { AlertTopic } from '../../../lib/domain/findings/alert.ts';
import type { JobMessage } from '../../../lib/domain/runs/job.ts';
import type { Alerts, JobMessages, Subscription } from '../../../lib/ports/messages.ts';
import { memoryAlerts } from '../../support/doubles/alerts.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { type Message, memoryMessages } from '../../support/doubles/job-messages.ts';
import { form, pickyTopic, subscribers } from './fake-sns.ts';
import { impatient } from './impatient.ts';
import { type FaultyProxy, startProxy } from './proxy.ts';
import { stage } from './stage.ts';

export type MessagesUnderTest = {
  messages: JobMessages;
  /** Takes what lies in a queue; waits until so many have arrived. */
  take(queue: string, expected?: number): Promise<Message[]>;
  /** The topic refuses some messages from now on. */
  refuse(refused?: (message: Message) => boolean): void;
  stop(): Promise<void>;
};

export const MESSAGES: [string, () => Promise<MessagesUnderTest>][] = [
  ['in memory', async () => messagesInMemory()],
  ['over SNS and SQS', () => messagesOverSns()],
];

function messagesInMemory(): MessagesUnderTest {
  const clock = manualClock();
  const messages = memoryMessages(clock);
  return {
    messages,
    refuse: messages.refuse,
    stop: async () => undefined,
    async take(queue, expected = 0) {
      const found = messages.take(queue);
      if (found.length >= expected) return found;
      await clock.advance(900);
      return [...found, ...messages.take(queue)];
    },
  };
}

/** The adapter on moto; what the topic is made to refuse never reaches moto, and what it then takes neither. */
export async function messagesOverSns(): Promise<MessagesUnderTest & { proxy: FaultyProxy }> {
  const { environment } = await stage();
  const proxy = await startProxy(process.env['AWS_ENDPOINT_URL']!);
  Object.assign(process.env, { AWS_ENDPOINT_URL_SNS: proxy.endpoint, AWS_ENDPOINT_URL_SQS: proxy.endpoint });
  const queueOf = (name: string) => environment[`UNDERSTUDY_QUEUE_${name.toUpperCase()}`]!;
  // The SDK goes where a queue's URL says, so the URLs the adapter knows lead through the proxy.
  const through = (name: string) => `${proxy.endpoint}${new URL(queueOf(name)).pathname}`;
  const queues = { dump: through('dump'), verify: through('verify'), expire: through('expire') };
  const client = await impatient(sns());
  const receiver = new SQSClient({ endpoint: process.env['AWS_ENDPOINT_URL']! });
  const picked: Message[] = [];
  return {
    proxy,
    messages: jobMessages(client, sqs(), environment['UNDERSTUDY_TOPIC_JOBS']!, queues),
    stop: () => proxy.stop(),
    refuse(refused) {
      proxy.rule(
        refused
          ? pickyTopic(
              (entry) => refused(entry.message),
              ({ message }) => picked.push(message),
            )
          : () => undefined,
      );
    },
    async take(queue, expected = 0) {
      const found = picked.splice(0).filter((message) => message.job === queue);
      const QueueUrl = queueOf(queue);
      const deadline = Date.now() + 300_000;
      for (;;) {
        const WaitTimeSeconds = found.length < expected ? 1 : 0;
        const request = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds };
        const { Messages = [] } = await receiver.send(new ReceiveMessageCommand(request));
        for (const { Body, ReceiptHandle } of Messages) {
          found.push(JSON.parse(Body!));
          await receiver.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        }
        if (Messages.length === 0 && found.length >= expected) return found;
        if (Date.now() > deadline) throw new Error(`${found.length} of ${expected} arrived in ${queue}`);
      }
    },
  };
}

export const dumpOf = (target: string): JobMessage => ({
  job: 'dump',
  target,
  scheduledFor: '2026-11-20T01:00:00Z',
  requestedBy: 'schedule',
});

export type Heard = { subject: string; text: string; json: Record<string, unknown> };
export type AlertsUnderTest = {
  alerts: Alerts;
  /** Takes what a topic took since it was last asked. */
  take(topic: AlertTopic): Promise<Heard[]>;
  remove(topic: AlertTopic): Promise<void>;
  subscribed(topic: AlertTopic, subscriptions: Subscription[]): void;
  stop(): Promise<void>;
};

export const ALERTS: [string, () => Promise<AlertsUnderTest>][] = [
  ['in memory', async () => alertsInMemory()],
  ['over SNS', () => alertsOverSns()],
];

function alertsInMemory(): AlertsUnderTest {
  const alerts = memoryAlerts();
  return {
    alerts,
    take: async (topic) => alerts.take(topic).map(({ topic: _topic, ...heard }) => heard),
    remove: async (topic) => alerts.remove(topic),
    subscribed: (topic, found) => found.forEach((each) => void alerts.subscribe(topic, each)),
    stop: async () => undefined,
  };
}

/** The adapter on moto. What mail gets is in no mailbox there, so it is read on its way. */
export async function alertsOverSns(): Promise<
  AlertsUnderTest & { proxy: FaultyProxy; topics: Record<AlertTopic, string> }
> {
  const { environment } = await stage();
  const topicOf = (topic: string) => environment[`UNDERSTUDY_TOPIC_${topic.toUpperCase()}`]!;
  const topics = { alerts: topicOf('alerts'), pages: topicOf('pages'), alarms: topicOf('alarms') };
  const direct = new SNSClient({ endpoint: process.env['AWS_ENDPOINT_URL']! });
  const proxy = await startProxy(process.env['AWS_ENDPOINT_URL']!);
  process.env['AWS_ENDPOINT_URL_SNS'] = proxy.endpoint;
  const removed = new Set<AlertTopic>();
  return {
    proxy,
    topics,
    alerts: snsAlerts(await impatient(sns()), topics),
    stop: () => proxy.stop(),
    async remove(topic) {
      removed.add(topic);
      await direct.send(new DeleteTopicCommand({ TopicArn: topics[topic] }));
    },
    subscribed: (_topic, found) =>
      proxy.rule(
        subscribers([
          found.map(({ protocol, endpoint, confirmed }) => ({
            protocol,
            endpoint,
            arn: confirmed ? `arn:aws:sns:eu-central-1:1:t:${endpoint}` : 'PendingConfirmation',
          })),
        ]),
      ),
    async take(topic) {
      const published = proxy
        .of('Publish')
        .map(form)
        .filter((fields) => fields.get('TopicArn') === topics[topic]);
      const others = proxy.seen.filter((wire) => form(wire).get('TopicArn') !== topics[topic]);
      proxy.seen.splice(0, proxy.seen.length, ...others);
      if (removed.has(topic)) return [];
      return published.map((fields) => {
        const { email, https } = JSON.parse(fields.get('Message')!) as Record<string, string>;
        return { subject: fields.get('Subject')!, text: email!, json: JSON.parse(https!) };
      });
    },
  };
}
