import { rdsPlatform } from '../../../../../lib/adapters/aws/rds/rds-platform.ts';
import { quarantineParameters } from '../../../../../lib/adapters/aws/rds/scratch-parameters.ts';
import { copySnapshot, readSnapshot } from '../../../../../lib/adapters/aws/rds/snapshots.ts';
import { fromCluster, fromInstance } from '../../../../../lib/adapters/aws/rds/sources.ts';
import { answering } from '../../../../support/rds-client.ts';

const ofAws = { StorageEncrypted: false, StorageEncryptionType: 'sse-rds' } as const;

test.each([
  [{ StorageEncrypted: true }, true],
  [ofAws, true],
  [{ StorageEncrypted: true, StorageEncryptionType: 'sse-kms' as const }, true],
  [{ StorageEncrypted: false, StorageEncryptionType: 'none' as const }, false],
  [{ StorageEncrypted: false }, false],
  [{}, false],
])('an instance and a cluster of which RDS says %j are encrypted: %s', (said, encrypted) => {
  expect(fromInstance(said)).toMatchObject({ encrypted });
  expect(fromCluster(said)).toMatchObject({ encrypted });
});

test('only an instance or a cluster encrypted with a key of AWS has keyOfAws, because that key has no name', () => {
  expect(fromInstance(ofAws)).toMatchObject({ keyOfAws: true });
  expect(fromCluster(ofAws)).toMatchObject({ keyOfAws: true });
  expect(fromInstance({ StorageEncrypted: true })).not.toHaveProperty('keyOfAws');
});

test('an instance says where its automated backups are replicated to', () => {
  const arn = 'arn:aws:rds:eu-west-1:111122223333:auto-backup:ab-1';
  const said = { DBInstanceAutomatedBackupsReplications: [{ DBInstanceAutomatedBackupsArn: arn }] };
  expect(fromInstance(said)).toMatchObject({ replicatedTo: [arn] });
  expect(fromInstance({})).toMatchObject({ replicatedTo: [] });
});

test('a cluster says its restorable window, where RDS says both its ends, and its instances', () => {
  const EarliestRestorableTime = new Date('2026-11-13T01:00:00Z');
  const cluster = {
    EarliestRestorableTime,
    LatestRestorableTime: new Date('2026-11-20T11:55:00Z'),
    DBClusterMembers: [{ DBInstanceIdentifier: 'shop-0' }, { DBInstanceIdentifier: 'shop-1' }],
  };
  expect(fromCluster(cluster)).toMatchObject({
    pitr: { earliest: '2026-11-13T01:00:00Z', latest: '2026-11-20T11:55:00Z' },
    members: ['shop-0', 'shop-1'],
  });
  expect(fromCluster({ EarliestRestorableTime })).not.toHaveProperty('pitr');
});

describe('the age of the data in a snapshot', () => {
  const SnapshotCreateTime = new Date('2026-11-20T01:00:00Z');
  const OriginalSnapshotCreateTime = new Date('2026-11-01T01:00:00Z');
  const createdAt = '2026-11-20T01:00:00Z';
  const instance = async (changes: object) => {
    const DBSnapshots = [{ DBSnapshotIdentifier: 's', SnapshotCreateTime, ...changes }];
    return readSnapshot(answering({ DescribeDBSnapshotsCommand: { DBSnapshots } }).client, 'rds', 's');
  };
  const cluster = async (changes: object) => {
    const DBClusterSnapshots = [{ DBClusterSnapshotIdentifier: 's', SnapshotCreateTime, ...changes }];
    const { client } = answering({ DescribeDBClusterSnapshotsCommand: { DBClusterSnapshots } });
    return readSnapshot(client, 'aurora', 's');
  };

  it('counts from when it was taken, and in a copy from when the original was taken', async () => {
    expect(await instance({})).toMatchObject({ takenAt: createdAt });
    const copy = { createdAt, takenAt: '2026-11-01T01:00:00Z' };
    expect(await instance({ OriginalSnapshotCreateTime })).toMatchObject(copy);
    expect(await cluster({})).toMatchObject({ takenAt: createdAt });
  });

  it('is not known of a copy of a cluster’s snapshot', async () => {
    const found = await cluster({ SourceDBClusterSnapshotArn: 'arn:aws:rds:x:1:cluster-snapshot:s' });
    expect(found).toMatchObject({ createdAt });
    expect(found).not.toHaveProperty('takenAt');
  });
});

test.each([
  [81, 12, 81],
  [12, 93, 93],
])('of %d snapshots of instances and %d of clusters the quota of snapshots counts %d', async (a, b, used) => {
  const quota = (AccountQuotaName: string, Used: number) => ({ AccountQuotaName, Used, Max: 100 });
  const snapshots = [quota('ManualSnapshots', a), quota('ManualClusterSnapshots', b)];
  const AccountQuotas = [...snapshots, quota('DBInstances', 7)];
  const { client } = answering({ DescribeAccountAttributesCommand: { AccountQuotas } });
  const home = { name: 'eu-central-1', region: 'eu-central-1' };
  expect(await rdsPlatform(() => client, home).quotas(home)).toEqual({
    snapshots: { used, most: 100 },
    instances: { used: 7, most: 100 },
  });
});

test.each(['rds', 'aurora'] as const)('a copy of a snapshot of %s gets its own tags only', async (of) => {
  const { client, sent } = answering({});
  const place = { name: 'eu-west-1', region: 'eu-west-1' };
  const original = { of, arn: 'arn:aws:rds:eu-central-1:1:s', encrypted: true, region: 'eu-central-1' };
  const tags = { 'understudy:stage': 'prod' };
  await copySnapshot(client, original, { id: 's', place, kmsKey: 'alias/away', tags });
  expect(sent.at(-1)?.input).toMatchObject({
    CopyTags: false,
    KmsKeyId: 'alias/away',
    Tags: [{ Key: 'understudy:stage', Value: 'prod' }],
  });
});

test.each([
  ['rds:crm-2026-11-20-03-04', 'automated'],
  ['understudy-prod-crm-20261120t010000z', undefined],
])('RDS is asked for the snapshot %s with the type %s', async (id, type) => {
  const { client, sent } = answering({});
  await readSnapshot(client, 'rds', id);
  await readSnapshot(client, 'aurora', id);
  expect(
    sent.map(({ input }) => [input['DBSnapshotIdentifier'], input['DBClusterSnapshotIdentifier']]),
  ).toEqual([
    [id, undefined],
    [undefined, id],
  ]);
  for (const { input } of sent) expect(input['SnapshotType']).toBe(type);
});

describe('the parameters of a scratch instance', () => {
  /** What RDS is sent when the source's group has these parameters. */
  const quarantined = async (parameters: object[], kind: 'rds' | 'aurora' = 'rds', group = 'crm') => {
    const page = { Parameters: parameters };
    const pages = { DescribeDBParametersCommand: page, DescribeDBClusterParametersCommand: page };
    const { client, sent } = answering(pages);
    await quarantineParameters(client, kind, group, 'understudy-scratch-crm-1', {});
    return sent;
  };
  /** The values that are set last, by name. */
  const valuesSet = async (...parameters: object[]) => {
    const set = (await quarantined(parameters)).at(-1)!.input['Parameters'] as Record<string, string>[];
    return Object.fromEntries(set.map((each) => [each['ParameterName'], each['ParameterValue']]));
  };
  const parameter = (name: string, value?: string) => ({
    ParameterName: name,
    ...(value === undefined ? {} : { ParameterValue: value }),
    IsModifiable: true,
  });

  it.each([
    ['rds', 'default.postgres15', 'CreateDBParameterGroupCommand', 'postgres15'],
    ['aurora', 'default.aurora-postgresql16', 'CreateDBClusterParameterGroupCommand', 'aurora-postgresql16'],
  ] as const)(
    'of %s are a new group where the source has %s, which need not exist',
    async (kind, group, command, family) => {
      const sent = await quarantined([], kind, group);
      expect(sent[0]).toMatchObject({ command, input: { DBParameterGroupFamily: family } });
      expect(sent.map((each) => each.command).join()).not.toContain('ParameterGroupsCommand');
    },
  );

  it('put off a vacuum against wraparound, which would keep amcheck waiting', async () => {
    const names = ['autovacuum_freeze_max_age', 'autovacuum_multixact_freeze_max_age'] as const;
    expect(await valuesSet(...names.map((name) => parameter(name, '200000000')))).toMatchObject({
      [names[0]]: '2000000000',
      [names[1]]: '2000000000',
    });
  });

  it.each([
    ['pg_cron', 'pg_stat_statements'],
    ['pg_stat_statements,pg_cron', 'pg_stat_statements'],
    ['pg_cron, auto_explain', 'auto_explain'],
  ])(
    'do not load pg_cron: instead of "%s" they load "%s", because RDS takes no empty value',
    async (was, is) => {
      const sent = await quarantined([parameter('shared_preload_libraries', was)]);
      expect(sent.at(-1)).toMatchObject({
        command: 'ModifyDBParameterGroupCommand',
        input: { Parameters: [{ ParameterName: 'shared_preload_libraries', ParameterValue: is }] },
      });
    },
  );

  it('fit the memory of the scratch instance where they were set for another one', async () => {
    const set = await valuesSet(
      parameter('shared_buffers', '16777216'),
      parameter('effective_cache_size', '{DBInstanceClassMemory/16384}'),
      parameter('innodb_buffer_pool_size', '128849018880'),
      { ...parameter('max_logical_replication_workers', '4'), IsModifiable: false },
    );
    expect(set).toEqual({
      shared_buffers: '{DBInstanceClassMemory/32768}',
      innodb_buffer_pool_size: '{DBInstanceClassMemory*3/4}',
    });
  });

  it('let no subscription work and no event trigger fire, and leave every other one as it was', async () => {
    const names = ['max_logical_replication_workers', 'shared_preload_libraries'].map((name) =>
      parameter(name),
    );
    const others = [parameter('event_triggers', 'on'), parameter('work_mem', '4096')];
    const sent = await quarantined([...names, ...others]);
    const ApplyMethod = 'pending-reboot';
    expect(sent.at(-1)?.input['Parameters']).toEqual([
      { ParameterName: 'max_logical_replication_workers', ParameterValue: '0', ApplyMethod },
      { ParameterName: 'event_triggers', ParameterValue: 'off', ApplyMethod },
    ]);
  });
});
