import type { VaultKeys } from './names.ts';

/**
 * One stored copy.
 *
 *   creating → available → verified → rehearsed → expiring → expired
 *       ↘ failed    ↘ corrupt ↙  (found bad, whenever that is noticed)
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
  available: ['verified', 'corrupt', 'expiring'],
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

export type RecoveryPoint = {
  id: string;
  target: string;
  kind: 'dump';
  place: 'vault';
  state: PointState;
  /** The scheduled moment it is named after. */
  scheduledFor: string;
  /** The database snapshot it holds: its age counts from here, not from the end of the upload. */
  snapshotAt?: string;
  availableAt?: string;
  verifiedAt?: string;
  rehearsedAt?: string;
  keys: VaultKeys;
  dump?: StoredObject;
  roles?: StoredObject;
  manifest?: StoredObject;
  /** Bytes of the source database when it was dumped. */
  sourceBytes?: number;
  /** True when content fingerprints were taken: without them nothing is ever called proven. */
  fingerprinted?: boolean;
  /** How long the dump and its verification took, in seconds: the arithmetic of the RPO uses them. */
  dumpSeconds?: number;
  verifySeconds?: number;
  /** Until when the artifact cannot be deleted (Object Lock), and whether somebody holds it for a court. */
  lockedUntil?: string;
  legalHold?: boolean;
  why?: string;
};

/** Points that count for the RPO: proven readable at least, and not found bad since. */
export function counts(point: RecoveryPoint): boolean {
  return point.state === 'verified' || point.state === 'rehearsed';
}
