import type { FindingCode } from '../../../../lib/domain/findings/finding.ts';
import type { RestoreSettings } from '../../../../lib/domain/plan/policy.ts';
import { policy, snapshotPoint } from '../../../support/builders.ts';
import {
  type Changes,
  DUMP,
  found,
  ON_RDS,
  PLATFORM,
  passed,
  planOf,
  SNAPSHOT,
} from '../../../support/plans.ts';

const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/one';
const ABROAD = snapshotPoint('2026-11-20T06:00:00Z', { place: 'eu-west-1', snapshot: { kmsKey: 'abroad' } });
const HERE = snapshotPoint('2026-11-20T12:00:00Z', { snapshot: { kmsKey: KEY } });
const source = {
  state: 'ready' as const,
  instanceClass: 'db.m7g.large',
  multiAz: false,
  kmsKey: KEY,
  subnetGroup: 'crm-net',
};
const withRestore = (changes: Partial<RestoreSettings>) => {
  const usual = policy();
  return { ...ON_RDS, policy: { ...usual, restore: { ...usual.restore, ...changes } } };
};

/** The ways that a finding concerns, with ! where it would stop them. */
const concerned = (code: FindingCode, subject: string, message = '', changes: Changes = {}) =>
  planOf({
    points: [DUMP, HERE, ABROAD],
    platform: { ...PLATFORM, source },
    findings: [found(code, subject, { message })],
    ...changes,
  }).ways.flatMap(({ kind, place, concerns }) =>
    concerns.map(({ stops }) => `${kind}${place === 'eu-west-1' ? ' abroad' : ''}${stops ? '!' : ''}`),
  );

test.each<[FindingCode, string, string, string[]]>([
  ['restore-quota', 'quotas', '', ['moment!', 'snapshot!', 'dump!']],
  ['restore-parameters-missing', 'parameter group', '', ['moment!', 'snapshot!', 'dump!']],
  ['engine-end-of-support', 'support', '', ['moment', 'snapshot', 'dump']],
  ['backups-disabled', 'crm-prod', '', ['moment!']],
  ['pitr-window-short', 'crm-prod', '', ['moment']],
  ['source-missing', 'crm-prod', '', ['rows!', 'moment!']],
  ['source-missing', 'crm-other', '', []],
  ['source-replaced', 'db-NEW', '', ['rows!', 'moment!']],
  ['posture-public', 'crm-prod', '', []],
  ['copy-late', 'eu-west-1', '', ['snapshot abroad']],
  ['copy-impossible', 'us-east-1', '', []],
  ['checksum-mismatch', DUMP.id, '', ['rows!', 'dump!']],
  ['checksum-mismatch', '20261119T010000Z-1', '', []],
  ['snapshot-deleted', HERE.id, '', ['snapshot!']],
  ['restore-failed', '20261119T010000Z-moment', '', ['moment!']],
  ['restore-failed', '20261119T010000Z-1', '', []],
  ['rto-breached', 'rehearsal', '', ['dump']],
  ['rto-breached', 'rehearsal of a moment', '', ['moment']],
  ['index-corrupt', 'public.leads_pkey', '', ['moment', 'snapshot', 'snapshot abroad']],
  ['heartbeat-mismatch', 'snapshot', '', ['snapshot', 'snapshot abroad']],
  ['job-silent', 'dump', '', []],
  ['restore-under-way', 'crm', '', []],
])('%s of %s concerns what it is about', (code, subject, message, expected) => {
  expect(concerned(code, subject, message)).toEqual(expected);
});

test.each<[string, string, string, string[]]>([
  ['the source’s and the snapshot’s', 'key', `the key ${KEY} is gone`, ['moment!', 'snapshot!']],
  ['another one', 'key', `the key ${KEY}2 is gone`, []],
  ['the source’s, as RDS reports', 'crm-prod', '', ['moment!', 'snapshot!']],
  ['that of a copy', ABROAD.id, '', ['snapshot abroad!']],
])('a key that cannot be used stops what it encrypts: %s', (_which, subject, message, expected) => {
  expect(concerned('restore-key-unusable', subject, message)).toEqual(expected);
});

test('a key stops a moment where it is not known which one the source has', () => {
  expect(concerned('restore-key-unusable', 'key', 'the key x is gone', { platform: PLATFORM })).toEqual([
    'moment!',
  ]);
});

test.each<[string, string, Changes, string[]]>([
  [
    'the source’s',
    'the subnet group crm-net, for restores of crm, does not exist',
    {},
    ['moment!', 'snapshot!', 'dump!'],
  ],
  ['the rehearsals’', 'the subnet group quiet, for restores of crm, does not exist', {}, []],
  ['one like it', 'the subnet group crm-net-2, for restores of crm, does not exist', {}, []],
  [
    'the policy’s quarantine',
    'the security groups for restores of crm: sg-1 does not exist',
    { target: withRestore({ quarantine: ['sg-1'] }) },
    ['moment!', 'snapshot!', 'dump!'],
  ],
])('a missing network stops what goes into it: %s', (_which, message, changes, expected) => {
  expect(concerned('restore-network-missing', 'subnet group', message, changes)).toEqual(expected);
});

test('a snapshot that AWS does not have any more is named', () => {
  const message = `no verified snapshot of crm can be restored: ${HERE.id} is gone`;
  expect(concerned('restore-snapshot-missing', 'snapshot', message)).toEqual(['snapshot!']);
  expect(concerned('restore-snapshot-missing', 'snapshot', 'crm has no verified snapshot')).toEqual([]);
});

test.each([
  ['rds:RestoreDBInstanceToPointInTime on x (no)', ['moment!']],
  ['rds:RestoreDBInstanceFromDBSnapshot on x (no)', ['snapshot!']],
  ['rds:RestoreDBClusterFromSnapshot on x (no)', ['snapshot!']],
  ['rds:ModifyDBInstance on x (no)', ['moment!', 'snapshot!', 'dump!']],
])('a denial of %s stops what needs it', (message, expected) => {
  expect(concerned('restore-denied', 'permissions', message)).toEqual(expected);
});

test('an unreadable secret stops rows, and a restore that switches with it', () => {
  expect(concerned('restore-secret-unreadable', 'secret')).toEqual(['rows!', 'moment', 'snapshot', 'dump']);
  expect(
    concerned('restore-secret-unreadable', 'secret', '', { target: withRestore({ cutover: 'secret' }) }),
  ).toEqual(['rows!', 'moment!', 'snapshot!', 'dump!']);
});

test.each([
  ['pitr window', ['moment']],
  ['snapshot', ['snapshot']],
  ['permissions', ['moment', 'snapshot', 'dump']],
  ['copies in eu-west-1', ['snapshot abroad']],
  ['quotas of us-east-1', []],
])('a question without an answer concerns the ways that depend on it: %s', (subject, expected) => {
  expect(concerned('preflight-unknown', subject)).toEqual(expected);
});

test('an assertion concerns the sort that it was asked of', () => {
  const asked = { ...ON_RDS, assertions: [{ name: 'fresh', sql: '', when: 'always' as const, equals: 1 }] };
  expect(concerned('assertion-failed', 'fresh', '', { target: asked })).toEqual(['dump']);
  expect(concerned('assertion-failed', 'fresh, of a moment', '', { target: asked })).toEqual(['moment']);
});

describe('a way that a finding would stop', () => {
  const evidence = [
    passed('moment', '2026-11-18T00:00:00Z', 2500),
    passed('dump', '2026-11-17T00:00:00Z', 60, { point: DUMP.id }),
  ];
  const stopping = [found('backups-disabled', 'crm-prod'), found('posture-public', 'crm-prod')];
  const recommended = (changes: Changes) => {
    const { ways, recommended } = planOf({ evidence, ...changes });
    return [ways[recommended!.way]!.kind, recommended!.reason];
  };

  it('is not recommended over one without, and the reason says so', () => {
    expect(recommended({ findings: stopping })).toEqual([
      'dump',
      'of the ways that passed their last rehearsal it loses least (13 h), and took about 60 s (1 rehearsal); moment would lose less, but backups-disabled would stop it; snapshot would lose less, and has not passed',
    ]);
  });

  it('comes after one that was never measured', () => {
    const [dumpIsBad, quota] = [found('checksum-mismatch', DUMP.id), found('backups-disabled', 'crm-prod')];
    expect(recommended({ findings: [dumpIsBad, quota] })).toEqual([
      'snapshot',
      'of the ways that no open finding would stop it loses least (2 h to 2 h 15 min); no rehearsal has measured it; moment would lose less, but backups-disabled would stop it',
    ]);
  });

  it('is recommended with a warning where every way has one', () => {
    const findings = [found('restore-quota', 'quotas')];
    expect(recommended({ findings, points: [SNAPSHOT] })).toEqual([
      'moment',
      'it loses least (5 min), but no way is free of open findings: restore-quota would stop it',
    ]);
  });

  it('has another confirmation, and one that is only noted has not', () => {
    const confirm = (findings: Changes['findings']) =>
      planOf({ evidence, findings: findings! }).ways.find(({ kind }) => kind === 'moment')!.confirm;
    expect(confirm(stopping)).not.toBe(confirm([]));
    expect(confirm([found('pitr-window-short', 'crm-prod')])).toBe(confirm([]));
    expect(confirm([found('snapshot-deleted', SNAPSHOT.id)])).toBe(confirm([]));
  });
});

test('what stops a way is said first, then the worst', () => {
  const findings = [
    found('engine-end-of-support', 'support', { severity: 'P2' }),
    found('pitr-window-short', 'crm-prod', { severity: 'P1' }),
    found('restore-quota', 'quotas', { severity: 'P2' }),
  ];
  const { ways } = planOf({ findings });
  expect(ways.find(({ kind }) => kind === 'moment')!.concerns.map(({ code }) => code)).toEqual([
    'restore-quota',
    'pitr-window-short',
    'engine-end-of-support',
  ]);
});
