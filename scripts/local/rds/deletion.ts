import { refuse } from './errors.ts';
import { CLUSTER, type Input, type Kind } from './kinds.ts';
import { leave } from './members.ts';
import { codeOf } from './names.ts';
import { find, membersOf } from './regions.ts';
import { dropAutomatedSnapshots } from './snapshots.ts';
import { dropStore } from './store.ts';
import type { Call, Resource } from './world.ts';

/** Always without a last snapshot, which the request must say, and with the automated backups. */
export function deleteResource(call: Call, kind: Kind, input: Input): Resource {
  const resource: Resource = find(call, kind.noun, input[`${kind.noun}Identifier`]!);
  const { id, cluster } = resource;
  const { SkipFinalSnapshot: skipped, DeleteAutomatedBackups: backupsToo = true } = input;
  if (resource.status === 'deleting') refuse(codeOf(kind.noun, 'State'), `${id} is already being deleted.`);
  if (resource.shown.DeletionProtection)
    refuse('InvalidParameterCombination', `${id} is protected: disable deletion protection and try again.`);
  const members = kind === CLUSTER ? membersOf(call, resource) : [];
  if (members.some(({ status }) => status !== 'deleting'))
    refuse(codeOf(kind.noun, 'State'), `${id} cannot be deleted, it still contains DB instances.`);
  if (!cluster && !skipped)
    refuse(
      'InvalidParameterCombination',
      'FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is given.',
    );
  if (!backupsToo) refuse('InvalidParameterCombination', 'Automated backups are not kept here.');
  resource.status = 'deleting';
  const { background } = call.world;
  const before = resource.busy;
  resource.busy = background.start(`the deletion of ${id}`, async () => {
    // What still goes on with it comes to its end first.
    await before;
    await background.lasting();
    await Promise.all(members.map(({ busy }) => busy));
    if (cluster) await leave(call, resource, cluster);
    else {
      dropAutomatedSnapshots(call, kind, resource);
      await dropStore(resource.store);
    }
    call.region[kind.noun].delete(id);
  });
  return resource;
}
