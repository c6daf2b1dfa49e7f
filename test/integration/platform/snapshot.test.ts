import type { SnapshotPoint } from '../../../lib/domain/recovery-point.ts';
import { catalog } from '../../../lib/runtime/compose.ts';
import { endDurable, invokeLocally } from '../../../scripts/local/handlers.ts';
import { type LocalRds, startLocalRds } from '../../../scripts/local/rds/local-rds.ts';
import { instancePlan } from '../../support/instances.ts';
import { createStage } from '../../support/stage.ts';

const PLAN = instancePlan({
  policy:
    'snapshot: { copies: [{ region: eu-west-1, kmsKey: "arn:aws:kms:eu-west-1:123456789012:key/there" }] }',
});

let rds: LocalRds;

beforeAll(async () => {
  await createStage(PLAN);
  rds = await startLocalRds({ pace: 200 });
  process.env['AWS_ENDPOINT_URL_RDS'] = rds.endpoint;
  process.env['UNDERSTUDY_PACE'] = '1';
  await rds.createInstance({
    id: 'crm-prod',
    database: 'crm',
    masterPassword: 'only-for-tests',
    backupRetention: 7,
    encrypted: true,
  });
});

afterAll(async () => {
  await endDurable();
  await rds.close();
});

const message = (scheduledFor: string, more: object = {}) => ({
  job: 'snapshot',
  target: 'crm',
  scheduledFor,
  requestedBy: 'test',
  ...more,
});

test('takes a snapshot, waits for it and finds it to be what was promised', async () => {
  const outcome = await invokeLocally('snapshot', message('2026-11-20T01:00:00Z'));
  expect(outcome).toMatchObject({ outcome: 'done', point: '20261120T010000Z-snapshot@eu-central-1' });
  const point = (await catalog().point('crm', '20261120T010000Z-snapshot@eu-central-1')) as SnapshotPoint;
  expect(point).toMatchObject({
    state: 'verified',
    snapshot: { of: 'rds', encrypted: true, sourceId: 'crm-prod' },
  });
  expect(rds.violations).toEqual([]);
});
