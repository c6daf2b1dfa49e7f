import {
  CreateDBClusterCommand,
  CreateDBClusterSnapshotCommand,
  CreateDBInstanceCommand,
  DeleteDBClusterCommand,
  DescribeDBClusterSnapshotsCommand,
  DescribeDBParametersCommand,
  DescribeDBSnapshotsCommand,
  ListTagsForResourceCommand,
  type RDSClient,
  RestoreDBClusterFromSnapshotCommand,
} from '@aws-sdk/client-rds';
import {
  AWAY,
  type Aws,
  arn,
  awsOf,
  clientOf,
  localRds,
  PASSWORD,
  refusal,
  until,
  untilRefused,
} from './support.ts';

/** An RDS to try: how to reach it, and how its sources come to be. */
type Candidate = {
  client(region?: string): RDSClient;
  aws: Aws;
  instance(id: string, deletionProtection?: boolean): Promise<void>;
  cluster(id: string, member: string): Promise<void>;
};

const { rds, ...asked } = localRds({ pace: 30 });
const source = { database: 'crm', masterPassword: PASSWORD };
const local: Candidate = {
  ...asked,
  instance: (id, deletionProtection = false) =>
    rds().createInstance({ ...source, id, engine: 'mysql', backupRetention: 0, deletionProtection }),
  cluster: (id, instanceId) => rds().createCluster({ ...source, id, instanceId, backupRetention: 1 }),
};

const client = (region?: string) => clientOf(process.env['AWS_ENDPOINT_URL']!, region);
const master = { MasterUsername: 'postgres', MasterUserPassword: PASSWORD };
const moto: Candidate = {
  client,
  aws: awsOf(client),
  async instance(DBInstanceIdentifier, DeletionProtection = false) {
    const of = { Engine: 'mysql', DBInstanceClass: 'db.t4g.micro', AllocatedStorage: 20, ...master };
    await client().send(new CreateDBInstanceCommand({ DBInstanceIdentifier, ...of, DeletionProtection }));
  },
  async cluster(DBClusterIdentifier, member) {
    const Engine = 'aurora-postgresql';
    await client().send(new CreateDBClusterCommand({ DBClusterIdentifier, Engine, ...master }));
    await moto.aws.addMember(member, DBClusterIdentifier);
  },
};

/** What needs no data: moto was written by others, and behaves as the local RDS does. */
describe.each([
  ['the local RDS', local],
  ['moto', moto],
])('%s', (_name, { client, aws, instance, cluster }) => {
  const snapshotOf = async (id: string, tags?: Parameters<Aws['takeSnapshot']>[2]) => {
    await aws.instanceIs('plain', 'available');
    await aws.takeSnapshot('plain', id, tags);
    return aws.snapshotIs(id.toLowerCase(), 'available');
  };
  beforeAll(async () => {
    await instance('plain');
    await snapshotOf('plain-1');
  });

  test('shows an instance with its ARN, its resource id and its address', async () => {
    const shown = await aws.instance('plain');
    expect(shown.DBInstanceArn).toBe(arn('db:plain'));
    expect(shown.DbiResourceId).toMatch(/^db-[A-Z0-9]+$/);
    expect(shown.Endpoint!.Port).toBeGreaterThan(0);
  });

  test.each<[string, () => Promise<unknown>, string, number]>([
    ['an unknown instance', () => aws.instance('missing'), 'DBInstanceNotFound', 404],
    ['an unknown cluster', () => aws.cluster('missing'), 'DBClusterNotFoundFault', 404],
    ['a snapshot of an unknown instance', () => aws.takeSnapshot('missing', 'x'), 'DBInstanceNotFound', 404],
    [
      'a second snapshot of a name',
      () => aws.takeSnapshot('plain', 'plain-1'),
      'DBSnapshotAlreadyExists',
      400,
    ],
    [
      'a snapshot name with an underscore',
      () => aws.takeSnapshot('plain', 'a_b'),
      'InvalidParameterValue',
      400,
    ],
    ['a restore of an unknown snapshot', () => aws.restore('missing', 'x'), 'DBSnapshotNotFound', 404],
    ['a restore onto a name in use', () => aws.restore('plain-1', 'plain'), 'DBInstanceAlreadyExists', 400],
    [
      'a restore into an unknown subnet group',
      () => aws.restore('plain-1', 'x', { DBSubnetGroupName: 'missing' }),
      'DBSubnetGroupNotFoundFault',
      404,
    ],
    [
      'a restore with an unknown parameter group',
      () => aws.restore('plain-1', 'x', { DBParameterGroupName: 'missing' }),
      'DBParameterGroupNotFound',
      404,
    ],
  ])('refuses %s', async (_what, ask, code, status) => {
    expect(await refusal(ask())).toEqual({ code, status });
  });

  test('takes a manual snapshot with its tags, which are listed by its ARN too', async () => {
    const tags = [{ Key: 'reason', Value: 'test' }];
    const ResourceName = arn('snapshot:taken');
    expect(await snapshotOf('taken', tags)).toMatchObject({
      SnapshotType: 'manual',
      DBInstanceIdentifier: 'plain',
      DBSnapshotArn: ResourceName,
      TagList: tags,
    });
    const { TagList } = await client().send(new ListTagsForResourceCommand({ ResourceName }));
    expect(TagList).toEqual(tags);
  });

  test('writes the name of a snapshot in lower case', async () => {
    expect((await snapshotOf('Upper-Case')).DBSnapshotIdentifier).toBe('upper-case');
  });

  test('does not find a snapshot that was deleted', async () => {
    await snapshotOf('forgotten');
    await aws.deleteSnapshot('forgotten');
    expect(await refusal(aws.snapshot('forgotten'))).toEqual({ code: 'DBSnapshotNotFound', status: 404 });
  });

  test('lists snapshots by their instance and type', async () => {
    const list = async (SnapshotType: string) => {
      const asked = new DescribeDBSnapshotsCommand({ DBInstanceIdentifier: 'plain', SnapshotType });
      return (await client().send(asked)).DBSnapshots!.map((each) => each.DBSnapshotIdentifier);
    };
    expect(await list('manual')).toContain('plain-1');
    expect(await list('shared')).toEqual([]);
  });

  test('restores a snapshot onto another instance with tags and a class of its own', async () => {
    const wanted = { Tags: [{ Key: 'scratch', Value: 'yes' }], DBInstanceClass: 'db.t4g.large' };
    await aws.restore('plain-1', 'restored', wanted);
    const { TagList, DBInstanceClass, DeletionProtection } = await aws.instanceIs('restored', 'available');
    expect({ Tags: TagList, DBInstanceClass }).toEqual(wanted);
    expect(DeletionProtection).toBe(false);
  });

  test('deletes a protected instance only after its protection is taken off', async () => {
    await instance('guarded', true);
    expect((await refusal(aws.remove('guarded'))).code).toBe('InvalidParameterCombination');
    await aws.modify('guarded', { DeletionProtection: false });
    await aws.remove('guarded');
    const refused = await untilRefused('the deletion', () => aws.instance('guarded'));
    expect(refused.code).toBe('DBInstanceNotFound');
  });

  test('keeps the values of a parameter group', async () => {
    await aws.makeGroup('kept', 'mysql8.0');
    await aws.setParameters('kept', ['max_connections=50']);
    const asked = new DescribeDBParametersCommand({ DBParameterGroupName: 'kept', Source: 'user' });
    const { Parameters } = await client().send(asked);
    expect(Parameters).toMatchObject([{ ParameterName: 'max_connections', ParameterValue: '50' }]);
  });

  test('copies a snapshot to another Region by its ARN', async () => {
    await aws.copySnapshot(arn('snapshot:plain-1'), 'far');
    const copied = await aws.snapshotIs('far', 'available', AWAY);
    expect(copied.DBSnapshotArn).toBe(arn('snapshot:far', AWAY));
  });

  test('shares a snapshot with accounts', async () => {
    const { DBSnapshotAttributesResult } = await aws.share('plain-1', '210987654321');
    expect(DBSnapshotAttributesResult!.DBSnapshotAttributes).toMatchObject([
      { AttributeName: 'restore', AttributeValues: ['210987654321'] },
    ]);
  });

  test('restores a cluster without members, and deletes it only without members', async () => {
    await cluster('lake', 'lake-1');
    const DBClusterSnapshotIdentifier = 'of-lake';
    await client().send(
      new CreateDBClusterSnapshotCommand({ DBClusterIdentifier: 'lake', DBClusterSnapshotIdentifier }),
    );
    await until('the snapshot', async () => {
      const asked = new DescribeDBClusterSnapshotsCommand({ DBClusterSnapshotIdentifier });
      return (await client().send(asked)).DBClusterSnapshots![0]!.Status === 'available';
    });
    const copy = { DBClusterIdentifier: 'copy', Engine: 'aurora-postgresql' };
    await client().send(
      new RestoreDBClusterFromSnapshotCommand({ ...copy, SnapshotIdentifier: DBClusterSnapshotIdentifier }),
    );
    expect((await aws.clusterIs('copy', 'available')).DBClusterMembers).toEqual([]);
    await aws.addMember('copy-1', 'copy');
    await aws.instanceIs('copy-1', 'available');
    expect((await aws.cluster('copy')).DBClusterMembers).toMatchObject([
      { DBInstanceIdentifier: 'copy-1', IsClusterWriter: true },
    ]);
    const deletion = () =>
      client().send(new DeleteDBClusterCommand({ DBClusterIdentifier: 'copy', SkipFinalSnapshot: true }));
    expect((await refusal(deletion())).code).toBe('InvalidDBClusterStateFault');
    await aws.remove('copy-1');
    await deletion();
  });
});
