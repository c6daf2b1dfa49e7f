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
const group = (id: string, vpc = 'vpc-q') => ({ id, vpc });

/** Everything is as it should be. */
const good = (): Required<Answers> => ({
  source: { found: platformSource() },
  'pitr window': { earliest: '2026-11-13T11:00:00Z' },
  snapshot: { looked: [{ point: '20261120T010000Z-snapshot@eu-central-1', status: 'available' }] },
  key: { keys: [{ key: KEY, found: enabled }] },
  'subnet group': { name: 'quarantine', found: subnets },
  'security groups': { wanted: ['sg-1', 'sg-2'], found: [group('sg-1'), group('sg-2')] },
  'parameter group': { name: 'crm-params', family: 'postgres15' },
  'engine version': { ...version, found: { family: 'postgres15', offered: true } },
  support: { ...version, found: support },
  quotas: { instances: { used: 39, most: 40 }, snapshots: { used: 3, most: 100 } },
  secret: {},
  permissions: { denied: [] },
});
/** The answers with one of them changed. */
const looked = (...snapshots: { point: string; status?: string }[]): Answers => ({
  snapshot: { looked: snapshots },
});
const keys = (...all: { key: string; found?: typeof enabled }[]): Answers => ({ key: { keys: all } });
const key = (changes: object) => keys({ key: KEY, found: { ...enabled, ...changes } });
const network = (changes: Partial<typeof subnets>): Answers => ({
  'subnet group': { name: 'quarantine', found: { ...subnets, ...changes } },
});
const ends = (standardUntil: string, extendedUntil?: string): Answers => ({
  support: { ...version, found: { major: '15', standardUntil, ...(extendedUntil ? { extendedUntil } : {}) } },
});
const parameters = (changes: object): Answers => ({ 'parameter group': { name: 'crm-params', ...changes } });
const ofEngine = (changes: object): Answers => ({ 'engine version': { ...version, ...changes } });

const CODES: Partial<Record<Question, string>> = {
  snapshot: 'restore-snapshot-missing',
  key: 'restore-key-unusable',
  'subnet group': 'restore-network-missing',
  'security groups': 'restore-network-missing',
  'parameter group': 'restore-parameters-missing',
  'engine version': 'engine-end-of-support',
  support: 'engine-end-of-support',
  quotas: 'restore-quota',
  secret: 'restore-secret-unreadable',
  permissions: 'restore-denied',
};
const TWO_SNAPSHOTS = looked({ point: 'a', status: 'creating' }, { point: 'b' });
const OTHER_VPC = { wanted: ['sg-1'], found: [group('sg-1', 'vpc-other')] };
const NO_STATEMENT = { action: 'rds:DeleteDBInstance', resource: 'arn:x', why: 'no statement allows it' };
const ALL_USED = { instances: { used: 40, most: 40 }, snapshots: { used: 3, most: 100 } };
const DELETION = { state: 'PendingDeletion', deletedAt: '2026-11-27T00:00:00Z' };
const ONE_OF_TWO = keys({ key: KEY, found: enabled }, { key: 'other' });
const BREAKING: [string, Question, Answers, string][] = [
  ['there is no verified snapshot', 'snapshot', looked(), 'crm has no verified snapshot in its own Region'],
  ['no verified snapshot can be restored', 'snapshot', TWO_SNAPSHOTS, 'a is creating, b is gone'],
  ['the key does not exist', 'key', keys({ key: KEY }), `the key ${KEY} does not exist`],
  ['the key is disabled', 'key', key({ state: 'Disabled' }), 'is in state Disabled'],
  ['the key will be deleted', 'key', key(DELETION), 'is scheduled for deletion at 2026-11-27T00:00:00Z'],
  ['one of two keys is lost', 'key', ONE_OF_TWO, 'the key other does not exist'],
  [
    'the subnet group does not exist',
    'subnet group',
    { 'subnet group': { name: 'quarantine' } },
    'the subnet group quarantine, for restores of crm, does not exist',
  ],
  ['all subnets are in one zone', 'subnet group', network({ zones: ['a'] }), 'has subnets in a only'],
  ['all subnets were deleted', 'subnet group', network({ zones: [], freeAddresses: 0 }), 'in no zone'],
  [
    'one address is free',
    'subnet group',
    network({ freeAddresses: 1 }),
    'has one free address; a restore needs 2',
  ],
  [
    'a security group does not exist',
    'security groups',
    { 'security groups': { wanted: ['sg-1', 'sg-2'], found: [group('sg-1')] } },
    'sg-2 does not exist',
  ],
  [
    'a security group is of another VPC than the subnets',
    'security groups',
    { 'security groups': OTHER_VPC },
    'sg-1 belongs to vpc-other, its subnet group quarantine to vpc-q',
  ],
  ['the parameter group does not exist', 'parameter group', parameters({}), 'of crm does not exist'],
  [
    'the parameter group is of another family',
    'parameter group',
    parameters({ family: 'postgres14' }),
    'is of family postgres14; postgres 15.18 needs postgres15',
  ],
  [
    'the version is deprecated',
    'engine version',
    ofEngine({ found: { family: 'postgres15', offered: false } }),
    'postgres 15.18 of crm is deprecated',
  ],
  ['the version is no longer offered', 'engine version', ofEngine({}), 'is no longer offered'],
  [
    'support ends in 180 days',
    'support',
    ends('2027-05-19T12:00:00Z'),
    'ends in 180 d, at 2027-05-19T12:00:00Z; AWS offers no extended support for it',
  ],
  [
    'standard support is over',
    'support',
    ends('2026-11-01T00:00:00Z', '2029-11-01T00:00:00Z'),
    'extended support, which AWS charges for, ends at 2029-11-01T00:00:00Z',
  ],
  [
    'extended support is over too',
    'support',
    ends('2023-11-01T00:00:00Z', '2026-11-01T00:00:00Z'),
    'ended at 2023-11-01T00:00:00Z, and its extended support at 2026-11-01T00:00:00Z',
  ],
  ['the account has all its instances', 'quotas', { quotas: ALL_USED }, '40 of 40 instances'],
  ['the secret cannot be read', 'secret', { secret: { why: 'it is gone' } }, 'it is gone'],
  [
    'the role may not restore',
    'permissions',
    { permissions: { denied: [NO_STATEMENT] } },
    'crm: rds:DeleteDBInstance on arn:x (no statement allows it)',
  ],
];
const check = (answers: Answers) => checkRestore(target(), answers, NOW);

test.each(BREAKING)(
  'when %s, the preflight finds that about the %s and nothing else',
  (_what, subject, broken, message) => {
    expect(check({ ...good(), ...broken })).toMatchObject([
      { code: CODES[subject], subject, message: expect.stringContaining(message) },
    ]);
  },
);

test.each<[string, Answers]>([
  ['everything is as it should be', {}],
  ['an older snapshot is there', looked({ point: 'a' }, { point: 'b', status: 'available' })],
  ['the key’s primary moves to another Region', key({ state: 'Updating' })],
  ['support ends in 181 days', ends('2027-05-20T12:00:00Z')],
  ['nothing is encrypted', keys()],
  ['two addresses are free', network({ freeAddresses: 2 })],
])('when %s, the preflight finds nothing', (_what, answers) => {
  expect(check({ ...good(), ...answers })).toEqual([]);
});

const LOST = 'has lost its key material, which expired at 2026-11-20T12:00:00Z';
test.each([
  [undefined, 'does not exist'],
  [{ ...enabled, encrypts: false }, 'is not a symmetric encryption key'],
  [{ ...enabled, state: 'PendingReplicaDeletion' }, 'is in state PendingReplicaDeletion'],
  [{ ...enabled, validUntil: '2026-11-20T12:00:00Z' }, LOST],
  [{ ...enabled, validUntil: '2026-11-20T12:00:01Z' }, undefined],
  [enabled, undefined],
])('the problem of the key %j is: %s', (facts, problem) => {
  expect(keyProblem(facts, NOW)).toBe(problem);
});

const without = (question: Question): Answers => {
  const { [question]: _left, ...rest } = good();
  return rest;
};

test.each(Object.keys(good()) as Question[])(
  'without an answer about the %s the preflight finds nothing',
  (question) => {
    expect(check(without(question))).toEqual([]);
  },
);

test.each(Object.entries(CODES) as [Question, never][])(
  'a finding about the %s (%s) is closed only with an answer about it',
  (subject, code) => {
    expect(mayMend({ code, subject }, good())).toBe(true);
    expect(mayMend({ code, subject }, without(subject))).toBe(false);
  },
);

test.each([
  ['restore-network-missing', 'security groups', 'subnet group'],
  ['restore-parameters-missing', 'parameter group', 'engine version'],
  ['restore-key-unusable', 'key', 'snapshot'],
  ['restore-key-unusable', 'key', 'source'],
] as const)('%s about the %s is not closed while the %s is unknown', (code, subject, needed) => {
  expect(mayMend({ code, subject }, without(needed))).toBe(false);
});

test('the preflight closes no finding about a snapshot of another job', () => {
  const subject = '20261120T010000Z-snapshot@eu-central-1';
  expect(mayMend({ code: 'restore-key-unusable', subject }, good())).toBe(false);
});

test('the preflight finds a missing security group without knowing the VPC', () => {
  const groups = { wanted: ['sg-1', 'sg-2'], found: OTHER_VPC.found };
  expect(check({ ...without('subnet group'), 'security groups': groups })).toMatchObject([
    { message: 'the security groups for restores of crm: sg-2 does not exist' },
  ]);
});
