import { codesClosedBy, type FindingCode } from '../findings/registry.ts';
import type { VaultKeys } from '../names.ts';
import { type Evidence, isAboutRestored, isAgainstRestored } from '../proof/evidence.ts';
import type { PlatformKind } from './platform-source.ts';

/**
 * One stored copy.
 *
 *   creating → available → verified → rehearsed → expiring → expired
 *       ↘ failed    ↘ corrupt ↙  (found bad, at any time)
 *
 * Only an acquittal leads back from corrupt to verified: see `maybeAcquitted`.
 */
export const POINT_STATES = [
  'creating',
  'available',
  'verified',
  'rehearsed',
  'failed',
  'corrupt',
  'expiring',
  'expired',
] as const;
export type PointState = (typeof POINT_STATES)[number];

const NEXT: Record<PointState, readonly PointState[]> = {
  creating: ['available', 'failed', 'creating'],
  available: ['available', 'verified', 'corrupt', 'expiring'],
  verified: ['verified', 'rehearsed', 'corrupt', 'expiring'],
  rehearsed: ['rehearsed', 'corrupt', 'expiring'],
  failed: ['creating', 'expiring'],
  corrupt: ['corrupt', 'expiring'],
  expiring: ['expiring', 'expired'],
  expired: [],
};

/** May a point go from one state to another? The catalog refuses every other change as a programming error. */
export function mayBecome(from: PointState, to: PointState): boolean {
  return NEXT[from].includes(to);
}

/** The states a point may come from. */
export function statesBefore(to: PointState): PointState[] {
  return POINT_STATES.filter((from) => mayBecome(from, to));
}

/** One object of the vault: its place, version and digest. */
export type StoredObject = { key: string; versionId: string; bytes: number; sha256: string };

/** Codes of a rehearsal that are about the point, and not about its source, its objectives or the place. */
const AGAINST_POINTS = codesClosedBy('rehearsal-of-point');

/** The last rehearsal that judged a point; `code` is why it failed. */
export type PointRehearsal = Pick<Evidence, 'outcome' | 'at' | 'strength' | 'run'> & { code?: FindingCode };

type Common = {
  id: string;
  target: string;
  state: PointState;
  /** The scheduled moment it is named after; for a foreign snapshot, the moment it was taken. */
  scheduledFor: string;
  /** When its making began: a copy is named after its original's moment, which may be long before. */
  begunAt?: string;
  /** The moment of its data: its age counts from here, not from the end of the upload or the copying. */
  snapshotAt?: string;
  availableAt?: string;
  verifiedAt?: string;
  rehearsedAt?: string;
  rehearsal?: PointRehearsal;
  /**
   * When `catalog rebuild` made this record anew, from its manifest or its tags: what was known of it besides is lost,
   * and no run owes its verification.
   */
  rebuiltAt?: string;
  /** Until when the artifact cannot be deleted (Object Lock), and whether it is on legal hold. */
  lockedUntil?: string;
  legalHold?: boolean;
  why?: string;
};

/** A logical dump in the vault, or its copy in the vault's replica. */
export type DumpPoint = Common & {
  kind: 'dump';
  place: 'vault' | 'replica';
  keys: VaultKeys;
  dump?: StoredObject;
  roles?: StoredObject;
  manifest?: StoredObject;
  /** The dumped database, and its size in bytes then. */
  database?: string;
  sourceBytes?: number;
  /** The counts in its manifest. */
  tables?: number;
  rows?: number;
  /** True when content fingerprints were taken: without them no rehearsal proves the dump. */
  fingerprinted?: boolean;
  /** How long the dump and its verification took, in seconds: the arithmetic of the RPO uses them. */
  dumpSeconds?: number;
  verifySeconds?: number;
};

/**
 * A snapshot of an instance, cluster or cache: by Understudy (`snapshot`), by AWS (`automated`) or by anyone else
 * (`foreign`).
 */
export type SnapshotPoint = Common & {
  kind: 'snapshot' | 'automated' | 'foreign';
  /** The Region it lies in, and the account when it is another one: `eu-west-1/123456789012`. */
  place: string;
  snapshot: StoredSnapshot;
  /**
   * The label that a person or a pipeline gave it. A labelled snapshot is kept for `snapshot.labelled`, exempt from
   * daily, weekly and monthly retention.
   */
  label?: string;
  /** How long it took to become available, in seconds. */
  takeSeconds?: number;
};

/** What the platform last reported about a snapshot. */
export type StoredSnapshot = {
  of: PlatformKind;
  id: string;
  arn: string;
  sourceId: string;
  /** The source's resource id: a new instance of the same name has another one. */
  resourceId?: string;
  engine: string;
  engineVersion: string;
  encrypted: boolean;
  kmsKey?: string;
  /** Encrypted with a key that AWS owns, which has no name and cannot be lost. */
  keyOfAws?: true;
  /** Allocated bytes: what a restore needs, not what the data takes. */
  bytes: number;
  /** The master user of what is restored from it. */
  masterUser?: string;
};

export type RecoveryPoint = DumpPoint | SnapshotPoint;

export function isDump(point: RecoveryPoint): point is DumpPoint {
  return point.kind === 'dump';
}

export function isSnapshot(point: RecoveryPoint): point is SnapshotPoint {
  return point.kind !== 'dump';
}

/** May Understudy delete it? Snapshots by AWS or anyone else are aged and rehearsed, and never deleted. */
export function isOurs(point: RecoveryPoint): boolean {
  return point.kind === 'dump' || point.kind === 'snapshot';
}

/** Proven readable at least, whatever a rehearsal found. */
export function isVerified({ state }: Pick<RecoveryPoint, 'state'>): boolean {
  return state === 'verified' || state === 'rehearsed';
}

/** A rehearsal's finding about the point itself. It stays until the same point passes. */
export function foundBad({ rehearsal }: Pick<RecoveryPoint, 'rehearsal'>): string | undefined {
  const code = rehearsal?.outcome === 'failed' ? rehearsal.code : undefined;
  return AGAINST_POINTS.find((each) => each === code);
}

/**
 * Codes about the stored objects as they were read. A later reading of every byte with the recorded digests shows
 * that they no longer hold, or never did.
 */
const OF_READING = codesClosedBy('verification');

/** Can a full verification clear a point of this code? Never if its restored copy differed from the source. */
export function maybeAcquitted({ state, why }: Pick<RecoveryPoint, 'state' | 'why'>): boolean {
  return state === 'corrupt' && why !== undefined && isOfReading(why);
}

/** The code that a point is marked for: one that no verification can clear is not replaced by one that it can. */
export function whyMarked(point: Pick<RecoveryPoint, 'state' | 'why'>, why: string): string {
  const stays = point.state === 'corrupt' && point.why !== undefined && !isOfReading(point.why);
  if (!stays || !isOfReading(why)) return why;
  return point.why!.endsWith(why) ? point.why! : `${point.why}; ${why}`;
}

function isOfReading(why: string): boolean {
  return why.split(', ').every((code) => (OF_READING as readonly string[]).includes(code));
}

/** How many points of a rebuilt catalog one verification takes on. */
const REBUILT_AT_ONCE = 10;

/** All points, newest first, of the rebuilt ones only the newest few: there may be thousands, all to be verified again. */
export function fewRebuilt<Point extends RecoveryPoint>(newestFirst: readonly Point[]): Point[] {
  const rebuilt = new Set(
    newestFirst.filter((point) => point.rebuiltAt !== undefined).slice(REBUILT_AT_ONCE),
  );
  return newestFirst.filter((point) => !rebuilt.has(point));
}

/** Points that count for the RPO: proven readable at least, and not found bad since. */
export function counts(point: RecoveryPoint): boolean {
  return isVerified(point) && foundBad(point) === undefined;
}

/**
 * The rehearsal that a point keeps on record; undefined where the earlier one stays. One that could not be judged
 * changes nothing, and only a comparison clears a difference.
 */
export function rehearsalOf(evidence: Evidence, before?: PointRehearsal): PointRehearsal | undefined {
  const { outcome, at, strength, run, findings, error } = evidence;
  if (error?.kind === 'unjudged') return undefined;
  const isAgainst = isAgainstRestored({ outcome, error, findings });
  const codes = findings.filter(isAboutRestored).map(({ code }) => code);
  const code = AGAINST_POINTS.find((each) => codes.includes(each)) ?? codes[0];
  const compared = strength === 'exact' || strength === 'bounded' || code === 'restore-failed';
  if (before?.code === 'proof-mismatch' && code !== 'proof-mismatch' && !compared) return undefined;
  return {
    ...{ outcome: isAgainst ? outcome : 'passed', at, strength, run },
    ...(isAgainst && code ? { code } : {}),
  };
}
