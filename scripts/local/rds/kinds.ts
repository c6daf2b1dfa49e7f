import type { Parameter, Tag } from '@aws-sdk/client-rds';
import type { Noun } from './names.ts';

/** Instances and clusters are one thing under two sets of names. */
export const INSTANCE = {
  noun: 'DBInstance',
  snapshot: 'DBSnapshot',
  group: 'DBParameterGroup',
  /** Days of backups that it must have. */
  leastRetention: 0,
  quota: 'instances',
  quotaExceeded: 'InstanceQuotaExceeded',
  snapshotQuota: 'snapshots',
  /** The parameters of its restores. */
  restored: 'DBSnapshotIdentifier',
  target: 'TargetDBInstanceIdentifier',
  time: 'RestoreTime',
} as const;

export const CLUSTER = {
  noun: 'DBCluster',
  snapshot: 'DBClusterSnapshot',
  group: 'DBClusterParameterGroup',
  leastRetention: 1,
  quota: 'clusters',
  quotaExceeded: 'DBClusterQuotaExceededFault',
  snapshotQuota: 'clusterSnapshots',
  restored: 'SnapshotIdentifier',
  target: 'DBClusterIdentifier',
  time: 'RestoreToTime',
} as const;

export type Kind = typeof INSTANCE | typeof CLUSTER;
export const KINDS: Kind[] = [INSTANCE, CLUSTER];

type Text =
  | `${'' | 'Source' | 'Target'}${Noun}${'Identifier' | 'Name'}`
  | `Target${Noun}Description`
  | ('SnapshotIdentifier' | 'SnapshotType' | 'AttributeName' | 'ResourceName' | 'DbiResourceId' | 'Marker')
  | ('Engine' | 'EngineVersion' | 'DBInstanceClass' | 'KmsKeyId' | 'PreSignedUrl')
  | ('DBParameterGroupFamily' | 'Description' | 'Source' | 'MasterUserPassword');
type Flag =
  | ('SkipFinalSnapshot' | 'DeleteAutomatedBackups' | 'UseLatestRestorableTime')
  | ('CopyTags' | 'DeletionProtection' | 'CopyTagsToSnapshot' | 'MultiAZ')
  | ('PubliclyAccessible' | 'AutoMinorVersionUpgrade');

/** The parameters that are acted upon here. Their types the model has judged. */
export type Input = Partial<
  Record<Text, string> &
    Record<Flag, boolean> &
    Record<'RestoreTime' | 'RestoreToTime', Date> &
    Record<'BackupRetentionPeriod' | 'MaxRecords', number> &
    Record<'VpcSecurityGroupIds' | 'ValuesToAdd' | 'ValuesToRemove', string[]> & {
      Tags: Tag[];
      Parameters: Parameter[];
    }
>;
