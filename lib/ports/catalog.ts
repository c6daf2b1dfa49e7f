import type { Acknowledgement } from '../domain/findings/acknowledgement.ts';
import type { FindingRecord, OpenFinding } from '../domain/findings/finding-record.ts';
import type { RunName } from '../domain/names.ts';
import type { Schedule } from '../domain/plan/schedule.ts';
import type { DumpPoint, PointState, RecoveryPoint, SnapshotPoint } from '../domain/points/recovery-point.ts';
import type { Evidence } from '../domain/proof/evidence.ts';
import type { Claim, ClaimOutcome, Run } from '../domain/runs/run.ts';
import type { ScratchRecord, Standing } from '../domain/runs/scratch.ts';
import type { Owing, TargetStatus } from '../domain/status/target-status.ts';
import type { TimelineEvent } from '../domain/status/timeline.ts';

export type ClaimRequest = RunName & {
  requestedBy: string;
  reason?: string | undefined;
  label?: string | undefined;
  now: Date;
  leaseSeconds: number;
  /** Do again what was done before: a succeeded run may be claimed too. */
  again?: boolean;
  /** Who claims, where one worker may come back after a crash: a live claim with this token is its own. */
  token?: string;
};

/** What may change of a point when it moves on. */
export type PointChanges = Partial<Omit<DumpPoint, 'kind' | 'place'>> &
  Partial<Omit<SnapshotPoint, 'kind' | 'place'>>;

export type RunResult = {
  state: 'succeeded' | 'failed';
  endedAt: string;
  summary: string;
  point?: string | undefined;
  error?: Run['error'];
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

  /** Writes a point for the claim's holder; the state must be reachable from the one recorded. */
  putPoint(claim: Claim, point: RecoveryPoint): Promise<void>;
  /** Writes a point that nobody's run makes, such as a snapshot of AWS's own. False when it is known already. */
  adoptPoint(point: RecoveryPoint): Promise<boolean>;
  /** Moves a point on without a claim (watch, expire). False when its state does not allow it (any more). */
  movePoint(target: string, id: string, to: PointState, changes?: PointChanges): Promise<boolean>;
  /** Takes back that a point is corrupt: it is verified again, if `why` is still what it was marked for. False otherwise. */
  acquitPoint(target: string, id: string, why: string, changes: PointChanges): Promise<boolean>;
  /** The dump in the vault that is named after this scheduled moment, whichever attempt made it. */
  pointAt(target: string, scheduledFor: string): Promise<DumpPoint | undefined>;
  /** The point with this id. */
  point(target: string, id: string): Promise<RecoveryPoint | undefined>;
  /** Newest first, by scheduled moment. */
  points(
    target: string,
    options?: { limit?: number; states?: readonly PointState[] },
  ): Promise<RecoveryPoint[]>;

  /** Appends to a target's timeline. False when the same event stands there already. */
  addEvent(event: TimelineEvent): Promise<boolean>;
  /** Newest first. */
  timeline(target: string, limit: number): Promise<TimelineEvent[]>;
  /** Remembers who waits for news of a subject (an instance, a snapshot), so that a notice can end the wait early. */
  awaitNotice(subject: string, token: string, now: Date): Promise<void>;
  /** The token of who waits for news of this subject, or waited last. */
  awaiting(subject: string): Promise<string | undefined>;

  /** Puts a scratch instance on record before it is made, or returns the record of it that is open. */
  beginScratch(record: ScratchRecord): Promise<ScratchRecord>;
  /** What stands of a policy at this very moment. */
  standing(policy: string): Promise<Standing>;
  /**
   * Its turn has come: from now on it costs, until it expires. One that was started before stays as it is. Undefined
   * when another has started or ended since `seen` was read: look again.
   */
  startScratch(
    record: ScratchRecord,
    startedAt: string,
    expiresAt: string,
    seen: Standing,
  ): Promise<ScratchRecord | undefined>;
  identifyScratch(target: string, name: string, resourceId: string): Promise<void>;
  /** Ends it and adds its time to its policy's month. Done before is done. */
  endScratch(record: ScratchRecord, goneAt: string): Promise<void>;
  /** Those not on record as gone, of every target; one of the last seconds may be missing. */
  openScratches(): Promise<ScratchRecord[]>;
  /** Seconds that a policy's ended scratch instances took in a month such as `2026-11`. */
  scratchSeconds(policy: string, month: string): Promise<number>;

  addEvidence(evidence: Evidence): Promise<void>;
  /** Newest first. */
  evidence(target: string, limit: number): Promise<Evidence[]>;

  /** A finding's record, open or closed. */
  finding(target: string, code: string, subject: string): Promise<FindingRecord | undefined>;
  /** Keeps the version that follows the one on record. False when another worker has kept it meanwhile: look again. */
  putFinding(record: FindingRecord): Promise<boolean>;
  /** What is open, of one target or everywhere. */
  openFindings(target?: string): Promise<OpenFinding[]>;

  /** Records that somebody knows of a finding, or expects one. */
  acknowledge(acknowledgement: Acknowledgement): Promise<void>;
  /** Takes back those in force, of one subject or of all of the code; returns what they were. */
  endAcknowledgement(
    about: Pick<Acknowledgement, 'target' | 'code' | 'subject'>,
    by: string,
    now: Date,
  ): Promise<Acknowledgement[]>;
  /** All of one target, newest first; or of every target those that nobody has ended. */
  acknowledgements(target?: string): Promise<Acknowledgement[]>;

  /** The status of each target that has one, in any order. Reads only: what is stale is derived and not kept. */
  statuses(targets: readonly string[]): Promise<Map<string, TargetStatus>>;
  /** Records that a target exists and what its schedules are. What is owed counts from the first time each was seen so. */
  owe(target: string, schedules: Partial<Record<Owing, Schedule>>, now: Date): Promise<void>;
  /** What was last observed of it; as it stands there, nothing of it derived. */
  observed(target: string): Promise<Pick<TargetStatus, 'platform' | 'heartbeatAt'>>;
  /** Keeps what was just seen of a target beside its status. */
  observe(target: string, seen: Pick<TargetStatus, 'platform' | 'heartbeatAt'>, now: Date): Promise<void>;
  /** Derives a target's status again from its runs, points and evidence, and keeps it. */
  refreshStatus(target: string): Promise<TargetStatus>;
};
