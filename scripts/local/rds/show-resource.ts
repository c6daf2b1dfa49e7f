import { membersOf } from './regions.ts';
import { earliestOf, latestRestorable } from './store.ts';
import type { Call, RdsSnapshot, Resource } from './world.ts';

/** An instance or a cluster in RDS's words. */
export async function showResource(call: Call, resource: Resource) {
  const { noun, cluster, origin, store, securityGroups, pending, group, status } = resource;
  const shared = {
    ...{ ...named(resource), ...origin, ...resource.shown, StorageEncrypted: origin.KmsKeyId !== undefined },
    LatestRestorableTime: cluster ? undefined : await latestOf(call, resource),
    VpcSecurityGroups: securityGroups.map((id) => ({ VpcSecurityGroupId: id, Status: 'active' })),
  };
  if (noun === 'DBCluster')
    return {
      ...shared,
      DbClusterResourceId: resource.resourceId,
      Status: status,
      DatabaseName: resource.database,
      Endpoint: '127.0.0.1',
      Port: store.port,
      ClusterCreateTime: resource.createdAt,
      EarliestRestorableTime: earliestOf(store),
      DBClusterParameterGroup: group.id,
      DBSubnetGroup: resource.subnetGroup,
      DBClusterMembers: membersOf(call, resource).map((member, index) => memberOf(resource, member, index)),
      PendingModifiedValues: Object.keys(pending).length > 0 ? pending : undefined,
    };
  return {
    ...shared,
    DbiResourceId: resource.resourceId,
    DBInstanceStatus: status,
    DBInstanceClass: resource.class,
    DBName: resource.database,
    DBClusterIdentifier: cluster?.id,
    Endpoint: resource.reachable ? { Address: '127.0.0.1', Port: store.port } : undefined,
    InstanceCreateTime: status === 'creating' ? undefined : resource.createdAt,
    DBParameterGroups: [
      { DBParameterGroupName: group.id, ParameterApplyStatus: resource.groupStatus ?? 'in-sync' },
    ],
    DBSubnetGroup: call.region.DBSubnetGroup.get(resource.subnetGroup)!.shown,
    PendingModifiedValues: pending,
  };
}

export function showSnapshot(snapshot: RdsSnapshot) {
  const { source, origin, copiedFrom } = snapshot;
  const isEncrypted = origin.KmsKeyId !== undefined;
  // Unknown until the copy of the storage is consistent.
  const at = snapshot.backup && { SnapshotCreateTime: snapshot.createdAt };
  const shared = {
    ...{ ...named(snapshot), ...origin, ...at, SnapshotType: snapshot.type, Status: snapshot.status },
    PercentProgress: snapshot.progress,
    BackupRetentionPeriod: snapshot.retention,
  };
  if (snapshot.noun === 'DBClusterSnapshot')
    return {
      ...shared,
      DBClusterIdentifier: source.id,
      DbClusterResourceId: source.resourceId,
      ClusterCreateTime: source.createdAt,
      StorageEncrypted: isEncrypted,
      SourceDBClusterSnapshotArn: copiedFrom,
    };
  return {
    ...shared,
    OriginalSnapshotCreateTime: snapshot.backup && snapshot.originalAt,
    DBInstanceIdentifier: source.id,
    DbiResourceId: source.resourceId,
    InstanceCreateTime: source.createdAt,
    Encrypted: isEncrypted,
    SourceRegion: copiedFrom?.split(':')[3],
    SourceDBSnapshotIdentifier: copiedFrom,
  };
}

/** An instance's automated backups. */
export const showBackups = async (call: Call, instance: Resource) => ({
  DBInstanceIdentifier: instance.id,
  DBInstanceArn: instance.arn,
  DbiResourceId: instance.resourceId,
  Status: instance.reachable ? 'active' : 'creating',
  RestoreWindow: { EarliestTime: earliestOf(instance.store), LatestTime: await latestOf(call, instance) },
});

/** The latest moment to restore to; none before it was reachable. */
export async function latestOf({ world }: Call, { store, shown, reachable }: Resource) {
  if (shown.BackupRetentionPeriod > 0 && reachable) return latestRestorable(store, world.settings.pace);
  return undefined;
}

const named = ({ noun, id, arn, tags }: Resource | RdsSnapshot) => ({
  ...{ [`${noun}Identifier`]: id, [`${noun}Arn`]: arn, TagList: tags },
});

const memberOf = ({ groupStatus }: Resource, { id }: Resource, index: number) => ({
  ...{ DBInstanceIdentifier: id, IsClusterWriter: !index },
  DBClusterParameterGroupStatus: groupStatus ?? 'in-sync',
});

export const hasBackups =
  ({ input: { DbiResourceId: id } }: Call) =>
  ({ cluster, shown, resourceId }: Resource) =>
    !cluster && shown.BackupRetentionPeriod > 0 && (!id || resourceId === id);
