import {
  type CacheCluster,
  DescribeCacheClustersCommand,
  DescribeReplicationGroupsCommand,
  DescribeServerlessCachesCommand,
  type ElastiCacheClient,
  type ReplicationGroup,
  type ServerlessCache,
} from '@aws-sdk/client-elasticache';
import type { PlatformSource } from '../../../domain/points/platform-source.ts';
import { utc } from '../../../domain/time.ts';
import { sourceState } from '../states.ts';
import { ifThere } from './elasticache-errors.ts';

const DAY = 86_400;

/**
 * The kind of an id, and what its snapshots are taken of. Without cluster mode that is one node of the replication
 * group, and the group's snapshots are found only by the id of that or another node: `find` is then missing.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/backups-manual.html
 */
export type Cache = { source: PlatformSource } & (
  | { form: 'nodes'; take: NodeFilter; find?: NodeFilter }
  | { form: 'serverless' }
);
type NodeFilter = { ReplicationGroupId: string } | { CacheClusterId: string };

/** Looks an id up among replication groups, clusters and serverless caches; undefined when it is none of them. */
export async function findCache(client: ElastiCacheClient, id: string): Promise<Cache | undefined> {
  const group = await describeGroup(client, id);
  if (group) {
    const member = group.SnapshottingClusterId ?? group.MemberClusters?.[0];
    const source = fromGroup(group, member ? await describeCluster(client, member) : undefined);
    if (!group.ClusterEnabled && member) return { form: 'nodes', source, take: { CacheClusterId: member } };
    const whole = { ReplicationGroupId: id };
    return { form: 'nodes', source, take: whole, find: whole };
  }
  const cluster = await describeCluster(client, id);
  if (cluster) {
    const itself = { CacheClusterId: id };
    return { form: 'nodes', source: fromCluster(cluster), take: itself, find: itself };
  }
  const serverless = await describeServerless(client, id);
  return serverless && { form: 'serverless', source: fromServerless(serverless) };
}

/** An id of one form may be too long for another; ElastiCache then refuses it as invalid. */
const NOT_OF_THIS_FORM = /NotFound|^InvalidParameterValue/;

async function describeGroup(client: ElastiCacheClient, id: string): Promise<ReplicationGroup | undefined> {
  const answer = await ifThere(`looking for a replication group ${id}`, NOT_OF_THIS_FORM, () =>
    client.send(new DescribeReplicationGroupsCommand({ ReplicationGroupId: id })),
  );
  return answer?.ReplicationGroups?.[0];
}

async function describeCluster(client: ElastiCacheClient, id: string): Promise<CacheCluster | undefined> {
  const answer = await ifThere(`looking for a cache cluster ${id}`, NOT_OF_THIS_FORM, () =>
    client.send(new DescribeCacheClustersCommand({ CacheClusterId: id, ShowCacheNodeInfo: true })),
  );
  return answer?.CacheClusters?.[0];
}

async function describeServerless(
  client: ElastiCacheClient,
  id: string,
): Promise<ServerlessCache | undefined> {
  const answer = await ifThere(`looking for a serverless cache ${id}`, /NotFound/, () =>
    client.send(new DescribeServerlessCachesCommand({ ServerlessCacheName: id })),
  );
  return answer?.ServerlessCaches?.[0];
}

/** Fields that ElastiCache does not have: sizes are those of the nodes, and nothing is public or protected. */
const NEVER = {
  kind: 'elasticache',
  bytes: 0,
  publiclyAccessible: false,
  deletionProtection: false,
  replicatedTo: [],
} as const satisfies Partial<PlatformSource>;

/** A group does not report engine version, subnets and security groups; its nodes do. */
export function fromGroup(group: ReplicationGroup, member?: CacheCluster): PlatformSource {
  const endpoint = group.ConfigurationEndpoint ?? group.NodeGroups?.[0]?.PrimaryEndpoint;
  return {
    ...NEVER,
    ...(member ? fromNodes(member) : NO_NODES),
    ...identity(group.ReplicationGroupId!, group.ARN, group.ReplicationGroupCreateTime),
    state: sourceState(group.Status ?? 'unknown'),
    status: group.Status ?? 'unknown',
    ...(group.Engine ? { engine: group.Engine } : {}),
    // The flag may be false where the data is encrypted all the same.
    encrypted: group.StorageEncryptionType
      ? group.StorageEncryptionType !== 'none'
      : (group.AtRestEncryptionEnabled ?? false),
    ...(group.KmsKeyId ? { kmsKey: group.KmsKeyId } : {}),
    ...(group.CacheNodeType ? { instanceClass: group.CacheNodeType } : {}),
    multiAz: group.MultiAZ === 'enabled',
    backups: backups(group.SnapshotRetentionLimit, group.SnapshotWindow),
    ...at(endpoint),
  };
}

function fromCluster(cluster: CacheCluster): PlatformSource {
  return {
    ...NEVER,
    ...fromNodes(cluster),
    ...identity(cluster.CacheClusterId!, cluster.ARN, cluster.CacheClusterCreateTime),
    state: sourceState(cluster.CacheClusterStatus ?? 'unknown'),
    status: cluster.CacheClusterStatus ?? 'unknown',
    encrypted: cluster.AtRestEncryptionEnabled ?? false,
    multiAz: false,
    backups: backups(cluster.SnapshotRetentionLimit, cluster.SnapshotWindow),
    ...at(cluster.ConfigurationEndpoint ?? cluster.CacheNodes?.[0]?.Endpoint),
  };
}

/** Always encrypted at rest and always in several zones. https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/at-rest-encryption.html */
function fromServerless(cache: ServerlessCache): PlatformSource {
  const daily = cache.DailySnapshotTime;
  return {
    ...NEVER,
    ...identity(cache.ServerlessCacheName!, cache.ARN, cache.CreateTime),
    state: sourceState((cache.Status ?? 'unknown').toLowerCase()),
    status: (cache.Status ?? 'unknown').toLowerCase(),
    engine: cache.Engine ?? '',
    engineVersion: cache.FullEngineVersion ?? cache.MajorEngineVersion ?? '',
    encrypted: true,
    ...(cache.KmsKeyId ? { kmsKey: cache.KmsKeyId } : {}),
    instanceClass: 'serverless',
    multiAz: true,
    backups: backups(cache.SnapshotRetentionLimit, daily && `${daily}-${daily}`),
    ...at(cache.Endpoint),
    securityGroups: cache.SecurityGroupIds ?? [],
  };
}

const NO_NODES = { engine: '', engineVersion: '', instanceClass: '', securityGroups: [] as string[] };

function fromNodes(cluster: CacheCluster) {
  const group = cluster.CacheParameterGroup?.CacheParameterGroupName;
  return {
    engine: cluster.Engine ?? '',
    engineVersion: cluster.EngineVersion ?? '',
    instanceClass: cluster.CacheNodeType ?? '',
    ...(group ? { parameterGroup: group } : {}),
    ...(cluster.CacheSubnetGroupName ? { subnetGroup: cluster.CacheSubnetGroupName } : {}),
    securityGroups: (cluster.SecurityGroups ?? []).flatMap((each) => each.SecurityGroupId ?? []),
  };
}

/** ElastiCache has no resource ids. The creation time tells a new cache of the same name from the old one. */
function identity(id: string, arn = '', created?: Date) {
  const createdAt = created ? utc(created) : '';
  return { id, arn, createdAt, resourceId: createdAt ? `${arn}@${createdAt}` : arn };
}

function backups(days = 0, window?: string) {
  return { retention: days * DAY, ...(window ? { window } : {}) };
}

function at(endpoint?: { Address?: string | undefined; Port?: number | undefined }) {
  return endpoint?.Address && endpoint.Port
    ? { endpoint: { host: endpoint.Address, port: endpoint.Port } }
    : {};
}
