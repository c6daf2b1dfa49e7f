import {
  CopyDBParameterGroupCommand,
  DeleteDBInstanceCommand,
  DescribeAccountAttributesCommand,
} from '@aws-sdk/client-rds';
import { AWAY, arn, localRds, refusal, until, untilRefused } from './support.ts';

/** mysql has no server behind it here, which is all that these need. */
const { rds, client, aws } = localRds({ pace: 20 });
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
const FOREVER = 3_600_000;

beforeAll(async () => {
  await source('plain');
  await aws.makeGroup('of-postgres', 'postgres15');
  await source('secret', { encrypted: true });
  await source('keyed', { kmsKeyId: 'alias/backups', copyTagsToSnapshot: true, tags: { team: 'shop' } });
  for (const id of ['plain', 'secret', 'keyed']) await aws.takeSnapshot(id, `${id}-1`);
  for (const id of ['plain', 'secret', 'keyed']) await aws.snapshotIs(`${id}-1`, 'available');
});

describe('a snapshot of the local RDS', () => {
  test('is refused under the name of another in another case', async () => {
    expect(await code(aws.takeSnapshot('plain', 'Plain-1'))).toBe('DBSnapshotAlreadyExists');
  });

  test.each(['rds:x', 'a--b', 'a-', '1a', 'ä'])('is refused under the name %s', async (id) => {
    expect(await code(aws.takeSnapshot('plain', id))).toBe('InvalidParameterValue');
  });

  test('is refused of an instance that is not available', async () => {
    await rds().set('plain', { status: 'storage-full' });
    const refused = await refusal(aws.takeSnapshot('plain', 'full'));
    await rds().set('plain', { status: 'available' });
    expect(refused).toEqual({ code: 'InvalidDBInstanceState', status: 400 });
  });

  test('is refused beyond the quota that the account shows', async () => {
    const { quotas } = rds();
    const before = quotas.snapshots;
    quotas.snapshots = await used('ManualSnapshots');
    expect(await code(aws.takeSnapshot('plain', 'one-more'))).toBe('SnapshotQuotaExceeded');
    quotas.snapshots = before;
  });

  test('is not deleted when it is automated', async () => {
    const id = await rds().takeAutomatedSnapshot('plain');
    expect(await code(aws.deleteSnapshot(id))).toBe('InvalidDBSnapshotState');
  });

  test('is neither restored nor deleted while it is creating', async () => {
    await rds().set('plain', { failedSnapshots: true });
    await aws.takeSnapshot('plain', 'slow');
    await aws.snapshotIs('slow', 'failed');
    await rds().set('slow', { status: 'creating' });
    expect(await code(aws.restore('slow', 'x'))).toBe('InvalidDBSnapshotState');
    expect(await code(aws.deleteSnapshot('slow'))).toBe('InvalidDBSnapshotState');
    await rds().set('slow', { status: 'failed' });
    await rds().set('plain', { failedSnapshots: false });
    await aws.instanceIs('plain', 'available');
    await aws.deleteSnapshot('slow');
  });

  test('has the tags of its source where the source says so', async () => {
    expect((await aws.snapshot('keyed-1')).TagList).toEqual([{ Key: 'team', Value: 'shop' }]);
    expect((await aws.snapshot('plain-1')).TagList).toEqual([]);
  });

  test('is shared unless it has the default key, and never with all accounts', async () => {
    expect(await code(aws.share('secret-1', '210987654321'))).toBe('InvalidDBSnapshotState');
    await aws.share('keyed-1', '210987654321');
    expect(await code(aws.share('keyed-1', 'all'))).toBe('InvalidDBSnapshotState');
  });
});

/** How many of something the account says that it has. */
async function used(quota: string): Promise<number> {
  const { AccountQuotas } = await client().send(new DescribeAccountAttributesCommand({}));
  return AccountQuotas!.find(({ AccountQuotaName }) => AccountQuotaName === quota)!.Used!;
}

describe('a copy of the local RDS in another Region', () => {
  const copy = (from: string, id: string, key?: string) => aws.copySnapshot(arn(`snapshot:${from}`), id, key);

  test('needs a key of that Region when it is encrypted', async () => {
    expect(await code(copy('keyed-1', 'away'))).toBe('InvalidParameterValue');
    const keyAtHome = 'arn:aws:kms:eu-central-1:123456789012:key/1';
    expect(await code(copy('keyed-1', 'away', keyAtHome))).toBe('KMSKeyNotAccessibleFault');
    await copy('keyed-1', 'away', 'alias/away');
    const { KmsKeyId, Encrypted } = await aws.snapshotIs('away', 'available', AWAY);
    expect([KmsKeyId, Encrypted]).toEqual([expect.stringMatching(/^arn:aws:kms:eu-west-1:/), true]);
  });

  test('is refused under a key that may not be used', async () => {
    rds().inaccessibleKeys.add('alias/gone');
    const refused = await refusal(copy('keyed-1', 'x', 'alias/gone'));
    rds().inaccessibleKeys.clear();
    expect(refused).toEqual({ code: 'KMSKeyNotAccessibleFault', status: 400 });
  });

  test('is refused beyond the quota of copies that are being made', async () => {
    rds().quotas.copies = 2;
    for (const id of ['copy-1', 'copy-2']) {
      await copy('plain-1', id);
      await aws.snapshotIs(id, 'available', AWAY);
      await rds().set(id, { status: 'creating' }, AWAY);
    }
    expect(await code(copy('plain-1', 'copy-3'))).toBe('SnapshotQuotaExceeded');
    await rds().set('copy-2', { status: 'available' }, AWAY);
    await copy('plain-1', 'copy-3');
    rds().quotas.copies = 20;
  });

  test('is refused of an unknown snapshot', async () => {
    expect(await refusal(copy('missing', 'x'))).toEqual({ code: 'DBSnapshotNotFound', status: 404 });
  });
});

describe('a restore of the local RDS', () => {
  test.each([
    ['a parameter group of another family', { DBParameterGroupName: 'of-postgres' }, 'Combination'],
    ['another engine', { Engine: 'postgres' }, 'Combination'],
    ['more than 35 days of backups', { BackupRetentionPeriod: 36 }, 'Value'],
  ])('is refused with %s', async (_what, more, mistake) => {
    expect(await code(aws.restore('plain-1', 'x', more))).toBe(`InvalidParameter${mistake}`);
  });

  test('is refused when the key of its snapshot may not be used', async () => {
    rds().inaccessibleKeys.add('alias/backups');
    const refused = await code(aws.restore('keyed-1', 'x'));
    rds().inaccessibleKeys.clear();
    expect(refused).toBe('KMSKeyNotAccessibleFault');
  });

  test('is refused beyond the quota of instances that the account shows', async () => {
    rds().quotas.instances = await used('DBInstances');
    expect(await code(aws.restore('plain-1', 'x'))).toBe('InstanceQuotaExceeded');
    rds().quotas.instances = 40;
  });

  test('has the tags of its snapshot where it is given none', async () => {
    await aws.restore('keyed-1', 'tagged');
    const { TagList } = await aws.instanceIs('tagged', 'available');
    expect(TagList).toEqual([{ Key: 'team', Value: 'shop' }]);
  });

  test('can be deleted when it never becomes available', async () => {
    await rds().set('secret', { stuckRestores: true });
    await aws.restore('secret-1', 'never');
    await aws.restore('plain-1', 'later');
    await aws.instanceIs('later', 'available');
    expect((await aws.instance('never')).DBInstanceStatus).toBe('creating');
    await aws.remove('never');
    await rds().set('secret', { stuckRestores: false });
    await untilRefused('the deletion', () => aws.instance('never'));
  });

  test('shows that it failed, and is deleted once and only without a final snapshot', async () => {
    await rds().set('plain', { failedRestores: 'incompatible-restore' });
    await aws.restore('plain-1', 'fails');
    await aws.instanceIs('fails', 'incompatible-restore');
    await rds().set('plain', { failedRestores: false });
    const withSnapshot = client().send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'fails' }));
    expect(await code(withSnapshot)).toBe('InvalidParameterCombination');
    rds().pace = FOREVER;
    await aws.remove('fails');
    rds().pace = 20;
    expect(await code(aws.remove('fails'))).toBe('InvalidDBInstanceState');
  });
});

describe('a restore of the local RDS to a moment', () => {
  test.each([
    ['later than the latest', 'timed', () => ({ RestoreTime: inAMinute() }), 'InvalidParameterValue'],
    ['before the first backup', 'timed', () => ({ RestoreTime: new Date(0) }), 'InvalidParameterValue'],
    ['that is not given', 'timed', () => ({}), 'InvalidParameterCombination'],
    [
      'that is given twice',
      'timed',
      () => ({ RestoreTime: inAMinute(), UseLatestRestorableTime: true }),
      'InvalidParameterCombination',
    ],
    ['without backups', 'plain', () => ({ UseLatestRestorableTime: true }), 'PointInTimeRestoreNotEnabled'],
  ])('%s is refused', async (_what, from, more, expected) => {
    expect(await code(aws.restoreToMoment(from, 'x', more()))).toBe(expected);
  });

  test('has no later moment while the storage is full', async () => {
    await rds().set('timed', { status: 'storage-full' });
    const latest = async () => (await aws.instance('timed')).LatestRestorableTime!;
    const before = await latest();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(await latest()).toEqual(before);
    await rds().set('timed', { status: 'available' });
    await until('it to move', async () => (await latest()) > before);
  });

  beforeAll(() => source('timed', { backupRetention: 7 }));
  const inAMinute = () => new Date(Date.now() + 60_000);
});

describe('a parameter group of the local RDS', () => {
  test('is not deleted while an instance uses it', async () => {
    await aws.makeGroup('used', 'mysql8.0');
    await aws.restore('plain-1', 'user', { DBParameterGroupName: 'used' });
    const refused = await refusal(aws.deleteGroup('used'));
    expect(refused).toEqual({ code: 'InvalidDBParameterGroupState', status: 400 });
    await aws.remove('user');
    await until('the deletion', () =>
      aws.deleteGroup('used').then(
        () => true,
        () => false,
      ),
    );
  });

  test('is neither changed nor copied when it is the default', async () => {
    expect(await code(aws.setParameters('default.mysql8.0', []))).toBe('InvalidDBParameterGroupState');
    const copy = new CopyDBParameterGroupCommand({
      SourceDBParameterGroupIdentifier: 'default.mysql8.0',
      TargetDBParameterGroupIdentifier: 'like-it',
      TargetDBParameterGroupDescription: 'x',
    });
    expect(await code(client().send(copy))).toBe('InvalidParameterValue');
  });

  test.each([
    ['that is unknown', 'no_such_setting=1', 'InvalidParameterValue'],
    ['that RDS sets itself', 'archive_command=true', 'InvalidParameterValue'],
    ['that is static at once', 'max_connections=10', 'InvalidParameterCombination'],
  ])('refuses a parameter %s', async (_what, setting, expected) => {
    expect(await code(aws.setParameters('of-postgres', [setting], 'immediate'))).toBe(expected);
  });
});
