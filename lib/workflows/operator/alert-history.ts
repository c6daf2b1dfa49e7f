import { reasonOf } from '../../domain/errors.ts';
import type { Sent, TimelineEvent } from '../../domain/status/timeline.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Alerts, Log } from '../../ports/messages.ts';

/**
 * Alerts that keep a history: each one sent stands on its target's timeline with the topics that took it and those that
 * did not. Recorded after the sending, and a failure to record stops no alert: of a process that dies in between, the
 * alert went out and is missing here.
 */
export function recordedAlerts(alerts: Alerts, catalog: Pick<Catalog, 'addEvent'>, log: Log): Alerts {
  return {
    ...alerts,
    async send(alert, topics) {
      const failed = await alerts.send(alert, topics);
      const { finding, occasion, at } = alert;
      const { target, code, subject, severity, message } = finding;
      const taken = topics.filter((topic) => !failed.some((failure) => failure.topic === topic));
      await catalog
        .addEvent({
          target,
          at,
          id: `sent ${code} ${subject} ${occasion}`.slice(0, 500),
          from: 'sent',
          code,
          subject,
          message,
          sent: { occasion, severity, taken, failed },
        })
        .catch((error) => log.warn('an alert could not be kept in the history', { reason: reasonOf(error) }));
      return failed;
    },
  };
}

/** The alerts stand between everything else that a target’s timeline has. */
const SEARCHED = 1000;

export type SentAlert = TimelineEvent & { sent: Sent };

/** Alerts sent about a target, newest first. */
export async function alertHistory(
  catalog: Pick<Catalog, 'timeline'>,
  target: string,
  limit: number,
): Promise<SentAlert[]> {
  const events = await catalog.timeline(target, SEARCHED);
  return events.filter((event): event is SentAlert => event.sent !== undefined).slice(0, limit);
}
