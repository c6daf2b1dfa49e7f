import {
  CopyDBParameterGroupCommand,
  CopyDBSnapshotCommand,
  CreateDBParameterGroupCommand,
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  DeleteDBParameterGroupCommand,
  DeleteDBSnapshotCommand,
  DescribeAccountAttributesCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBInstanceCommand,
  ModifyDBParameterGroupCommand,
  ModifyDBSnapshotAttributeCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
  type RestoreDBInstanceFromDBSnapshotMessage,
  RestoreDBInstanceToPointInTimeCommand,
} from '@aws-sdk/client-rds';
import { AWAY, localRds, refusal, until } from './support.ts';

/** mysql has no server behind it here, which is all that these need. */
const { rds, client } = localRds({ pace: 20 });
const code = async (call: Promise<unknown>) => (await refusal(call)).code;

const source = (id: string, options: object = {}) =>
  rds().createInstance({
    id,
    engine: 'mysql',
    database: 'shop',
    masterPassword: 'correct-horse',
    backupRetention: 0,
    ...options,
  });
const snapshot = (instance: string, id: string) =>
  client().send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: instance, DBSnapshotIdentifier: id }));
const snapshotIs = (id: string, status: string, region?: string) =>
  until(`${id} to be ${status}`, async () => {
    const answer = await client(region).send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: id }));
    return answer.DBSnapshots![0]!.Status === status && answer.DBSnapshots![0]!;
  });
const instanceIs = (id: string, status: string) =>
  until(`${id} to be ${status}`, async () => {
    const answer = await client().send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }));
    return answer.DBInstances![0]!.DBInstanceStatus === status && answer.DBInstances![0]!;
  });
const makeGroup = (DBParameterGroupName: string, DBParameterGroupFamily: string) =>
  client().send(
    new CreateDBParameterGroupCommand({ DBParameterGroupName, DBParameterGroupFamily, Description: 'x' }),
  );
const restore = (DBInstanceIdentifier: string, more: Partial<RestoreDBInstanceFromDBSnapshotMessage> = {}) =>
  client().send(
    new RestoreDBInstanceFromDBSnapshotCommand({
      DBSnapshotIdentifier: 'plain-1',
      DBInstanceIdentifier,
      ...more,
    }),
  );

beforeAll(async () => {
  await source('plain');
  await makeGroup('of-postgres', 'postgres15');
  await source('secret', { encrypted: true });
  await source('keyed', { kmsKeyId: 'alias/backups', copyTagsToSnapshot: true, tags: { team: 'shop' } });
  for (const id of ['plain', 'secret', 'keyed']) await snapshot(id, `${id}-1`);
  for (const id of ['plain', 'secret', 'keyed']) await snapshotIs(`${id}-1`, 'available');
});

describe('snapshots', () => {
  test('a name is taken once, whatever its case', async () => {
    expect(await refusal(snapshot('plain', 'Plain-1'))).toEqual({
      code: 'DBSnapshotAlreadyExists',
      status: 400,
    });
  });

  test('a name that is none is refused', async () => {
    for (const id of ['rds:x', 'a--b', 'a-', '1a', 'ä'])
      expect(await code(snapshot('plain', id))).toBe('InvalidParameterValue');
  });

  test('only what is available is backed up', async () => {
    await rds().set('plain', { status: 'storage-full' });
    expect(await refusal(snapshot('plain', 'full'))).toEqual({ code: 'InvalidDBInstanceState', status: 400 });
    await rds().set('plain', { status: 'available' });
    expect(await code(snapshot('nobody', 'x'))).toBe('DBInstanceNotFound');
  });

  test('there may be so many manual ones, and the account says how many there are', async () => {
    const { quotas } = rds();
    const { AccountQuotas } = await client().send(new DescribeAccountAttributesCommand({}));
    const { Used } = AccountQuotas!.find(({ AccountQuotaName }) => AccountQuotaName === 'ManualSnapshots')!;
    const before = quotas.snapshots;
    quotas.snapshots = Used!;
    expect(await code(snapshot('plain', 'one-more'))).toBe('SnapshotQuotaExceeded');
    quotas.snapshots = before;
  });

  test('an automated one cannot be deleted', async () => {
    const id = await rds().takeAutomatedSnapshot('plain');
    const deletion = client().send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: id }));
    expect(await code(deletion)).toBe('InvalidDBSnapshotState');
  });

  test('one that is being made can be neither restored nor deleted', async () => {
    await rds().set('plain', { failedSnapshots: true });
    await snapshot('plain', 'slow');
    await snapshotIs('slow', 'failed');
    await rds().set('slow', { status: 'creating' });
    expect(await code(restore('x', { DBSnapshotIdentifier: 'slow' }))).toBe('InvalidDBSnapshotState');
    const deletion = () => client().send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: 'slow' }));
    expect(await code(deletion())).toBe('InvalidDBSnapshotState');
    await rds().set('slow', { status: 'failed' });
    await rds().set('plain', { failedSnapshots: false });
    await instanceIs('plain', 'available');
    await deletion();
  });

  test('tags come from the source when it says so', async () => {
    expect((await snapshotIs('keyed-1', 'available')).TagList).toEqual([{ Key: 'team', Value: 'shop' }]);
    expect((await snapshotIs('plain-1', 'available')).TagList).toEqual([]);
  });
});

describe('copies', () => {
  const copy = (from: string, id: string, KmsKeyId?: string) =>
    client(AWAY).send(
      new CopyDBSnapshotCommand({
        SourceDBSnapshotIdentifier: `arn:aws:rds:eu-central-1:123456789012:snapshot:${from}`,
        TargetDBSnapshotIdentifier: id,
        KmsKeyId,
      }),
    );

  test('an encrypted one needs a key of the Region it goes to', async () => {
    expect(await code(copy('keyed-1', 'away'))).toBe('InvalidParameterValue');
    const keyAtHome = 'arn:aws:kms:eu-central-1:123456789012:key/1';
    expect(await code(copy('keyed-1', 'away', keyAtHome))).toBe('KMSKeyNotAccessibleFault');
    await copy('keyed-1', 'away', 'alias/away');
    const { KmsKeyId, Encrypted } = await snapshotIs('away', 'available', AWAY);
    expect({ KmsKeyId, Encrypted }).toEqual({
      KmsKeyId: expect.stringMatching(/^arn:aws:kms:eu-west-1:/),
      Encrypted: true,
    });
  });

  test('a key that may not be used is refused', async () => {
    rds().inaccessibleKeys.add('alias/gone');
    expect(await refusal(copy('keyed-1', 'x', 'alias/gone'))).toEqual({
      code: 'KMSKeyNotAccessibleFault',
      status: 400,
    });
    rds().inaccessibleKeys.delete('alias/gone');
  });

  test('so many at once, and no more', async () => {
    rds().quotas.copies = 2;
    for (const id of ['copy-1', 'copy-2']) {
      await copy('plain-1', id);
      await snapshotIs(id, 'available', AWAY);
      await rds().set(id, { status: 'creating' }, AWAY);
    }
    expect(await code(copy('plain-1', 'copy-3'))).toBe('SnapshotQuotaExceeded');
    await rds().set('copy-2', { status: 'available' }, AWAY);
    await copy('plain-1', 'copy-3');
    rds().quotas.copies = 20;
  });

  test('what is unknown is not found, in the Region of its ARN', async () => {
    expect(await refusal(copy('nobody', 'x'))).toEqual({ code: 'DBSnapshotNotFound', status: 404 });
  });
});

describe('sharing', () => {
  const share = (DBSnapshotIdentifier: string, ...ValuesToAdd: string[]) =>
    client().send(
      new ModifyDBSnapshotAttributeCommand({ DBSnapshotIdentifier, AttributeName: 'restore', ValuesToAdd }),
    );

  test('a snapshot under the default key cannot be shared, one under another key can', async () => {
    expect(await code(share('secret-1', '210987654321'))).toBe('InvalidDBSnapshotState');
    const { DBSnapshotAttributesResult } = await share('keyed-1', '210987654321');
    expect(await code(share('keyed-1', 'all'))).toBe('InvalidDBSnapshotState');
    expect(DBSnapshotAttributesResult!.DBSnapshotAttributes).toEqual([
      { AttributeName: 'restore', AttributeValues: ['210987654321'] },
    ]);
  });
});

describe('restores', () => {
  test.each([
    ['an instance of the name', 'plain', {}, 'DBInstanceAlreadyExists'],
    ['an unknown snapshot', 'x', { DBSnapshotIdentifier: 'nobody' }, 'DBSnapshotNotFound'],
    ['an unknown subnet group', 'x', { DBSubnetGroupName: 'nobody' }, 'DBSubnetGroupNotFoundFault'],
    ['an unknown parameter group', 'x', { DBParameterGroupName: 'nobody' }, 'DBParameterGroupNotFound'],
    [
      'a parameter group of another family',
      'x',
      { DBParameterGroupName: 'of-postgres' },
      'InvalidParameterCombination',
    ],
    ['another engine', 'x', { Engine: 'postgres' }, 'InvalidParameterCombination'],
    ['more days than there may be', 'x', { BackupRetentionPeriod: 36 }, 'InvalidParameterValue'],
  ])('%s is refused', async (_what, id, more, expected) => {
    expect(await code(restore(id, more))).toBe(expected);
  });

  test('the key of an encrypted snapshot must be accessible', async () => {
    rds().inaccessibleKeys.add('alias/backups');
    expect(await code(restore('x', { DBSnapshotIdentifier: 'keyed-1' }))).toBe('KMSKeyNotAccessibleFault');
    rds().inaccessibleKeys.clear();
  });

  test('there may be so many instances', async () => {
    rds().quotas.instances = 3;
    expect(await code(restore('x'))).toBe('InstanceQuotaExceeded');
    rds().quotas.instances = 40;
  });

  test('the snapshot’s tags and days of backups go along unless others are given', async () => {
    await restore('tagged', { DBSnapshotIdentifier: 'keyed-1' });
    expect((await instanceIs('tagged', 'available')).TagList).toEqual([{ Key: 'team', Value: 'shop' }]);
  });

  test('one that never comes up can be deleted', async () => {
    await rds().set('*', { stuckRestores: true });
    await restore('never');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await instanceIs('never', 'creating');
    await client().send(
      new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'never', SkipFinalSnapshot: true }),
    );
    await rds().set('*', { stuckRestores: false });
    await until('the deletion', () =>
      instanceIs('never', 'x').then(
        () => false,
        () => true,
      ),
    );
  });

  test('one that fails says so, and a deletion says that no last snapshot is wanted', async () => {
    await rds().set('plain', { failedRestores: 'incompatible-restore' });
    await restore('fails');
    await instanceIs('fails', 'incompatible-restore');
    const deletion = (more: object) =>
      client().send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'fails', ...more }));
    expect(await code(deletion({}))).toBe('InvalidParameterCombination');
    // Until the end of the file.
    rds().pace = 3_600_000;
    await deletion({ SkipFinalSnapshot: true });
    rds().pace = 20;
    expect(await code(deletion({ SkipFinalSnapshot: true }))).toBe('InvalidDBInstanceState');
    await rds().set('plain', { failedRestores: false });
  });
});

describe('moments', () => {
  const to = (more: object) =>
    client().send(
      new RestoreDBInstanceToPointInTimeCommand({
        SourceDBInstanceIdentifier: 'timed',
        TargetDBInstanceIdentifier: 'x',
        ...more,
      }),
    );

  test('what the backups do not reach is refused', async () => {
    await source('timed', { backupRetention: 7 });
    const soon = new Date(Date.now() + 60_000);
    expect(await code(to({ RestoreTime: soon }))).toBe('InvalidParameterValue');
    expect(await code(to({ RestoreTime: new Date(0) }))).toBe('InvalidParameterValue');
    expect(await code(to({}))).toBe('InvalidParameterCombination');
    expect(await code(to({ RestoreTime: soon, UseLatestRestorableTime: true }))).toBe(
      'InvalidParameterCombination',
    );
    const off = { SourceDBInstanceIdentifier: 'plain', UseLatestRestorableTime: true };
    expect(await code(to(off))).toBe('PointInTimeRestoreNotEnabled');
  });

  test('the latest moment stays where it is while the storage is full', async () => {
    await rds().set('timed', { status: 'storage-full' });
    const latest = async () => (await instanceIs('timed', 'storage-full')).LatestRestorableTime;
    const before = await latest();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(await latest()).toEqual(before);
    await rds().set('timed', { status: 'available' });
    await until(
      'it to move',
      async () => (await instanceIs('timed', 'available')).LatestRestorableTime! > before!,
    );
  });
});

describe('protection and groups', () => {
  test('deletion protection is taken off first', async () => {
    await source('guarded', { deletionProtection: true });
    const deletion = () =>
      client().send(
        new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'guarded', SkipFinalSnapshot: true }),
      );
    expect(await code(deletion())).toBe('InvalidParameterCombination');
    await client().send(
      new ModifyDBInstanceCommand({ DBInstanceIdentifier: 'guarded', DeletionProtection: false }),
    );
    await deletion();
  });

  test('a parameter group in use stays, and a default one cannot be changed', async () => {
    const named = { DBParameterGroupName: 'used' };
    await makeGroup('used', 'mysql8.0');
    await restore('user', named);
    const deletion = () => client().send(new DeleteDBParameterGroupCommand(named));
    expect(await refusal(deletion())).toEqual({ code: 'InvalidDBParameterGroupState', status: 400 });
    await client().send(
      new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'user', SkipFinalSnapshot: true }),
    );
    await until('the deletion', () =>
      deletion().then(
        () => true,
        () => false,
      ),
    );
    const change = new ModifyDBParameterGroupCommand({
      DBParameterGroupName: 'default.mysql8.0',
      Parameters: [],
    });
    expect(await code(client().send(change))).toBe('InvalidDBParameterGroupState');
    const copy = new CopyDBParameterGroupCommand({
      SourceDBParameterGroupIdentifier: 'default.mysql8.0',
      TargetDBParameterGroupIdentifier: 'like-it',
      TargetDBParameterGroupDescription: 'x',
    });
    expect(await code(client().send(copy))).toBe('InvalidParameterValue');
  });

  test.each([
    ['unknown', 'no_such_setting', '1', 'immediate', 'InvalidParameterValue'],
    ['RDS’s own', 'archive_command', 'true', 'immediate', 'InvalidParameterValue'],
    ['static, at once', 'max_connections', '10', 'immediate', 'InvalidParameterCombination'],
  ] as const)(
    'a parameter that is %s is refused',
    async (_what, ParameterName, ParameterValue, ApplyMethod, expected) => {
      const DBParameterGroupName = 'of-postgres';
      const Parameters = [{ ParameterName, ParameterValue, ApplyMethod }];
      const change = new ModifyDBParameterGroupCommand({ DBParameterGroupName, Parameters });
      expect(await code(client().send(change))).toBe(expected);
    },
  );
});
