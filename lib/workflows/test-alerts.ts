import { reasonOf } from '../domain/errors.ts';
import type { Alerts, AlertTopic, Subscription } from '../ports/messages.ts';

export type TopicTrial = { topic: AlertTopic; sent: boolean; reason?: string; subscriptions: Subscription[] };

/** Sends a trial message to each topic and says who is subscribed. A topic that fails stops no other. */
export async function testAlerts(alerts: Alerts, stage: string, by: string): Promise<TopicTrial[]> {
  const topics: AlertTopic[] = ['alerts', 'pages', 'alarms'];
  return Promise.all(
    topics.map(async (topic): Promise<TopicTrial> => {
      const subscriptions = await alerts.subscriptions(topic).catch((): Subscription[] => []);
      try {
        await alerts.trial(
          topic,
          `This is a trial of topic ${topic} of understudy, stage ${stage}, asked for by ${by}. Nothing is wrong.`,
        );
        return { topic, sent: true, subscriptions };
      } catch (error) {
        return { topic, sent: false, reason: reasonOf(error), subscriptions };
      }
    }),
  );
}
