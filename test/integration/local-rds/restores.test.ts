import { DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds';
import { AWAY, arn, localRds, PASSWORD, query, secondBegins, until, untilRefused } from './support.ts';

const { rds, client, aws } = localRds();

const available = (id: string, region?: string) => aws.instanceIs(id, 'available', region);
/** Rows of an instance, as its master reads them. */
const rowsOf = async (id: string, text: string, region?: string) =>
  query((await available(id, region)).Endpoint!.Port!, text);
const atSource = (text: string) => query(rds().instance('source').port, text);
/** Commits to an instance, and waits until that can be restored. */
const restorable = async (id: string, text: string) => {
  await query(rds().instance(id).port, text);
  const committed = new Date();
  await until('the commit to be restorable', async () => {
    const { LatestRestorableTime } = await aws.instance(id);
    return LatestRestorableTime! > committed;
  });
};
const LATEST = { UseLatestRestorableTime: true };
const UNBACKED = { BackupRetentionPeriod: 0 };

beforeAll(async () => {
  const named = { id: 'source', database: 'crm', tags: { team: 'crm' } };
  await rds().createInstance({ ...named, masterPassword: PASSWORD });
  await atSource(
    'create table notes (id int primary key, text text); insert into notes values (1, $$first$$)',
  );
  await aws.takeSnapshot('source', 'first');
  await aws.snapshotIs('first', 'available');
  await atSource('insert into notes values (2, $$second$$)');
});

test('the local RDS shows a snapshot as creating while its source is backing up, and then as complete', async () => {
  await rds().createInstance({ id: 'empty', engine: 'mysql', database: 'x', masterPassword: PASSWORD });
  const { pace } = rds();
  rds().pace = 3_600_000;
  const { DBSnapshot } = await aws.takeSnapshot('empty', 'watched');
  rds().pace = pace;
  expect(DBSnapshot).toMatchObject({ Status: 'creating', SnapshotType: 'manual' });
  expect(DBSnapshot!.PercentProgress).toBeLessThan(100);
  expect((await aws.instance('empty')).DBInstanceStatus).toBe('backing-up');
  expect(await aws.snapshot('first')).toMatchObject({ Status: 'available', PercentProgress: 100 });
  expect((await available('source')).DBInstanceStatus).toBe('available');
});

test('the local RDS restores a snapshot with the rows of its moment onto an instance of its own', async () => {
  const more = { ...UNBACKED, Tags: [{ Key: 'scratch', Value: 'yes' }] };
  const { DBInstance } = await aws.restore('FIRST', 'From-Snapshot', more);
  expect(DBInstance).toMatchObject({ DBInstanceIdentifier: 'from-snapshot', DBInstanceStatus: 'creating' });
  expect(DBInstance!.Endpoint).toBeUndefined();
  expect(await rowsOf('from-snapshot', 'select id from notes')).toEqual([{ id: 1 }]);
  const shown = await aws.instance('from-snapshot');
  expect(shown).toMatchObject({
    DBInstanceArn: arn('db:from-snapshot'),
    DBParameterGroups: [{ DBParameterGroupName: expect.stringMatching(/^default\.postgres\d+$/) }],
    VpcSecurityGroups: [{ VpcSecurityGroupId: 'default', Status: 'active' }],
    DBSubnetGroup: { DBSubnetGroupName: 'default' },
    BackupRetentionPeriod: 0,
    TagList: more.Tags,
  });
  expect(shown.LatestRestorableTime).toBeUndefined();
  expect(shown.DbiResourceId).not.toBe((await aws.instance('source')).DbiResourceId);
  await rowsOf('from-snapshot', 'insert into notes values (100, $$only in the copy$$)');
  expect(await atSource('select id from notes')).toEqual([{ id: 1 }, { id: 2 }]);
});

test('the local RDS restores a moment between two commits with the first and without the second', async () => {
  await atSource('insert into notes values (10, $$before$$)');
  await secondBegins();
  const moment = await secondBegins();
  await secondBegins();
  await restorable('source', 'insert into notes values (11, $$after$$)');
  expect((await aws.instance('source')).LatestRestorableTime!.getTime() % 1000).toBe(0);
  await aws.restoreToMoment('source', 'moment', { RestoreTime: moment, ...UNBACKED });
  expect(await rowsOf('moment', 'select id from notes where id in (10, 11)')).toEqual([{ id: 10 }]);
});

test('the local RDS restores the latest moment, and what it restored to its latest moment again', async () => {
  await restorable('source', 'insert into notes values (20, $$latest$$)');
  await aws.restoreToMoment('source', 'latest', LATEST);
  expect(await rowsOf('latest', 'select id from notes where id = 20')).toEqual([{ id: 20 }]);
  await restorable('latest', 'insert into notes values (30, $$second generation$$)');
  await aws.restoreToMoment('latest', 'grandchild', LATEST);
  expect(await rowsOf('grandchild', 'select id from notes where id in (20, 30) order by 1')).toEqual([
    { id: 20 },
    { id: 30 },
  ]);
});

test('the local RDS restores a moment after the newest automated snapshot from that snapshot', async () => {
  const name = await rds().takeAutomatedSnapshot('source');
  expect(name).toMatch(/^rds:source-\d{4}-\d\d-\d\d-\d\d-\d\d$/);
  const asked = new DescribeDBSnapshotsCommand({
    DBInstanceIdentifier: 'source',
    SnapshotType: 'automated',
  });
  const { DBSnapshots } = await client().send(asked);
  expect(DBSnapshots).toMatchObject([{ DBSnapshotIdentifier: name, SnapshotType: 'automated' }]);
  await restorable('source', 'insert into notes values (40, $$after the night$$)');
  await aws.restoreToMoment('source', 'after-night', { ...LATEST, ...UNBACKED });
  expect(await rowsOf('after-night', 'select id from notes where id = 40')).toHaveLength(1);
});

test('the local RDS restores a copy in another Region after its original was deleted', async () => {
  await aws.takeSnapshot('source', 'travels');
  const { DBSnapshotArn } = await aws.snapshotIs('travels', 'available');
  await aws.copySnapshot(DBSnapshotArn!, 'travelled');
  expect(await aws.snapshotIs('travelled', 'available', AWAY)).toMatchObject({
    SourceRegion: 'eu-central-1',
    SourceDBSnapshotIdentifier: DBSnapshotArn,
    DBSnapshotArn: arn('snapshot:travelled', AWAY),
  });
  await aws.deleteSnapshot('travels');
  await aws.restore('travelled', 'source', UNBACKED, AWAY);
  expect(await rowsOf('source', 'select id from notes where id = 2', AWAY)).toEqual([{ id: 2 }]);
  const copies = rds().calls.filter(({ action }) => action === 'CopyDBSnapshot');
  expect(copies.map(({ region }) => region)).toEqual([AWAY]);
});

test('the local RDS gives the values of a parameter group to a restored server', async () => {
  const group = 'quarantine';
  const { DBParameterGroups } = await aws.instance('source');
  await aws.makeGroup(group, DBParameterGroups![0]!.DBParameterGroupName!.replace('default.', ''));
  await aws.setParameters(group, [
    'max_logical_replication_workers=0',
    'shared_preload_libraries=rds_only,pg_stat_statements',
  ]);
  await aws.setParameters(group, ['rds.force_ssl=0'], 'immediate');
  await aws.restore('first', 'quarantined', { DBParameterGroupName: group, ...UNBACKED });
  const show = async (name: string) =>
    (await rowsOf('quarantined', `select current_setting('${name}') as value`))[0]!['value'];
  expect(await show('max_logical_replication_workers')).toBe('0');
  expect(await show('shared_preload_libraries')).toBe('pg_stat_statements');
  expect(await show('rds.force_ssl')).toBe('0');
});

test('the local RDS shows a new master password as pending, and then takes it and not the old one', async () => {
  const { pace } = rds();
  // Long enough to be seen between two looks, on a slow machine too.
  rds().pace = 2000;
  const change = { MasterUserPassword: 'another-horse', ApplyImmediately: true };
  const { DBInstance } = await aws.modify('from-snapshot', change);
  expect(DBInstance).toMatchObject({
    DBInstanceStatus: 'available',
    PendingModifiedValues: { MasterUserPassword: '****' },
  });
  await aws.instanceIs('from-snapshot', 'resetting-master-credentials');
  rds().pace = pace;
  const { Endpoint, PendingModifiedValues } = await available('from-snapshot');
  expect(PendingModifiedValues?.MasterUserPassword).toBeUndefined();
  const port = Endpoint!.Port!;
  expect(await query(port, 'select 1 as one', { password: 'another-horse' })).toEqual([{ one: 1 }]);
  await expect(query(port, 'select 1')).rejects.toMatchObject({ code: '28P01' });
});

test('the master user of the local RDS is no superuser, reads everything, and may check indexes', async () => {
  await rds().instance('source').sql('crm', 'create table hidden (id int); insert into hidden values (7)');
  const [role] = await atSource(
    'select rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = current_user',
  );
  expect(role).toEqual({ rolsuper: false, rolcreatedb: true, rolcreaterole: true });
  expect(await atSource('select id from hidden')).toEqual([{ id: 7 }]);
  await atSource("select bt_index_check('notes_pkey', true)");
  await atSource('create extension if not exists amcheck; create extension pgcrypto');
  await atSource('create database second');
  const { port } = rds().instance('source');
  await query(port, "select bt_index_check('pg_class_oid_index')", { database: 'second' });
  await expect(atSource('alter system set work_mem = 1')).rejects.toThrow(/permission denied/);
});

test('the local RDS ends the server of an instance that is deleted', async () => {
  const { pid } = rds().instance('quarantined');
  expect((await aws.remove('quarantined')).DBInstance!.DBInstanceStatus).toBe('deleting');
  const refused = await untilRefused('the deletion', () => aws.instance('quarantined'));
  expect(refused).toEqual({ code: 'DBInstanceNotFound', status: 404 });
  expect(() => process.kill(pid!, 0)).toThrow();
});
