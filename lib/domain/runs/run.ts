import type { ErrorInfo } from '../errors.ts';
import type { RunName } from '../names.ts';

/** One execution of one job for one target, named after the moment it was scheduled for. */
export type Run = RunName & {
  state: 'running' | 'succeeded' | 'failed';
  attempt: number;
  requestedBy: string;
  reason?: string;
  /** Of a snapshot before a release: it stands beside the schedule and for none of its firings. */
  label?: string;
  startedAt: string;
  endedAt?: string;
  /** Until when the claim is alive; renewed while its holder lives. */
  leaseUntil: string;
  claimToken: string;
  /** The recovery point this run works on. */
  point?: string;
  /** What it came to, in one line for people. */
  summary?: string;
  error?: ErrorInfo;
};

/** The right to act for a run. Every later write of its holder is conditional on the token: a zombie's are refused. */
export type Claim = RunName & { token: string; attempt: number };

export type ClaimOutcome =
  | { outcome: 'claimed'; claim: Claim; takenOverFrom?: Run }
  /** Somebody else's claim is alive: the message goes back, unspent. */
  | { outcome: 'held'; until: string }
  /** The work was done before: a second delivery. */
  | { outcome: 'done'; run: Run };
