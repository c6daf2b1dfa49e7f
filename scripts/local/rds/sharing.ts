import { refuse } from './errors.ts';
import type { Input, Kind } from './kinds.ts';
import { codeOf, DEFAULT_KEY, keyArn } from './names.ts';
import { find } from './regions.ts';
import { mustBeAvailable } from './snapshots.ts';
import type { Call, Snapshot } from './world.ts';

/** Says which accounts may copy and restore a snapshot. */
export function shareSnapshot(call: Call, kind: Kind, input: Input) {
  const snapshot = find(call, kind.snapshot, input[`${kind.snapshot}Identifier`]!);
  const { AttributeName: attribute, ValuesToAdd: added = [], ValuesToRemove: removed = [] } = input;
  if (attribute !== 'restore') refuse('InvalidParameterValue', `Invalid attribute name: ${attribute}`);
  const wrong = added.find((account) => !/^(\d{12}|all)$/.test(account));
  if (wrong) refuse('InvalidParameterValue', `Invalid account: ${wrong}`);
  if (added.length > 0) mustBeShareable(snapshot, added);
  for (const account of added) snapshot.sharedWith.add(account);
  for (const account of removed) snapshot.sharedWith.delete(account);
  const accounts = { AttributeName: 'restore', AttributeValues: [...snapshot.sharedWith] };
  return {
    [`${kind.snapshot}AttributesResult`]: {
      [`${kind.snapshot}Identifier`]: snapshot.id,
      [`${kind.snapshot}Attributes`]: [accounts],
    },
  };
}

/** Keys that AWS manages cannot be used by another account. */
function mustBeShareable(snapshot: Snapshot, accounts: string[]): void {
  mustBeAvailable(snapshot);
  const { noun, id, type, origin } = snapshot;
  const key = origin.KmsKeyId;
  const forbid = (why: string) =>
    refuse(codeOf(noun, 'State'), `The snapshot ${id} cannot be shared: ${why}.`);
  if (type !== 'manual') forbid('it is automated; copy it to a manual one first');
  if (key && key === keyArn(key.split(':')[3]!, DEFAULT_KEY))
    forbid('it is encrypted with the default key of RDS');
  if (key && accounts.includes('all')) forbid('an encrypted one cannot be made public');
}
