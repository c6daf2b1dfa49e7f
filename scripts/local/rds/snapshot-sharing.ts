import { isDefaultKey } from './allowances.ts';
import { refuse } from './errors.ts';
import { mustBeAvailable, type SnapshotKind } from './snapshot-kinds.ts';
import type { Snapshot } from './world.ts';

type Change = {
  AttributeName?: string | undefined;
  ValuesToAdd?: string[] | undefined;
  ValuesToRemove?: string[] | undefined;
};

/** Which accounts may copy and restore it. */
export function changeSharing(kind: SnapshotKind, snapshot: Snapshot, change: Change): void {
  if (change.AttributeName !== 'restore')
    refuse('InvalidParameterValue', `Invalid attribute name: ${change.AttributeName}. It must be restore`);
  const { ValuesToAdd: added = [], ValuesToRemove: removed = [] } = change;
  for (const account of added)
    if (!/^(\d{12}|all)$/.test(account)) refuse('InvalidParameterValue', `Invalid account: ${account}`);
  if (added.length > 0) mustBeShareable(kind, snapshot, added);
  for (const account of added) snapshot.sharedWith.add(account);
  for (const account of removed) snapshot.sharedWith.delete(account);
}

/** Keys that AWS manages cannot be used by another account. */
function mustBeShareable(kind: SnapshotKind, snapshot: Snapshot, accounts: string[]): void {
  mustBeAvailable(kind, snapshot);
  const { key } = snapshot.origin;
  if (snapshot.type !== 'manual')
    refuse(kind.invalidState, 'Automated snapshots cannot be shared; copy it to a manual one first.');
  if (key && isDefaultKey(key))
    refuse(
      kind.invalidState,
      `Snapshots encrypted with the default key of RDS cannot be shared: ${snapshot.id}.`,
    );
  if (key && accounts.includes('all'))
    refuse(kind.invalidState, `Encrypted snapshots cannot be made public: ${snapshot.id}.`);
}

/** Of the types a request may ask for; without one, everything of this account. */
export function ofType(type: string | undefined): (snapshot: Snapshot) => boolean {
  switch (type) {
    case undefined:
      return () => true;
    case 'manual':
    case 'automated':
      return (snapshot) => snapshot.type === type;
    case 'shared':
    case 'public':
    case 'awsbackup':
      return () => false;
    default:
      return refuse('InvalidParameterValue', `Invalid snapshot type: ${type}`);
  }
}
