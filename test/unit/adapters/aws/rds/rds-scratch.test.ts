import { rdsScratch } from '../../../../../lib/adapters/aws/rds/rds-scratch.ts';
import { TAGS as PLATFORM_TAGS } from '../../../../../lib/domain/points/platform-source.ts';
import type { ScratchOrder } from '../../../../../lib/ports/platform.ts';
import { answering } from '../../../../support/rds-client.ts';

/** What RDS is asked for, field by field: one field too few here lets production be reached, or costs for ever. */
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
const CLUSTER = { kind: 'aurora', engine: 'aurora-postgresql', engineVersion: '15.4' } as const;
const Tags = [{ Key: 'understudy:expires', Value: '2026-11-21T12:00:00Z' }];

test.each([PLATFORM_TAGS.run, PLATFORM_TAGS.stage])(
  'a scratch instance that exists is adopted, unless its tag %s is another one',
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

test('scratch parameter groups that no record knows are found, and RDS is asked for the tags of no others', async () => {
  const names = ['crm', NAME, 'understudy-scratch-known'];
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
    ListTagsForResourceCommand: { TagList: Tags },
  });
  const { tags } = order();
  expect(await rdsScratch(client).strayParameters(new Set(['understudy-scratch-known']))).toEqual([
    { kind: 'rds', name: NAME, tags },
    { kind: 'aurora', name: NAME, tags },
  ]);
  const asked = sent.filter(({ command }) => command === 'ListTagsForResourceCommand');
  const arns = [`arn:pg:${NAME}`, `arn:cluster-pg:${NAME}`];
  expect(asked.map(({ input }) => input['ResourceName'])).toEqual(arns);
});

describe('a restore onto scratch', () => {
  const ofInstance = {
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
    Tags,
  };
  const ofCluster = {
    DBClusterIdentifier: NAME,
    DBSubnetGroupName: 'quarantine',
    VpcSecurityGroupIds: ['sg-quarantine'],
    DBClusterParameterGroupName: NAME,
    DeletionProtection: false,
    BackupRetentionPeriod: 1,
    CopyTagsToSnapshot: false,
    Tags,
  };
  const optionGroup = 'default:postgres-15';
  const moment = '2026-11-20T11:55:00Z';
  const from = { source: 'crm-db', resourceId: 'db-CRM1', moment };
  const engine = { Engine: CLUSTER.engine, EngineVersion: CLUSTER.engineVersion };

  it.each<[string, Partial<ScratchOrder>, string, object]>([
    [
      'an instance from a snapshot',
      { optionGroup },
      'RestoreDBInstanceFromDBSnapshotCommand',
      { DBInstanceIdentifier: NAME, DBSnapshotIdentifier: 'snap', ...ofInstance },
    ],
    [
      'an instance as of a moment',
      { optionGroup, from },
      'RestoreDBInstanceToPointInTimeCommand',
      {
        SourceDBInstanceIdentifier: 'crm-db',
        TargetDBInstanceIdentifier: NAME,
        RestoreTime: new Date(moment),
        ...ofInstance,
      },
    ],
    [
      'a cluster from a snapshot',
      CLUSTER,
      'RestoreDBClusterFromSnapshotCommand',
      { SnapshotIdentifier: 'snap', ...engine, ...ofCluster },
    ],
    [
      'a cluster as of a moment',
      { ...CLUSTER, from },
      'RestoreDBClusterToPointInTimeCommand',
      { SourceDBClusterIdentifier: 'crm-db', RestoreToTime: new Date(moment), ...ofCluster },
    ],
  ])(
    'of %s asks for all of its quarantine, and for nothing that outlives it',
    async (_what, changes, command, input) => {
      const { client, sent } = answering({});
      await rdsScratch(client).begin(order(changes));
      expect(sent.at(-1)).toEqual({ command, input });
    },
  );

  it('of a cluster gets an instance that is not public, and is not upgraded in the middle of a proof', async () => {
    const { client, sent } = answering({});
    await rdsScratch(client).addMember(order(CLUSTER));
    const quarantine = { PubliclyAccessible: false, AutoMinorVersionUpgrade: false };
    expect(sent.at(-1)).toMatchObject({
      command: 'CreateDBInstanceCommand',
      input: { DBClusterIdentifier: NAME, ...quarantine, Tags },
    });
  });

  it('is refused under a name that is not a scratch name', async () => {
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
  const instance = (changes: object = {}) => {
    const it = { DBInstanceIdentifier: NAME, DBInstanceStatus: 'available', ...changes };
    return { DescribeDBInstancesCommand: { DBInstances: [it] } };
  };
  const cluster = (changes: object = {}) => {
    const it = { DBClusterIdentifier: NAME, Status: 'available', ...changes };
    return { DescribeDBClustersCommand: { DBClusters: [it] } };
  };
  const WHOLLY = { SkipFinalSnapshot: true, DeleteAutomatedBackups: true };

  it.each([
    ['rds', instance(), 'DeleteDBInstanceCommand', { DBInstanceIdentifier: NAME, ...WHOLLY }],
    ['aurora', cluster(), 'DeleteDBClusterCommand', { DBClusterIdentifier: NAME, ...WHOLLY }],
  ] as const)('of %s leaves no snapshot and no automated backup', async (kind, answers, command, input) => {
    expect(await removed(kind, answers)).toEqual([{ command, input }]);
  });

  it('of a cluster begins with its instance', async () => {
    const member = { DBInstanceIdentifier: `${NAME}-1` };
    expect(await removed('aurora', { ...cluster(), ...instance(member) })).toEqual([
      { command: 'DeleteDBInstanceCommand', input: { ...member, SkipFinalSnapshot: true } },
    ]);
  });

  it.each([
    ['rds', instance({ DeletionProtection: true }), 'ModifyDBInstanceCommand'],
    ['aurora', cluster({ DeletionProtection: true }), 'ModifyDBClusterCommand'],
  ] as const)('of %s first switches off its deletion protection', async (kind, answers, command) => {
    const [first, second] = await removed(kind, answers);
    expect(first).toMatchObject({ command, input: { DeletionProtection: false, ApplyImmediately: true } });
    expect(second?.command).toMatch(/^Delete/);
  });
});
