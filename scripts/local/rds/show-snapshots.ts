import type { DBClusterSnapshot, DBSnapshot } from '@aws-sdk/client-rds';
import { toTags } from './tags.ts';
import type { Snapshot } from './world.ts';

export function showSnapshot(snapshot: Snapshot): DBSnapshot {
  const { origin } = snapshot;
  return {
    DBSnapshotIdentifier: snapshot.id,
    DBSnapshotArn: snapshot.arn,
    DBInstanceIdentifier: snapshot.sourceId,
    DbiResourceId: snapshot.sourceResourceId,
    InstanceCreateTime: snapshot.sourceCreatedAt,
    SnapshotType: snapshot.type,
    Status: snapshot.status,
    PercentProgress: snapshot.progress,
    // Unknown until the copy of the storage is consistent.
    ...(snapshot.backup && {
      SnapshotCreateTime: snapshot.createdAt,
      OriginalSnapshotCreateTime: snapshot.originalAt,
      SnapshotDatabaseTime: snapshot.backup.beganAt,
    }),
    Engine: origin.engine,
    EngineVersion: origin.version,
    MasterUsername: origin.master,
    AllocatedStorage: origin.storage,
    StorageType: origin.storageType,
    Port: snapshot.sourcePort,
    VpcId: 'vpc-00000001',
    Encrypted: origin.key !== undefined,
    KmsKeyId: origin.key,
    BackupRetentionPeriod: snapshot.retention,
    PreferredBackupWindow: origin.backupWindow,
    SourceRegion: snapshot.copiedFrom?.split(':')[3],
    SourceDBSnapshotIdentifier: snapshot.copiedFrom,
    TagList: toTags(snapshot.tags),
    SnapshotTarget: 'region',
  };
}

export function showClusterSnapshot(snapshot: Snapshot): DBClusterSnapshot {
  const { origin } = snapshot;
  return {
    DBClusterSnapshotIdentifier: snapshot.id,
    DBClusterSnapshotArn: snapshot.arn,
    DBClusterIdentifier: snapshot.sourceId,
    DbClusterResourceId: snapshot.sourceResourceId,
    ClusterCreateTime: snapshot.sourceCreatedAt,
    SnapshotType: snapshot.type,
    Status: snapshot.status,
    PercentProgress: snapshot.progress,
    SnapshotCreateTime: snapshot.createdAt,
    Engine: origin.engine,
    EngineMode: 'provisioned',
    EngineVersion: origin.version,
    MasterUsername: origin.master,
    AllocatedStorage: 0,
    StorageType: 'aurora',
    Port: 0,
    VpcId: 'vpc-00000001',
    StorageEncrypted: origin.key !== undefined,
    KmsKeyId: origin.key,
    BackupRetentionPeriod: snapshot.retention,
    PreferredBackupWindow: origin.backupWindow,
    SourceDBClusterSnapshotArn: snapshot.copiedFrom,
    TagList: toTags(snapshot.tags),
  };
}
