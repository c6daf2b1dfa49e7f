import type { ModifyDBClusterMessage, ModifyDBInstanceMessage } from '@aws-sdk/client-rds';
import { backupRetention, password } from './allowances.ts';
import { backUp, settle } from './coming-up.ts';
import { refuse } from './errors.ts';
import { findCluster, findInstance, mustWork, mustWorkAsCluster } from './find.ts';
import { groupFor } from './groups.ts';
import { changePassword } from './master.ts';
import { showCluster, showInstance } from './show.ts';
import { dropBackup } from './store.ts';
import type { Call, Resource } from './world.ts';

export async function modifyDBInstance(call: Call, input: ModifyDBInstanceMessage) {
  const instance = findInstance(call, input.DBInstanceIdentifier!);
  mustWork(instance);
  if (instance.cluster && (input.MasterUserPassword || input.BackupRetentionPeriod !== undefined))
    refuse('InvalidParameterCombination', `${instance.id} is a member of a cluster: modify the cluster.`);
  const changes = changesOf(input, instance, 0);
  const { engine, version } = instance.origin;
  if (input.DBParameterGroupName) {
    const group = groupFor(call, 'db', engine, version, input.DBParameterGroupName);
    // Restarting is somebody's own decision.
    if (group !== instance.group) instance.groupStatus = 'pending-reboot';
    instance.group = group;
  }
  if (input.PubliclyAccessible !== undefined) instance.shown.PubliclyAccessible = input.PubliclyAccessible;
  setAtOnce(instance, input);
  apply(call, instance, changes);
  return { DBInstance: await showInstance(call, instance) };
}

export async function modifyDBCluster(call: Call, input: ModifyDBClusterMessage) {
  const cluster = findCluster(call, input.DBClusterIdentifier!);
  mustWorkAsCluster(cluster);
  const changes = changesOf(input, cluster, 1);
  const { engine, version } = cluster.origin;
  if (input.DBClusterParameterGroupName)
    cluster.group = groupFor(call, 'cluster', engine, version, input.DBClusterParameterGroupName);
  setAtOnce(cluster, input);
  apply(call, cluster, changes);
  return { DBCluster: await showCluster(call, cluster) };
}

type Changes = { password?: string; retention?: number };
type Input = Pick<
  ModifyDBInstanceMessage,
  | 'MasterUserPassword'
  | 'BackupRetentionPeriod'
  | 'ApplyImmediately'
  | 'DeletionProtection'
  | 'CopyTagsToSnapshot'
  | 'VpcSecurityGroupIds'
>;

/** A password never waits; backups that are switched on or off do, for the maintenance window that never comes here. */
function changesOf(input: Input, resource: Resource, least: number): Changes {
  const { MasterUserPassword: text, BackupRetentionPeriod: retention } = input;
  const changes: Changes = {};
  if (text !== undefined) changes.password = password(text);
  if (retention !== undefined && backupRetention(retention, least) !== resource.retention) {
    const switches = retention === 0 || resource.retention === 0;
    if (input.ApplyImmediately || !switches) changes.retention = retention;
    resource.pending.BackupRetentionPeriod = retention;
  }
  if (text !== undefined) resource.pending.MasterUserPassword = '****';
  return changes;
}

function setAtOnce(resource: Resource, input: Input): void {
  resource.deletionProtection = input.DeletionProtection ?? resource.deletionProtection;
  resource.copyTags = input.CopyTagsToSnapshot ?? resource.copyTags;
  resource.securityGroups = input.VpcSecurityGroupIds ?? resource.securityGroups;
}

/** A change is pending while the status is still `available`, as on AWS: whoever waits for `available` alone is too early. */
function apply(call: Call, resource: Resource, changes: Changes): void {
  const { background } = call.world;
  if (Object.keys(changes).length === 0) return;
  const before = resource.busy;
  resource.busy = background.start(`the modification of ${resource.id}`, async () => {
    await before;
    await background.lasting();
    if (changes.password !== undefined) await resetPassword(call, resource, changes.password);
    if (changes.retention !== undefined) await changeRetention(call, resource, changes.retention);
  });
}

async function resetPassword(call: Call, resource: Resource, text: string): Promise<void> {
  const status = 'resetting-master-credentials';
  if (resource.status !== 'available') return;
  resource.status = status;
  const { server } = resource.store;
  await call.world.background.lasting(server && changePassword(server, resource.origin.master, text));
  delete resource.pending.MasterUserPassword;
  settle(resource, status);
}

async function changeRetention(call: Call, resource: Resource, retention: number): Promise<void> {
  const { store } = resource;
  if (resource.status !== 'available') return;
  resource.status = 'modifying';
  await call.world.background.lasting();
  const begins = resource.retention === 0;
  resource.retention = retention;
  delete resource.pending.BackupRetentionPeriod;
  if (begins) await backUp(call, resource);
  if (retention === 0) for (const base of store.bases.splice(0)) dropBackup(base);
  settle(resource, 'modifying');
}
