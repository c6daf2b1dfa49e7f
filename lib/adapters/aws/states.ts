import type { SnapshotState, SourceState } from '../../domain/points/platform-source.ts';
import type { ScratchState } from '../../ports/platform.ts';

/** In use, although its storage may still be optimizing. */
const OPERATIONAL = ['available', 'storage-optimization', 'storage-initialization', 'storage-config-upgrade'];

/** States that end by themselves. Source: the RDS user guide, "Viewing DB instance status", and ElastiCache's for caches. */
const PASSING =
  /^(backing-up|modifying|rebooting|starting|upgrading|maintenance|renaming|configuring-|resetting-|creating|failing-over|promoting|migrating|snapshotting|converting-to-vpc|moving-to-vpc|update-iam-db-auth|backtracking)/;

/** The state of a source, by the status that RDS or ElastiCache reports. */
export function sourceState(status: string): SourceState {
  if (OPERATIONAL.includes(status)) return 'ready';
  if (PASSING.test(status)) return 'busy';
  if (/^stopp(ed|ing)$/.test(status)) return 'stopped';
  if (status === 'storage-full') return 'full';
  return status === 'deleting' ? 'deleting' : 'unusable';
}

/** Failures of the restore itself, and other states that do not end by themselves. */
const NOT_RESTORED = /^(failed|incompatible-restore|restore-error|inaccessible-encryption)/;
const HOPELESS = /^(incompatible-|insufficient-capacity|storage-full|deleting|stopped)/;

/** The state of a restore, by the status of its instance or cluster. */
export function restoreState(status: string): ScratchState['state'] {
  if (OPERATIONAL.includes(status)) return 'ready';
  if (NOT_RESTORED.test(status)) return 'failed';
  return HOPELESS.test(status) ? 'unusable' : 'coming';
}

export function snapshotState(status: string): SnapshotState {
  if (status === 'available') return 'available';
  return /^(failed|incompatible|deleting)/.test(status) ? 'failed' : 'making';
}
