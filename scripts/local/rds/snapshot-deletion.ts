import { refuse } from './errors.ts';
import { findSnapshot, type SnapshotKind, snapshotsOf } from './snapshot-kinds.ts';
import { dropBackup } from './store.ts';
import type { Call, Snapshot } from './world.ts';

/** AWS deletes its automated snapshots itself, with their instance or after the retention period. */
export function deleteSnapshot(call: Call, kind: SnapshotKind, given: string): Snapshot {
  const snapshot = findSnapshot(call, kind, given);
  if (snapshot.type === 'automated')
    refuse(kind.invalidState, `Deletion of automated snapshots is not allowed: ${snapshot.id}`);
  if (!['available', 'failed'].includes(snapshot.status))
    refuse(
      kind.invalidState,
      `Cannot delete the snapshot because it is not currently in the available or failed state: ${snapshot.id} is ${snapshot.status}.`,
    );
  snapshot.status = 'deleted';
  snapshotsOf(call.region, kind).delete(snapshot.id);
  if (snapshot.backup) dropBackup(snapshot.backup);
  return snapshot;
}

export function dropAutomatedSnapshots(call: Call, kind: SnapshotKind, resourceId: string): void {
  for (const snapshot of snapshotsOf(call.region, kind).values()) {
    if (snapshot.type !== 'automated' || snapshot.sourceResourceId !== resourceId) continue;
    snapshotsOf(call.region, kind).delete(snapshot.id);
  }
}
