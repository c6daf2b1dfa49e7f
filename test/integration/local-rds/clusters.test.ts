import {
  CopyDBClusterParameterGroupCommand,
  CreateDBClusterParameterGroupCommand,
  CreateDBClusterSnapshotCommand,
  CreateDBInstanceCommand,
  CreateDBSnapshotCommand,
  DeleteDBClusterCommand,
  DeleteDBClusterParameterGroupCommand,
  DeleteDBInstanceCommand,
  DescribeDBClusterParametersCommand,
  DescribeDBClusterSnapshotsCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  ModifyDBClusterCommand,
  ModifyDBClusterParameterGroupCommand,
  ModifyDBInstanceCommand,
  RestoreDBClusterFromSnapshotCommand,
  RestoreDBClusterToPointInTimeCommand,
} from '@aws-sdk/client-rds';
import { localRds, PASSWORD, query, refusal, until } from './support.ts';

const { rds, client } = localRds();

const cluster = async (id: string) =>
  (await client().send(new DescribeDBClustersCommand({ DBClusterIdentifier: id }))).DBClusters![0]!;
const clusterAvailable = (id: string) =>
  until(`${id} to be available`, async () => {
    const shown = await cluster(id);
    return shown.Status === 'available' && shown;
  });
const instanceAvailable = (id: string) =>
  until(`${id} to be available`, async () => {
    const answer = await client().send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }));
    const [shown] = answer.DBInstances!;
    return shown!.DBInstanceStatus === 'available' && shown!;
  });
const makeMember = (DBInstanceIdentifier: string, DBClusterIdentifier: string) =>
  client().send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier,
      DBClusterIdentifier,
      DBInstanceClass: 'db.t4g.medium',
      Engine: 'aurora-postgresql',
    }),
  );

beforeAll(async () => {
  await rds().createCluster({
    id: 'orders',
    instanceId: 'orders-1',
    database: 'crm',
    masterPassword: PASSWORD,
  });
  const { port } = rds().instance('orders');
  await query(port, 'create table orders (id int); insert into orders values (1)');
  await client().send(
    new CreateDBClusterSnapshotCommand({
      DBClusterIdentifier: 'orders',
      DBClusterSnapshotIdentifier: 'orders-first',
    }),
  );
  await until('the snapshot', async () => {
    const { DBClusterSnapshots } = await client().send(
      new DescribeDBClusterSnapshotsCommand({ DBClusterSnapshotIdentifier: 'orders-first' }),
    );
    return DBClusterSnapshots![0]!.Status === 'available';
  });
  await query(port, 'insert into orders values (2)');
});

test('a source has one member, which is reached like the cluster', async () => {
  const shown = await cluster('orders');
  expect(shown.DBClusterMembers).toMatchObject([{ DBInstanceIdentifier: 'orders-1', IsClusterWriter: true }]);
  const member = await instanceAvailable('orders-1');
  expect(member).toMatchObject({ DBClusterIdentifier: 'orders', Endpoint: { Port: shown.Port } });
  expect(shown.EarliestRestorableTime! <= shown.LatestRestorableTime!).toBe(true);
});

test('a restored cluster cannot be reached before it has a member, nor after the last one is gone', async () => {
  const { DBCluster } = await client().send(
    new RestoreDBClusterFromSnapshotCommand({
      DBClusterIdentifier: 'orders-copy',
      SnapshotIdentifier: 'orders-first',
      Engine: 'aurora-postgresql',
      BackupRetentionPeriod: 1,
    }),
  );
  expect(DBCluster).toMatchObject({ Status: 'creating', DBClusterMembers: [] });
  const { Port, DBClusterMembers } = await clusterAvailable('orders-copy');
  expect(DBClusterMembers).toEqual([]);
  await expect(query(Port!, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });

  await makeMember('orders-copy-1', 'orders-copy');
  const member = await instanceAvailable('orders-copy-1');
  expect(member.Endpoint!.Port).toBe(Port);
  expect(await query(Port!, 'select id from orders')).toEqual([{ id: 1 }]);

  await client().send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'orders-copy-1' }));
  await until(
    'the member to leave',
    async () => (await cluster('orders-copy')).DBClusterMembers!.length === 0,
  );
  await expect(query(Port!, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a password that was changed before there is a member is the one that works', async () => {
  await client().send(
    new ModifyDBClusterCommand({ DBClusterIdentifier: 'orders-copy', MasterUserPassword: 'another-horse' }),
  );
  await until('the password', async () => {
    const { Status, PendingModifiedValues } = await cluster('orders-copy');
    return Status === 'available' && !PendingModifiedValues;
  });
  await makeMember('orders-copy-2', 'orders-copy');
  const { Endpoint } = await instanceAvailable('orders-copy-2');
  expect(await query(Endpoint!.Port!, 'select 1 as one', { password: 'another-horse' })).toEqual([
    { one: 1 },
  ]);
  await expect(query(Endpoint!.Port!, 'select 1')).rejects.toMatchObject({ code: '28P01' });
});

test('a cluster goes only when its members go', async () => {
  const deletion = () =>
    client().send(
      new DeleteDBClusterCommand({ DBClusterIdentifier: 'orders-copy', SkipFinalSnapshot: true }),
    );
  expect(await refusal(deletion())).toEqual({ code: 'InvalidDBClusterStateFault', status: 400 });
  const { pid } = rds().instance('orders-copy');
  await client().send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'orders-copy-2' }));
  expect((await deletion()).DBCluster!.Status).toBe('deleting');
  const gone = () =>
    cluster('orders-copy').then(
      () => false,
      () => true,
    );
  await until('the deletion', gone);
  expect(await refusal(cluster('orders-copy'))).toEqual({ code: 'DBClusterNotFoundFault', status: 404 });
  expect(() => process.kill(pid!, 0)).toThrow();
});

test('a cluster is restored to a moment, with the values of its parameter group', async () => {
  const family = (await cluster('orders')).DBClusterParameterGroup!.replace('default.', '');
  const parameter = (ParameterName: string, ParameterValue: string) => ({
    ParameterName,
    ParameterValue,
    ApplyMethod: 'pending-reboot' as const,
  });
  await client().send(
    new CreateDBClusterParameterGroupCommand({
      DBClusterParameterGroupName: 'still',
      DBParameterGroupFamily: family,
      Description: 'Nothing goes out',
    }),
  );
  await client().send(
    new ModifyDBClusterParameterGroupCommand({
      DBClusterParameterGroupName: 'still',
      Parameters: [parameter('max_logical_replication_workers', '0')],
    }),
  );
  const group = await client().send(
    new CopyDBClusterParameterGroupCommand({
      SourceDBClusterParameterGroupIdentifier: 'still',
      TargetDBClusterParameterGroupIdentifier: 'still-too',
      TargetDBClusterParameterGroupDescription: 'The same',
    }),
  );
  const { Parameters } = await client().send(
    new DescribeDBClusterParametersCommand({ DBClusterParameterGroupName: 'still-too', Source: 'user' }),
  );
  expect(Parameters).toMatchObject([
    { ParameterName: 'max_logical_replication_workers', ParameterValue: '0' },
  ]);

  await client().send(
    new RestoreDBClusterToPointInTimeCommand({
      DBClusterIdentifier: 'orders-moment',
      SourceDBClusterIdentifier: 'orders',
      UseLatestRestorableTime: true,
      DBClusterParameterGroupName: group.DBClusterParameterGroup!.DBClusterParameterGroupName,
    }),
  );
  await makeMember('orders-moment-1', 'orders-moment');
  const { Endpoint } = await instanceAvailable('orders-moment-1');
  const [row] = await query(
    Endpoint!.Port!,
    "select current_setting('max_logical_replication_workers') as value",
  );
  expect(row).toEqual({ value: '0' });
  const deletion = new DeleteDBClusterParameterGroupCommand({ DBClusterParameterGroupName: 'still-too' });
  expect((await refusal(client().send(deletion))).code).toBe('InvalidDBParameterGroupState');
});

test('what belongs to the cluster cannot be asked of its member', async () => {
  const snapshot = new CreateDBSnapshotCommand({
    DBInstanceIdentifier: 'orders-1',
    DBSnapshotIdentifier: 'x',
  });
  expect((await refusal(client().send(snapshot))).code).toBe('InvalidParameterValue');
  const password = new ModifyDBInstanceCommand({
    DBInstanceIdentifier: 'orders-1',
    MasterUserPassword: 'another-horse',
  });
  expect((await refusal(client().send(password))).code).toBe('InvalidParameterCombination');
  const backups = new ModifyDBClusterCommand({ DBClusterIdentifier: 'orders', BackupRetentionPeriod: 0 });
  expect((await refusal(client().send(backups))).code).toBe('InvalidParameterValue');
});
