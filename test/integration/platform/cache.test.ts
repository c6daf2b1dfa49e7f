import { loadPlan } from '../../../lib/config/load.ts';
import type { SnapshotPoint } from '../../../lib/domain/points/recovery-point.ts';
import { catalog, forget } from '../../../lib/runtime/compose.ts';
import { endDurable, invokeLocally } from '../../../scripts/local/invoke-locally.ts';
import { type LocalElastiCache, startLocalElastiCache } from '../../contract/support/local-elasticache.ts';
import { createStage } from '../../support/stage.ts';

const PLAN = loadPlan(
  `
version: 1
policies:
  caches:
    objectives: { rpo: { snapshot: 26h }, rto: 1h }
    schedules: { snapshot: "0 1 * * *", expire: "0 5 * * *" }
    retention: { all: 2d }
targets:
  sessions: { policy: caches, elasticache: sessions-prod }
`,
  'test.yml',
  new Date('2026-11-20T12:00:00Z'),
);
const POINT = '20261120T010000Z-snapshot@eu-central-1';
const NOW = '2026-11-20T01:00:00Z';

let local: LocalElastiCache;

beforeAll(async () => {
  local = await startLocalElastiCache();
  await createStage(PLAN);
  process.env['AWS_ENDPOINT_URL_ELASTICACHE'] = local.endpoint;
  process.env['UNDERSTUDY_PACE'] = '1';
  forget();
  local.groups.set('sessions-prod', {
    ReplicationGroupId: 'sessions-prod',
    ARN: 'arn:aws:elasticache:eu-central-1:123456789012:replicationgroup:sessions-prod',
    Status: 'available',
    ReplicationGroupCreateTime: new Date('2026-01-01T00:00:00Z'),
    ClusterEnabled: true,
    MemberClusters: [],
    AtRestEncryptionEnabled: true,
    MultiAZ: 'enabled',
    CacheNodeType: 'cache.r7g.large',
    SnapshotRetentionLimit: 7,
    SnapshotWindow: '05:00-06:00',
  });
});
afterAll(async () => {
  await endDurable();
  await local.close();
});
afterEach(() => expect(local.violations).toEqual([]));

const ask = (job: 'snapshot' | 'expire', scheduledFor: string) =>
  invokeLocally(job, { job, target: 'sessions', scheduledFor, requestedBy: 'test' });

describe('a cache', () => {
  it('has a snapshot taken and verified as an instance has', async () => {
    const outcome = ask('snapshot', NOW);
    // It takes a while, as there.
    const finishing = setInterval(() => {
      for (const snapshot of local.snapshots.values()) snapshot.SnapshotStatus = 'available';
    }, 500);
    expect(await outcome.finally(() => clearInterval(finishing))).toMatchObject({
      outcome: 'done',
      point: POINT,
    });
    expect((await catalog().point('sessions', POINT)) as SnapshotPoint).toMatchObject({
      state: 'verified',
      snapshot: { of: 'elasticache', sourceId: 'sessions-prod' },
    });
    expect((await catalog().statuses(['sessions'])).get('sessions')).toBeDefined();
  });

  it('has one snapshot taken when the message is delivered twice', async () => {
    expect(await ask('snapshot', NOW)).toMatchObject({ outcome: 'done-before' });
    expect(local.calls.filter((action) => action === 'CreateSnapshot')).toHaveLength(1);
  });

  it('opens job-failed at P2 when it does not exist', async () => {
    const group = local.groups.get('sessions-prod')!;
    local.groups.clear();
    expect(await ask('snapshot', '2026-11-20T02:00:00Z')).toMatchObject({
      outcome: 'failed',
      code: 'source-not-found',
    });
    local.groups.set('sessions-prod', group);
    expect(await catalog().openFindings('sessions')).toMatchObject([{ code: 'job-failed', severity: 'P2' }]);
  });
});
