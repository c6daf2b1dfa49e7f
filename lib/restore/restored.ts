import type { ErrorInfo } from '../domain/errors.ts';
import type { Finding } from '../domain/findings/finding.ts';
import type { Evidence, RestoredSort } from '../domain/proof/evidence.ts';

/** What is restored. Small: it travels through a checkpoint. */
export type Chosen = {
  sort: RestoredSort;
  /** The point's id, or `20261120T010000Z-moment`. */
  point: string;
  /** The moment of the data that the copy will hold, as far as it is known. */
  moment: string;
  /** The newest moment of its sort that can be restored: an emergency now would lose what came after it. */
  newestAt: string;
};

/** The result of restoring it: the measurements of every sort of rehearsal. */
export type Restored = Pick<
  Evidence,
  | 'source'
  | 'where'
  | 'phases'
  | 'strength'
  | 'compared'
  | 'bounded'
  | 'heartbeat'
  | 'differences'
  | 'differenceCount'
  | 'assertions'
  | 'leftOut'
  | 'exceptions'
  | 'notes'
> & {
  began: string;
  /** Did the copy come up? Only then was an RTO measured. */
  cameUp: boolean;
  /** The phases that an emergency would wait for, if not those of a rehearsal. */
  waitedFor?: readonly string[];
  /** The RPO is measured from `plannedAt`; `behind`: how many seconds the copy is behind its promised moment. */
  plannedAt: string;
  behind?: number;
  /** `bad`: the point did not restore. `unjudged`: the restore could not be tried, which says nothing about the point. */
  failure?: ErrorInfo & { kind: 'bad' | 'unjudged' };
  /** Findings of this sort alone. */
  findings: Finding[];
};
