import { RDSClient } from '@aws-sdk/client-rds';
import { quarantineParameters } from '../../../../lib/adapters/aws/rds/scratch-parameters.ts';
import { readSnapshot } from '../../../../lib/adapters/aws/rds/snapshots.ts';
import { fromCluster, fromInstance } from '../../../../lib/adapters/aws/rds/sources.ts';

type Sent = { command: string; input: Record<string, unknown> };

/** A client that answers by the command's name, and an account of what it was sent. */
function answering(answers: Record<string, unknown>) {
  const sent: Sent[] = [];
  const client = new RDSClient({ region: 'eu-central-1' });
  client.send = (async (command: { constructor: { name: string }; input: Record<string, unknown> }) => {
    const { name } = command.constructor;
    sent.push({ command: name, input: command.input });
    return answers[name] ?? {};
  }) as RDSClient['send'];
  return { client, sent };
}

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

  it('let no subscription work, whatever was set, and leave everything else as it was', async () => {
    const sent = await quarantined('rds', 'crm', [
      set('max_logical_replication_workers'),
      set('shared_preload_libraries'),
      set('work_mem', '4096'),
    ]);
    expect(sent.at(-1)?.input['Parameters']).toEqual([
      {
        ParameterName: 'max_logical_replication_workers',
        ParameterValue: '0',
        ApplyMethod: 'pending-reboot',
      },
    ]);
  });
});
