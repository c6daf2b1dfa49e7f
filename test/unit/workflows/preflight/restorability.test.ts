import {
  type Answers,
  checkRestore,
  keyProblem,
  mayMend,
  type Question,
} from '../../../../lib/workflows/preflight/restorability.ts';
import { platformSource, target } from '../../../support/builders.ts';

const NOW = new Date('2026-11-20T12:00:00Z');
const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/home';
const enabled = { state: 'Enabled', encrypts: true, awsManaged: false };
const version = { engine: 'postgres', version: '15.18' };
const support = { major: '15', standardUntil: '2028-02-29T00:00:00Z', extendedUntil: '2031-02-28T00:00:00Z' };
const subnets = { vpc: 'vpc-q', zones: ['eu-central-1a', 'eu-central-1b'], freeAddresses: 200 };

/** Everything is as it should be. */
const good = (): Required<Answers> => ({
  source: { found: platformSource() },
  'pitr window': { earliest: '2026-11-13T11:00:00Z' },
  snapshot: { looked: [{ point: '20261120T010000Z-snapshot@eu-central-1', status: 'available' }] },
  key: { keys: [{ key: KEY, found: enabled }] },
  'subnet group': { name: 'quarantine', found: subnets },
  'security groups': {
    wanted: ['sg-1', 'sg-2'],
    found: [
      { id: 'sg-1', vpc: 'vpc-q' },
      { id: 'sg-2', vpc: 'vpc-q' },
    ],
  },
  'parameter group': { name: 'crm-params', family: 'postgres15' },
  'engine version': { ...version, found: { family: 'postgres15', offered: true } },
  support: { ...version, found: support },
  quotas: { instances: { used: 39, most: 40 }, snapshots: { used: 3, most: 100 } },
  secret: {},
  permissions: { denied: [] },
});
const found = (changes: Answers) =>
  checkRestore(target(), { ...good(), ...changes }, NOW).map(({ code, subject, message }) => [
    code,
    subject,
    message,
  ]);
const ends = (standardUntil: string, extendedUntil?: string) => ({
  support: { ...version, found: { major: '15', standardUntil, ...(extendedUntil ? { extendedUntil } : {}) } },
});

test('nothing is found where everything is as it should be', () => {
  expect(found({})).toEqual([]);
});

const key = (changes: object) => ({ key: { keys: [{ key: KEY, found: { ...enabled, ...changes } }] } });
const BREAKING: [string, Answers, string, Question, string][] = [
  [
    'there is no verified snapshot',
    { snapshot: { looked: [] } },
    'restore-snapshot-missing',
    'snapshot',
    'crm has no verified snapshot in its own Region',
  ],
  [
    'no snapshot that was verified can be restored now',
    { snapshot: { looked: [{ point: 'a', status: 'creating' }, { point: 'b' }] } },
    'restore-snapshot-missing',
    'snapshot',
    'no verified snapshot of crm can be restored: a is creating, b is gone',
  ],
  [
    'the key does not exist',
    { key: { keys: [{ key: KEY }] } },
    'restore-key-unusable',
    'key',
    `the key ${KEY} does not exist`,
  ],
  ['the key is disabled', key({ state: 'Disabled' }), 'restore-key-unusable', 'key', 'is in state Disabled'],
  [
    'the key is going to be deleted',
    key({ state: 'PendingDeletion', deletedAt: '2026-11-27T00:00:00Z' }),
    'restore-key-unusable',
    'key',
    'is scheduled for deletion at 2026-11-27T00:00:00Z',
  ],
  [
    'one of two keys is lost',
    { key: { keys: [{ key: KEY, found: enabled }, { key: 'other' }] } },
    'restore-key-unusable',
    'key',
    'the key other does not exist',
  ],
  [
    'the subnet group does not exist',
    { 'subnet group': { name: 'quarantine' } },
    'restore-network-missing',
    'subnet group',
    'the subnet group quarantine, for restores of crm, does not exist',
  ],
  [
    'the subnets are all in one zone',
    { 'subnet group': { name: 'quarantine', found: { ...subnets, zones: ['eu-central-1a'] } } },
    'restore-network-missing',
    'subnet group',
    'has subnets in eu-central-1a only',
  ],
  [
    'all subnets were deleted',
    { 'subnet group': { name: 'quarantine', found: { ...subnets, zones: [], freeAddresses: 0 } } },
    'restore-network-missing',
    'subnet group',
    'has subnets in no zone',
  ],
  [
    'there is no address left',
    { 'subnet group': { name: 'quarantine', found: { ...subnets, freeAddresses: 1 } } },
    'restore-network-missing',
    'subnet group',
    'has one free address; a restore needs 2',
  ],
  [
    'a security group does not exist',
    { 'security groups': { wanted: ['sg-1', 'sg-2'], found: [{ id: 'sg-1', vpc: 'vpc-q' }] } },
    'restore-network-missing',
    'security groups',
    'sg-2 does not exist',
  ],
  [
    'a security group is of another VPC than the subnets',
    { 'security groups': { wanted: ['sg-1'], found: [{ id: 'sg-1', vpc: 'vpc-other' }] } },
    'restore-network-missing',
    'security groups',
    'sg-1 belongs to vpc-other, its subnet group quarantine to vpc-q',
  ],
  [
    'the parameter group does not exist',
    { 'parameter group': { name: 'crm-params' } },
    'restore-parameters-missing',
    'parameter group',
    'the parameter group crm-params of crm does not exist',
  ],
  [
    'the parameter group is of another family',
    { 'parameter group': { name: 'crm-params', family: 'postgres14' } },
    'restore-parameters-missing',
    'parameter group',
    'is of family postgres14; postgres 15.18 needs postgres15',
  ],
  [
    'the version is deprecated',
    { 'engine version': { ...version, found: { family: 'postgres15', offered: false } } },
    'engine-end-of-support',
    'engine version',
    'postgres 15.18 of crm is deprecated',
  ],
  [
    'the version is no longer offered',
    { 'engine version': version },
    'engine-end-of-support',
    'engine version',
    'is no longer offered',
  ],
  [
    'support ends in 180 days',
    ends('2027-05-19T12:00:00Z'),
    'engine-end-of-support',
    'support',
    'ends in 180 d, at 2027-05-19T12:00:00Z; AWS offers no extended support for it',
  ],
  [
    'standard support is over',
    ends('2026-11-01T00:00:00Z', '2029-11-01T00:00:00Z'),
    'engine-end-of-support',
    'support',
    'extended support, which AWS charges for, ends at 2029-11-01T00:00:00Z',
  ],
  [
    'extended support is over too',
    ends('2023-11-01T00:00:00Z', '2026-11-01T00:00:00Z'),
    'engine-end-of-support',
    'support',
    'ended at 2023-11-01T00:00:00Z, and its extended support at 2026-11-01T00:00:00Z',
  ],
  [
    'the account has all its instances',
    { quotas: { instances: { used: 40, most: 40 }, snapshots: { used: 3, most: 100 } } },
    'restore-quota',
    'quotas',
    '40 of 40 instances',
  ],
  [
    'the secret cannot be read',
    { secret: { why: 'the secret x of crm cannot be read: gone' } },
    'restore-secret-unreadable',
    'secret',
    'the secret x of crm cannot be read: gone',
  ],
  [
    'the role may not restore',
    {
      permissions: {
        denied: [{ action: 'rds:DeleteDBInstance', resource: 'arn:x', why: 'no statement allows it' }],
      },
    },
    'restore-denied',
    'permissions',
    'crm: rds:DeleteDBInstance on arn:x (no statement allows it)',
  ],
];

test.each(BREAKING)('when %s, exactly that is found', (_what, broken, code, subject, message) => {
  expect(found(broken)).toEqual([[code, subject, expect.stringContaining(message)]]);
});

test.each([
  [
    'an older snapshot is there',
    { snapshot: { looked: [{ point: 'a' }, { point: 'b', status: 'available' }] } },
  ],
  ['the key’s primary moves to another Region', key({ state: 'Updating' })],
  ['support ends in 181 days', ends('2027-05-20T12:00:00Z')],
  ['nothing is encrypted', { key: { keys: [] } }],
  [
    'there are two free addresses',
    { 'subnet group': { name: 'quarantine', found: { ...subnets, freeAddresses: 2 } } },
  ],
] satisfies [string, Answers][])('nothing is found when %s', (_what, answers) => {
  expect(found(answers)).toEqual([]);
});

test.each([
  [undefined, 'does not exist'],
  [{ ...enabled, encrypts: false }, 'is not a symmetric encryption key'],
  [{ ...enabled, state: 'PendingReplicaDeletion' }, 'is in state PendingReplicaDeletion'],
  [
    { ...enabled, validUntil: '2026-11-20T12:00:00Z' },
    'has lost its key material, which expired at 2026-11-20T12:00:00Z',
  ],
  [{ ...enabled, validUntil: '2026-11-20T12:00:01Z' }, undefined],
  [enabled, undefined],
])('of the key %j it is said: %s', (facts, problem) => {
  expect(keyProblem(facts, NOW)).toBe(problem);
});

describe('without an answer', () => {
  const QUESTIONS = Object.keys(good()) as Question[];
  const without = (question: Question) => {
    const { [question]: _left, ...rest } = good();
    return rest as Answers;
  };

  test.each(QUESTIONS)('to "%s" nothing is found that was not asked', (question) => {
    expect(checkRestore(target(), without(question), NOW)).toEqual([]);
  });

  test.each(BREAKING)('what is found when %s cannot be taken back', (_what, _broken, code, subject) => {
    const open = { code: code as never, subject };
    expect(mayMend(open, good())).toBe(true);
    expect(mayMend(open, without(subject))).toBe(false);
  });

  test.each([
    ['restore-network-missing', 'security groups', 'subnet group'],
    ['restore-parameters-missing', 'parameter group', 'engine version'],
    ['restore-key-unusable', 'key', 'snapshot'],
    ['restore-key-unusable', 'key', 'source'],
  ] as const)('%s about %s is not taken back while "%s" is unknown', (code, subject, needed) => {
    expect(mayMend({ code, subject }, without(needed))).toBe(false);
  });

  test('what somebody else found about a snapshot of his is not taken back', () => {
    expect(
      mayMend({ code: 'restore-key-unusable', subject: '20261120T010000Z-snapshot@eu-central-1' }, good()),
    ).toBe(false);
  });

  test('a group that is missing is found without knowing its VPC', () => {
    const groups = { wanted: ['sg-1', 'sg-2'], found: [{ id: 'sg-1', vpc: 'vpc-other' }] };
    const answers = { ...without('subnet group'), 'security groups': groups };
    expect(checkRestore(target(), answers, NOW)).toMatchObject([
      { message: 'the security groups for restores of crm: sg-2 does not exist' },
    ]);
  });
});
