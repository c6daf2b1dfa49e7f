import type { Occasion } from '../domain/alert.ts';
import type { Evidence } from '../domain/evidence.ts';
import type { Finding } from '../domain/finding.ts';
import type { RunName } from '../domain/names.ts';
import type { PointState, RecoveryPoint } from '../domain/recovery-point.ts';
import type { Claim, ClaimOutcome, Run } from '../domain/run.ts';
import type { TargetStatus } from '../domain/target-status.ts';

export type ClaimRequest = RunName & {
  requestedBy: string;
  reason?: string | undefined;
  now: Date;
  leaseSeconds: number;
  /** Do again what was done before: a succeeded run may be claimed too. */
  again?: boolean;
  /** Who claims, where one worker may come back after a crash: a live claim with this token is its own. */
  token?: string;
};

export type RunResult = {
  state: 'succeeded' | 'failed';
  endedAt: string;
  summary: string;
  point?: string | undefined;
  error?: Run['error'];
};

/** A finding while it is open, and what has been told of it. */
export type OpenFinding = Finding & {
  since: string;
  lastToldAt?: string;
  /** What has to be told and was not yet known to arrive. */
  untold?: Occasion;
};

/**
 * What we know. Every write on behalf of a run is conditional on its claim's token and rejects with ClaimLost when
 * another worker has taken over. A change of a point's state that the state machine does not know is refused.
 */
export type Catalog = {
  /** Claims a run, takes over a dead claim, or says why not. Failed runs may be claimed again; succeeded ones are done. */
  claim(request: ClaimRequest): Promise<ClaimOutcome>;
  renew(claim: Claim, leaseUntil: Date): Promise<void>;
  finish(claim: Claim, result: RunResult): Promise<void>;
  run(name: RunName): Promise<Run | undefined>;
  /** Newest first. */
  runs(target: string, job: string, limit: number): Promise<Run[]>;
  /** Runs whose state is `running`, of every target. */
  openRuns(): Promise<Run[]>;
  /** Marks a run whose claim is dead as failed; false when it was renewed or ended meanwhile. */
  failDeadRun(run: Run, result: RunResult): Promise<boolean>;

  /** Writes a point for the claim's holder; the state must be reachable from the one recorded. */
  putPoint(claim: Claim, point: RecoveryPoint): Promise<void>;
  /** Moves a point on without a claim (watch, expire). False when its state does not allow it (any more). */
  movePoint(target: string, id: string, to: PointState, changes?: Partial<RecoveryPoint>): Promise<boolean>;
  /** The point with this id. */
  point(target: string, id: string): Promise<RecoveryPoint | undefined>;
  /** Newest first, by scheduled moment. */
  points(
    target: string,
    options?: { limit?: number; states?: readonly PointState[] },
  ): Promise<RecoveryPoint[]>;

  addEvidence(evidence: Evidence): Promise<void>;
  /** Newest first. */
  evidence(target: string, limit: number): Promise<Evidence[]>;

  /**
   * Opens a finding or brings it up to date, and says whether people must be told: `opened` or `worsened` once,
   * `reminder` when the last word is older than a day, else undefined.
   */
  openFinding(finding: Finding, now: Date): Promise<{ tell?: Occasion; since: string }>;
  /** Closes it; undefined when it was not open. */
  closeFinding(target: string, code: string, subject: string, now: Date): Promise<OpenFinding | undefined>;
  /** Says that people were told. */
  toldFinding(finding: Pick<Finding, 'target' | 'code' | 'subject'>, now: Date): Promise<void>;
  /** What is open, of one target or everywhere. */
  openFindings(target?: string): Promise<OpenFinding[]>;

  /** The status of each target that has one, in any order. */
  statuses(targets: readonly string[]): Promise<Map<string, TargetStatus>>;
  /** Records that a target exists. What is owed counts from the first time. */
  firstSeen(target: string, now: Date): Promise<void>;
  /** Derives a target's status again from its runs, points and evidence, and keeps it. */
  refreshStatus(target: string): Promise<TargetStatus>;
};
