import type { Acknowledgement } from '../domain/findings/acknowledgement.ts';
import type { FindingRecord, OpenFinding } from '../domain/findings/finding-record.ts';
import type { AppChange } from '../domain/incidents/app-change.ts';
import type { RestoreAnswer, RestoreRecord } from '../domain/incidents/restore-record.ts';
import type { RunName } from '../domain/names.ts';
import type { Schedule } from '../domain/plan/schedule.ts';
import type { DumpPoint, PointState, RecoveryPoint, SnapshotPoint } from '../domain/points/recovery-point.ts';
import type { Evidence } from '../domain/proof/evidence.ts';
import type { CancelRequest, Claim, ClaimOutcome, Extracted, Run } from '../domain/runs/run.ts';
import type { ScratchRecord, Standing } from '../domain/runs/scratch-record.ts';
import type { Owing, TargetStatus } from '../domain/status/target-status.ts';
import type { TimelineEvent } from '../domain/status/timeline-event.ts';

export type ClaimRequest = RunName & {
  requestedBy: string;
  reason?: string | undefined;
  label?: string | undefined;
  now: Date;
  leaseSeconds: number;
  /** Repeat finished work: a succeeded run may be claimed too. */
  again?: boolean;
  /** Identifies a worker that may come back after a crash: a live claim with this token is its own. */
  token?: string;
};

/** What may change of a point in a new state. */
export type PointChanges = Partial<Omit<DumpPoint, 'kind' | 'place'>> &
  Partial<Omit<SnapshotPoint, 'kind' | 'place'>>;

export type RunResult = {
  state: 'succeeded' | 'failed';
  endedAt: string;
  summary: string;
  point?: string | undefined;
  error?: Run['error'];
  extracted?: Extracted | undefined;
};

/**
 * The catalog. Every write on behalf of a run requires its claim's token and rejects with ClaimLost when another
 * worker has taken over. A change of a point's state that the state machine does not allow is refused.
 */
export type Catalog = {
  /** Claims a run, takes over a dead claim, or reports why not. Failed runs may be claimed again; succeeded ones are done. */
  claim(request: ClaimRequest): Promise<ClaimOutcome>;
  renew(claim: Claim, leaseUntil: Date): Promise<void>;
  finish(claim: Claim, result: RunResult): Promise<void>;
  /** Keeps a request for the holder of a claim, who looks for it while it works. */
  requestCancel(request: CancelRequest): Promise<void>;
  /** The request that concerns this very claim. */
  cancelRequest(claim: Claim): Promise<CancelRequest | undefined>;
  run(name: RunName): Promise<Run | undefined>;
  /** Newest first. */
  runs(target: string, job: string, limit: number): Promise<Run[]>;
  /** Runs whose state is `running`, of every target. */
  openRuns(): Promise<Run[]>;

  /** Writes a point for the claim's holder; its state must be reachable from the recorded one. */
  putPoint(claim: Claim, point: RecoveryPoint): Promise<void>;
  /** Writes a point without a run, such as an automated snapshot of AWS. False when it is known already. */
  adoptPoint(point: RecoveryPoint): Promise<boolean>;
  /** Changes a point's state without a claim (watch, expire). False when its state does not allow it (any more). */
  movePoint(target: string, id: string, to: PointState, changes?: PointChanges): Promise<boolean>;
  /** Clears a corrupt point: it is verified again, if `why` is still the recorded reason. False otherwise. */
  acquitPoint(target: string, id: string, why: string, changes: PointChanges): Promise<boolean>;
  /** The dump in the vault of this scheduled moment, by any attempt. */
  pointAt(target: string, scheduledFor: string): Promise<DumpPoint | undefined>;
  /** The point with this id. */
  point(target: string, id: string): Promise<RecoveryPoint | undefined>;
  /** Newest first, by scheduled moment. */
  points(
    target: string,
    options?: { limit?: number; states?: readonly PointState[] },
  ): Promise<RecoveryPoint[]>;

  /** Appends to a target's timeline. False when the same event is there already. */
  addEvent(event: TimelineEvent): Promise<boolean>;
  /** Newest first. */
  timeline(target: string, limit: number): Promise<TimelineEvent[]>;
  /** Remembers who waits for news of a subject (an instance, a snapshot), so that a notice can end the wait early. */
  awaitNotice(subject: string, token: string, now: Date): Promise<void>;
  /** The token of the current or last wait for news of this subject. */
  awaiting(subject: string): Promise<string | undefined>;

  /** Records a scratch instance before it is made, or returns its open record. */
  beginScratch(record: ScratchRecord): Promise<ScratchRecord>;
  /** What a policy has running at this moment. */
  standing(policy: string): Promise<Standing>;
  /**
   * Starts it: from now on it costs, until it expires. One that was started before stays as it is. Undefined when
   * another has started or ended since `seen` was read: look again.
   */
  startScratch(
    record: ScratchRecord,
    startedAt: string,
    expiresAt: string,
    seen: Standing,
  ): Promise<ScratchRecord | undefined>;
  identifyScratch(target: string, name: string, resourceId: string): Promise<void>;
  /** Ends it and adds its time to its policy's month. Repeating it changes nothing. */
  endScratch(record: ScratchRecord, goneAt: string): Promise<void>;
  /** Those that have not ended, of every target; one of the last seconds may be missing. */
  openScratches(): Promise<ScratchRecord[]>;
  /** Seconds that a policy's ended scratch instances ran in a month such as `2026-11`. */
  scratchSeconds(policy: string, month: string): Promise<number>;

  /**
   * Records an emergency restore, if no other of its target is open: otherwise resolves with that one. Repeating it
   * resolves with the record as it is.
   */
  beginRestore(record: RestoreRecord): Promise<RestoreRecord>;
  /**
   * Takes a restore that no living execution works on for its rollback, under the same lock: false if it is not as it
   * was `seen`, if one is under way, or if another than `newest` has begun since. Repeating it with the same `takenBy` is
   * true. `newest` is the id of the target's newest restore as it was seen; by default, this one.
   */
  takeRestore(
    record: RestoreRecord & { takenBy: string },
    seen: Pick<RestoreRecord, 'state' | 'aliveUntil'>,
    newest?: string,
  ): Promise<boolean>;
  /**
   * Stores a restore that its execution changed. One that has ended frees its target. Rejects with `RestoreTaken` when
   * another execution has taken it.
   */
  putRestore(record: RestoreRecord): Promise<void>;
  /** Its execution lives until then, at least. Rejects with `RestoreTaken`. */
  renewRestore(
    record: Pick<RestoreRecord, 'target' | 'id' | 'token' | 'takenBy'>,
    aliveUntil: string,
  ): Promise<void>;
  /** Those that have not ended or have left a database, of every target; one of the last seconds may be missing. */
  standingRestores(): Promise<RestoreRecord[]>;
  /** The restore with this id, else the one that was last worked on: the newest, or an earlier one that was rolled back since. */
  restore(target: string, id?: string): Promise<RestoreRecord | undefined>;
  /** Every restore of a target, the newest first. */
  restoresOf(target: string): Promise<RestoreRecord[]>;
  /** Keeps a person's answer. The first to approve or reject counts: resolves with the one that does. */
  answerRestore(answer: RestoreAnswer): Promise<RestoreAnswer>;
  /** What people answered to a restore: the decision, and a wish to abort. */
  restoreAnswers(target: string, id: string): Promise<{ decided?: RestoreAnswer; abort?: RestoreAnswer }>;

  /**
   * Records a change of the application, if no other of its target is under way: otherwise resolves with that one, or
   * with the one that has the same id. Repeating it resolves with the record as it is.
   */
  beginAppChange(record: AppChange, now: Date): Promise<AppChange>;
  /** Stores what its execution changed. Rejects with ClaimLost when another has begun since. */
  putAppChange(record: AppChange): Promise<void>;
  /** The last one of the target. */
  appChange(target: string): Promise<AppChange | undefined>;

  addEvidence(evidence: Evidence): Promise<void>;
  /** Newest first. */
  evidence(target: string, limit: number): Promise<Evidence[]>;

  /** A finding's record, open or closed. */
  finding(target: string, code: string, subject: string): Promise<FindingRecord | undefined>;
  /** Stores the version that follows the recorded one. False when another worker has stored it: look again. */
  putFinding(record: FindingRecord): Promise<boolean>;
  /** Open findings, of one target or of all. */
  openFindings(target?: string): Promise<OpenFinding[]>;

  /** Records that a person knows of a finding, or expects one. */
  acknowledge(acknowledgement: Acknowledgement): Promise<void>;
  /** Ends those in force, of one subject or of the whole code; returns them. */
  endAcknowledgement(
    about: Pick<Acknowledgement, 'target' | 'code' | 'subject'>,
    by: string,
    now: Date,
  ): Promise<Acknowledgement[]>;
  /** All of one target, newest first; or of every target those that were not ended. */
  acknowledgements(target?: string): Promise<Acknowledgement[]>;

  /** The status of each target that has one, in any order. Reads only: a stale one is derived and not stored. */
  statuses(targets: readonly string[]): Promise<Map<string, TargetStatus>>;
  /** Records that a target exists and its schedules. What is owed counts from the first time each was seen so. */
  owe(target: string, schedules: Partial<Record<Owing, Schedule>>, now: Date): Promise<void>;
  /** What was last observed of it, as stored, without anything derived. */
  observed(target: string): Promise<Pick<TargetStatus, 'platform' | 'heartbeatAt'>>;
  /** Stores what was just seen of a target with its status. */
  observe(target: string, seen: Pick<TargetStatus, 'platform' | 'heartbeatAt'>, now: Date): Promise<void>;
  /** Derives a target's status again from its runs, points and evidence, and stores it. */
  refreshStatus(target: string): Promise<TargetStatus>;
};
