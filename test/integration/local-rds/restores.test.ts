import {
  CopyDBSnapshotCommand,
  CreateDBParameterGroupCommand,
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBInstanceCommand,
  ModifyDBParameterGroupCommand,
  type RDSClient,
  RestoreDBInstanceFromDBSnapshotCommand,
  RestoreDBInstanceToPointInTimeCommand,
} from '@aws-sdk/client-rds';
import { AWAY, localRds, PASSWORD, query, refusal, secondBegins, until } from './support.ts';

const { rds, client } = localRds();

const instance = async (id: string, from: RDSClient = client()) =>
  (await from.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }))).DBInstances![0]!;
const available = (id: string, from?: RDSClient) =>
  until(`${id} to be available`, async () => {
    const shown = await instance(id, from);
    if (shown.DBInstanceStatus === 'failed') throw new Error(`${id} failed`);
    return shown.DBInstanceStatus === 'available' && shown;
  });
const snapshotAvailable = (id: string, from: RDSClient = client()) =>
  until(`the snapshot ${id}`, async () => {
    const { DBSnapshots } = await from.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: id }));
    return DBSnapshots![0]!.Status === 'available' && DBSnapshots![0]!;
  });
const portOf = async (id: string, from?: RDSClient) => (await available(id, from)).Endpoint!.Port!;

beforeAll(async () => {
  await rds().createInstance({
    id: 'source',
    database: 'crm',
    masterPassword: PASSWORD,
    tags: { team: 'crm' },
  });
  const { port } = rds().instance('source');
  await query(
    port,
    'create table notes (id int primary key, text text); insert into notes values (1, $$first$$)',
  );
  await client().send(
    new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'source', DBSnapshotIdentifier: 'first' }),
  );
  await snapshotAvailable('first');
  await query(port, 'insert into notes values (2, $$second$$)');
});

test('a snapshot that is being made shows its progress while its source is backing up', async () => {
  rds().pace = 400;
  const { DBSnapshot } = await client().send(
    new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'source', DBSnapshotIdentifier: 'watched' }),
  );
  expect(DBSnapshot).toMatchObject({ Status: 'creating', PercentProgress: 0, SnapshotType: 'manual' });
  expect((await instance('source')).DBInstanceStatus).toBe('backing-up');
  rds().pace = 60;
  expect(await snapshotAvailable('watched')).toMatchObject({ PercentProgress: 100 });
  expect((await available('source')).DBInstanceStatus).toBe('available');
});

test('a restored snapshot holds the rows of its moment, and its roles their passwords', async () => {
  const { DBInstance } = await client().send(
    new RestoreDBInstanceFromDBSnapshotCommand({
      DBSnapshotIdentifier: 'FIRST',
      DBInstanceIdentifier: 'From-Snapshot',
      BackupRetentionPeriod: 0,
      Tags: [{ Key: 'scratch', Value: 'yes' }],
    }),
  );
  expect(DBInstance).toMatchObject({ DBInstanceIdentifier: 'from-snapshot', DBInstanceStatus: 'creating' });
  expect(DBInstance!.Endpoint).toBeUndefined();
  const shown = await available('from-snapshot');
  expect(await query(shown.Endpoint!.Port!, 'select id from notes')).toEqual([{ id: 1 }]);
  expect(shown).toMatchObject({
    DBInstanceArn: 'arn:aws:rds:eu-central-1:123456789012:db:from-snapshot',
    DBParameterGroups: [{ DBParameterGroupName: expect.stringMatching(/^default\.postgres\d+$/) }],
    VpcSecurityGroups: [{ VpcSecurityGroupId: 'default', Status: 'active' }],
    DBSubnetGroup: { DBSubnetGroupName: 'default' },
    BackupRetentionPeriod: 0,
    TagList: [{ Key: 'scratch', Value: 'yes' }],
  });
  expect(shown.LatestRestorableTime).toBeUndefined();
  expect(shown.DbiResourceId).not.toBe((await instance('source')).DbiResourceId);
  expect(await query(rds().instance('source').port, 'select count(*)::int from notes')).toEqual([
    { count: 2 },
  ]);
});

test('the copy and its source go separate ways', async () => {
  const port = await portOf('from-snapshot');
  await query(port, 'insert into notes values (100, $$only in the copy$$)');
  expect(await query(rds().instance('source').port, 'select 1 from notes where id = 100')).toEqual([]);
});

test('a moment between two commits has the first and not the second', async () => {
  const { port } = rds().instance('source');
  await query(port, 'insert into notes values (10, $$before$$)');
  await secondBegins();
  const moment = await secondBegins();
  await secondBegins();
  await query(port, 'insert into notes values (11, $$after$$)');
  const { LatestRestorableTime } = await until('the moment to be restorable', async () => {
    const shown = await instance('source');
    return shown.LatestRestorableTime! > moment && shown;
  });
  expect(LatestRestorableTime!.getTime() % 1000).toBe(0);
  await client().send(
    new RestoreDBInstanceToPointInTimeCommand({
      SourceDBInstanceIdentifier: 'source',
      TargetDBInstanceIdentifier: 'moment',
      RestoreTime: moment,
      BackupRetentionPeriod: 0,
    }),
  );
  const rows = await query(await portOf('moment'), 'select id from notes where id in (10, 11)');
  expect(rows).toEqual([{ id: 10 }]);
});

test('the latest moment has what was committed before it was asked for', async () => {
  const { port } = rds().instance('source');
  await query(port, 'insert into notes values (20, $$latest$$)');
  const committed = new Date();
  await until(
    'the commit to be restorable',
    async () => (await instance('source')).LatestRestorableTime! > committed,
  );
  await client().send(
    new RestoreDBInstanceToPointInTimeCommand({
      SourceDBInstanceIdentifier: 'source',
      TargetDBInstanceIdentifier: 'latest',
      UseLatestRestorableTime: true,
    }),
  );
  expect(await query(await portOf('latest'), 'select id from notes where id = 20')).toEqual([{ id: 20 }]);
});

test('what was restored with backups on can itself be restored to a moment', async () => {
  await available('latest');
  await query(rds().instance('latest').port, 'insert into notes values (30, $$second generation$$)');
  const committed = new Date();
  await until(
    'a moment of the copy',
    async () => (await instance('latest')).LatestRestorableTime! > committed,
  );
  await client().send(
    new RestoreDBInstanceToPointInTimeCommand({
      SourceDBInstanceIdentifier: 'latest',
      TargetDBInstanceIdentifier: 'grandchild',
      UseLatestRestorableTime: true,
    }),
  );
  const rows = await query(
    await portOf('grandchild'),
    'select id from notes where id in (20, 30) order by 1',
  );
  expect(rows).toEqual([{ id: 20 }, { id: 30 }]);
});

test('a moment goes on from the newest automated snapshot before it', async () => {
  const name = await rds().takeAutomatedSnapshot('source');
  expect(name).toMatch(/^rds:source-\d{4}-\d\d-\d\d-\d\d-\d\d$/);
  const { DBSnapshots } = await client().send(
    new DescribeDBSnapshotsCommand({ DBInstanceIdentifier: 'source', SnapshotType: 'automated' }),
  );
  expect(DBSnapshots).toMatchObject([{ DBSnapshotIdentifier: name, SnapshotType: 'automated' }]);
  await query(rds().instance('source').port, 'insert into notes values (40, $$after the night$$)');
  const committed = new Date();
  await until(
    'the commit to be restorable',
    async () => (await instance('source')).LatestRestorableTime! > committed,
  );
  await client().send(
    new RestoreDBInstanceToPointInTimeCommand({
      SourceDBInstanceIdentifier: 'source',
      TargetDBInstanceIdentifier: 'after-night',
      UseLatestRestorableTime: true,
      BackupRetentionPeriod: 0,
    }),
  );
  expect(await query(await portOf('after-night'), 'select id from notes where id = 40')).toHaveLength(1);
});

test('a copy in another Region restores there, also when its original is gone', async () => {
  const away = client(AWAY);
  await client().send(
    new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'source', DBSnapshotIdentifier: 'travels' }),
  );
  const { DBSnapshotArn } = await snapshotAvailable('travels');
  await away.send(
    new CopyDBSnapshotCommand({
      SourceDBSnapshotIdentifier: DBSnapshotArn,
      TargetDBSnapshotIdentifier: 'travelled',
    }),
  );
  expect(await snapshotAvailable('travelled', away)).toMatchObject({
    SourceRegion: 'eu-central-1',
    SourceDBSnapshotIdentifier: DBSnapshotArn,
    DBSnapshotArn: 'arn:aws:rds:eu-west-1:123456789012:snapshot:travelled',
  });
  await client().send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: 'travels' }));
  await away.send(
    new RestoreDBInstanceFromDBSnapshotCommand({
      DBSnapshotIdentifier: 'travelled',
      DBInstanceIdentifier: 'source',
      BackupRetentionPeriod: 0,
    }),
  );
  expect(await query(await portOf('source', away), 'select id from notes where id = 2')).toEqual([{ id: 2 }]);
  expect(
    rds().calls.filter(({ action, region }) => action === 'CopyDBSnapshot' && region === AWAY),
  ).toHaveLength(1);
});

test('values of a parameter group arrive in the restored server', async () => {
  const group = 'quarantine';
  const { DBParameterGroups } = await instance('source');
  await client().send(
    new CreateDBParameterGroupCommand({
      DBParameterGroupName: group,
      DBParameterGroupFamily: DBParameterGroups![0]!.DBParameterGroupName!.replace('default.', ''),
      Description: 'Nothing goes out',
    }),
  );
  await client().send(
    new ModifyDBParameterGroupCommand({
      DBParameterGroupName: group,
      Parameters: [
        {
          ParameterName: 'max_logical_replication_workers',
          ParameterValue: '0',
          ApplyMethod: 'pending-reboot',
        },
        {
          ParameterName: 'shared_preload_libraries',
          ParameterValue: 'rds_only,pg_stat_statements',
          ApplyMethod: 'pending-reboot',
        },
        { ParameterName: 'rds.force_ssl', ParameterValue: '0', ApplyMethod: 'immediate' },
      ],
    }),
  );
  await client().send(
    new RestoreDBInstanceFromDBSnapshotCommand({
      DBSnapshotIdentifier: 'first',
      DBInstanceIdentifier: 'quarantined',
      DBParameterGroupName: group,
      BackupRetentionPeriod: 0,
    }),
  );
  const port = await portOf('quarantined');
  const show = async (name: string) =>
    (await query(port, `select current_setting('${name}') as value`))[0]!['value'];
  expect(await show('max_logical_replication_workers')).toBe('0');
  expect(await show('shared_preload_libraries')).toBe('pg_stat_statements');
  expect(await show('rds.force_ssl')).toBe('0');
});

test('a new master password is pending first, works in the end, and the old one no longer does', async () => {
  rds().pace = 250;
  const { DBInstance } = await client().send(
    new ModifyDBInstanceCommand({
      DBInstanceIdentifier: 'from-snapshot',
      MasterUserPassword: 'another-horse',
      ApplyImmediately: true,
    }),
  );
  expect(DBInstance).toMatchObject({
    DBInstanceStatus: 'available',
    PendingModifiedValues: { MasterUserPassword: '****' },
  });
  await until('the reset to begin', async () => {
    return (await instance('from-snapshot')).DBInstanceStatus === 'resetting-master-credentials';
  });
  rds().pace = 60;
  const { Endpoint, PendingModifiedValues } = await available('from-snapshot');
  expect(PendingModifiedValues?.MasterUserPassword).toBeUndefined();
  const port = Endpoint!.Port!;
  expect(await query(port, 'select 1 as one', { password: 'another-horse' })).toEqual([{ one: 1 }]);
  await expect(query(port, 'select 1')).rejects.toMatchObject({ code: '28P01' });
});

test('the master is no superuser, reads everything, and may check indexes', async () => {
  const { port } = rds().instance('source');
  await rds().instance('source').sql('crm', 'create table hidden (id int); insert into hidden values (7)');
  const [role] = await query(
    port,
    'select rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = current_user',
  );
  expect(role).toEqual({ rolsuper: false, rolcreatedb: true, rolcreaterole: true });
  expect(await query(port, 'select id from hidden')).toEqual([{ id: 7 }]);
  await query(port, "select bt_index_check('notes_pkey', true)");
  await query(port, 'create extension if not exists amcheck; create extension pgcrypto');
  await query(port, 'create database second');
  await query(port, "select bt_index_check('pg_class_oid_index')", { database: 'second' });
  await expect(query(port, 'alter system set work_mem = 1')).rejects.toThrow(/permission denied/);
});

test('deletion ends the server', async () => {
  const { pid } = rds().instance('quarantined');
  await client().send(
    new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'quarantined', SkipFinalSnapshot: true }),
  );
  expect((await instance('quarantined')).DBInstanceStatus).toBe('deleting');
  const refused = await until('the deletion', () =>
    instance('quarantined').then(
      () => false,
      () => refusal(instance('quarantined')),
    ),
  );
  expect(refused).toEqual({ code: 'DBInstanceNotFound', status: 404 });
  expect(() => process.kill(pid!, 0)).toThrow();
});
