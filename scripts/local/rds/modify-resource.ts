import { freePort } from '../free-port.ts';
import { rejectCombination, rejectValue } from './model.ts';
import { arnOf, CLUSTER, rejectState } from './nouns.ts';
import { groupFor, valuesOf } from './parameter-groups.ts';
import { changePassword, type Server, startServer, stopServer } from './postgres.ts';
import { checkNewName, findNamed, membersOf, mustWork } from './regions.ts';
import { leave } from './resources.ts';
import { dropAutomatedSnapshots } from './snapshot-actions.ts';
import { dropStore } from './store.ts';
import type { Call, Resource } from './world.ts';

/**
 * Deletion protection, security groups and parameter groups change at once, a password, a name and everything else soon
 * after, also without ApplyImmediately; the retention of backups stays. Parameters work after a restart.
 */
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
  const name = input.NewDBInstanceIdentifier ?? input.NewDBClusterIdentifier;
  if (name !== undefined) checkNewName(call, kind.noun, name);
  shown.DeletionProtection = input.DeletionProtection ?? shown.DeletionProtection;
  resource.securityGroups = input.VpcSecurityGroupIds ?? resource.securityGroups;
  changeGroup(call, resource);
  changeShown(call, resource);
  if (name !== undefined) rename(call, resource, name.toLowerCase());
  if (password !== undefined) givePassword(call, resource, password);
  return resource;
}

/** Another group works after a restart. */
function changeGroup(call: Call, resource: Resource): void {
  const given = call.input[`${call.kind.group}Name`];
  if (given === undefined) return;
  const group = groupFor(call, resource.origin, given);
  if (group !== resource.group) resource.groupStatus = 'pending-reboot';
  resource.group = group;
}

/** What is shown of it, in RDS's own words; `modifying` until it has changed. */
function changeShown({ input, world: { background } }: Call, resource: Resource): void {
  const { shown, origin, busy: before } = resource;
  const flags = ['MultiAZ', 'CopyTagsToSnapshot', 'AutoMinorVersionUpgrade', 'PubliclyAccessible'] as const;
  const texts = ['StorageType', 'PreferredBackupWindow'] as const;
  const changes = () => {
    for (const each of flags) shown[each] = input[each] ?? shown[each];
    // An origin is shared with what was restored from it.
    resource.origin = {
      ...origin,
      ...Object.fromEntries(texts.map((each) => [each, input[each] ?? origin[each]])),
    };
  };
  if (![...flags, ...texts].some((each) => input[each] !== undefined)) return;
  resource.status = 'modifying';
  resource.busy = background.start(`a change of ${resource.id}`, async () => {
    await before;
    await background.lasting();
    changes();
    if (resource.status === 'modifying') resource.status = 'available';
  });
}

/**
 * The name of a resource is its address: whoever connects by the old one finds what has that name. The server restarts
 * on the port of its new name.
 */
function rename(call: Call, resource: Resource, name: string): void {
  const { world, region, kind } = call;
  const { background } = world;
  const { busy: before, store, id } = resource;
  resource.status = 'renaming';
  resource.busy = background.start(`the renaming of ${id}`, async () => {
    await before;
    await background.lasting();
    region[kind.noun].delete(id);
    region[kind.noun].set(name, resource);
    world.addresses.set(`${region.name}/${id}`, store.port);
    resource.id = name;
    resource.arn = arnOf(region.name, kind.noun, name);
    store.port = world.addresses.get(`${region.name}/${name}`) ?? (await freePort());
    if (store.server) await restartAs(store.server, { port: store.port });
    if (resource.status === 'renaming') resource.status = 'available';
  });
}

/** Restarts an instance under the parameters of its groups. */
export function rebootResource(call: Call): Resource {
  const { background } = call.world;
  const resource: Resource = findNamed(call, call.kind.noun);
  mustWork(resource);
  const { busy: before, store, cluster, group } = resource;
  resource.status = 'rebooting';
  resource.busy = background.start(`the restart of ${resource.id}`, async () => {
    await before;
    await background.lasting();
    const parameters = cluster ? valuesOf(cluster.group, group) : valuesOf(group);
    if (store.server) await restartAs(store.server, { parameters });
    for (const each of [resource, cluster]) if (each) delete each.groupStatus;
    if (resource.status === 'rebooting') resource.status = 'available';
  });
  return resource;
}

async function restartAs(
  server: Server,
  changes: Partial<Pick<Server, 'port' | 'parameters'>>,
): Promise<void> {
  await stopServer(server, 'fast');
  Object.assign(server, changes);
  await startServer(server, server.open);
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
