import {
  CopyDBClusterParameterGroupCommand,
  CreateDBClusterParameterGroupCommand,
  CreateDBClusterSnapshotCommand,
  DeleteDBClusterCommand,
  DeleteDBClusterParameterGroupCommand,
  DescribeDBClusterParametersCommand,
  DescribeDBClusterSnapshotsCommand,
  ModifyDBClusterCommand,
  ModifyDBClusterParameterGroupCommand,
  RestoreDBClusterFromSnapshotCommand,
  RestoreDBClusterToPointInTimeCommand,
} from '@aws-sdk/client-rds';
import { localRds, PASSWORD, query, refusal, until, untilRefused } from './support.ts';

const { rds, client, aws } = localRds();
const code = async (call: Promise<unknown>) => (await refusal(call)).code;

beforeAll(async () => {
  const names = { id: 'orders', instanceId: 'orders-1', database: 'crm' };
  await rds().createCluster({ ...names, masterPassword: PASSWORD });
  const { port } = rds().instance('orders');
  await query(port, 'create table orders (id int); insert into orders values (1)');
  const DBClusterSnapshotIdentifier = 'orders-first';
  await client().send(
    new CreateDBClusterSnapshotCommand({ DBClusterIdentifier: 'orders', DBClusterSnapshotIdentifier }),
  );
  await until('the snapshot', async () => {
    const asked = new DescribeDBClusterSnapshotsCommand({ DBClusterSnapshotIdentifier });
    return (await client().send(asked)).DBClusterSnapshots![0]!.Status === 'available';
  });
  await query(port, 'insert into orders values (2)');
});

test('a cluster of the local RDS has one member at the address of the cluster', async () => {
  const shown = await aws.cluster('orders');
  expect(shown.DBClusterMembers).toMatchObject([{ DBInstanceIdentifier: 'orders-1', IsClusterWriter: true }]);
  const member = await aws.instanceIs('orders-1', 'available');
  expect(member).toMatchObject({ DBClusterIdentifier: 'orders', Endpoint: { Port: shown.Port } });
  expect(shown.EarliestRestorableTime! <= shown.LatestRestorableTime!).toBe(true);
});

test('a restored cluster of the local RDS is reached from its first member to its last', async () => {
  await client().send(
    new RestoreDBClusterFromSnapshotCommand({
      DBClusterIdentifier: 'copy',
      SnapshotIdentifier: 'orders-first',
      Engine: 'aurora-postgresql',
      BackupRetentionPeriod: 1,
    }),
  );
  const { Port, DBClusterMembers } = await aws.clusterIs('copy', 'available');
  expect(DBClusterMembers).toEqual([]);
  await expect(query(Port!, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });

  await aws.addMember('copy-1', 'copy');
  expect((await aws.instanceIs('copy-1', 'available')).Endpoint!.Port).toBe(Port);
  expect(await query(Port!, 'select id from orders')).toEqual([{ id: 1 }]);

  await aws.remove('copy-1');
  await until('the member to leave', async () => (await aws.cluster('copy')).DBClusterMembers!.length === 0);
  await expect(query(Port!, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a restored cluster of the local RDS takes the password that it was given without a member', async () => {
  const password = 'another-horse';
  await client().send(
    new ModifyDBClusterCommand({ DBClusterIdentifier: 'copy', MasterUserPassword: password }),
  );
  await until('the password', async () => {
    const { Status, PendingModifiedValues } = await aws.cluster('copy');
    return Status === 'available' && !PendingModifiedValues;
  });
  await aws.addMember('copy-2', 'copy');
  const port = (await aws.instanceIs('copy-2', 'available')).Endpoint!.Port!;
  expect(await query(port, 'select 1 as one', { password })).toEqual([{ one: 1 }]);
  await expect(query(port, 'select 1')).rejects.toMatchObject({ code: '28P01' });
});

test('a cluster of the local RDS is deleted with its server when its members are', async () => {
  const { pid } = rds().instance('copy');
  await aws.remove('copy-2');
  const deletion = new DeleteDBClusterCommand({ DBClusterIdentifier: 'copy', SkipFinalSnapshot: true });
  expect((await client().send(deletion)).DBCluster!.Status).toBe('deleting');
  const refused = await untilRefused('the deletion', () => aws.cluster('copy'));
  expect(refused).toEqual({ code: 'DBClusterNotFoundFault', status: 404 });
  expect(() => process.kill(pid!, 0)).toThrow();
});

test('a cluster of the local RDS is restored to a moment with the values of its parameter group', async () => {
  const DBParameterGroupFamily = (await aws.cluster('orders')).DBClusterParameterGroup!.replace(
    'default.',
    '',
  );
  const [still, copied] = ['still', 'still-too'].map((name) => ({ DBClusterParameterGroupName: name }));
  await client().send(
    new CreateDBClusterParameterGroupCommand({ ...still!, DBParameterGroupFamily, Description: 'x' }),
  );
  const value = { ParameterName: 'max_logical_replication_workers', ParameterValue: '0' };
  const Parameters = [{ ...value, ApplyMethod: 'pending-reboot' as const }];
  await client().send(new ModifyDBClusterParameterGroupCommand({ ...still!, Parameters }));
  await client().send(
    new CopyDBClusterParameterGroupCommand({
      SourceDBClusterParameterGroupIdentifier: 'still',
      TargetDBClusterParameterGroupIdentifier: 'still-too',
      TargetDBClusterParameterGroupDescription: 'The same',
    }),
  );
  const found = await client().send(new DescribeDBClusterParametersCommand({ ...copied!, Source: 'user' }));
  expect(found.Parameters).toMatchObject([value]);

  await client().send(
    new RestoreDBClusterToPointInTimeCommand({
      DBClusterIdentifier: 'moment',
      SourceDBClusterIdentifier: 'orders',
      UseLatestRestorableTime: true,
      ...copied!,
    }),
  );
  await aws.addMember('moment-1', 'moment');
  const { Endpoint } = await aws.instanceIs('moment-1', 'available');
  const sql = "select current_setting('max_logical_replication_workers') as value";
  expect(await query(Endpoint!.Port!, sql)).toEqual([{ value: '0' }]);
  const deletion = client().send(new DeleteDBClusterParameterGroupCommand(copied!));
  expect(await code(deletion)).toBe('InvalidDBParameterGroupState');
});

test('a member of a cluster of the local RDS refuses what is asked of its cluster', async () => {
  expect(await code(aws.takeSnapshot('orders-1', 'x'))).toBe('InvalidParameterValue');
  const password = { MasterUserPassword: 'another-horse' };
  expect(await code(aws.modify('orders-1', password))).toBe('InvalidParameterCombination');
});

test('a cluster of the local RDS keeps at least a day of backups', async () => {
  const none = new ModifyDBClusterCommand({ DBClusterIdentifier: 'orders', BackupRetentionPeriod: 0 });
  expect(await code(client().send(none))).toBe('InvalidParameterValue');
});
