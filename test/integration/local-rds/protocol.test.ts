import {
  CreateDBSnapshotCommand,
  DescribeDBEngineVersionsCommand,
  DescribeDBInstancesCommand,
  DescribeDBMajorEngineVersionsCommand,
  DescribeDBSnapshotsCommand,
  DescribeDBSubnetGroupsCommand,
  ListTagsForResourceCommand,
  type Parameter,
  paginateDescribeDBParameters,
  paginateDescribeDBSnapshots,
} from '@aws-sdk/client-rds';
import { encodeResponse } from '../../../scripts/local/rds/encode-response.ts';
import { loadModel } from '../../../scripts/local/rds/model.ts';
import { AWAY, arn, clientOf, localRds, refusal } from './support.ts';

const { rds, client, aws } = localRds({ pace: 5, subnetGroups: ['quarantine'] });

const post = async (parameters: Record<string, string>) => {
  const body = new URLSearchParams({ Version: '2014-10-31', ...parameters });
  const answer = await fetch(rds().endpoint, { method: 'POST', body });
  return { status: answer.status, text: await answer.text() };
};
/** What was written down since, which the test has provoked. */
const provoked = () => rds().violations.splice(0);

beforeAll(async () => {
  await rds().createInstance({
    id: 'shop',
    engine: 'mariadb',
    database: 'shop',
    masterPassword: 'correct-horse',
    backupRetention: 0,
  });
  for (let n = 0; n < 45; n++) await rds().takeAutomatedSnapshot('shop');
});

describe('the local RDS records and refuses a request', () => {
  const shop = { DBInstanceIdentifier: 'shop' };
  test.each<[string, string, Record<string, string>]>([
    ['an unknown parameter', 'DescribeDBInstances', { Nonsense: '1' }],
    ['an unknown member of a list', 'DescribeDBInstances', { 'Filters.Filter.1.Colour': 'red' }],
    ['a list under a wrong name', 'DescribeDBInstances', { 'Filters.member.1.Name': 'engine' }],
    ['a missing parameter', 'CreateDBSnapshot', shop],
    ['a missing member', 'DescribeDBInstances', { 'Filters.Filter.1.Name': 'engine' }],
    ['a gap in a list', 'CreateDBSnapshot', { ...shop, DBSnapshotIdentifier: 'x', 'Tags.Tag.2.Key': 'a' }],
  ])('with %s as a validation error', async (_what, Action, parameters) => {
    const { status, text } = await post({ Action, ...parameters });
    expect([status, text]).toEqual([400, expect.stringContaining('<Code>ValidationError</Code>')]);
    expect(provoked()).toEqual([expect.stringContaining(Action)]);
  });

  test.each<[string, string, Record<string, string>]>([
    ['an integer', 'DescribeDBInstances', { MaxRecords: 'many' }],
    ['a boolean', 'DeleteDBInstance', { ...shop, SkipFinalSnapshot: 'yes' }],
    ['a moment', 'RestoreDBInstanceToPointInTime', { RestoreTime: 'noon' }],
    ['a value of its enumeration', 'ModifyDBInstance', { ...shop, ReplicaMode: 'x' }],
  ])('with a parameter that is not %s as an invalid value', async (_what, Action, parameters) => {
    const { status, text } = await post({ Action, ...parameters });
    expect([status, text]).toEqual([400, expect.stringContaining('<Code>InvalidParameterValue</Code>')]);
    expect(provoked()).toEqual([expect.stringContaining(Action)]);
  });

  test('of an action that it does not serve', async () => {
    const { text } = await post({ Action: 'StopDBInstance', ...shop });
    expect(text).toContain('<Code>InvalidAction</Code>');
    expect(rds().calls.at(-1)).toMatchObject({ action: 'StopDBInstance', error: 'InvalidAction' });
  });
});

test('the local RDS records an answer with a member or a type that its shape does not have', () => {
  const model = loadModel();
  const judge = (output: unknown) =>
    encodeResponse(model, model.operations['DescribeDBInstances']!, 'id', output).violations;
  expect(judge({ DBInstances: [{ DBInstanceIdentifier: 'a & b', MultiAZ: false }] })).toEqual([]);
  expect(judge({ DBInstances: [{ Colour: 'red' }] })).toEqual([
    'DescribeDBInstances.DBInstances[0] has no member Colour',
  ]);
  expect(judge({ DBInstances: [{ AllocatedStorage: '20' }] })).toHaveLength(1);
  expect(judge({ DBInstances: [{ InstanceCreateTime: '2026-01-01' }] })).toHaveLength(1);
});

test('the local RDS lists 45 snapshots in three pages without gaps or doubles', async () => {
  const seen: string[] = [];
  const shop = { DBInstanceIdentifier: 'shop' };
  let count = 0;
  for await (const page of paginateDescribeDBSnapshots({ client: client(), pageSize: 20 }, shop)) {
    count++;
    seen.push(...page.DBSnapshots!.map(({ DBSnapshotIdentifier }) => DBSnapshotIdentifier!));
  }
  expect([count, seen.length, new Set(seen).size]).toEqual([3, 45, 45]);
});

test.each([{ MaxRecords: 19 }, { Marker: 'x' }])('the local RDS refuses a page by %j', async (page) => {
  const asked = client().send(new DescribeDBSnapshotsCommand(page));
  expect((await refusal(asked)).code).toBe('InvalidParameterValue');
});

test('the local RDS records a parameter that it does not act upon', async () => {
  await client().send(new DescribeDBInstancesCommand({ Filters: [{ Name: 'engine', Values: ['mysql'] }] }));
  expect(provoked()).toEqual(['DescribeDBInstances does not act upon Filters here']);
});

test('the local RDS has instances of their own in every Region', async () => {
  expect((await client(AWAY).send(new DescribeDBInstancesCommand({}))).DBInstances).toEqual([]);
  expect(rds().calls.at(-1)).toMatchObject({ action: 'DescribeDBInstances', region: AWAY, parameters: {} });
});

test('the local RDS answers with the fault of a test instead of the action', async () => {
  rds().fault = (action) =>
    action === 'DescribeDBInstances'
      ? { code: 'Throttling', message: 'Rate exceeded', status: 400 }
      : undefined;
  const asked = client().send(new DescribeDBInstancesCommand({}));
  expect(await refusal(asked)).toEqual({ code: 'Throttling', status: 400 });
  expect(rds().calls.at(-1)).toMatchObject({ error: 'Throttling' });
  rds().fault = undefined;
});

test('the local RDS does the work of a call whose answer a test drops', async () => {
  let dropped = 0;
  rds().fault = (action) => (action === 'CreateDBSnapshot' && dropped++ === 0 ? 'after' : undefined);
  const snapshot = { DBInstanceIdentifier: 'shop', DBSnapshotIdentifier: 'unheard' };
  const command = new CreateDBSnapshotCommand(snapshot);
  const once = clientOf(rds().endpoint);
  await expect(once.send(command)).rejects.toThrow();
  expect((await refusal(once.send(command))).code).toBe('DBSnapshotAlreadyExists');
  once.destroy();
  rds().fault = undefined;
});

test('the local RDS lists tags by ARN', async () => {
  const ResourceName = arn('db:shop');
  await rds().set('shop', { tags: { a: '<&>' } });
  const { TagList } = await client().send(new ListTagsForResourceCommand({ ResourceName }));
  expect(TagList).toEqual([{ Key: 'a', Value: '<&>' }]);
  const unknown = new ListTagsForResourceCommand({ ResourceName: `${ResourceName}x` });
  expect(await refusal(client().send(unknown))).toEqual({ code: 'DBInstanceNotFound', status: 404 });
});

test('the local RDS shows engine versions, their lifecycle and subnet groups', async () => {
  const Engine = 'postgres';
  const versions = new DescribeDBEngineVersionsCommand({ Engine, EngineVersion: '16' });
  expect((await client().send(versions)).DBEngineVersions).toMatchObject([
    { EngineVersion: expect.stringMatching(/^16\./), DBParameterGroupFamily: 'postgres16' },
  ]);
  const majors = new DescribeDBMajorEngineVersionsCommand({ Engine });
  const { DBMajorEngineVersions } = await client().send(majors);
  const fifteen = DBMajorEngineVersions!.find(({ MajorEngineVersion }) => MajorEngineVersion === '15');
  expect(fifteen!.SupportedEngineLifecycles).toMatchObject([
    {
      LifecycleSupportName: 'open-source-rds-standard-support',
      LifecycleSupportEndDate: new Date('2028-02-29'),
    },
    { LifecycleSupportName: 'open-source-rds-extended-support' },
  ]);
  const group = new DescribeDBSubnetGroupsCommand({ DBSubnetGroupName: 'Quarantine' });
  expect((await client().send(group)).DBSubnetGroups).toMatchObject([{ DBSubnetGroupName: 'quarantine' }]);
  const unknown = new DescribeDBSubnetGroupsCommand({ DBSubnetGroupName: 'x' });
  expect(await refusal(client().send(unknown))).toEqual({ code: 'DBSubnetGroupNotFoundFault', status: 404 });
});

test('the local RDS lists the parameters of PostgreSQL and of RDS in a parameter group', async () => {
  const DBParameterGroupName = 'all';
  await aws.makeGroup(DBParameterGroupName, 'postgres15');
  const pages: Parameter[][] = [];
  for await (const page of paginateDescribeDBParameters({ client: client() }, { DBParameterGroupName }))
    pages.push(page.Parameters!);
  expect(pages[0]).toHaveLength(100);
  const named = new Map(pages.flat().map((parameter) => [parameter.ParameterName, parameter]));
  const workers = { Source: 'engine-default', ApplyType: 'static' };
  expect(named.get('max_logical_replication_workers')).toMatchObject(workers);
  expect(named.get('rds.force_ssl')).toMatchObject({ Source: 'system', IsModifiable: true });
  expect(named.get('archive_command')).toMatchObject({ IsModifiable: false });
  for (const name of ['shared_preload_libraries', 'rds.logical_replication', 'timezone'])
    expect(named.has(name)).toBe(true);
});
