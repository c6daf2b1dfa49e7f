import { type AlertTopic, alertJson, alertSubject, alertText } from '../../../lib/domain/findings/alert.ts';
import type { Alerts, Subscription } from '../../../lib/ports/messages.ts';

/** What a topic took: the text that mail gets and the JSON that machines get. */
export type Taken = { topic: AlertTopic; subject: string; text: string; json: Record<string, unknown> };
export type MemoryAlerts = Alerts & {
  taken: Taken[];
  /** Takes what one topic took since it was last asked. */
  take(topic: AlertTopic): Taken[];
  /** The same in a line each: `opened P1 job-failed crm dump`. */
  told(topic?: AlertTopic): string[];
  subscribe(topic: AlertTopic, subscription: Subscription): void;
  /** Deletes a topic, or brings it back; its subscriptions go with it. */
  remove(topic: AlertTopic): void;
  restore(topic: AlertTopic): void;
};

/** The three topics in memory. */
export function memoryAlerts(): MemoryAlerts {
  const taken: Taken[] = [];
  const topics = new Map<AlertTopic, Subscription[]>([
    ['alerts', []],
    ['pages', []],
    ['alarms', []],
  ]);
  const subscribers = (topic: AlertTopic) => {
    const found = topics.get(topic);
    if (!found) throw new Error(`topic ${topic} does not exist`);
    return found;
  };
  const publish = (topic: AlertTopic, subject: string, text: string, json: string) => {
    subscribers(topic);
    taken.push({ topic, subject, text, json: JSON.parse(json) });
  };
  const take = (topic: AlertTopic) => {
    const found = taken.filter((each) => each.topic === topic);
    taken.splice(0, taken.length, ...taken.filter((each) => each.topic !== topic));
    return found;
  };
  return {
    taken,
    take,
    told: (topic = 'alerts') =>
      take(topic).map(({ json }) =>
        ['occasion', 'severity', 'code', 'target', 'subject'].map((field) => json[field]).join(' '),
      ),
    subscribe: (topic, subscription) => void subscribers(topic).push({ ...subscription }),
    remove: (topic) => void topics.delete(topic),
    restore: (topic) => void (topics.has(topic) || topics.set(topic, [])),

    async send(alert, wanted) {
      return wanted.flatMap((topic) => {
        try {
          publish(topic, alertSubject(alert), alertText(alert), alertJson(alert));
          return [];
        } catch (error) {
          return [{ topic, reason: (error as Error).message }];
        }
      });
    },
    async trial(topic, text) {
      const json = JSON.stringify({ schemaVersion: 1, occasion: 'trial', topic, message: text });
      publish(topic, `[trial] understudy: a message to ${topic}`, text, json);
    },
    subscriptions: async (topic) => subscribers(topic).map((each) => ({ ...each })),
  };
}
