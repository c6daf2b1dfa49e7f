import type { DBCluster, DBInstance, DBInstanceAutomatedBackup } from '@aws-sdk/client-rds';
import { membersOf } from './find.ts';
import { earliestOf, latestRestorable } from './store.ts';
import { toTags } from './tags.ts';
import type { Call, Cluster, Instance, Resource } from './world.ts';

export async function showInstance(call: Call, instance: Instance): Promise<DBInstance> {
  const { origin, cluster } = instance;
  const latest = cluster ? undefined : await latestOf(call, instance);
  return {
    ...instance.shown,
    ...encryption(instance),
    DBInstanceIdentifier: instance.id,
    DBInstanceArn: instance.arn,
    DbiResourceId: instance.resourceId,
    DBInstanceClass: origin.class,
    DBInstanceStatus: instance.status,
    Engine: origin.engine,
    EngineVersion: origin.version,
    MasterUsername: origin.master,
    DBName: origin.database,
    Endpoint: instance.reachable ? { Address: '127.0.0.1', Port: instance.store.port } : undefined,
    AllocatedStorage: cluster ? 1 : origin.storage,
    StorageType: cluster ? 'aurora' : origin.storageType,
    InstanceCreateTime: instance.status === 'creating' ? undefined : instance.createdAt,
    BackupRetentionPeriod: cluster?.retention ?? instance.retention,
    PreferredBackupWindow: origin.backupWindow,
    DBParameterGroups: [
      { DBParameterGroupName: instance.group.name, ParameterApplyStatus: instance.groupStatus },
    ],
    DBSubnetGroup: call.region.subnetGroups.get(instance.subnetGroup),
    DBSecurityGroups: [],
    VpcSecurityGroups: securityGroups(instance),
    PendingModifiedValues: instance.pending,
    LatestRestorableTime: latest,
    DeletionProtection: instance.deletionProtection,
    CopyTagsToSnapshot: instance.copyTags,
    DBClusterIdentifier: cluster?.id,
    DbInstancePort: 0,
    TagList: toTags(instance.tags),
  };
}

export async function showCluster(call: Call, cluster: Cluster): Promise<DBCluster> {
  const { origin } = cluster;
  return {
    ...cluster.shown,
    ...encryption(cluster),
    DBClusterIdentifier: cluster.id,
    DBClusterArn: cluster.arn,
    DbClusterResourceId: cluster.resourceId,
    Status: cluster.status,
    Engine: origin.engine,
    EngineVersion: origin.version,
    MasterUsername: origin.master,
    DatabaseName: origin.database,
    Endpoint: '127.0.0.1',
    ReaderEndpoint: '127.0.0.1',
    Port: cluster.store.port,
    AllocatedStorage: 1,
    ClusterCreateTime: cluster.createdAt,
    BackupRetentionPeriod: cluster.retention,
    PreferredBackupWindow: origin.backupWindow,
    LatestRestorableTime: await latestOf(call, cluster),
    EarliestRestorableTime: earliestOf(cluster.store),
    DBClusterParameterGroup: cluster.group.name,
    DBSubnetGroup: cluster.subnetGroup,
    VpcSecurityGroups: securityGroups(cluster),
    DBClusterMembers: membersOf(call, cluster).map((member, index) => ({
      DBInstanceIdentifier: member.id,
      IsClusterWriter: index === 0,
      DBClusterParameterGroupStatus: 'in-sync',
      PromotionTier: 1,
    })),
    PendingModifiedValues: Object.keys(cluster.pending).length > 0 ? cluster.pending : undefined,
    DeletionProtection: cluster.deletionProtection,
    CopyTagsToSnapshot: cluster.copyTags,
    MultiAZ: false,
    TagList: toTags(cluster.tags),
  };
}

export async function showAutomatedBackup(
  call: Call,
  instance: Instance,
  status: string,
): Promise<DBInstanceAutomatedBackup> {
  const { origin, store } = instance;
  return {
    DBInstanceIdentifier: instance.id,
    DBInstanceArn: instance.arn,
    DbiResourceId: instance.resourceId,
    DBInstanceAutomatedBackupsArn: backupArn(instance),
    Region: instance.region,
    Status: status,
    RestoreWindow: { EarliestTime: earliestOf(store), LatestTime: await latestOf(call, instance) },
    InstanceCreateTime: instance.createdAt,
    BackupRetentionPeriod: instance.retention,
    PreferredBackupWindow: origin.backupWindow,
    Engine: origin.engine,
    EngineVersion: origin.version,
    MasterUsername: origin.master,
    AllocatedStorage: origin.storage,
    StorageType: origin.storageType,
    Port: store.port,
    Encrypted: origin.key !== undefined,
    KmsKeyId: origin.key,
    TagList: toTags(instance.tags),
  };
}

export const backupArn = ({ arn, resourceId }: Instance) =>
  arn.replace(/:db:.*$/, `:auto-backup:${resourceId.replace(/^db-/, 'ab-').toLowerCase()}`);

/** Only what has been reachable has a moment to restore to. */
export async function latestOf(
  { world }: Call,
  { store, retention, reachable }: Resource,
): Promise<Date | undefined> {
  return retention > 0 && reachable ? latestRestorable(store, world.settings.pace) : undefined;
}

const encryption = ({ origin }: Resource) => ({
  StorageEncrypted: origin.key !== undefined,
  KmsKeyId: origin.key,
});

const securityGroups = (resource: Resource) =>
  resource.securityGroups.map((id) => ({ VpcSecurityGroupId: id, Status: 'active' }));
