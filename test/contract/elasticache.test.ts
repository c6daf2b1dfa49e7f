import {
  CreateCacheClusterCommand,
  CreateReplicationGroupCommand,
  type ElastiCacheClient,
} from '@aws-sdk/client-elasticache';
import { fromGroup } from '../../lib/adapters/aws/elasticache/caches.ts';
import {
  elasticacheClient,
  elasticachePlatform,
} from '../../lib/adapters/aws/elasticache/elasticache-platform.ts';
import { bytesOf } from '../../lib/adapters/aws/elasticache/snapshots.ts';
import type { Platform } from '../../lib/ports/platform.ts';
import { impatient } from './support/impatient.ts';
import { type LocalElastiCache, startLocalElastiCache } from './support/local-elasticache.ts';
import { unique } from './support/stage.ts';

const HOME = { name: 'eu-central-1', region: 'eu-central-1' };
const TAGS = { 'understudy:run': 'snapshot/sessions/2026-11-20T01:00:00Z', 'understudy:stage': 'test' };
const AT = new Date('2026-11-20T01:00:07Z');
const of = (id: string) => ({ kind: 'elasticache' as const, id });

let local: LocalElastiCache;
let client: ElastiCacheClient;
let platform: Platform;

beforeAll(async () => {
  local = await startLocalElastiCache();
  process.env['AWS_ENDPOINT_URL_ELASTICACHE'] = local.endpoint;
  client = await impatient(elasticacheClient(HOME.region));
  platform = elasticachePlatform(client, HOME);
  // A client reads its endpoint when it is first used.
  await platform.source(of('missing'));
});
afterAll(() => local.close());
beforeEach(() => {
  const { groups, clusters, caches, snapshots, cacheSnapshots, tags } = local;
  for (const each of [groups, clusters, caches, snapshots, cacheSnapshots, tags]) each.clear();
  local.fault = undefined;
  local.quotas = { node: 20, serverless: 24 };
  local.calls.length = 0;
});
afterEach(() => expect(local.violations).toEqual([]));

const arn = (what: string, id: string) => `arn:aws:elasticache:eu-central-1:123456789012:${what}:${id}`;

function putCluster(CacheClusterId: string, changes = {}) {
  local.clusters.set(CacheClusterId, {
    CacheClusterId,
    ARN: arn('cluster', CacheClusterId),
    CacheClusterStatus: 'available',
    CacheClusterCreateTime: new Date('2026-01-01T00:00:00Z'),
    CacheNodeType: 'cache.t4g.small',
    Engine: 'redis',
    EngineVersion: '7.1.0',
    AtRestEncryptionEnabled: true,
    SnapshotRetentionLimit: 5,
    SnapshotWindow: '03:00-04:00',
    CacheSubnetGroupName: 'private',
    CacheParameterGroup: { CacheParameterGroupName: 'default.redis7' },
    SecurityGroups: [{ SecurityGroupId: 'sg-1', Status: 'active' }],
    CacheNodes: [{ CacheNodeId: '0001', Endpoint: { Address: `${CacheClusterId}.example`, Port: 6379 } }],
    ...changes,
  });
}

function putGroup(ReplicationGroupId: string, changes = {}) {
  putCluster(`${ReplicationGroupId}-001`);
  local.groups.set(ReplicationGroupId, {
    ReplicationGroupId,
    ARN: arn('replicationgroup', ReplicationGroupId),
    Status: 'available',
    ReplicationGroupCreateTime: new Date('2026-01-01T00:00:00Z'),
    ClusterEnabled: true,
    MemberClusters: [`${ReplicationGroupId}-001`, `${ReplicationGroupId}-002`],
    AtRestEncryptionEnabled: true,
    KmsKeyId: 'arn:aws:kms:eu-central-1:123456789012:key/cache',
    MultiAZ: 'enabled',
    CacheNodeType: 'cache.r7g.large',
    SnapshotRetentionLimit: 7,
    SnapshotWindow: '05:00-06:00',
    ConfigurationEndpoint: { Address: `${ReplicationGroupId}.example`, Port: 6379 },
    ...changes,
  });
}

function putServerless(ServerlessCacheName: string, changes = {}) {
  local.caches.set(ServerlessCacheName, {
    ServerlessCacheName,
    ARN: arn('serverlesscache', ServerlessCacheName),
    Status: 'AVAILABLE',
    CreateTime: new Date('2026-01-01T00:00:00Z'),
    Engine: 'valkey',
    MajorEngineVersion: '8',
    FullEngineVersion: '8.0.1',
    SnapshotRetentionLimit: 3,
    DailySnapshotTime: '04:00',
    SecurityGroupIds: ['sg-2'],
    Endpoint: { Address: `${ServerlessCacheName}.example`, Port: 6379 },
    ...changes,
  });
}

const FORMS: [string, (id: string) => void][] = [
  ['a replication group in cluster mode', (id) => putGroup(id)],
  ['a replication group without cluster mode', (id) => putGroup(id, { ClusterEnabled: false })],
  ['a cluster', (id) => putCluster(id)],
  ['a serverless cache', (id) => putServerless(id)],
];

describe.each(FORMS)('snapshots of %s', (_name, put) => {
  it('are taken with their tags, become available with their age and size, and are deleted', async () => {
    put('sessions');
    await platform.takeSnapshot(of('sessions'), 'understudy-1', TAGS);
    const creating = await platform.snapshot('elasticache', 'understudy-1', HOME);
    const made = { id: 'understudy-1', status: 'creating', type: 'manual', bytes: 0, tags: TAGS };
    expect(creating).toMatchObject(made);
    expect(creating).not.toHaveProperty('takenAt');

    local.finish(AT);
    const available = await platform.snapshot('elasticache', 'understudy-1', HOME);
    expect(available).toMatchObject({
      of: 'elasticache',
      status: 'available',
      takenAt: '2026-11-20T01:00:07Z',
      bytes: 6 * 1024 ** 2,
      encrypted: true,
      tags: TAGS,
    });
    expect((await platform.snapshots(of('sessions'), HOME)).map(({ id }) => id)).toEqual(['understudy-1']);

    await platform.deleteSnapshot('elasticache', 'understudy-1', HOME);
    expect(await platform.snapshot('elasticache', 'understudy-1', HOME)).toBeUndefined();
    expect(await platform.snapshots(of('sessions'), HOME)).toEqual([]);
    await platform.deleteSnapshot('elasticache', 'understudy-1', HOME);
  });

  it('are listed to the last page, each with its tags, which ElastiCache is asked for once', async () => {
    put('sessions');
    put('others');
    for (const id of ['one', 'two', 'three', 'four', 'five'])
      await platform.takeSnapshot(of('sessions'), id, { ...TAGS, id });
    await platform.takeSnapshot(of('others'), 'six', TAGS);
    local.finish(AT);
    const listed = await platform.snapshots(of('sessions'), HOME);
    expect(listed.map(({ id, tags }) => [id, tags['id']]).sort()).toEqual(
      ['five', 'four', 'one', 'three', 'two'].map((id) => [id, id]),
    );
    local.calls.length = 0;
    expect(await platform.snapshots(of('sessions'), HOME)).toEqual(listed);
    expect(local.calls).not.toContain('ListTagsForResource');
  });

  it('are found and listed after their cache was deleted', async () => {
    put('sessions');
    await platform.takeSnapshot(of('sessions'), 'understudy-1', TAGS);
    local.finish(AT);
    for (const each of [local.groups, local.caches, local.clusters]) each.delete('sessions');
    expect(await platform.source(of('sessions'))).toBeUndefined();
    expect(await platform.snapshot('elasticache', 'understudy-1', HOME)).toMatchObject({ tags: TAGS });
    expect((await platform.snapshots(of('sessions'), HOME)).map(({ id }) => id)).toEqual(['understudy-1']);
    expect(await platform.snapshots(of('session'), HOME)).toEqual([]);
  });

  it('are refused beyond the daily quota of ElastiCache, with what to do', async () => {
    put('sessions');
    local.quotas = { node: 1, serverless: 1 };
    await platform.takeSnapshot(of('sessions'), 'one', TAGS);
    await expect(platform.takeSnapshot(of('sessions'), 'two', TAGS)).rejects.toMatchObject({
      code: 'snapshot-quota',
      message: expect.stringContaining('two of sessions'),
      hint: expect.stringMatching(/24 .*20 /),
    });
  });

  it('are not taken twice under one name', async () => {
    put('sessions');
    await platform.takeSnapshot(of('sessions'), 'understudy-1', TAGS);
    await expect(platform.takeSnapshot(of('sessions'), 'understudy-1', TAGS)).rejects.toMatchObject({
      code: 'snapshot-exists',
    });
  });

  it('are not deleted while they are being taken, and taken for deleted while they are being deleted', async () => {
    put('sessions');
    await platform.takeSnapshot(of('sessions'), 'understudy-1', TAGS);
    await expect(platform.deleteSnapshot('elasticache', 'understudy-1', HOME)).rejects.toMatchObject({
      code: 'source-busy',
    });
    for (const each of local.snapshots.values()) each.SnapshotStatus = 'deleting';
    for (const each of local.cacheSnapshots.values()) each.Status = 'deleting';
    await platform.deleteSnapshot('elasticache', 'understudy-1', HOME);
  });
});

describe('a cache', () => {
  it('is found as a replication group, with what only its nodes know', async () => {
    putGroup('sessions');
    const source = await platform.source(of('sessions'));
    expect(source).toEqual({
      kind: 'elasticache',
      id: 'sessions',
      arn: arn('replicationgroup', 'sessions'),
      resourceId: `${arn('replicationgroup', 'sessions')}@2026-01-01T00:00:00Z`,
      state: 'ready',
      status: 'available',
      engine: 'redis',
      engineVersion: '7.1.0',
      bytes: 0,
      encrypted: true,
      kmsKey: 'arn:aws:kms:eu-central-1:123456789012:key/cache',
      createdAt: '2026-01-01T00:00:00Z',
      instanceClass: 'cache.r7g.large',
      multiAz: true,
      publiclyAccessible: false,
      deletionProtection: false,
      backups: { retention: 7 * 86_400, window: '05:00-06:00' },
      replicatedTo: [],
      endpoint: { host: 'sessions.example', port: 6379 },
      parameterGroup: 'default.redis7',
      subnetGroup: 'private',
      securityGroups: ['sg-1'],
    });
  });

  it('is found as a single cluster', async () => {
    putCluster('sessions', { AtRestEncryptionEnabled: false, SnapshotRetentionLimit: 0 });
    expect(await platform.source(of('sessions'))).toMatchObject({
      arn: arn('cluster', 'sessions'),
      instanceClass: 'cache.t4g.small',
      encrypted: false,
      backups: { retention: 0 },
      endpoint: { host: 'sessions.example', port: 6379 },
    });
  });

  it('is found as a serverless cache, which is always encrypted, although its state is written in capitals', async () => {
    putServerless('sessions');
    expect(await platform.source(of('sessions'))).toMatchObject({
      state: 'ready',
      status: 'available',
      engine: 'valkey',
      engineVersion: '8.0.1',
      encrypted: true,
      instanceClass: 'serverless',
      backups: { retention: 3 * 86_400, window: '04:00-04:00' },
    });
  });

  it('that does not exist is not found, and no snapshot of it is taken', async () => {
    expect(await platform.source(of('missing'))).toBeUndefined();
    await expect(platform.takeSnapshot(of('missing'), 'understudy-1', TAGS)).rejects.toMatchObject({
      code: 'source-not-found',
      message: expect.stringContaining('missing'),
    });
    expect(local.calls.filter((call) => call.startsWith('Create'))).toEqual([]);
  });

  it('is found as a serverless cache when its name is too long for a node', async () => {
    putServerless('sessions');
    local.fault = { action: 'DescribeReplicationGroups', code: 'InvalidParameterValue' };
    expect(await platform.source(of('sessions'))).toMatchObject({ instanceClass: 'serverless' });
  });

  it('that is busy is found as busy, and refuses a snapshot as busy', async () => {
    putGroup('sessions', { Status: 'snapshotting' });
    expect((await platform.source(of('sessions')))!.state).toBe('busy');
    await expect(platform.takeSnapshot(of('sessions'), 'understudy-1', TAGS)).rejects.toMatchObject({
      code: 'source-busy',
    });
  });

  it.each([
    ['Throttling', 400, 'platform-unreachable'],
    ['ServiceUnavailable', 503, 'platform-unreachable'],
    ['AccessDenied', 403, 'platform-denied'],
    ['InvalidParameterCombination', 400, 'platform-refused'],
  ])(
    'is not taken for one that does not exist when ElastiCache answers %s',
    async (code, status, meaning) => {
      putServerless('sessions');
      local.fault = { action: 'DescribeReplicationGroups', code, status };
      await expect(platform.source(of('sessions'))).rejects.toMatchObject({ code: meaning });
    },
  );

  it('is encrypted by its storage, not by the flag it was created with', () => {
    const group = { ReplicationGroupId: 'sessions', AtRestEncryptionEnabled: false };
    expect(fromGroup({ ...group, StorageEncryptionType: 'sse-elasticache' }).encrypted).toBe(true);
    expect(fromGroup({ ...group, StorageEncryptionType: 'none' }).encrypted).toBe(false);
    expect(fromGroup(group).encrypted).toBe(false);
  });
});

describe('a cache snapshot', () => {
  it('of a group without cluster mode is taken of the node that AWS takes its own of, and both are listed', async () => {
    putCluster('sessions-002');
    putGroup('sessions', { ClusterEnabled: false, SnapshottingClusterId: 'sessions-002' });
    await platform.takeSnapshot(of('sessions'), 'ours', TAGS);
    local.snapshots.set('automatic.sessions-002-2026-11-20', {
      ...local.snapshots.get('ours')!,
      SnapshotName: 'automatic.sessions-002-2026-11-20',
      SnapshotSource: 'automated',
    });
    await platform.takeSnapshot(of('sessions-002'), 'of-the-node', TAGS);
    putCluster('sessions-b-001');
    await platform.takeSnapshot(of('sessions-b-001'), 'of-another', TAGS);
    local.finish(AT);
    expect(local.snapshots.get('ours')).toMatchObject({ CacheClusterId: 'sessions-002' });
    const listed = await platform.snapshots(of('sessions'), HOME);
    expect(listed.map(({ id, type, tags, sourceId }) => ({ id, type, tags, sourceId }))).toEqual([
      { id: 'ours', type: 'manual', tags: TAGS, sourceId: 'sessions' },
      { id: 'automatic.sessions-002-2026-11-20', type: 'automated', tags: {}, sourceId: 'sessions' },
      { id: 'of-the-node', type: 'manual', tags: TAGS, sourceId: 'sessions' },
    ]);
  });

  it('of several nodes is as old as the oldest of them and as large as all', async () => {
    putGroup('sessions');
    await platform.takeSnapshot(of('sessions'), 'understudy-1', TAGS);
    local.finish(AT);
    local.snapshots.get('understudy-1')!.NodeSnapshots = [
      { CacheSize: '1 GB', SnapshotCreateTime: new Date('2026-11-20T01:00:09Z') },
      { CacheSize: '512 MB', SnapshotCreateTime: new Date('2026-11-20T01:00:03Z') },
    ];
    expect(await platform.snapshot('elasticache', 'understudy-1', HOME)).toMatchObject({
      takenAt: '2026-11-20T01:00:03Z',
      bytes: 1.5 * 1024 ** 3,
    });
  });

  it('of an unencrypted cluster is unencrypted, unless it has a key of its own', async () => {
    putCluster('sessions', { AtRestEncryptionEnabled: false });
    await platform.takeSnapshot(of('sessions'), 'understudy-1', TAGS);
    local.finish(AT);
    const found = () => platform.snapshot('elasticache', 'understudy-1', HOME);
    expect(await found()).toMatchObject({ encrypted: false });
    local.snapshots.get('understudy-1')!.KmsKeyId = 'key-1';
    expect(await found()).toMatchObject({ encrypted: true, kmsKey: 'key-1' });
  });

  it.each(['1-digit-first', 'two--hyphens', 'ends-', 'under_score', `x${'y'.repeat(255)}`])(
    'is refused under the name %s before ElastiCache is asked',
    async (name) => {
      putCluster('sessions');
      await expect(platform.takeSnapshot(of('sessions'), name, TAGS)).rejects.toMatchObject({
        code: 'platform-refused',
      });
      expect(local.calls).toEqual([]);
    },
  );

  it('is not copied or shared, and none is looked for in another Region', async () => {
    const away = { name: 'eu-west-1', region: 'eu-west-1' };
    putCluster('sessions');
    await platform.takeSnapshot(of('sessions'), 'understudy-1', TAGS);
    local.finish(AT);
    const taken = (await platform.snapshot('elasticache', 'understudy-1', HOME))!;
    local.calls.length = 0;
    const impossible = { code: 'copy-impossible' };
    const copy = { id: 'copy', place: away, tags: TAGS };
    await expect(platform.copySnapshot({ ...taken, region: HOME.region }, copy)).rejects.toMatchObject(
      impossible,
    );
    const sharing = platform.share('elasticache', 'understudy-1', HOME, '111122223333');
    await expect(sharing).rejects.toMatchObject(impossible);
    expect(await platform.snapshots(of('sessions'), away)).toEqual([]);
    expect(await platform.snapshot('elasticache', 'understudy-1', away)).toBeUndefined();
    await platform.deleteSnapshot('elasticache', 'understudy-1', away);
    expect(await platform.quotas(HOME)).toEqual({});
    expect(local.calls).toEqual([]);
    expect(local.snapshots.has('understudy-1')).toBe(true);
  });

  it.each([
    ['6 MB', 6 * 1024 ** 2],
    ['1.5 GB', 1.5 * 1024 ** 3],
    ['12 KB', 12 * 1024],
    ['', 0],
    [undefined, 0],
  ])('of size %s has so many bytes', (size, bytes) => {
    expect(bytesOf(size)).toBe(bytes);
  });
});

describe('ElastiCache in moto', () => {
  let moto: ElastiCacheClient;
  let onMoto: Platform;
  beforeAll(async () => {
    process.env['AWS_ENDPOINT_URL_ELASTICACHE'] = process.env['AWS_ENDPOINT_URL'];
    moto = await impatient(elasticacheClient(HOME.region));
    onMoto = elasticachePlatform(moto, HOME);
  });

  it.each([
    [
      'a replication group',
      (id: string) =>
        new CreateReplicationGroupCommand({
          ReplicationGroupId: id,
          ReplicationGroupDescription: 'sessions',
          Engine: 'redis',
          ClusterMode: 'enabled',
          NumNodeGroups: 2,
          ReplicasPerNodeGroup: 1,
          AtRestEncryptionEnabled: true,
          SnapshotRetentionLimit: 7,
        }),
    ],
    [
      'a cluster',
      (id: string) =>
        new CreateCacheClusterCommand({
          CacheClusterId: id,
          Engine: 'redis',
          CacheNodeType: 'cache.t4g.small',
          NumCacheNodes: 1,
          SnapshotRetentionLimit: 7,
        }),
    ],
  ])(
    'takes a snapshot of %s, finds it by its name and by its cache, and deletes it',
    async (_name, create) => {
      const [id, name] = [unique('cache'), unique('understudy')];
      await moto.send(create(id) as CreateCacheClusterCommand);
      expect(await onMoto.source(of(id))).toMatchObject({ id, backups: { retention: 7 * 86_400 } });
      await onMoto.takeSnapshot(of(id), name, TAGS);
      await expect(onMoto.takeSnapshot(of(id), name, TAGS)).rejects.toMatchObject({
        code: 'snapshot-exists',
      });
      const made = { id: name, status: 'available', type: 'manual', sourceId: id, tags: TAGS };
      expect(await onMoto.snapshot('elasticache', name, HOME)).toMatchObject(made);
      expect((await onMoto.snapshots(of(id), HOME)).map((each) => each.id)).toEqual([name]);
      await onMoto.deleteSnapshot('elasticache', name, HOME);
      expect(await onMoto.snapshots(of(id), HOME)).toEqual([]);
    },
  );
});
