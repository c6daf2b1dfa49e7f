import { codesClosedBy, type FindingCode } from '../findings/findings.ts';
import type { VaultKeys } from '../names.ts';
import type { Evidence } from '../proof/evidence.ts';
import type { PlatformKind } from './platform.ts';

/**
 * One stored copy.
 *
 *   creating → available → verified → rehearsed → expiring → expired
 *       ↘ failed    ↘ corrupt ↙  (found bad, whenever that is noticed)
 *
 * Back from corrupt to verified leads only an acquittal: see `maybeAcquitted`.
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

/** May a point go from one state to another? Everything else is a programming error, and refused by the catalog. */
export function mayBecome(from: PointState, to: PointState): boolean {
  return NEXT[from].includes(to);
}

/** The states a point may come from. */
export function statesBefore(to: PointState): PointState[] {
  return POINT_STATES.filter((from) => mayBecome(from, to));
}

/** Where one object of the vault is and what it is: enough to fetch exactly that version and to know it again. */
export type StoredObject = { key: string; versionId: string; bytes: number; sha256: string };

/** Codes of a rehearsal that speak against the point, and not against its source, its objectives or the place. */
const AGAINST_POINTS = codesClosedBy('rehearsal-of-point');

/** The last rehearsal that judged a point; `code` says why it failed. */
export type PointRehearsal = Pick<Evidence, 'outcome' | 'at' | 'strength' | 'run'> & { code?: FindingCode };

type Common = {
  id: string;
  target: string;
  state: PointState;
  /** The scheduled moment it is named after; of somebody else's snapshot, the moment it was taken. */
  scheduledFor: string;
  /** When the making of it began: a copy is named after its original's moment, which may be long ago. */
  begunAt?: string;
  /** The moment whose data it holds: its age counts from here, not from the end of the upload or the copying. */
  snapshotAt?: string;
  availableAt?: string;
  verifiedAt?: string;
  rehearsedAt?: string;
  rehearsal?: PointRehearsal;
  /** Until when the artifact cannot be deleted (Object Lock), and whether somebody holds it for a court. */
  lockedUntil?: string;
  legalHold?: boolean;
  why?: string;
};

/** A logical dump in the vault, or the vault's replica of one. */
export type DumpPoint = Common & {
  kind: 'dump';
  place: 'vault' | 'replica';
  keys: VaultKeys;
  dump?: StoredObject;
  roles?: StoredObject;
  manifest?: StoredObject;
  /** The database that was dumped, and its bytes then. */
  database?: string;
  sourceBytes?: number;
  /** What its manifest counted. */
  tables?: number;
  rows?: number;
  /** True when content fingerprints were taken: without them nothing is ever called proven. */
  fingerprinted?: boolean;
  /** How long the dump and its verification took, in seconds: the arithmetic of the RPO uses them. */
  dumpSeconds?: number;
  verifySeconds?: number;
};

/** A snapshot of an instance, cluster or cache: ours (`snapshot`), AWS's own (`automated`) or somebody else's (`foreign`). */
export type SnapshotPoint = Common & {
  kind: 'snapshot' | 'automated' | 'foreign';
  /** The Region it lies in, and the account when it is another one: `eu-west-1/123456789012`. */
  place: string;
  snapshot: StoredSnapshot;
  /** What a person or a pipeline called it. Labelled ones are kept flat, outside the thinning. */
  label?: string;
  /** How long it took until it was available, in seconds. */
  takeSeconds?: number;
};

/** What the platform said of a snapshot when it was last looked at. */
export type StoredSnapshot = {
  of: PlatformKind;
  id: string;
  arn: string;
  sourceId: string;
  /** The source's resource id: a new instance of the same name is another one. */
  resourceId?: string;
  engine: string;
  engineVersion: string;
  encrypted: boolean;
  kmsKey?: string;
  /** Encrypted with a key that AWS owns itself, which has no name and cannot be lost. */
  keyOfAws?: true;
  /** Allocated bytes: what a restore needs, not what the data takes. */
  bytes: number;
  /** Who may do most in what is restored from it. */
  masterUser?: string;
};

export type RecoveryPoint = DumpPoint | SnapshotPoint;

export function isDump(point: RecoveryPoint): point is DumpPoint {
  return point.kind === 'dump';
}

export function isSnapshot(point: RecoveryPoint): point is SnapshotPoint {
  return point.kind !== 'dump';
}

/** Ours to delete. What AWS keeps or somebody else made is aged and rehearsed, and never deleted by us. */
export function isOurs(point: RecoveryPoint): boolean {
  return point.kind === 'dump' || point.kind === 'snapshot';
}

/** Proven readable at least, whatever a rehearsal said. */
export function isVerified({ state }: Pick<RecoveryPoint, 'state'>): boolean {
  return state === 'verified' || state === 'rehearsed';
}

/** What a rehearsal found against the point itself. It stays with the point until the same point passes. */
export function foundBad({ rehearsal }: Pick<RecoveryPoint, 'rehearsal'>): string | undefined {
  const code = rehearsal?.outcome === 'failed' ? rehearsal.code : undefined;
  return AGAINST_POINTS.find((each) => each === code);
}

/**
 * What was held against the stored objects as they were read. A later reading of every byte, whose digests are the
 * recorded ones, shows that it no longer holds, or never did.
 */
const OF_READING = codesClosedBy('verification');

/** May a full verification take back what a point was marked for? Never that its restored copy differed from the source. */
export function maybeAcquitted({ state, why }: Pick<RecoveryPoint, 'state' | 'why'>): boolean {
  return state === 'corrupt' && why !== undefined && isOfReading(why);
}

/** What a point is marked for now: a reason that no verification can take back is not lost behind one that it can. */
export function whyMarked(point: Pick<RecoveryPoint, 'state' | 'why'>, why: string): string {
  const stays = point.state === 'corrupt' && point.why !== undefined && !isOfReading(point.why);
  if (!stays || !isOfReading(why)) return why;
  return point.why!.endsWith(why) ? point.why! : `${point.why}; ${why}`;
}

function isOfReading(why: string): boolean {
  return why.split(', ').every((code) => (OF_READING as readonly string[]).includes(code));
}

/** Points that count for the RPO: proven readable at least, and not found bad since. */
export function counts(point: RecoveryPoint): boolean {
  return isVerified(point) && foundBad(point) === undefined;
}

/**
 * What a rehearsal says of its point from now on; undefined where it leaves what was said before. One that could not be
 * judged says nothing, and only a comparison takes a difference back.
 */
export function rehearsalOf(evidence: Evidence, before?: PointRehearsal): PointRehearsal | undefined {
  const { outcome, at, strength, run, findings, error } = evidence;
  if (error?.kind === 'unjudged') return undefined;
  const codes = findings.map(({ code }) => code);
  const code = AGAINST_POINTS.find((each) => codes.includes(each)) ?? codes[0];
  const compared = strength === 'exact' || strength === 'bounded' || code === 'restore-failed';
  if (before?.code === 'proof-mismatch' && code !== 'proof-mismatch' && !compared) return undefined;
  return { outcome, at, strength, run, ...(outcome === 'failed' && code ? { code } : {}) };
}
