import type { Sent, TimelineEvent } from '../../domain/status/timeline-event.ts';
import type { Catalog } from '../../ports/catalog.ts';

/** How many timeline entries are read for the alerts among them. */
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
