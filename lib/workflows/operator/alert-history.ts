import type { Sent, TimelineEvent } from '../../domain/status/timeline.ts';
import type { Catalog } from '../../ports/catalog.ts';

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
