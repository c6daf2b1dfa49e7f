import { createHash } from 'node:crypto';
import type { Target } from '../../domain/plan/policy.ts';
import type { TimelineEvent } from '../../domain/status/timeline-event.ts';
import { humanSeconds, secondsBetween } from '../../domain/time.ts';

/** A completion later than this belongs to another failover. In seconds. */
const LONGEST = 3600;

/**
 * How long a failover lasted, as a timeline entry: between RDS's own events, once both have arrived, in any order.
 * With a heartbeat its gap is the better measure of how long nothing could be written, and the entry refers to it.
 * The entry is named after the event it begins with, so two completions make one.
 */
export function downtimeOf(
  event: TimelineEvent,
  recent: readonly TimelineEvent[],
  target: Target | { id: string },
): TimelineEvent | undefined {
  const step = stepOf(event);
  if (!step) return undefined;
  const others = recent.filter((each) => each.subject === event.subject);
  const begins = step === 'begins' ? event : nearest(others, 'begins', (at) => secondsBetween(at, event.at));
  const ends = step === 'ends' ? event : nearest(others, 'ends', (at) => secondsBetween(event.at, at));
  if (!begins || !ends) return undefined;
  const seconds = secondsBetween(begins.at, ends.at);
  const measured = 'heartbeat' in target && target.heartbeat;
  const message = measured
    ? `the failover of ${event.subject} took ${humanSeconds(seconds)} by RDS’s events; a gap in the heartbeat of more than two minutes, if there was one, is on the timeline too`
    : `the failover of ${event.subject} took ${humanSeconds(seconds)} (${seconds} s) by RDS’s events, from its beginning to its completion`;
  return {
    target: event.target,
    at: begins.at,
    id: createHash('sha256').update(`failover ${begins.id}`).digest('hex').slice(0, 32),
    from: 'understudy',
    code: 'failover-downtime',
    subject: event.subject,
    message,
  };
}

const stepOf = (event: TimelineEvent) => event.meaning?.failover;

function nearest(
  events: readonly TimelineEvent[],
  step: 'begins' | 'ends',
  distance: (at: string) => number,
): TimelineEvent | undefined {
  return events
    .filter((each) => stepOf(each) === step && distance(each.at) >= 0 && distance(each.at) <= LONGEST)
    .sort((a, b) => distance(a.at) - distance(b.at))[0];
}
