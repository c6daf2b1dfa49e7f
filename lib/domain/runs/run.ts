import type { ErrorInfo } from '../errors.ts';
import type { RunName } from '../names.ts';
import type { StoredObject } from '../points/recovery-point.ts';

/** One execution of one job for one target, named after the moment it was scheduled for. */
export type Run = RunName & {
  state: 'running' | 'succeeded' | 'failed';
  attempt: number;
  requestedBy: string;
  reason?: string;
  /** A snapshot before a release: it is outside the schedule and covers none of its firings. Of an extract: what it is of. */
  label?: string;
  startedAt: string;
  endedAt?: string;
  /** When the claim expires; its holder renews it. */
  leaseUntil: string;
  claimToken: string;
  /** The recovery point this run works on. */
  point?: string;
  /** Its result in one line. */
  summary?: string;
  error?: ErrorInfo;
  extracted?: Extracted;
};

/**
 * What an extract brought out of a snapshot or a moment: rows, by their manifest in the bucket of files, or the answer to
 * its condition.
 */
export type Extracted = {
  /** The point's id, or `20261120T010000Z-moment`. */
  point: string;
  /** The moment of the data. */
  asOf: string;
  manifest?: StoredObject;
  holds?: boolean;
  /** Tables whose rows no snapshot has: they were not brought out. */
  leftOut?: string[];
};

/**
 * The right to act for a run. Every later write of its holder requires the token, so a superseded worker's writes are
 * refused.
 */
export type Claim = RunName & { token: string; attempt: number };

export type ClaimOutcome =
  | { outcome: 'claimed'; claim: Claim; takenOverFrom?: Run }
  /** Another worker's claim is alive: the message goes back, unspent. */
  | { outcome: 'held'; until: string }
  /** The work was done before: this is a second delivery. */
  | { outcome: 'done'; run: Run };

/** A person's request that the holder of this claim end its run. */
export type CancelRequest = Claim & { by: string; at: string };
