import type { Occasion } from '../findings/alert.ts';
import type { FindingCode } from '../findings/finding.ts';
import type { Severity } from '../findings/severity.ts';

/** What news of the platform means for a target. */
export type EventMeaning = {
  means: string;
  is: 'good' | 'bad' | 'neither';
  /** The finding that it raises. */
  finding?: FindingCode;
  /** The findings that it closes. */
  resolves?: readonly FindingCode[];
  /** The waits that it may end early: for the instance or cluster it is about, for the snapshot, for the copy. */
  completes?: 'source' | 'snapshot' | 'copy';
  failover?: 'begins' | 'ends';
};

/** An event of a target. Appended once: the same event delivered twice is one entry. */
export type TimelineEvent = {
  target: string;
  /** When it happened, by its reporter. */
  at: string;
  /** The same for every delivery of the same event. */
  id: string;
  /** The reporter: an RDS event, a CloudWatch alarm, Understudy itself, or an unknown sender; or an alert, a run, a person. */
  from: 'rds' | 'alarm' | 'understudy' | 'unknown' | 'alert' | 'run' | 'person';
  /** The reporter's own code, such as `RDS-EVENT-0041`. */
  code?: string;
  /** The subject: an instance, a snapshot, an alarm. */
  subject: string;
  message: string;
  /** What the news means, where that is known. */
  meaning?: EventMeaning;
  /** For a sent alert: why, and which topics took it. */
  sent?: Sent;
};

export type Sent = {
  occasion: Occasion;
  severity: Severity;
  taken: string[];
  failed: { topic: string; reason: string }[];
};
