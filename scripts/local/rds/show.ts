import { membersOf } from './regions.ts';
import { earliestOf, latestRestorable } from './store.ts';
import type { Call, Resource, Snapshot } from './world.ts';

/** An instance or a cluster in RDS' words. */
export async function showResource(call: Call, resource: Resource) {
  const { cluster, origin, store, securityGroups, pending, group } = resource;
  const latest = cluster ? undefined : await latestOf(call, resource);
  const shared = {
    ...named(resource),
    ...origin,
    ...resource.shown,
    StorageEncrypted: origin.KmsKeyId !== undefined,
    LatestRestorableTime: latest,
    VpcSecurityGroups: securityGroups.map((id) => ({ VpcSecurityGroupId: id, Status: 'active' })),
  };
  if (resource.noun === 'DBInstance')
    return {
      ...shared,
      DbiResourceId: resource.resourceId,
      DBInstanceClass: resource.class,
      DBInstanceStatus: resource.status,
      DBName: resource.database,
      DBClusterIdentifier: cluster?.id,
      Endpoint: resource.reachable ? { Address: '127.0.0.1', Port: store.port } : undefined,
      InstanceCreateTime: resource.status === 'creating' ? undefined : resource.createdAt,
      DBParameterGroups: [{ DBParameterGroupName: group.id, ParameterApplyStatus: 'in-sync' }],
      DBSubnetGroup: call.region.DBSubnetGroup.get(resource.subnetGroup)!.shown,
      PendingModifiedValues: pending,
    };
  return {
    ...shared,
    DbClusterResourceId: resource.resourceId,
    Status: resource.status,
    DatabaseName: resource.database,
    Endpoint: '127.0.0.1',
    Port: store.port,
    ClusterCreateTime: resource.createdAt,
    EarliestRestorableTime: earliestOf(store),
    DBClusterParameterGroup: group.id,
    DBSubnetGroup: resource.subnetGroup,
    DBClusterMembers: membersOf(call, resource).map((member, index) => ({
      DBInstanceIdentifier: member.id,
      IsClusterWriter: index === 0,
      DBClusterParameterGroupStatus: 'in-sync',
    })),
    PendingModifiedValues: Object.keys(pending).length > 0 ? pending : undefined,
  };
}

export function showSnapshot(snapshot: Snapshot) {
  const { source, origin, copiedFrom } = snapshot;
  const encrypted = origin.KmsKeyId !== undefined;
  const shared = {
    ...named(snapshot),
    ...origin,
    SnapshotType: snapshot.type,
    Status: snapshot.status,
    PercentProgress: snapshot.progress,
    BackupRetentionPeriod: snapshot.retention,
  };
  if (snapshot.noun === 'DBClusterSnapshot')
    return {
      ...shared,
      SnapshotCreateTime: snapshot.createdAt,
      DBClusterIdentifier: source.id,
      DbClusterResourceId: source.resourceId,
      ClusterCreateTime: source.createdAt,
      StorageEncrypted: encrypted,
      SourceDBClusterSnapshotArn: copiedFrom,
    };
  return {
    ...shared,
    // Unknown until the copy of the storage is consistent.
    SnapshotCreateTime: snapshot.backup && snapshot.createdAt,
    OriginalSnapshotCreateTime: snapshot.backup && snapshot.originalAt,
    DBInstanceIdentifier: source.id,
    DbiResourceId: source.resourceId,
    InstanceCreateTime: source.createdAt,
    Encrypted: encrypted,
    SourceRegion: copiedFrom?.split(':')[3],
    SourceDBSnapshotIdentifier: copiedFrom,
  };
}

/** What is known of an instance's automated backups. */
export async function showBackups(call: Call, instance: Resource) {
  const { id, arn, resourceId, store, origin, shown, reachable } = instance;
  const { Engine, EngineVersion } = origin;
  return {
    ...{ DBInstanceIdentifier: id, DBInstanceArn: arn, DbiResourceId: resourceId, Engine, EngineVersion },
    Region: call.region.name,
    Status: reachable ? 'active' : 'creating',
    RestoreWindow: { EarliestTime: earliestOf(store), LatestTime: await latestOf(call, instance) },
    BackupRetentionPeriod: shown.BackupRetentionPeriod,
  };
}

/** Only what has been reachable has a moment to restore to. */
export async function latestOf(
  { world }: Call,
  { store, shown, reachable }: Resource,
): Promise<Date | undefined> {
  return shown.BackupRetentionPeriod > 0 && reachable
    ? latestRestorable(store, world.settings.pace)
    : undefined;
}

const named = ({ noun, id, arn, tags }: Resource | Snapshot) => ({
  [`${noun}Identifier`]: id,
  [`${noun}Arn`]: arn,
  TagList: tags,
});
