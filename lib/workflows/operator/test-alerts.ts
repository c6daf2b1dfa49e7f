import { maskEndpoint } from '../../alerting/subscriptions.ts';
import { reasonOf } from '../../domain/errors.ts';
import type { AlertTopic } from '../../domain/findings/alert.ts';
import type { Alerts } from '../../ports/messages.ts';

/** `subscribers` is missing when they could not be listed. */
export type TopicTrial = {
  topic: AlertTopic;
  sent: boolean;
  problems: string[];
  subscribers?: { endpoint: string; confirmed: boolean }[];
};

/** Sends a trial message to each topic and lists its subscribers. A failing topic stops no other. */
export async function testAlerts(alerts: Alerts, stage: string, by: string): Promise<TopicTrial[]> {
  const topics: AlertTopic[] = ['alerts', 'pages', 'alarms'];
  return Promise.all(topics.map((topic) => tryTopic(alerts, topic, stage, by)));
}

async function tryTopic(alerts: Alerts, topic: AlertTopic, stage: string, by: string): Promise<TopicTrial> {
  const text = `This is a trial of topic ${topic} of understudy, stage ${stage}, asked for by ${by}. Nothing is wrong.`;
  const [sent, listed] = await Promise.allSettled([alerts.trial(topic, text), alerts.subscriptions(topic)]);
  const problems = [sent, listed].flatMap((each) =>
    each.status === 'rejected' ? [reasonOf(each.reason)] : [],
  );
  const trial = { topic, sent: sent.status === 'fulfilled', problems };
  if (listed.status === 'rejected') return trial;
  return {
    ...trial,
    subscribers: listed.value.map((each) => ({ endpoint: maskEndpoint(each), confirmed: each.confirmed })),
  };
}
