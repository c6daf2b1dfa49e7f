import { rdsPlatform } from '../../../../lib/adapters/aws/rds/rds-platform.ts';
import { quarantineParameters } from '../../../../lib/adapters/aws/rds/scratch-parameters.ts';
import { copySnapshot, readSnapshot } from '../../../../lib/adapters/aws/rds/snapshots.ts';
import { fromCluster, fromInstance } from '../../../../lib/adapters/aws/rds/sources.ts';
import { answering } from '../../../support/rds-client.ts';

describe('data at rest', () => {
  it.each([
    [{ StorageEncrypted: true }, true],
    [{ StorageEncrypted: false, StorageEncryptionType: 'sse-rds' as const }, true],
    [{ StorageEncrypted: true, StorageEncryptionType: 'sse-kms' as const }, true],
    [{ StorageEncrypted: false, StorageEncryptionType: 'none' as const }, false],
    [{ StorageEncrypted: false }, false],
    [{}, false],
  ])('of which RDS says %j are encrypted: %s', (said, encrypted) => {
    expect(fromInstance(said)).toMatchObject({ encrypted });
    expect(fromCluster(said)).toMatchObject({ encrypted });
  });
});

describe('a source', () => {
  const at = (time: string) => new Date(`2026-11-${time}Z`);

  it('of an instance says where its automated backups are replicated to', () => {
    const arn = 'arn:aws:rds:eu-west-1:111122223333:auto-backup:ab-1';
    const said = { DBInstanceAutomatedBackupsReplications: [{ DBInstanceAutomatedBackupsArn: arn }] };
    expect(fromInstance(said)).toMatchObject({ replicatedTo: [arn] });
    expect(fromInstance({})).toMatchObject({ replicatedTo: [] });
  });

  it('of a cluster says from when to when it can be wound back, and which instances it has', () => {
    const cluster = {
      EarliestRestorableTime: at('13T01:00:00'),
      LatestRestorableTime: at('20T11:55:00'),
      DBClusterMembers: [{ DBInstanceIdentifier: 'shop-0' }, { DBInstanceIdentifier: 'shop-1' }],
    };
    expect(fromCluster(cluster)).toMatchObject({
      pitr: { earliest: '2026-11-13T01:00:00Z', latest: '2026-11-20T11:55:00Z' },
      members: ['shop-0', 'shop-1'],
    });
    expect(fromCluster({ EarliestRestorableTime: at('13T01:00:00') })).not.toHaveProperty('pitr');
  });

  it('encrypted with a key of AWS’ own says so, because that has no name', () => {
    const owned = { StorageEncrypted: false, StorageEncryptionType: 'sse-rds' as const };
    expect(fromInstance(owned)).toMatchObject({ keyOfAws: true });
    expect(fromCluster(owned)).toMatchObject({ keyOfAws: true });
    expect(fromInstance({ StorageEncrypted: true })).not.toHaveProperty('keyOfAws');
  });
});

describe('the age of a snapshot’s data', () => {
  const taken = new Date('2026-11-01T01:00:00Z');
  const copied = new Date('2026-11-20T01:00:00Z');
  const instance = async (changes: object) => {
    const DBSnapshots = [{ DBSnapshotIdentifier: 's', SnapshotCreateTime: copied, ...changes }];
    return readSnapshot(answering({ DescribeDBSnapshotsCommand: { DBSnapshots } }).client, 'rds', 's');
  };
  const cluster = async (changes: object) => {
    const DBClusterSnapshots = [{ DBClusterSnapshotIdentifier: 's', SnapshotCreateTime: copied, ...changes }];
    return readSnapshot(
      answering({ DescribeDBClusterSnapshotsCommand: { DBClusterSnapshots } }).client,
      'aurora',
      's',
    );
  };

  it('is when it was taken, and of a copy when the original was', async () => {
    expect(await instance({})).toMatchObject({ takenAt: '2026-11-20T01:00:00Z' });
    expect(await instance({ OriginalSnapshotCreateTime: taken })).toMatchObject({
      createdAt: '2026-11-20T01:00:00Z',
      takenAt: '2026-11-01T01:00:00Z',
    });
    expect(await cluster({})).toMatchObject({ takenAt: '2026-11-20T01:00:00Z' });
  });

  it('of a cluster’s copy is not known: a copy of today may be of anything', async () => {
    const found = await cluster({ SourceDBClusterSnapshotArn: 'arn:aws:rds:x:1:cluster-snapshot:s' });
    expect(found).toMatchObject({ createdAt: '2026-11-20T01:00:00Z' });
    expect(found).not.toHaveProperty('takenAt');
  });
});

describe('the quotas of a Region', () => {
  it('are of manual snapshots the one that is nearer to its end, of instances or of clusters', async () => {
    const quota = (AccountQuotaName: string, Used: number) => ({ AccountQuotaName, Used, Max: 100 });
    const quotas = (ofInstances: number, ofClusters: number) => {
      const AccountQuotas = [
        quota('ManualSnapshots', ofInstances),
        quota('ManualClusterSnapshots', ofClusters),
        quota('DBInstances', 7),
      ];
      const { client } = answering({ DescribeAccountAttributesCommand: { AccountQuotas } });
      const home = { name: 'eu-central-1', region: 'eu-central-1' };
      return rdsPlatform(() => client, home).quotas(home);
    };
    expect(await quotas(81, 12)).toEqual({
      snapshots: { used: 81, most: 100 },
      instances: { used: 7, most: 100 },
    });
    expect(await quotas(12, 93)).toMatchObject({ snapshots: { used: 93, most: 100 } });
  });
});

describe('a copy', () => {
  it.each(['rds', 'aurora'] as const)(
    'of a snapshot of %s bears our tags, and none of its original’s',
    async (of) => {
      const { client, sent } = answering({});
      const place = { name: 'eu-west-1', region: 'eu-west-1' };
      await copySnapshot(
        client,
        { of, arn: 'arn:aws:rds:eu-central-1:1:snapshot:s', encrypted: true, region: 'eu-central-1' },
        { id: 's', place, kmsKey: 'alias/away', tags: { 'understudy:stage': 'prod' } },
      );
      expect(sent.at(-1)?.input).toMatchObject({
        CopyTags: false,
        KmsKeyId: 'alias/away',
        Tags: [{ Key: 'understudy:stage', Value: 'prod' }],
      });
    },
  );
});

describe('one snapshot', () => {
  it.each([
    ['rds:crm-2026-11-20-03-04', { SnapshotType: 'automated' }],
    ['understudy-prod-crm-20261120t010000z', {}],
  ])('%s is asked for with %j, as AWS wants it', async (id, more) => {
    const { client, sent } = answering({});
    await readSnapshot(client, 'rds', id);
    await readSnapshot(client, 'aurora', id);
    expect(sent.map(({ input }) => input)).toEqual([
      expect.objectContaining({ DBSnapshotIdentifier: id, ...more }),
      expect.objectContaining({ DBClusterSnapshotIdentifier: id, ...more }),
    ]);
    if (!('SnapshotType' in more))
      for (const { input } of sent) expect(input).not.toHaveProperty('SnapshotType');
  });
});

describe('the parameters of a scratch instance', () => {
  const quarantined = async (kind: 'rds' | 'aurora', group: string, parameters: object[] = []) => {
    const page = { Parameters: parameters };
    const { client, sent } = answering({
      DescribeDBParametersCommand: page,
      DescribeDBClusterParametersCommand: page,
    });
    await quarantineParameters(client, kind, group, 'understudy-scratch-crm-1', {});
    return sent;
  };
  const set = (name: string, value?: string) => ({
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
      const sent = await quarantined(kind, group);
      expect(sent[0]).toMatchObject({ command, input: { DBParameterGroupFamily: family } });
      expect(sent.map((each) => each.command).join()).not.toContain('ParameterGroupsCommand');
    },
  );

  it('put a vacuum against wraparound off, which would keep amcheck waiting', async () => {
    const names = ['autovacuum_freeze_max_age', 'autovacuum_multixact_freeze_max_age'];
    const sent = await quarantined(
      'rds',
      'crm',
      names.map((name) => set(name, '200000000')),
    );
    expect(sent.at(-1)?.input['Parameters']).toMatchObject(
      names.map((ParameterName) => ({ ParameterName, ParameterValue: '2000000000' })),
    );
  });

  it.each([
    ['pg_cron', 'pg_stat_statements'],
    ['pg_stat_statements,pg_cron', 'pg_stat_statements'],
    ['pg_cron, auto_explain', 'auto_explain'],
  ])('load %s no longer, but %s: RDS takes no empty value', async (was, is) => {
    const sent = await quarantined('rds', 'crm', [set('shared_preload_libraries', was)]);
    expect(sent.at(-1)).toMatchObject({
      command: 'ModifyDBParameterGroupCommand',
      input: { Parameters: [{ ParameterName: 'shared_preload_libraries', ParameterValue: is }] },
    });
  });

  it('are made for the memory there is, where they were made for another instance’s', async () => {
    const sent = await quarantined('rds', 'crm', [
      set('shared_buffers', '16777216'),
      set('effective_cache_size', '{DBInstanceClassMemory/16384}'),
      set('innodb_buffer_pool_size', '128849018880'),
      { ...set('max_logical_replication_workers', '4'), IsModifiable: false },
    ]);
    expect(sent.at(-1)?.input['Parameters']).toMatchObject([
      { ParameterName: 'shared_buffers', ParameterValue: '{DBInstanceClassMemory/32768}' },
      { ParameterName: 'innodb_buffer_pool_size', ParameterValue: '{DBInstanceClassMemory*3/4}' },
    ]);
  });

  it('let no subscription work and no event trigger fire, and leave everything else as it was', async () => {
    const sent = await quarantined('rds', 'crm', [
      set('max_logical_replication_workers'),
      set('event_triggers', 'on'),
      set('shared_preload_libraries'),
      set('work_mem', '4096'),
    ]);
    expect(sent.at(-1)?.input['Parameters']).toEqual([
      {
        ParameterName: 'max_logical_replication_workers',
        ParameterValue: '0',
        ApplyMethod: 'pending-reboot',
      },
      { ParameterName: 'event_triggers', ParameterValue: 'off', ApplyMethod: 'pending-reboot' },
    ]);
  });
});
