import type { FindingCode } from '../findings/finding.ts';
import type { EventMeaning, TimelineEvent } from '../status/timeline-event.ts';

type Heard = {
  /** The same for every delivery of the same message. */
  id: string;
  /** When it happened, by its sender; when it arrived, if the sender's time makes no sense. */
  at: string;
  /** The instance, cluster, snapshot or alarm it is about. */
  subject: string;
  message: string;
  meaning?: EventMeaning;
};

export type RdsNotice = Heard & {
  from: 'rds';
  /** `db-instance`, `db-cluster`, `db-snapshot`, `db-cluster-snapshot`, or any other word of RDS. */
  source: string;
  /** Such as `RDS-EVENT-0041`. */
  code?: string;
  arn?: string;
  tags: Record<string, string>;
};

export type AlarmNotice = Heard & {
  from: 'alarm';
  state: AlarmState;
  /** The instances, clusters and caches of its metrics. */
  about: { dimension: string; id: string }[];
};

export type Notice = RdsNotice | AlarmNotice | (Heard & { from: 'unknown' });

export type AlarmState = 'ALARM' | 'OK' | 'INSUFFICIENT_DATA';

/** Turns a notice into a timeline entry. */
export function eventOf(notice: Notice, target: string): TimelineEvent {
  const { from, id, at, subject, message, meaning } = notice;
  const code = notice.from === 'rds' ? notice.code : notice.from === 'alarm' ? notice.state : undefined;
  return { target, at, id, from, ...(code && { code }), subject, message, meaning };
}

/** What an event on a timeline raises and what it closes. */
export function effectOf({ meaning }: Pick<TimelineEvent, 'meaning'>): {
  raises?: FindingCode;
  resolves: readonly FindingCode[];
} {
  return { raises: meaning?.finding, resolves: meaning?.resolves ?? [] };
}

/** The names under which a waiting execution is found; see `Catalog.awaitNotice`. */
export function waitsFor(notice: Notice): string[] {
  if (notice.from !== 'rds') return [];
  const { source, subject, meaning } = notice;
  switch (meaning?.completes) {
    case 'source':
      // A wait for a ready source may name a cluster as cluster or as source.
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
