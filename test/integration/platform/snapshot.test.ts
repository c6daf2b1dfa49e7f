import {
  CreateDBSnapshotCommand,
  DescribeDBClusterSnapshotsCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import { snapshotName } from '../../../lib/domain/names.ts';
import { TAGS } from '../../../lib/domain/points/platform-source.ts';
import type { SnapshotPoint } from '../../../lib/domain/points/recovery-point.ts';
import { catalog } from '../../../lib/runtime/compose.ts';
import type { CopyOutcome } from '../../../lib/workflows/copy/copy.ts';
import type { ExpireOutcome } from '../../../lib/workflows/expire/expire.ts';
import type { SnapshotOutcome } from '../../../lib/workflows/snapshot/snapshot.ts';
import { type FunctionName, invokeLocally } from '../../../scripts/local/invoke-locally.ts';
import { instancePlan } from '../../support/plan.ts';
import { AWAY, createPlatform, eventually, HOME, PASSWORD, type Platform } from '../../support/rds-stage.ts';

const DAY = 86_400_000;
let platform: Platform;
let away: RDSClient;

beforeAll(async () => {
  platform = await createPlatform((keys) =>
    instancePlan({
      policy: `snapshot: { copies: [{ region: ${AWAY}, kmsKey: "${keys.away}" }] }`,
      targets: { lake: 'aurora: lake-prod' },
    }),
  );
  away = new RDSClient({ endpoint: platform.rds.endpoint, region: AWAY });
  await platform.source('crm', { id: 'crm-prod' });
  await platform.rds.createCluster({
    id: 'lake-prod',
    instanceId: 'lake-prod-1',
    database: 'lake',
    masterPassword: PASSWORD,
    kmsKeyId: platform.keys.home,
  });
});

afterAll(async () => {
  away.destroy();
  await platform.close();
  expect(platform.rds.violations).toEqual([]);
});

afterEach(() => {
  platform.rds.fault = undefined;
});

const snapshot = (scheduledFor: string, more: object = {}) =>
  platform.ask<SnapshotOutcome>('snapshot', scheduledFor, more);
const pointOf = async (id: string, target = 'crm') =>
  (await catalog().point(target, id)) as SnapshotPoint | undefined;
const nameOf = (scheduledFor: string) => snapshotName(platform.stage.name, 'crm', scheduledFor);
const callsOf = (action: string, name: string) =>
  platform.rds.calls.filter(
    (call) => call.action === action && Object.values(call.parameters).includes(name),
  );
/** As the snapshot's own run asks for it. */
const copyOf = (scheduledFor: string) => ({
  job: 'copy',
  target: 'crm',
  scheduledFor,
  requestedBy: 'test',
  point: `${compact(scheduledFor)}-snapshot@${HOME}`,
  to: AWAY,
});
const compact = (moment: string) => moment.replace(/[-:]/g, '');
const idsIn = async (client: RDSClient) =>
  (await client.send(new DescribeDBSnapshotsCommand({}))).DBSnapshots!.map(
    (each) => each.DBSnapshotIdentifier!,
  );

test('a snapshot is taken with the key of its source, waited for and verified', async () => {
  const outcome = await snapshot('2026-11-20T01:00:00Z');
  expect(outcome).toMatchObject({ outcome: 'done', point: '20261120T010000Z-snapshot@eu-central-1' });
  const { DBSnapshots } = await platform.client.send(
    new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: nameOf('2026-11-20T01:00:00Z') }),
  );
  expect(DBSnapshots![0]).toMatchObject({ Status: 'available', KmsKeyId: platform.keys.home });
  expect(await pointOf('20261120T010000Z-snapshot@eu-central-1')).toMatchObject({
    state: 'verified',
    snapshotAt: DBSnapshots![0]!.SnapshotCreateTime!.toISOString().replace(/\.\d+/, ''),
    snapshot: { of: 'rds', encrypted: true, sourceId: 'crm-prod', arn: DBSnapshots![0]!.DBSnapshotArn },
  });
});

test('a snapshot whose message is delivered twice is taken once', async () => {
  const at = '2026-11-20T01:05:00Z';
  expect(await snapshot(at)).toMatchObject({ outcome: 'done' });
  expect(await snapshot(at)).toMatchObject({ outcome: 'done-before' });
  expect(callsOf('CreateDBSnapshot', nameOf(at))).toHaveLength(1);
});

test('a snapshot that an earlier attempt of the run began is adopted', async () => {
  const at = '2026-11-20T01:10:00Z';
  const { stage, client } = platform;
  const tags = { [TAGS.run]: `snapshot/crm/${at}`, [TAGS.stage]: stage.name, [TAGS.target]: 'crm' };
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const begun = { DBInstanceIdentifier: 'crm-prod', DBSnapshotIdentifier: nameOf(at), Tags };
  await client.send(new CreateDBSnapshotCommand(begun));
  const point = '20261120T011000Z-snapshot@eu-central-1';
  expect(await snapshot(at)).toMatchObject({ outcome: 'done', point });
  expect(callsOf('CreateDBSnapshot', nameOf(at))).toHaveLength(1);
  expect(await pointOf(point)).toMatchObject({ state: 'verified' });
});

test('a snapshot of that name without the tags of the run is refused and left as it is', async () => {
  const at = '2026-11-20T01:15:00Z';
  await platform.client.send(
    new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'crm-prod', DBSnapshotIdentifier: nameOf(at) }),
  );
  expect(await snapshot(at)).toMatchObject({ outcome: 'failed', code: 'snapshot-foreign' });
  expect(await pointOf('20261120T011500Z-snapshot@eu-central-1')).toMatchObject({ state: 'failed' });
  expect(await idsIn(platform.client)).toContain(nameOf(at));
  const about = platform.rds.calls.filter(({ parameters }) => Object.values(parameters).includes(nameOf(at)));
  const changed = about.map(({ action }) => action).filter((action) => !action.startsWith('Describe'));
  expect(changed).toEqual(['CreateDBSnapshot']);
});

test('a copy of a snapshot in another Region is a point of its own, under that Region’s key', async () => {
  const at = '2026-11-20T01:20:00Z';
  await platform.published('copy');
  await snapshot(at);
  const [message, ...others] = await platform.published('copy');
  expect(others).toEqual([]);
  expect(message).toMatchObject({ point: '20261120T012000Z-snapshot@eu-central-1', to: AWAY });

  const copied = (await invokeLocally('copy', message)) as CopyOutcome;
  expect(copied).toMatchObject({ outcome: 'done', point: '20261120T012000Z-snapshot@eu-west-1' });
  const { DBSnapshots } = await away.send(
    new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: nameOf(at) }),
  );
  expect(DBSnapshots![0]).toMatchObject({ Status: 'available', KmsKeyId: platform.keys.away });
  const original = await pointOf('20261120T012000Z-snapshot@eu-central-1');
  expect(await pointOf('20261120T012000Z-snapshot@eu-west-1')).toMatchObject({
    state: 'verified',
    place: AWAY,
    // As old as what it is a copy of.
    snapshotAt: original!.snapshotAt,
    snapshot: { kmsKey: platform.keys.away, arn: DBSnapshots![0]!.DBSnapshotArn },
  });

  expect(await invokeLocally('copy', message)).toMatchObject({ outcome: 'done-before' });
  expect(callsOf('CopyDBSnapshot', nameOf(at))).toHaveLength(1);
});

test('a copy of a snapshot is made once when the answer to its call is lost', async () => {
  const at = '2026-11-20T01:05:00Z';
  platform.rds.fault = once('CopyDBSnapshot', 'after');
  expect(await invokeLocally('copy', copyOf(at))).toMatchObject({ outcome: 'done' });
  expect((await idsIn(away)).filter((id) => id === nameOf(at))).toHaveLength(1);
});

test('a copy of a snapshot beyond the quota of its Region is made later', async () => {
  const at = '2026-11-20T01:10:00Z';
  const { rds } = platform;
  const { copies } = rds.quotas;
  rds.quotas.copies = 0;
  rds.fault = () => {
    // After it was refused once there is room again.
    if (callsOf('CopyDBSnapshot', nameOf(at)).some(({ error }) => error === 'SnapshotQuotaExceeded'))
      rds.quotas.copies = copies;
    return undefined;
  };
  expect(await invokeLocally('copy', copyOf(at))).toMatchObject({ outcome: 'done' });
  expect(callsOf('CopyDBSnapshot', nameOf(at)).map(({ error }) => error)).toEqual([
    'SnapshotQuotaExceeded',
    undefined,
  ]);
});

test('a snapshot of an Aurora cluster is taken and copied', async () => {
  await platform.published('copy');
  const outcome = await snapshot('2026-11-20T01:30:00Z', { target: 'lake' });
  expect(outcome).toMatchObject({ outcome: 'done', point: '20261120T013000Z-snapshot@eu-central-1' });
  const [message] = await platform.published('copy');
  expect(await invokeLocally('copy', message)).toMatchObject({ outcome: 'done' });
  for (const [client, place, key] of [
    [platform.client, HOME, platform.keys.home],
    [away, AWAY, platform.keys.away],
  ] as const) {
    const { DBClusterSnapshots } = await client.send(new DescribeDBClusterSnapshotsCommand({}));
    expect(DBClusterSnapshots).toEqual([
      expect.objectContaining({ DBClusterIdentifier: 'lake-prod', Status: 'available', KmsKeyId: key }),
    ]);
    expect(await pointOf(`20261120T013000Z-snapshot@${place}`, 'lake')).toMatchObject({
      state: 'verified',
      snapshot: { of: 'aurora', encrypted: true },
    });
  }
});

test('a snapshot is taken once when the answer to its call is lost', async () => {
  const at = '2026-11-20T01:35:00Z';
  platform.rds.fault = once('CreateDBSnapshot', 'after');
  expect(await snapshot(at)).toMatchObject({ outcome: 'done' });
  // Asked twice, and told the second time that it is there.
  expect(callsOf('CreateDBSnapshot', nameOf(at)).map(({ error }) => error)).toEqual([
    undefined,
    'DBSnapshotAlreadyExists',
  ]);
  expect((await idsIn(platform.client)).filter((id) => id === nameOf(at))).toHaveLength(1);
});

test('a snapshot is taken although every call is throttled twice', async () => {
  const at = '2026-11-20T01:40:00Z';
  const refused = new Map<string, number>();
  platform.rds.fault = (action) => {
    const times = refused.get(action) ?? 0;
    if (times >= 2) return undefined;
    refused.set(action, times + 1);
    return { code: 'Throttling', message: 'Rate exceeded', status: 400 };
  };
  expect(await snapshot(at)).toMatchObject({ outcome: 'done' });
  expect(Object.fromEntries(refused)).toMatchObject({
    CreateDBSnapshot: 2,
    DescribeDBSnapshots: 2,
    DescribeDBInstances: 2,
  });
});

test('a snapshot that fails on RDS is a failed point, and opens job-failed until the next good one', async () => {
  const at = '2026-11-20T01:45:00Z';
  await platform.rds.set('*', { failedSnapshots: true });
  const outcome = await snapshot(at);
  await platform.rds.set('*', { failedSnapshots: false });
  expect(outcome).toMatchObject({ outcome: 'failed', code: 'snapshot-failed' });
  expect(await pointOf('20261120T014500Z-snapshot@eu-central-1')).toMatchObject({ state: 'failed' });
  const open = await catalog().openFindings('crm');
  expect(open).toContainEqual(expect.objectContaining({ code: 'job-failed', subject: 'snapshot' }));
  // The next good one takes it back.
  await snapshot('2026-11-20T01:46:00Z');
  expect((await catalog().openFindings('crm')).map(({ code }) => code)).not.toContain('job-failed');
});

test.each([
  ['stopped', '2026-11-20T01:50:00Z'],
  ['storage-full', '2026-11-20T01:51:00Z'],
])('a snapshot of an instance that is %s is not taken, for that reason', async (status, at) => {
  await platform.rds.set('crm-prod', { status });
  const outcome = await snapshot(at);
  await platform.rds.set('crm-prod', { status: 'available' });
  expect(outcome).toMatchObject({ outcome: 'failed', code: `source-${status}` });
  expect(callsOf('CreateDBSnapshot', nameOf(at))).toEqual([]);
});

test('expire deletes an old snapshot and its copy, and no labelled, automated or foreign one', async () => {
  const { rds, client } = platform;
  const ages = new Map<string, Date>();
  /** As if taken when it was due. */
  const takenAt = (scheduledFor: string, more: object = {}) => {
    ages.set(nameOf(scheduledFor), new Date(scheduledFor));
    return snapshot(scheduledFor, more);
  };
  rds.fault = (_action, { DBSnapshotIdentifier: id }) => {
    const age = ages.get(id as string);
    if (age) void rds.set(id as string, { createdAt: age }).catch(() => undefined);
    return undefined;
  };
  const daysAgo = (days: number, time: string) =>
    `${new Date(Date.now() - days * DAY).toISOString().slice(0, 10)}T${time}:00Z`;
  const old = daysAgo(60, '01:00');
  const labelled = daysAgo(60, '02:00');
  await takenAt(old);
  await takenAt(labelled, { label: 'release 4.2' });
  await invokeLocally('copy', copyOf(old));
  // A good one in the copy's place, without which nothing there would go.
  await invokeLocally('copy', copyOf('2026-11-20T01:00:00Z'));
  const automated = await rds.takeAutomatedSnapshot('crm-prod');
  await client.send(
    new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'crm-prod', DBSnapshotIdentifier: 'by-hand' }),
  );
  await eventually('the snapshot by hand', async () => {
    const asked = new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: 'by-hand' });
    return (await client.send(asked)).DBSnapshots![0]!.Status === 'available';
  });
  for (const id of [automated, 'by-hand']) await rds.set(id, { createdAt: new Date(Date.now() - 400 * DAY) });
  await invokeLocally('watch', {});
  const kinds = (await catalog().points('crm')).map(({ kind }) => kind);
  expect(kinds).toEqual(expect.arrayContaining(['automated', 'foreign']));

  const outcome = (await platform.ask('expire', '2026-11-20T05:00:00Z')) as ExpireOutcome;
  expect(outcome).toMatchObject({ outcome: 'done' });
  const here = await idsIn(client);
  expect(here).not.toContain(nameOf(old));
  expect(here).toEqual(expect.arrayContaining([nameOf(labelled), automated, 'by-hand']));
  expect(await idsIn(away)).not.toContain(nameOf(old));
  const states = new Map((await catalog().points('crm')).map(({ id, state }) => [id, state]));
  expect(states.get(`${compact(old)}-snapshot@${HOME}`)).toBe('expired');
  expect(states.get(`${compact(old)}-snapshot@${AWAY}`)).toBe('expired');
});

function once(action: string, what: 'after'): (called: string) => 'after' | undefined {
  let done = false;
  return (called) => {
    if (done || called !== action) return undefined;
    done = true;
    return what;
  };
}

test.each([
  ['of an unknown target', { job: 'snapshot', target: 'missing', scheduledFor: '2026-11-20T09:00:00Z' }],
  [
    'with an unknown field',
    { job: 'snapshot', target: 'crm', scheduledFor: '2026-11-20T09:00:00Z', labl: 'x' },
  ],
  ['without a moment', { job: 'copy', target: 'crm', point: 'x', to: 'mars' }],
  ['of a rehearsal from nowhere', { job: 'rehearse-instance', target: 'crm', from: 'mars' }],
  [
    'of a rehearsal of an unknown target',
    { job: 'rehearse', target: 'missing', scheduledFor: '2026-11-20T09:00:00Z' },
  ],
])('a message %s opens unknown-job, and fails when a person sends it', async (_what, message) => {
  const Records = [{ body: JSON.stringify(message) }];
  expect(await invokeLocally(message.job as FunctionName, { Records })).toBeUndefined();
  const subject = `${message.job} ${message.target}`;
  expect(await catalog().openFindings('understudy')).toContainEqual(
    expect.objectContaining({ code: 'unknown-job', subject }),
  );
  await expect(invokeLocally(message.job as FunctionName, message)).rejects.toThrow();
});
