import type { FindingCode } from '../findings/finding.ts';
import type { EventMeaning, TimelineEvent } from '../status/timeline.ts';

type Heard = {
  /** The same for every delivery of the same message. */
  id: string;
  /** When it happened, by its sender; when it arrived, where that says nothing sensible. */
  at: string;
  /** The instance, cluster, snapshot or alarm it is about. */
  subject: string;
  message: string;
  meaning?: EventMeaning;
};

export type RdsNotice = Heard & {
  from: 'rds';
  /** `db-instance`, `db-cluster`, `db-snapshot`, `db-cluster-snapshot`, or whatever else RDS may say. */
  source: string;
  /** Such as `RDS-EVENT-0041`. */
  code?: string;
  arn?: string;
  tags: Record<string, string>;
};

export type AlarmNotice = Heard & {
  from: 'alarm';
  state: AlarmState;
  /** Which instances, clusters and caches its metrics are of. */
  about: { dimension: string; id: string }[];
};

export type Notice = RdsNotice | AlarmNotice | (Heard & { from: 'unknown' });

export type AlarmState = 'ALARM' | 'OK' | 'INSUFFICIENT_DATA';

/** Its entry on a timeline. */
export function eventOf(notice: Notice, target: string): TimelineEvent {
  const { from, id, at, subject, message, meaning } = notice;
  const code = notice.from === 'rds' ? notice.code : notice.from === 'alarm' ? notice.state : undefined;
  return { target, at, id, from, ...(code && { code }), subject, message, ...(meaning && { meaning }) };
}

/** What an event on a timeline raises and what it shows to be over. */
export function effectOf({ meaning }: Pick<TimelineEvent, 'meaning'>): {
  raises?: FindingCode;
  resolves: readonly FindingCode[];
} {
  return { ...(meaning?.finding && { raises: meaning.finding }), resolves: meaning?.resolves ?? [] };
}

/** Names under which a wait for news of this is found; see `Catalog.awaitNotice`. */
export function waitsFor(notice: Notice): string[] {
  if (notice.from !== 'rds') return [];
  const { source, subject, meaning } = notice;
  switch (meaning?.completes) {
    case 'source':
      // A wait for a source to be ready knows a cluster as a cluster, or as a source.
      if (source === 'db-cluster') return [`cluster:${subject}`, `instance:${subject}`];
      return source === 'db-instance' ? [`instance:${subject}`] : [];
    case 'snapshot':
      return [`snapshot:${subject}`];
    case 'copy':
      return [`copy:${subject}`, `snapshot:${subject}`];
    default:
      return [];
  }
}
