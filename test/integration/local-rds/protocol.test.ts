import {
  CreateDBParameterGroupCommand,
  CreateDBSnapshotCommand,
  DescribeDBEngineVersionsCommand,
  DescribeDBInstancesCommand,
  DescribeDBMajorEngineVersionsCommand,
  DescribeDBParametersCommand,
  DescribeDBSnapshotsCommand,
  DescribeDBSubnetGroupsCommand,
  ListTagsForResourceCommand,
  paginateDescribeDBSnapshots,
} from '@aws-sdk/client-rds';
import { encodeResponse } from '../../../scripts/local/rds/encode-response.ts';
import { loadModel } from '../../../scripts/local/rds/model.ts';
import { AWAY, clientOf, localRds, refusal } from './support.ts';

const { rds, client } = localRds({ pace: 5, subnetGroups: ['quarantine'] });

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
  for (let n = 0; n < 45; n++) {
    await rds().takeAutomatedSnapshot('shop');
  }
});

describe('requests that the model does not allow are refused and written down', () => {
  const shop = { DBInstanceIdentifier: 'shop' };
  test.each([
    ['an unknown parameter', { Action: 'DescribeDBInstances', Nonsense: '1' }, 'ValidationError'],
    [
      'an unknown member of a list',
      { Action: 'DescribeDBInstances', 'Filters.Filter.1.Colour': 'red' },
      'ValidationError',
    ],
    [
      'a list by a wrong name',
      { Action: 'DescribeDBInstances', 'Filters.member.1.Name': 'engine' },
      'ValidationError',
    ],
    ['a missing parameter', { Action: 'CreateDBSnapshot', ...shop }, 'ValidationError'],
    [
      'a missing member',
      { Action: 'DescribeDBInstances', 'Filters.Filter.1.Name': 'engine' },
      'ValidationError',
    ],
    [
      'a gap in a list',
      { Action: 'CreateDBSnapshot', ...shop, DBSnapshotIdentifier: 'x', 'Tags.Tag.2.Key': 'a' },
      'ValidationError',
    ],
    [
      'an integer that is none',
      { Action: 'DescribeDBInstances', MaxRecords: 'many' },
      'InvalidParameterValue',
    ],
    [
      'a boolean that is none',
      { Action: 'DeleteDBInstance', ...shop, SkipFinalSnapshot: 'yes' },
      'InvalidParameterValue',
    ],
    [
      'a moment that is none',
      { Action: 'RestoreDBInstanceToPointInTime', RestoreTime: 'noon' },
      'InvalidParameterValue',
    ],
    [
      'a value outside its enumeration',
      { Action: 'ModifyDBInstance', ...shop, ReplicaMode: 'x' },
      'InvalidParameterValue',
    ],
  ])('%s', async (_what, parameters, code) => {
    const { status, text } = await post(parameters as Record<string, string>);
    expect(status).toBe(400);
    expect(text).toContain(`<Code>${code}</Code>`);
    expect(provoked()).toEqual([expect.stringContaining(parameters.Action)]);
  });

  test('an action that is not served here', async () => {
    expect((await post({ Action: 'RebootDBInstance', ...shop })).text).toContain(
      '<Code>InvalidAction</Code>',
    );
    expect(rds().calls.at(-1)).toMatchObject({ action: 'RebootDBInstance', error: 'InvalidAction' });
  });
});

test('an answer with a member or a type that its shape does not have is written down', () => {
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

test('pages follow each other without gaps or doubles', async () => {
  const seen: string[] = [];
  const pages = paginateDescribeDBSnapshots(
    { client: client(), pageSize: 20 },
    { DBInstanceIdentifier: 'shop' },
  );
  let count = 0;
  for await (const { DBSnapshots } of pages) {
    count++;
    seen.push(...DBSnapshots!.map(({ DBSnapshotIdentifier }) => DBSnapshotIdentifier!));
  }
  expect(count).toBe(3);
  expect(new Set(seen).size).toBe(45);
  expect(seen).toHaveLength(45);
  const few = new DescribeDBSnapshotsCommand({ MaxRecords: 19 });
  expect((await refusal(client().send(few))).code).toBe('InvalidParameterValue');
  const wrong = new DescribeDBSnapshotsCommand({ Marker: 'x' });
  expect((await refusal(client().send(wrong))).code).toBe('InvalidParameterValue');
});

test('a parameter that RDS has and nothing here acts upon is written down', async () => {
  await client().send(new DescribeDBInstancesCommand({ Filters: [{ Name: 'engine', Values: ['mysql'] }] }));
  expect(provoked()).toEqual(['DescribeDBInstances does not act upon Filters here']);
});

test('every Region is its own', async () => {
  expect((await client(AWAY).send(new DescribeDBInstancesCommand({}))).DBInstances).toEqual([]);
  expect(rds().calls.at(-1)).toMatchObject({ action: 'DescribeDBInstances', region: AWAY, parameters: {} });
});

test('a fault answers instead of the action', async () => {
  rds().fault = (action) =>
    action === 'DescribeDBInstances'
      ? { code: 'Throttling', message: 'Rate exceeded', status: 400 }
      : undefined;
  const asked = client().send(new DescribeDBInstancesCommand({}));
  expect(await refusal(asked)).toEqual({ code: 'Throttling', status: 400 });
  expect(rds().calls.at(-1)).toMatchObject({ error: 'Throttling' });
  rds().fault = undefined;
});

test('a dropped answer leaves the work done, which the retry runs into', async () => {
  let dropped = 0;
  rds().fault = (action) => (action === 'CreateDBSnapshot' && dropped++ === 0 ? 'after' : undefined);
  const command = new CreateDBSnapshotCommand({
    DBInstanceIdentifier: 'shop',
    DBSnapshotIdentifier: 'unheard',
  });
  const once = clientOf(rds().endpoint);
  await expect(once.send(command)).rejects.toThrow();
  expect((await refusal(once.send(command))).code).toBe('DBSnapshotAlreadyExists');
  once.destroy();
  rds().fault = undefined;
});

test('tags are read from an ARN', async () => {
  const ResourceName = 'arn:aws:rds:eu-central-1:123456789012:db:shop';
  await rds().set('shop', { tags: { a: '<&>' } });
  const { TagList } = await client().send(new ListTagsForResourceCommand({ ResourceName }));
  expect(TagList).toEqual([{ Key: 'a', Value: '<&>' }]);
  const unknown = new ListTagsForResourceCommand({ ResourceName: `${ResourceName}x` });
  expect(await refusal(client().send(unknown))).toEqual({ code: 'DBInstanceNotFound', status: 404 });
});

test('engine versions, their lifecycle and subnet groups can be asked for', async () => {
  const { DBEngineVersions } = await client().send(
    new DescribeDBEngineVersionsCommand({ Engine: 'postgres', EngineVersion: '16' }),
  );
  expect(DBEngineVersions).toMatchObject([
    { EngineVersion: expect.stringMatching(/^16\./), DBParameterGroupFamily: 'postgres16' },
  ]);
  const { DBMajorEngineVersions } = await client().send(
    new DescribeDBMajorEngineVersionsCommand({ Engine: 'postgres' }),
  );
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

test('a parameter group lists what PostgreSQL and RDS know', async () => {
  const DBParameterGroupName = 'all';
  const group = { DBParameterGroupName, DBParameterGroupFamily: 'postgres15', Description: 'x' };
  await client().send(new CreateDBParameterGroupCommand(group));
  const first = await client().send(new DescribeDBParametersCommand({ DBParameterGroupName }));
  expect(first.Parameters).toHaveLength(100);
  const all = [...first.Parameters!];
  for (let Marker = first.Marker; Marker; ) {
    const next = await client().send(new DescribeDBParametersCommand({ DBParameterGroupName, Marker }));
    all.push(...next.Parameters!);
    Marker = next.Marker;
  }
  const named = (name: string) => all.find(({ ParameterName }) => ParameterName === name);
  expect(named('max_logical_replication_workers')).toMatchObject({
    Source: 'engine-default',
    ApplyType: 'static',
  });
  expect(named('rds.force_ssl')).toMatchObject({ Source: 'system', IsModifiable: true });
  expect(named('archive_command')).toMatchObject({ IsModifiable: false });
  for (const name of ['shared_preload_libraries', 'rds.logical_replication', 'timezone'])
    expect(named(name)).toBeDefined();
});
