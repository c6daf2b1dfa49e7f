import type { Acknowledgement } from '../../../../lib/domain/findings/acknowledgement.ts';
import type { FindingRecord } from '../../../../lib/domain/findings/finding-record.ts';
import type { AppChange } from '../../../../lib/domain/incidents/app-change.ts';
import type { RestoreAnswer, RestoreRecord } from '../../../../lib/domain/incidents/restore-record.ts';
import { type PointName, type RunName, runName } from '../../../../lib/domain/names.ts';
import type { RecoveryPoint } from '../../../../lib/domain/points/recovery-point.ts';
import type { Evidence } from '../../../../lib/domain/proof/evidence.ts';
import type { CancelRequest, Run } from '../../../../lib/domain/runs/run.ts';
import type { ScratchRecord, Standing } from '../../../../lib/domain/runs/scratch-record.ts';
import type { TargetStatus } from '../../../../lib/domain/status/target-status.ts';
import type { TimelineEvent } from '../../../../lib/domain/status/timeline-event.ts';

/** Every change raises the version, so that a status is derived again if something changed meanwhile. */
export type StoredStatus = Pick<TargetStatus, 'owed' | 'platform' | 'heartbeatAt'> & {
  firstSeenAt?: string;
  status?: TargetStatus;
  stale: boolean;
  version: number;
};

/** What the catalog holds. Everything goes in and comes out as a copy: nobody changes a record by changing what he was given. */
export type Store = {
  runs: Map<string, Run>;
  points: Map<string, RecoveryPoint>;
  evidence: Map<string, Evidence>;
  findings: Map<string, FindingRecord>;
  statuses: Map<string, StoredStatus>;
  events: Map<string, TimelineEvent>;
  acknowledgements: Map<string, Acknowledgement>;
  cancelRequests: Map<string, CancelRequest>;
  /** Who waits, by what for. */
  waits: Map<string, string>;
  scratches: Map<string, ScratchRecord>;
  /** Seconds by policy and month. */
  scratchUse: Map<string, number>;
  standing: Map<string, Standing>;
  restores: Map<string, RestoreRecord>;
  restoreAnswers: Map<string, RestoreAnswer>;
  appChanges: Map<string, AppChange>;
};

export const emptyStore = (): Store => ({
  runs: new Map(),
  points: new Map(),
  evidence: new Map(),
  findings: new Map(),
  statuses: new Map(),
  events: new Map(),
  acknowledgements: new Map(),
  cancelRequests: new Map(),
  waits: new Map(),
  scratches: new Map(),
  scratchUse: new Map(),
  standing: new Map(),
  restores: new Map(),
  restoreAnswers: new Map(),
  appChanges: new Map(),
});

export const runKey = (run: RunName) => runName({ ...run });
export const pointKey = (target: string, { scheduledFor, kind, place }: PointName) =>
  `${target} ${scheduledFor} ${kind} ${place}`;
export const findingKey = (target: string, code: string, subject: string) => `${target} ${code} ${subject}`;

/** A copy as a table would give it back: what is undefined is not there. */
export function copy<T>(value: T): T {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T);
}

/** Copies of what passes, newest first. */
export function newestFirst<T>(values: Iterable<T>, moment: (value: T) => string, limit?: number): T[] {
  const sorted = [...values].sort((a, b) => moment(b).localeCompare(moment(a)));
  return copy(sorted.slice(0, limit));
}
