import type { ErrorInfo } from '../errors.ts';
import type { Finding } from '../findings/finding.ts';
import type { SmokePriority } from '../smoke/smoke-step.ts';
import type { HeartbeatProof } from './heartbeat-proof.ts';
import type { Difference, Proof } from './proof.ts';

/** One phase of a rehearsal and how long it took, in seconds. */
export type Phase = { name: string; seconds: number };

/** Phases during which an emergency would wait for the database. Proof and assertions come after. */
export const WAITED_FOR: readonly string[] = ['server', 'fetch', 'roles', 'restore', 'prepare', 'secure'];

/** The phase in which an application runs against the copy. */
export const APPLICATION_PHASE = 'application';

/** How much of a restored instance was compared: of `tables` in the manifest and of `checkable` indexes and tables. */
export type Compared = {
  objects: number;
  tables: number;
  /** Tables equal to the last dump, tables within what was written since, and tables that could not be judged. */
  exact: number;
  bounded: number;
  unbounded: number;
  /** Tables that no snapshot includes: a restore empties them. */
  unlogged: number;
  rows: string;
  checkable: number;
  /** Indexes and tables read completely. */
  checked: number;
};

/** An objective as measured: seconds promised and achieved. */
export type Measured = { promised: number; achieved: number; met: boolean };

/**
 * The record of one rehearsal, written in every case. `exact` means restored from a dump and equal row by row, and
 * only that may be called equal; `bounded` means restored from an instance's snapshot or a moment, where schema,
 * indexes, heartbeat and unwritten tables agree.
 */
export type Evidence = {
  target: string;
  run: string;
  /** Of a drill, whose run does not say it. */
  sort?: RestoredSort;
  at: string;
  point: string;
  pointSnapshotAt: string;
  source: string;
  outcome: 'passed' | 'failed';
  strength: 'exact' | 'bounded' | 'restored' | 'none';
  operator: string;
  simulation: boolean;
  where: string;
  phases: Phase[];
  rto?: Measured;
  rpo?: Measured;
  compared?: Proof['compared'];
  /** Of a restored instance. */
  bounded?: Compared;
  heartbeat?: HeartbeatProof;
  /** The first hundred; `differenceCount` is the total. */
  differences: Difference[];
  differenceCount: number;
  /** `unasked`: there is no answer. `smoke`: of a smoke step, with its priority. */
  assertions: {
    name: string;
    passed: boolean;
    detail: string;
    unasked?: true;
    smoke?: SmokePriority;
  }[];
  /** Extensions that were not available. */
  leftOut: string[];
  /** Other objects left out on purpose, by kind and name: the strength applies to everything else. */
  exceptions?: string[];
  notes: string[];
  findings: Finding[];
  /** `bad`: the point did not restore. `unjudged`: the restore could not be tried, which says nothing about the point. */
  error?: ErrorInfo & { kind: 'bad' | 'unjudged' };
};

/**
 * Did this rehearsal settle an open finding about an assertion? One without an answer does not settle an earlier
 * wrong answer.
 */
export function answersAssertion({ code, subject }: Finding, evidence: Evidence): boolean {
  const sort = restoredSort(evidence);
  return evidence.assertions.some(
    ({ name, unasked, smoke }) =>
      subject === assertionSubject(name, sort) &&
      code.startsWith('smoke-') === (smoke !== undefined) &&
      (UNKNOWN.includes(code) || !unasked),
  );
}

/** Raised again while there is no answer. */
const UNKNOWN: readonly string[] = ['assertion-unanswered', 'smoke-unasked'];

/** What a rehearsal restored: a rehearsal of another sort does not close its findings. */
export type RestoredSort = 'dump' | 'snapshot' | 'moment';
export const RESTORED_SORTS: readonly RestoredSort[] = ['dump', 'snapshot', 'moment'];

/** By the name of its run, `rehearse-moment/crm/2026-11-20T01:00:00Z`, unless it says so itself. */
export function restoredSort({ run, sort }: Pick<Evidence, 'run' | 'sort'>): RestoredSort {
  const [, named = 'dump'] = /^rehearse-(snapshot|moment)\//.exec(run) ?? [];
  return sort ?? (named as RestoredSort);
}

/** The subject of a failed assertion: its name for a dump, and `name, of a snapshot` for a restored instance. */
export function assertionSubject(name: string, sort: RestoredSort): string {
  return sort === 'dump' ? name : `${name}, of a ${sort}`;
}

/** Is a finding of a rehearsal about what was restored, and not about an application that was to use it? */
export const isAboutRestored = ({ code }: Pick<Finding, 'code'>): boolean =>
  !['drill-failed', 'smoke-unasked'].includes(code);

/** Did what was restored fail? An application that was to use it may have failed beside. */
export const isAgainstRestored = ({
  outcome,
  error,
  findings,
}: Pick<Evidence, 'outcome' | 'error' | 'findings'>): boolean =>
  outcome === 'failed' && (error !== undefined || findings.length === 0 || findings.some(isAboutRestored));

/** Was it the run of a drill: a whole restore of a staging target? */
export const isDrill = (run: string): boolean => run.startsWith('drill/');

/** The subject of a breached RTO. */
export function rtoSubject({ run, sort }: { run?: string; sort: RestoredSort }): string {
  if (run !== undefined && isDrill(run)) return 'drill';
  return sort === 'dump' ? 'rehearsal' : `rehearsal of a ${sort}`;
}
