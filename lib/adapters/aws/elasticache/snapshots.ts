import {
  CreateServerlessCacheSnapshotCommand,
  CreateSnapshotCommand,
  DeleteServerlessCacheSnapshotCommand,
  DeleteSnapshotCommand,
  type ElastiCacheClient,
  ListTagsForResourceCommand,
  paginateDescribeServerlessCacheSnapshots,
  paginateDescribeSnapshots,
  type ServerlessCacheSnapshot,
  type Snapshot,
} from '@aws-sdk/client-elasticache';
import { UnderstudyError } from '../../../domain/errors.ts';
import type { PlatformSnapshot } from '../../../domain/points/platform-source.ts';
import { utc } from '../../../domain/time.ts';
import { snapshotState } from '../states.ts';
import { findCache } from './caches.ts';
import { asking, ifThere } from './elasticache-errors.ts';

type Untagged = Omit<PlatformSnapshot, 'tags'>;
const GONE = /NotFound/;

/** Snapshots of one cache, by any creator. Manual ones outlive their cache and are found by its name. */
export async function listCacheSnapshots(client: ElastiCacheClient, id: string): Promise<Untagged[]> {
  const cache = await findCache(client, id);
  if (cache?.form === 'serverless')
    return (await serverlessSnapshots(client, { ServerlessCacheName: id })).map(fromServerless);
  const nodes = cache?.find
    ? await nodeSnapshots(client, cache.find)
    : (await nodeSnapshots(client, {})).filter((each) => isOf(id, each));
  const found = nodes.map((each) => ({
    ...fromNodes(each, cache?.source.encrypted ?? false),
    sourceId: id,
  }));
  if (cache) return found;
  const serverless = (await serverlessSnapshots(client, {})).map(fromServerless);
  return [...found, ...serverless.filter(({ sourceId }) => sourceId === id)];
}

/** Nodes of a group are called after it: `sessions-001`. */
function isOf(id: string, { ReplicationGroupId, CacheClusterId = '' }: Snapshot): boolean {
  if (ReplicationGroupId || CacheClusterId === id) return (ReplicationGroupId ?? CacheClusterId) === id;
  return CacheClusterId.startsWith(`${id}-`) && /^\d{3}$/.test(CacheClusterId.slice(id.length + 1));
}

/**
 * One snapshot by its name, of nodes or serverless. For nodes ElastiCache reports a customer's key and nothing else
 * about encryption: without a key, the cache's own setting counts, and unencrypted when the cache is deleted.
 */
export async function readCacheSnapshot(
  client: ElastiCacheClient,
  id: string,
): Promise<Untagged | undefined> {
  const [node] = await nodeSnapshots(client, { SnapshotName: id });
  if (!node) {
    const [serverless] = await serverlessSnapshots(client, { ServerlessCacheSnapshotName: id });
    return serverless && fromServerless(serverless);
  }
  const cache = node.KmsKeyId ? undefined : await findCache(client, sourceOf(node));
  return fromNodes(node, cache?.source.encrypted ?? false);
}

export async function takeCacheSnapshot(
  client: ElastiCacheClient,
  cacheId: string,
  id: string,
  tags: Record<string, string>,
): Promise<void> {
  const what = `taking the snapshot ${id} of ${cacheId}`;
  if (!NAME.test(id) || id.length > 255)
    throw new UnderstudyError(
      'platform-refused',
      `${what}: the name must have 1 to 255 letters, digits and single hyphens, and begin with a letter`,
      { hint: 'shorten the stage’s or the target’s name' },
    );
  const cache = await findCache(client, cacheId);
  if (!cache)
    throw new UnderstudyError('source-not-found', `${what}: no cache has that name`, {
      hint: 'check elasticache: in understudy.yml, and the Region',
    });
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  await asking<unknown>(what, () =>
    cache.form === 'nodes'
      ? client.send(new CreateSnapshotCommand({ ...cache.take, SnapshotName: id, Tags }))
      : client.send(
          new CreateServerlessCacheSnapshotCommand({
            ServerlessCacheName: cacheId,
            ServerlessCacheSnapshotName: id,
            Tags,
          }),
        ),
  );
}

/** Single hyphens, none at the end: what ElastiCache takes for an identifier. */
const NAME = /^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$/;

/** The name does not tell node and serverless snapshots apart, so both are searched. */
export async function deleteCacheSnapshot(client: ElastiCacheClient, id: string): Promise<void> {
  const what = `deleting the snapshot ${id}`;
  try {
    if (await ifThere(what, GONE, () => client.send(new DeleteSnapshotCommand({ SnapshotName: id })))) return;
    await ifThere(what, GONE, () =>
      client.send(new DeleteServerlessCacheSnapshotCommand({ ServerlessCacheSnapshotName: id })),
    );
  } catch (error) {
    // ElastiCache refuses a snapshot that is being deleted for its state.
    if ((await readCacheSnapshot(client, id))?.status !== 'deleting') throw error;
  }
}

/** The tags of a snapshot, which its description omits; undefined when the snapshot has been deleted. */
export async function cacheTags(
  client: ElastiCacheClient,
  arn: string,
): Promise<Record<string, string> | undefined> {
  const answer = await ifThere(`reading the tags of ${arn}`, GONE, () =>
    client.send(new ListTagsForResourceCommand({ ResourceName: arn })),
  );
  return (
    answer &&
    Object.fromEntries((answer.TagList ?? []).flatMap(({ Key, Value }) => (Key ? [[Key, Value ?? '']] : [])))
  );
}

async function nodeSnapshots(
  client: ElastiCacheClient,
  which: { ReplicationGroupId?: string; CacheClusterId?: string; SnapshotName?: string },
): Promise<Snapshot[]> {
  const found: Snapshot[] = [];
  await ifThere(`listing snapshots of nodes (${Object.values(which)})`, GONE, async () => {
    for await (const page of paginateDescribeSnapshots({ client }, which))
      found.push(...(page.Snapshots ?? []));
  });
  return found;
}

async function serverlessSnapshots(
  client: ElastiCacheClient,
  which: { ServerlessCacheName?: string; ServerlessCacheSnapshotName?: string },
): Promise<ServerlessCacheSnapshot[]> {
  const found: ServerlessCacheSnapshot[] = [];
  await ifThere(`listing snapshots of serverless caches (${Object.values(which)})`, GONE, async () => {
    for await (const page of paginateDescribeServerlessCacheSnapshots({ client }, which))
      found.push(...(page.ServerlessCacheSnapshots ?? []));
  });
  return found;
}

const sourceOf = (snapshot: Snapshot) => snapshot.ReplicationGroupId ?? snapshot.CacheClusterId ?? '';

function fromNodes(snapshot: Snapshot, encrypted: boolean): Untagged {
  const nodes = snapshot.NodeSnapshots ?? [];
  // The data of several nodes is as old as that of the first node.
  const taken = nodes
    .flatMap(({ SnapshotCreateTime }) => (SnapshotCreateTime ? [utc(SnapshotCreateTime)] : []))
    .sort()[0];
  return {
    of: 'elasticache',
    id: snapshot.SnapshotName!,
    arn: snapshot.ARN ?? '',
    sourceId: sourceOf(snapshot),
    type: snapshot.SnapshotSource === 'manual' ? 'manual' : 'automated',
    state: snapshotState(snapshot.SnapshotStatus ?? 'unknown'),
    status: snapshot.SnapshotStatus ?? 'unknown',
    ...(taken ? { createdAt: taken, takenAt: taken } : {}),
    engine: snapshot.Engine ?? '',
    engineVersion: snapshot.EngineVersion ?? '',
    encrypted: snapshot.KmsKeyId ? true : encrypted,
    kmsKey: snapshot.KmsKeyId,
    bytes: nodes.reduce((sum, { CacheSize }) => sum + bytesOf(CacheSize), 0),
  };
}

/** `6 MB`, `1.5 GB`; nothing while it is being taken. */
export function bytesOf(size: string | undefined): number {
  const [, amount, unit] = /^([\d.]+)\s*([KMGT]?)B?$/i.exec(size?.trim() ?? '') ?? [];
  return amount ? Math.round(Number(amount) * 1024 ** ' KMGT'.indexOf((unit || ' ').toUpperCase())) : 0;
}

function fromServerless(snapshot: ServerlessCacheSnapshot): Untagged {
  const { Engine, MajorEngineVersion, ServerlessCacheName } = snapshot.ServerlessCacheConfiguration ?? {};
  const at = snapshot.CreateTime ? utc(snapshot.CreateTime) : undefined;
  return {
    of: 'elasticache',
    id: snapshot.ServerlessCacheSnapshotName!,
    arn: snapshot.ARN ?? '',
    sourceId: ServerlessCacheName ?? '',
    type: snapshot.SnapshotType?.toLowerCase() === 'manual' ? 'manual' : 'automated',
    state: snapshotState((snapshot.Status ?? 'unknown').toLowerCase()),
    status: (snapshot.Status ?? 'unknown').toLowerCase(),
    ...(at ? { createdAt: at, takenAt: at } : {}),
    engine: Engine ?? '',
    engineVersion: MajorEngineVersion ?? '',
    encrypted: true,
    kmsKey: snapshot.KmsKeyId,
    bytes: Number(snapshot.BytesUsedForCache ?? 0) || 0,
  };
}
