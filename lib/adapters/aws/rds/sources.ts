import {
  type DBCluster,
  type DBInstance,
  DescribeDBClustersCommand,
  DescribeDBInstanceAutomatedBackupsCommand,
  DescribeDBInstancesCommand,
  type RDSClient,
} from '@aws-sdk/client-rds';
import type { PlatformRef, PlatformSource } from '../../../domain/points/platform-source.ts';
import { utc } from '../../../domain/time.ts';
import { sourceState } from '../states.ts';
import { ifThere } from './rds-errors.ts';

const DAY = 86_400;
const GIB = 1024 ** 3;
const NOT_THERE = /NotFound/;

/** The instance or cluster behind a target as it is now; undefined when none has that name. */
export async function readSource(client: RDSClient, ref: PlatformRef): Promise<PlatformSource | undefined> {
  return ref.kind === 'aurora' ? readCluster(client, ref.id) : readInstance(client, ref.id);
}

async function readInstance(client: RDSClient, id: string): Promise<PlatformSource | undefined> {
  const instance = await describeInstance(client, id);
  if (!instance) return undefined;
  const source = fromInstance(instance);
  return source.pitr ? { ...source, pitr: { ...source.pitr, ...(await earliest(client, source)) } } : source;
}

export async function describeInstance(client: RDSClient, id: string): Promise<DBInstance | undefined> {
  const answer = await ifThere(`looking at the instance ${id}`, NOT_THERE, () =>
    client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id })),
  );
  return answer?.DBInstances?.[0];
}

export async function describeCluster(client: RDSClient, id: string): Promise<DBCluster | undefined> {
  const answer = await ifThere(`looking at the cluster ${id}`, NOT_THERE, () =>
    client.send(new DescribeDBClustersCommand({ DBClusterIdentifier: id })),
  );
  return answer?.DBClusters?.[0];
}

/** The earliest moment that the instance can be restored to, which only its automated backups report. */
async function earliest(client: RDSClient, source: PlatformSource): Promise<{ earliest?: string }> {
  const answer = await ifThere(`looking at the backups of ${source.id}`, NOT_THERE, () =>
    client.send(new DescribeDBInstanceAutomatedBackupsCommand({ DbiResourceId: source.resourceId })),
  );
  const at = answer?.DBInstanceAutomatedBackups?.[0]?.RestoreWindow?.EarliestTime;
  return at ? { earliest: utc(at) } : {};
}

export function fromInstance(instance: DBInstance): PlatformSource {
  return {
    kind: 'rds',
    id: instance.DBInstanceIdentifier!,
    arn: instance.DBInstanceArn ?? '',
    resourceId: instance.DbiResourceId ?? '',
    state: sourceState(instance.DBInstanceStatus ?? 'unknown'),
    status: instance.DBInstanceStatus ?? 'unknown',
    engine: instance.Engine ?? '',
    engineVersion: instance.EngineVersion ?? '',
    bytes: (instance.AllocatedStorage ?? 0) * GIB,
    encrypted: isEncrypted(instance.StorageEncrypted, instance.StorageEncryptionType),
    kmsKey: instance.KmsKeyId,
    ...keyOfAws(instance.StorageEncryptionType),
    createdAt: instance.InstanceCreateTime ? utc(instance.InstanceCreateTime) : '',
    instanceClass: instance.DBInstanceClass ?? '',
    multiAz: instance.MultiAZ ?? false,
    publiclyAccessible: instance.PubliclyAccessible ?? false,
    deletionProtection: instance.DeletionProtection ?? false,
    backups: {
      retention: (instance.BackupRetentionPeriod ?? 0) * DAY,
      window: instance.PreferredBackupWindow,
    },
    ...(instance.LatestRestorableTime ? { pitr: { latest: utc(instance.LatestRestorableTime) } } : {}),
    replicatedTo: (instance.DBInstanceAutomatedBackupsReplications ?? []).flatMap(
      (replication) => replication.DBInstanceAutomatedBackupsArn ?? [],
    ),
    masterUser: instance.MasterUsername,
    ...named('database', instance.DBName),
    managedSecret: instance.MasterUserSecret?.SecretArn,
    ...(instance.Endpoint?.Address && instance.Endpoint.Port
      ? { endpoint: { host: instance.Endpoint.Address, port: instance.Endpoint.Port } }
      : {}),
    ...named('parameterGroup', instance.DBParameterGroups?.[0]?.DBParameterGroupName),
    ...named('optionGroup', instance.OptionGroupMemberships?.[0]?.OptionGroupName),
    ...named('subnetGroup', instance.DBSubnetGroup?.DBSubnetGroupName),
    securityGroups: (instance.VpcSecurityGroups ?? []).flatMap((group) => group.VpcSecurityGroupId ?? []),
  };
}

async function readCluster(client: RDSClient, id: string): Promise<PlatformSource | undefined> {
  const cluster = await describeCluster(client, id);
  if (!cluster) return undefined;
  const writer = cluster.DBClusterMembers?.find((member) => member.IsClusterWriter)?.DBInstanceIdentifier;
  const instance = writer ? await describeInstance(client, writer) : undefined;
  return fromCluster(cluster, instance);
}

/** Only the writer reports its class and whether it is publicly accessible. */
export function fromCluster(cluster: DBCluster, writer?: DBInstance): PlatformSource {
  return {
    kind: 'aurora',
    id: cluster.DBClusterIdentifier!,
    arn: cluster.DBClusterArn ?? '',
    resourceId: cluster.DbClusterResourceId ?? '',
    state: sourceState(cluster.Status ?? 'unknown'),
    status: cluster.Status ?? 'unknown',
    engine: cluster.Engine ?? '',
    engineVersion: cluster.EngineVersion ?? '',
    bytes: (cluster.AllocatedStorage ?? 0) * GIB,
    encrypted: isEncrypted(cluster.StorageEncrypted, cluster.StorageEncryptionType),
    kmsKey: cluster.KmsKeyId,
    ...keyOfAws(cluster.StorageEncryptionType),
    createdAt: cluster.ClusterCreateTime ? utc(cluster.ClusterCreateTime) : '',
    instanceClass: writer?.DBInstanceClass ?? '',
    multiAz: cluster.MultiAZ ?? (cluster.DBClusterMembers ?? []).length > 1,
    publiclyAccessible: writer?.PubliclyAccessible ?? cluster.PubliclyAccessible ?? false,
    deletionProtection: cluster.DeletionProtection ?? false,
    backups: {
      retention: (cluster.BackupRetentionPeriod ?? 0) * DAY,
      window: cluster.PreferredBackupWindow,
    },
    ...(cluster.LatestRestorableTime
      ? {
          pitr: {
            latest: utc(cluster.LatestRestorableTime),
            ...(cluster.EarliestRestorableTime ? { earliest: utc(cluster.EarliestRestorableTime) } : {}),
          },
        }
      : {}),
    replicatedTo: [],
    ...serverlessOf(cluster),
    members: (cluster.DBClusterMembers ?? []).flatMap((member) => member.DBInstanceIdentifier ?? []),
    masterUser: cluster.MasterUsername,
    ...named('database', cluster.DatabaseName),
    managedSecret: cluster.MasterUserSecret?.SecretArn,
    ...(cluster.Endpoint && cluster.Port ? { endpoint: { host: cluster.Endpoint, port: cluster.Port } } : {}),
    ...named('parameterGroup', cluster.DBClusterParameterGroup),
    ...named('subnetGroup', cluster.DBSubnetGroup),
    securityGroups: (cluster.VpcSecurityGroups ?? []).flatMap((group) => group.VpcSecurityGroupId ?? []),
  };
}

function serverlessOf({
  ServerlessV2ScalingConfiguration: scaling,
}: DBCluster): Pick<PlatformSource, 'serverless'> {
  const { MinCapacity: min, MaxCapacity: max } = scaling ?? {};
  return min === undefined || max === undefined ? {} : { serverless: { min, max } };
}

export function keyOfAws(type: string | undefined): { keyOfAws?: true } {
  return type === 'sse-rds' ? { keyOfAws: true } : {};
}

/** With a key that AWS owns (`sse-rds`), `StorageEncrypted` is false although the data is encrypted at rest. */
export function isEncrypted(encrypted: boolean | undefined, type: string | undefined): boolean {
  return encrypted === true || (type !== undefined && type !== 'none');
}

function named<Key extends string>(key: Key, value: string | undefined): Partial<Record<Key, string>> {
  return value ? ({ [key]: value } as Record<Key, string>) : {};
}
