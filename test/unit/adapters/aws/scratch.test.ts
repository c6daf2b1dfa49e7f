import { rdsScratch } from '../../../../lib/adapters/aws/rds/scratch.ts';
import { TAGS as PLATFORM_TAGS } from '../../../../lib/domain/points/platform.ts';
import type { ScratchOrder } from '../../../../lib/ports/platform.ts';
import { answering } from '../../../support/rds-client.ts';

/** What RDS is asked for, field by field: here one word too few lets production be reached, or costs for ever. */
const NAME = 'understudy-scratch-crm-1';
const order = (changes: Partial<ScratchOrder> = {}): ScratchOrder => ({
  kind: 'rds',
  name: NAME,
  from: { snapshot: 'snap' },
  engine: 'postgres',
  engineVersion: '15.18',
  instanceClass: 'db.t4g.medium',
  subnetGroup: 'quarantine',
  securityGroups: ['sg-quarantine'],
  parameterGroup: NAME,
  tags: { 'understudy:expires': '2026-11-21T12:00:00Z' },
  ...changes,
});
const TAGS = [{ Key: 'understudy:expires', Value: '2026-11-21T12:00:00Z' }];

it.each([PLATFORM_TAGS.run, PLATFORM_TAGS.stage])(
  'one that is there and differs in its tag %s is not adopted',
  async (tag) => {
    const own = { [PLATFORM_TAGS.run]: 'rehearse-snapshot/crm/x', [PLATFORM_TAGS.stage]: 'prod' };
    const TagList = Object.entries(own).map(([Key, Value]) => ({ Key, Value }));
    const there = { DBInstances: [{ DBInstanceIdentifier: NAME, TagList }] };
    const { client, sent } = answering({ DescribeDBInstancesCommand: there });
    const begin = (tags: Record<string, string>) => rdsScratch(client).begin(order({ tags }));
    await begin(own);
    await expect(begin({ ...own, [tag]: 'another' })).rejects.toMatchObject({ code: 'instance-exists' });
    expect(sent.filter(({ command }) => command.startsWith('Restore'))).toEqual([]);
  },
);

it('finds parameters of scratch that nobody knows, and asks for the tags of no others', async () => {
  const known = 'understudy-scratch-known';
  const names = ['crm', NAME, known];
  const { client, sent } = answering({
    DescribeDBParameterGroupsCommand: {
      DBParameterGroups: names.map((name) => ({
        DBParameterGroupName: name,
        DBParameterGroupArn: `arn:pg:${name}`,
      })),
    },
    DescribeDBClusterParameterGroupsCommand: {
      DBClusterParameterGroups: names.map((name) => ({
        DBClusterParameterGroupName: name,
        DBClusterParameterGroupArn: `arn:cluster-pg:${name}`,
      })),
    },
    ListTagsForResourceCommand: { TagList: TAGS },
  });
  const tags = { 'understudy:expires': '2026-11-21T12:00:00Z' };
  expect(await rdsScratch(client).strayParameters(new Set([known]))).toEqual([
    { kind: 'rds', name: NAME, tags },
    { kind: 'aurora', name: NAME, tags },
  ]);
  const asked = sent.filter(({ command }) => command === 'ListTagsForResourceCommand');
  expect(asked.map(({ input }) => input['ResourceName'])).toEqual([
    `arn:pg:${NAME}`,
    `arn:cluster-pg:${NAME}`,
  ]);
});

it('upgrades no member of a cluster in the middle of a proof', async () => {
  const { client, sent } = answering({});
  await rdsScratch(client).addMember(order({ kind: 'aurora', engine: 'aurora-postgresql' }));
  expect(sent.at(-1)?.input).toMatchObject({ AutoMinorVersionUpgrade: false });
});

describe('a restore onto scratch', () => {
  const begun = async (changes: Partial<ScratchOrder>) => {
    const { client, sent } = answering({});
    await rdsScratch(client).begin(order(changes));
    return sent.at(-1)!;
  };
  const INSTANCE = {
    DBInstanceClass: 'db.t4g.medium',
    DBSubnetGroupName: 'quarantine',
    VpcSecurityGroupIds: ['sg-quarantine'],
    DBParameterGroupName: NAME,
    OptionGroupName: 'default:postgres-15',
    PubliclyAccessible: false,
    MultiAZ: false,
    DeletionProtection: false,
    BackupRetentionPeriod: 0,
    AutoMinorVersionUpgrade: false,
    CopyTagsToSnapshot: false,
    Tags: TAGS,
  };
  const CLUSTER = {
    DBClusterIdentifier: NAME,
    DBSubnetGroupName: 'quarantine',
    VpcSecurityGroupIds: ['sg-quarantine'],
    DBClusterParameterGroupName: NAME,
    DeletionProtection: false,
    BackupRetentionPeriod: 1,
    CopyTagsToSnapshot: false,
    Tags: TAGS,
  };
  const optionGroup = 'default:postgres-15';
  const moment = { source: 'crm-db', resourceId: 'db-CRM1', moment: '2026-11-20T11:55:00Z' };
  const cluster = { kind: 'aurora', engine: 'aurora-postgresql', engineVersion: '15.4' } as const;

  it.each<[string, Partial<ScratchOrder>, string, object]>([
    [
      'an instance from a snapshot',
      { optionGroup },
      'RestoreDBInstanceFromDBSnapshotCommand',
      { DBInstanceIdentifier: NAME, DBSnapshotIdentifier: 'snap', ...INSTANCE },
    ],
    [
      'an instance as of a moment',
      { optionGroup, from: moment },
      'RestoreDBInstanceToPointInTimeCommand',
      {
        SourceDBInstanceIdentifier: 'crm-db',
        TargetDBInstanceIdentifier: NAME,
        RestoreTime: new Date('2026-11-20T11:55:00Z'),
        ...INSTANCE,
      },
    ],
    [
      'a cluster from a snapshot',
      cluster,
      'RestoreDBClusterFromSnapshotCommand',
      { SnapshotIdentifier: 'snap', Engine: 'aurora-postgresql', EngineVersion: '15.4', ...CLUSTER },
    ],
    [
      'a cluster as of a moment',
      { ...cluster, from: moment },
      'RestoreDBClusterToPointInTimeCommand',
      {
        SourceDBClusterIdentifier: 'crm-db',
        RestoreToTime: new Date('2026-11-20T11:55:00Z'),
        ...CLUSTER,
      },
    ],
  ])(
    'of %s asks for all of its quarantine, and for nothing that outlives it',
    async (_what, changes, command, input) => {
      expect(await begun(changes)).toEqual({ command, input });
    },
  );

  it('of a cluster gets an instance that is not public either', async () => {
    const { client, sent } = answering({});
    await rdsScratch(client).addMember(order(cluster));
    expect(sent.at(-1)).toMatchObject({
      command: 'CreateDBInstanceCommand',
      input: { DBClusterIdentifier: NAME, PubliclyAccessible: false, Tags: TAGS },
    });
  });

  it('happens under no other name', async () => {
    const { client, sent } = answering({});
    await expect(rdsScratch(client).begin(order({ name: 'crm-db' }))).rejects.toThrow();
    expect(sent).toEqual([]);
  });
});

describe('a deletion of scratch', () => {
  const removed = async (kind: 'rds' | 'aurora', answers: Record<string, unknown>) => {
    const { client, sent } = answering(answers);
    await rdsScratch(client).remove(kind, NAME);
    return sent.filter(({ command }) => !command.startsWith('Describe'));
  };
  const instance = (changes: object = {}) => ({
    DescribeDBInstancesCommand: {
      DBInstances: [{ DBInstanceIdentifier: NAME, DBInstanceStatus: 'available', ...changes }],
    },
  });
  const cluster = (changes: object = {}) => ({
    DescribeDBClustersCommand: {
      DBClusters: [{ DBClusterIdentifier: NAME, Status: 'available', ...changes }],
    },
  });
  const WHOLLY = { SkipFinalSnapshot: true, DeleteAutomatedBackups: true };

  it('of an instance leaves no snapshot and no automated backup', async () => {
    expect(await removed('rds', instance())).toEqual([
      { command: 'DeleteDBInstanceCommand', input: { DBInstanceIdentifier: NAME, ...WHOLLY } },
    ]);
  });

  it('of a cluster leaves none either', async () => {
    expect(await removed('aurora', cluster())).toEqual([
      { command: 'DeleteDBClusterCommand', input: { DBClusterIdentifier: NAME, ...WHOLLY } },
    ]);
  });

  it('of a cluster begins with its instance', async () => {
    const both = { ...cluster(), ...instance({ DBInstanceIdentifier: `${NAME}-1` }) };
    expect(await removed('aurora', both)).toEqual([
      {
        command: 'DeleteDBInstanceCommand',
        input: { DBInstanceIdentifier: `${NAME}-1`, SkipFinalSnapshot: true },
      },
    ]);
  });

  it.each([
    ['rds', instance({ DeletionProtection: true }), 'ModifyDBInstanceCommand'],
    ['aurora', cluster({ DeletionProtection: true }), 'ModifyDBClusterCommand'],
  ] as const)(
    'of %s takes away the protection that a rule of the account gave it',
    async (kind, answers, command) => {
      const [first, second] = await removed(kind, answers);
      expect(first).toMatchObject({ command, input: { DeletionProtection: false, ApplyImmediately: true } });
      expect(second?.command).toMatch(/^Delete/);
    },
  );
});
