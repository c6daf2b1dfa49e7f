import { rejectCombination, rejectValue } from './model.ts';
import { CLUSTER, rejectState } from './nouns.ts';
import { changePassword } from './postgres.ts';
import { findNamed, membersOf, mustWork } from './regions.ts';
import { leave } from './resources.ts';
import { dropAutomatedSnapshots } from './snapshot-actions.ts';
import { dropStore } from './store.ts';
import type { Call, Resource } from './world.ts';

/** Deletion protection changes at once, a password soon after, also without ApplyImmediately; the retention of backups stays. */
export function modifyResource(call: Call): Resource {
  const { kind, input } = call;
  const resource: Resource = findNamed(call, kind.noun);
  mustWork(resource);
  const { shown, cluster, id } = resource;
  const { MasterUserPassword: password, BackupRetentionPeriod: days } = input;
  if (cluster && (password || days !== undefined))
    rejectCombination(`${id} is a member: modify the cluster.`);
  if (days !== undefined && days !== shown.BackupRetentionPeriod)
    rejectValue(`The backup retention of ${id} cannot be changed to ${days} here.`);
  if (password !== undefined && !/^[!#-.0-?A-~]{8,128}$/.test(password))
    rejectValue('MasterUserPassword has 8 to 128 printable ASCII characters besides / @ " and space.');
  shown.DeletionProtection = input.DeletionProtection ?? shown.DeletionProtection;
  if (password !== undefined) givePassword(call, resource, password);
  return resource;
}

/** The change is pending while the status is still `available`, as on AWS: waiting for `available` alone is too early. */
function givePassword(call: Call, resource: Resource, password: string): void {
  const { background } = call.world;
  const { busy: before, pending, origin, store } = resource;
  const status = 'resetting-master-credentials';
  pending.MasterUserPassword = '****';
  resource.busy = background.start(`the new password of ${resource.id}`, async () => {
    await before;
    await background.lasting();
    if (resource.status !== 'available') return;
    resource.status = status;
    await background.lasting(store.server && changePassword(store.server, origin.MasterUsername, password));
    delete pending.MasterUserPassword;
    if (resource.status === status) resource.status = 'available';
  });
}

/** Always without a final snapshot, which the request must state, and with the automated backups. */
export function deleteResource(call: Call): Resource {
  const { kind, input } = call;
  const resource: Resource = findNamed(call, kind.noun);
  const { id, cluster, busy: before } = resource;
  const { SkipFinalSnapshot: skipped, DeleteAutomatedBackups: backupsToo = true } = input;
  const { background } = call.world;
  if (resource.status === 'deleting') rejectState(resource, 'is already being deleted');
  if (resource.shown.DeletionProtection)
    rejectCombination(`${id} is protected: disable deletion protection.`);
  const members = kind === CLUSTER ? membersOf(call, resource) : [];
  if (members.some(({ status }) => status !== 'deleting')) rejectState(resource, 'still has DB instances');
  if (!cluster && !skipped)
    rejectCombination('FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is given.');
  if (!backupsToo) rejectCombination('Automated backups are not kept here.');
  resource.status = 'deleting';
  resource.busy = background.start(`the deletion of ${id}`, async () => {
    // Its current work ends first.
    await before;
    await background.lasting();
    await Promise.all(members.map(({ busy }) => busy));
    if (cluster) await leave(call, resource, cluster);
    else {
      dropAutomatedSnapshots(call, resource);
      await dropStore(resource.store);
    }
    call.region[kind.noun].delete(id);
  });
  return resource;
}
