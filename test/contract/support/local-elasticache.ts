import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type {
  CacheCluster,
  ReplicationGroup,
  ServerlessCache,
  ServerlessCacheSnapshot,
  Snapshot,
  Tag,
} from '@aws-sdk/client-elasticache';
import { decodeRequest } from '../../../scripts/local/rds/decode-request.ts';
import { encodeError, encodeResponse } from '../../../scripts/local/rds/encode-response.ts';
import { type Model, RdsError, statusOf } from '../../../scripts/local/rds/model.ts';
import { tool } from '../../../scripts/local/tools.ts';

type Input = Record<string, string> & { Tags?: Tag[] };

/**
 * ElastiCache as far as its snapshots go, serverless ones too, which moto does not have. What is taken is `creating`
 * until `finish`. Lists come two to a page. Every request and every answer is held against botocore's model.
 */
export type LocalElastiCache = {
  endpoint: string;
  calls: string[];
  violations: string[];
  groups: Map<string, ReplicationGroup>;
  clusters: Map<string, CacheCluster>;
  caches: Map<string, ServerlessCache>;
  snapshots: Map<string, Snapshot>;
  cacheSnapshots: Map<string, ServerlessCacheSnapshot>;
  /** By the ARN. */
  tags: Map<string, Tag[]>;
  /** What may be taken of one node, or of one serverless cache. */
  quotas: { node: number; serverless: number };
  /** Answers an action with this error until it is taken away. */
  fault: { action: string; code: string; status?: number } | undefined;
  /** What was being taken is there, of this size. */
  finish(at: Date, size?: string): void;
  close(): Promise<void>;
};

const arnOf = (what: string, id: string) => `arn:aws:elasticache:eu-central-1:123456789012:${what}:${id}`;
const refuse = (code: string, message: string): never => {
  throw new RdsError(code, message);
};

export async function startLocalElastiCache(): Promise<LocalElastiCache> {
  const model = loadModel();
  const world: Omit<LocalElastiCache, 'endpoint' | 'close'> = {
    calls: [],
    violations: [],
    groups: new Map(),
    clusters: new Map(),
    caches: new Map(),
    snapshots: new Map(),
    cacheSnapshots: new Map(),
    tags: new Map(),
    quotas: { node: 20, serverless: 24 },
    fault: undefined,
    finish(at, size = '6 MB') {
      for (const each of world.snapshots.values()) {
        if (each.SnapshotStatus !== 'creating') continue;
        each.SnapshotStatus = 'available';
        each.NodeSnapshots = [{ CacheNodeId: '0001', CacheSize: size, SnapshotCreateTime: at }];
      }
      for (const each of world.cacheSnapshots.values()) {
        if (each.Status !== 'creating') continue;
        Object.assign(each, { Status: 'available', CreateTime: at, BytesUsedForCache: '6291456' });
      }
    },
  };
  const answer = (form: URLSearchParams): { status: number; xml: string } => {
    const action = form.get('Action') ?? '';
    const operation = model.operations[action];
    world.calls.push(action);
    try {
      if (!operation || !ACTIONS[action]) throw new RdsError('InvalidAction', `no action ${action}`);
      let input: Record<string, unknown>;
      try {
        input = decodeRequest(model, operation, form);
      } catch (error) {
        world.violations.push(`${action}: ${(error as Error).message}`);
        throw error;
      }
      if (world.fault?.action === action)
        throw new RdsError(world.fault.code, 'it was asked to fail', world.fault.status);
      const { xml, violations } = encodeResponse(
        model,
        operation,
        'request-1',
        ACTIONS[action](world, input as Input),
      );
      world.violations.push(...violations);
      return { status: 200, xml };
    } catch (error) {
      if (!(error instanceof RdsError)) world.violations.push(`${action}: ${(error as Error).stack}`);
      const { code = 'InternalFailure', message } = error as RdsError;
      const status = (error as RdsError).status ?? statusOf(model, operation, code);
      if (status === undefined) world.violations.push(`${action} cannot answer with ${code}`);
      return {
        status: status ?? 500,
        xml: encodeError('request-1', { code, message, status: status ?? 500 }),
      };
    }
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { status, xml } = answer(new URLSearchParams(Buffer.concat(chunks).toString('utf8')));
    response.writeHead(status, { 'content-type': 'text/xml' }).end(xml);
  });
  // A connection that waits is never closed by us: a client may be about to use it again.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(world, {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

type World = Omit<LocalElastiCache, 'endpoint' | 'close'>;

const ACTIONS: Record<string, (world: World, input: Input) => unknown> = {
  DescribeReplicationGroups: ({ groups }, { ReplicationGroupId: id }) => ({
    ReplicationGroups: [
      groups.get(id!) ?? refuse('ReplicationGroupNotFoundFault', `there is no replication group ${id}`),
    ],
  }),
  DescribeCacheClusters: ({ clusters }, { CacheClusterId: id }) => ({
    CacheClusters: [clusters.get(id!) ?? refuse('CacheClusterNotFound', `there is no cluster ${id}`)],
  }),
  DescribeServerlessCaches: ({ caches }, { ServerlessCacheName: id }) => ({
    ServerlessCaches: [
      caches.get(id!) ?? refuse('ServerlessCacheNotFoundFault', `there is no serverless cache ${id}`),
    ],
  }),
  CreateSnapshot(world, { SnapshotName: id = '', ReplicationGroupId, CacheClusterId, Tags }) {
    const group = ReplicationGroupId ? world.groups.get(ReplicationGroupId) : undefined;
    const cluster = CacheClusterId ? world.clusters.get(CacheClusterId) : undefined;
    if (group && !group.ClusterEnabled)
      refuse('InvalidParameterCombination', 'without cluster mode a snapshot is taken of a node');
    const source = group ?? cluster;
    if (!source)
      return ReplicationGroupId
        ? refuse('ReplicationGroupNotFoundFault', `there is no ${ReplicationGroupId}`)
        : refuse('CacheClusterNotFound', `there is no ${CacheClusterId}`);
    if ((group?.Status ?? cluster?.CacheClusterStatus) !== 'available')
      refuse(
        group ? 'InvalidReplicationGroupState' : 'InvalidCacheClusterState',
        'it is not in the available state',
      );
    if (world.snapshots.has(id)) refuse('SnapshotAlreadyExistsFault', `there is a snapshot ${id} already`);
    if (world.snapshots.size >= world.quotas.node)
      refuse('SnapshotQuotaExceededFault', 'the maximum number of snapshots in 24 hours has been reached');
    const made: Snapshot = {
      SnapshotName: id,
      ARN: arnOf('snapshot', id),
      ...(group ? { ReplicationGroupId } : { CacheClusterId }),
      SnapshotStatus: 'creating',
      SnapshotSource: 'manual',
      Engine: 'redis',
      EngineVersion: cluster?.EngineVersion ?? '7.1.0',
    } as Snapshot;
    world.snapshots.set(id, made);
    world.tags.set(made.ARN!, Tags ?? []);
    return { Snapshot: made };
  },
  DescribeSnapshots({ snapshots }, { SnapshotName, ReplicationGroupId, CacheClusterId, Marker }) {
    if (SnapshotName && !snapshots.has(SnapshotName))
      refuse('SnapshotNotFoundFault', `there is no ${SnapshotName}`);
    const { items, next } = page(
      [...snapshots.values()].filter(
        (each) =>
          (!SnapshotName || each.SnapshotName === SnapshotName) &&
          (!ReplicationGroupId || each.ReplicationGroupId === ReplicationGroupId) &&
          (!CacheClusterId || each.CacheClusterId === CacheClusterId),
      ),
      Marker,
    );
    return { Snapshots: items, ...(next ? { Marker: next } : {}) };
  },
  DeleteSnapshot({ snapshots }, { SnapshotName: id = '' }) {
    const found = snapshots.get(id) ?? refuse('SnapshotNotFoundFault', `there is no ${id}`);
    if (found.SnapshotStatus !== 'available')
      refuse('InvalidSnapshotState', `${id} is ${found.SnapshotStatus}`);
    snapshots.delete(id);
    return { Snapshot: { ...found, SnapshotStatus: 'deleting' } };
  },
  CreateServerlessCacheSnapshot(world, { ServerlessCacheSnapshotName: id = '', ServerlessCacheName, Tags }) {
    const cache = world.caches.get(ServerlessCacheName!);
    if (!cache) return refuse('ServerlessCacheNotFoundFault', `there is no ${ServerlessCacheName}`);
    if (cache.Status?.toLowerCase() !== 'available')
      refuse('InvalidServerlessCacheStateFault', `it is ${cache.Status}`);
    if (world.cacheSnapshots.has(id))
      refuse('ServerlessCacheSnapshotAlreadyExistsFault', `there is ${id} already`);
    if (world.cacheSnapshots.size >= world.quotas.serverless)
      refuse('ServerlessCacheSnapshotQuotaExceededFault', '24 snapshots in 24 hours');
    const made = {
      ServerlessCacheSnapshotName: id,
      ARN: arnOf('serverlesscachesnapshot', id),
      Status: 'creating',
      SnapshotType: 'manual',
      ServerlessCacheConfiguration: { ServerlessCacheName, Engine: 'valkey', MajorEngineVersion: '8' },
    } as ServerlessCacheSnapshot;
    world.cacheSnapshots.set(id, made);
    world.tags.set(made.ARN!, Tags ?? []);
    return { ServerlessCacheSnapshot: made };
  },
  DescribeServerlessCacheSnapshots(
    { cacheSnapshots },
    { ServerlessCacheSnapshotName, ServerlessCacheName, NextToken },
  ) {
    if (ServerlessCacheSnapshotName && !cacheSnapshots.has(ServerlessCacheSnapshotName))
      refuse('ServerlessCacheSnapshotNotFoundFault', `there is no ${ServerlessCacheSnapshotName}`);
    const { items, next } = page(
      [...cacheSnapshots.values()].filter(
        (each) =>
          (!ServerlessCacheSnapshotName ||
            each.ServerlessCacheSnapshotName === ServerlessCacheSnapshotName) &&
          (!ServerlessCacheName ||
            each.ServerlessCacheConfiguration?.ServerlessCacheName === ServerlessCacheName),
      ),
      NextToken,
    );
    return { ServerlessCacheSnapshots: items, ...(next ? { NextToken: next } : {}) };
  },
  DeleteServerlessCacheSnapshot({ cacheSnapshots }, { ServerlessCacheSnapshotName: id = '' }) {
    const found =
      cacheSnapshots.get(id) ?? refuse('ServerlessCacheSnapshotNotFoundFault', `there is no ${id}`);
    if (found.Status !== 'available')
      refuse('InvalidServerlessCacheSnapshotStateFault', `${id} is ${found.Status}`);
    cacheSnapshots.delete(id);
    return { ServerlessCacheSnapshot: { ...found, Status: 'deleting' } };
  },
  ListTagsForResource: ({ tags }, { ResourceName: arn = '' }) => ({
    TagList: tags.get(arn) ?? refuse('SnapshotNotFoundFault', `there is no ${arn}`),
  }),
};

function page<T>(all: T[], marker: string | undefined): { items: T[]; next?: string } {
  const from = Number(marker ?? 0);
  return { items: all.slice(from, from + 2), ...(all.length > from + 2 ? { next: String(from + 2) } : {}) };
}

function loadModel(): Model {
  const file = join(tool('BOTOCORE_DATA'), 'elasticache/2015-02-02/service-2.json.gz');
  return JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as Model;
}
