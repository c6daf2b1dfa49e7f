import { codesClosedBy } from '../../../../lib/domain/findings/registry.ts';
import type { Policy } from '../../../../lib/domain/plan/policy.ts';
import type { PlatformSource } from '../../../../lib/domain/points/platform-source.ts';
import {
  checkBackups,
  checkExistence,
  checkPosture,
  checkSnapshotQuota,
} from '../../../../lib/domain/status/posture.ts';
import { DAY, HOUR, platformSource, policy, target } from '../../../support/builders.ts';

const NOW = new Date('2026-11-20T12:00:00Z');
const INSTANCE = { kind: 'rds', id: 'crm-db' } as const;
const CLUSTER = { kind: 'aurora', id: 'crm-cluster' } as const;

/** Promises moments of the last week, and an RTO that only a standby keeps. */
const promising = (changes: Partial<Policy> = {}) =>
  policy({ objectives: { rpo: { pitr: 900 }, rto: HOUR / 2 }, schedules: {}, ...changes });
const found = (
  source: Partial<PlatformSource>,
  own: Partial<Policy> = {},
  platform: typeof INSTANCE | typeof CLUSTER = INSTANCE,
) => {
  const about = target({ platform, policy: promising(own) });
  const it = platformSource({
    ...platform,
    pitr: { earliest: '2026-11-13T11:00:00Z', latest: '2026-11-20T11:55:00Z' },
    ...source,
  });
  return [...checkBackups(about, it, NOW), ...checkPosture(about, it, NOW)];
};

test('nothing is found in a source that is set up as promised', () => {
  expect(found({})).toEqual([]);
  expect(found({}, {}, CLUSTER)).toEqual([]);
});

const MODIFY = 'aws rds modify-db-instance --db-instance-identifier crm-db';
const MODIFY_CLUSTER = 'aws rds modify-db-cluster --db-cluster-identifier crm-cluster';
const BREAKING: [string, Partial<PlatformSource>, Partial<Policy>, string, string, string][] = [
  [
    'its automated backups are off',
    { backups: { retention: 0 } },
    {},
    'backups-disabled',
    `Switch them on: \`${MODIFY} --backup-retention-period 7 --apply-immediately\`.`,
    `Switch them on: \`${MODIFY_CLUSTER} --backup-retention-period 7 --apply-immediately\`.`,
  ],
  [
    'its backups are kept for less than was promised',
    { backups: { retention: 7 * DAY } },
    { pitr: { window: 14 * DAY } },
    'pitr-window-short',
    `\`${MODIFY} --backup-retention-period 14 --apply-immediately\``,
    `\`${MODIFY_CLUSTER} --backup-retention-period 14 --apply-immediately\``,
  ],
  [
    'it can be deleted with one call',
    { deletionProtection: false },
    {},
    'posture-deletion-protection',
    `Protect it: \`${MODIFY} --deletion-protection --apply-immediately\`.`,
    `Protect it: \`${MODIFY_CLUSTER} --deletion-protection --apply-immediately\`.`,
  ],
  [
    'it stands in one zone',
    { multiAz: false },
    {},
    'posture-multi-az',
    `\`${MODIFY} --multi-az\``,
    '`aws rds create-db-instance --db-cluster-identifier crm-cluster --db-instance-identifier crm-cluster-reader --engine postgres --db-instance-class db.m7g.large`',
  ],
  [
    'it is not encrypted',
    { encrypted: false },
    {},
    'posture-encryption',
    'cannot encrypt an instance in place',
    'cannot encrypt an instance in place',
  ],
  [
    'it can be reached from the internet',
    { publiclyAccessible: true },
    {},
    'posture-public',
    `Close it: \`${MODIFY} --no-publicly-accessible --apply-immediately\`.`,
    'for i in $(aws rds describe-db-clusters --db-cluster-identifier crm-cluster --query "DBClusters[].DBClusterMembers[].DBInstanceIdentifier" --output text); do aws rds modify-db-instance --db-instance-identifier $i --no-publicly-accessible --apply-immediately; done',
  ],
  [
    'AWS backs it up in the hour of a dump',
    { backups: { retention: 7 * DAY, window: '03:00-03:30' } },
    { schedules: { dump: { cron: '30 2 * * *', timezone: 'UTC' } } },
    'posture-backup-window',
    `\`${MODIFY} --preferred-backup-window 03:30-04:00 --apply-immediately\``,
    `\`${MODIFY_CLUSTER} --preferred-backup-window 03:30-04:00 --apply-immediately\``,
  ],
];

test.each(BREAKING)(
  'when %s, exactly that is found, with the command for an instance and for a cluster',
  (_what, source, own, code, next, nextOfCluster) => {
    expect(found(source, own)).toMatchObject([
      { code, subject: 'crm-db', next: expect.stringContaining(next) },
    ]);
    expect(found(source, own, CLUSTER)).toMatchObject([
      { code, subject: 'crm-cluster', next: expect.stringContaining(nextOfCluster) },
    ]);
  },
);

test('every finding about a source is broken above', () => {
  expect(BREAKING.map(([, , , code]) => code).sort()).toEqual(codesClosedBy('posture').sort());
});

test('a source that is not there is found under the name that understudy.yml gives', () => {
  const about = target({ platform: CLUSTER });
  expect(checkExistence(about, CLUSTER, undefined)).toMatchObject([
    {
      code: 'source-missing',
      severity: 'P0',
      subject: 'crm-cluster',
      message: 'the cluster crm-cluster of crm does not exist',
    },
  ]);
  expect(checkExistence(about, CLUSTER, platformSource(CLUSTER))).toEqual([]);
});

describe('restoring to a moment', () => {
  const reaching = (earliest: string | undefined, more: Partial<PlatformSource> = {}) =>
    found({ pitr: { ...(earliest ? { earliest } : {}), latest: '2026-11-20T11:55:00Z' }, ...more });

  test('is short when the real earliest moment is nearer than was promised, whatever the setting says', () => {
    expect(reaching('2026-11-18T12:00:00Z')).toMatchObject([
      {
        code: 'pitr-window-short',
        message: 'crm-db can be restored only to moments of the last 48 h; the policy promises 7 d',
      },
    ]);
  });

  test('is not short for the day that daily backups cost', () => {
    expect(reaching('2026-11-14T11:59:59Z')).toEqual([]);
    expect(reaching('2026-11-14T12:00:00Z')).toHaveLength(1);
  });

  test('is not asked of a source younger than the window', () => {
    expect(reaching('2026-11-18T12:00:00Z', { createdAt: '2026-11-13T12:00:01Z' })).toEqual([]);
    expect(reaching('2026-11-18T12:00:00Z', { createdAt: '2026-11-13T12:00:00Z' })).toHaveLength(1);
  });

  test('is asked of a young source too when its backups are set to be kept for too short', () => {
    expect(found({ backups: { retention: DAY }, createdAt: '2026-11-20T11:00:00Z' })).toMatchObject([
      { message: 'crm-db keeps automated backups for 24 h; the policy promises 7 d' },
    ]);
  });

  test('is the policy’s, whatever is promised; how far back it really reaches is owed where moments are', () => {
    const promised = { objectives: { rpo: { snapshot: DAY }, rto: HOUR } };
    expect(found({ backups: { retention: DAY } }, promised)).toMatchObject([{ code: 'pitr-window-short' }]);
    const near = { pitr: { earliest: '2026-11-19T12:00:00Z', latest: '2026-11-20T11:55:00Z' } };
    expect(found(near, promised)).toEqual([]);
    expect(found(near)).toMatchObject([{ code: 'pitr-window-short' }]);
  });
});

test('one zone is enough where an hour or more may pass until it is restored', () => {
  const objectives = { rpo: { pitr: 900 }, rto: HOUR };
  expect(found({ multiAz: false }, { objectives })).toEqual([]);
});

test('a policy that takes snapshots without encryption accuses no source without it', () => {
  const { snapshot } = policy();
  expect(found({ encrypted: false }, { snapshot: { ...snapshot, encryption: 'any' } })).toEqual([]);
});

describe('the backup window of AWS', () => {
  const clash = (window: string, schedules: Policy['schedules']) =>
    found({ backups: { retention: 7 * DAY, window } }, { schedules });
  const at = (cron: string, timezone = 'UTC') => ({ cron, timezone });

  test.each([
    ['00:30-01:00', 0],
    ['00:30-01:01', 1],
    ['01:59-02:29', 1],
    ['02:00-02:30', 0],
  ])('%s and a snapshot at 01:00: %d', (window, count) => {
    expect(clash(window, { snapshot: at('0 1 * * *') })).toHaveLength(count);
  });

  test('may go over midnight, and so may the hour of a job', () => {
    expect(clash('23:45-00:15', { dump: at('0 0 * * *') })).toHaveLength(1);
    expect(clash('00:10-00:40', { dump: at('30 23 * * *') })).toHaveLength(1);
  });

  test('is in UTC, and schedules are in their own zones', () => {
    expect(clash('01:00-01:30', { dump: at('0 2 * * *', 'Europe/Berlin') })).toHaveLength(1);
    expect(clash('02:00-02:30', { dump: at('0 2 * * *', 'Europe/Berlin') })).toEqual([]);
  });

  test('is moved to the first half hour in which no scheduled job begins', () => {
    const [one] = clash('01:00-01:30', { dump: at('0 1 * * *'), snapshot: at('15 3 * * *') });
    expect(one!.message).toBe('crm-db is backed up by AWS at 01:00-01:30 UTC, in the hour of dump of crm');
    expect(one!.next).toContain('--preferred-backup-window 04:30-05:00');
  });

  test('is not held against a policy that leaves no half hour of the day free', () => {
    expect(clash('01:00-01:30', { snapshot: at('0 * * * *') })).toEqual([]);
    expect(clash('01:00-01:30', { snapshot: at('*/5 * * * *') })).toEqual([]);
  });

  test('of jobs once a month counts as well', () => {
    expect(clash('01:00-01:30', { snapshot: at('0 1 1 * *') })).toHaveLength(1);
  });

  test('is no matter where there are no automated backups', () => {
    expect(
      found({ backups: { retention: 0, window: '01:00-01:30' } }, { schedules: { dump: at('0 1 * * *') } }),
    ).toMatchObject([{ code: 'backups-disabled' }]);
  });
});

test.each([
  [79, 100, 0],
  [80, 100, 1],
  [100, 100, 1],
  [0, 0, 0],
])('%d of %d manual snapshots: %d finding, about the account and not a target', (used, most, count) => {
  const near = checkSnapshotQuota('eu-west-1', { used, most });
  expect(near).toHaveLength(count);
  if (count > 0)
    expect(near).toMatchObject([{ code: 'snapshot-quota-near', target: 'understudy', subject: 'eu-west-1' }]);
});
