import {
  type Answers,
  checkRestore,
  keyProblem,
  mayClose,
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

const [LONG_ENDED, ENDED] = ['2023-11-01T00:00:00Z', '2026-11-01T00:00:00Z'];
const IN_180_DAYS = '2027-05-19T12:00:00Z';
const TWO_SNAPSHOTS = looked({ point: 'a', status: 'creating' }, { point: 'b' });
const DELETION = { state: 'PendingDeletion', deletedAt: '2026-11-27T00:00:00Z' };
const ONE_OF_TWO = keys({ key: KEY, found: enabled }, { key: 'other' });
const groups = (...found: ReturnType<typeof group>[]): Answers => ({
  'security groups': { wanted: ['sg-1', 'sg-2'], found },
});
const OTHER_VPC = [group('sg-1', 'vpc-other'), group('sg-2')] as const;
const OTHER = 'sg-1 belongs to vpc-other, its subnet group quarantine to vpc-q';
const DEPRECATED = { found: { family: 'postgres15', offered: false } };
const NO_STATEMENT = { action: 'rds:DeleteDBInstance', resource: 'arn:x', why: 'no statement allows it' };
const ALL_USED = { instances: { used: 40, most: 40 }, snapshots: { used: 3, most: 100 } };
const GONE = { 'subnet group': { name: 'quarantine' } };
const DENIED = 'crm: rds:DeleteDBInstance on arn:x (no statement allows it)';
const EXTENDED = 'extended support, which AWS charges for, ends at 2029-11-01T00:00:00Z';
const BOTH_OVER = `ended at ${LONG_ENDED}, and its extended support at ${ENDED}`;
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
/** By the question: when its answer breaks a restore, that answer, and what the finding says. */
const BROKEN: Partial<Record<Question, [when: string, answers: Answers, message: string][]>> = {
  snapshot: [
    ['there is no verified one', looked(), 'crm has no verified snapshot in its own Region'],
    ['no verified one can be restored', TWO_SNAPSHOTS, 'crm can be restored: a is creating, b is gone'],
  ],
  key: [
    ['it does not exist', keys({ key: KEY }), `the key ${KEY} does not exist`],
    ['it is disabled', key({ state: 'Disabled' }), 'is in state Disabled'],
    ['it will be deleted', key(DELETION), 'is scheduled for deletion at 2026-11-27T00:00:00Z'],
    ['one of two is lost', ONE_OF_TWO, 'the key other does not exist'],
  ],
  'subnet group': [
    ['it does not exist', GONE, 'the subnet group quarantine, for restores of crm, does not exist'],
    ['its subnets are in one zone', network({ zones: ['a'] }), 'has subnets in a only'],
    ['its subnets were deleted', network({ zones: [], freeAddresses: 0 }), 'has subnets in no zone'],
    ['it has one free address', network({ freeAddresses: 1 }), 'has one free address; a restore needs 2'],
  ],
  'security groups': [
    ['one does not exist', groups(group('sg-1')), 'sg-2 does not exist'],
    ['one is of another VPC than the subnets', groups(...OTHER_VPC), OTHER],
  ],
  'parameter group': [
    ['it does not exist', parameters({}), 'the parameter group crm-params of crm does not exist'],
    ['it is of another family', parameters({ family: 'x' }), 'of family x; postgres 15.18 needs postgres15'],
  ],
  'engine version': [
    ['it is deprecated', ofEngine(DEPRECATED), 'postgres 15.18 of crm is deprecated'],
    ['it is no longer offered', ofEngine({}), 'is no longer offered'],
  ],
  support: [
    ['it ends in 180 days', ends(IN_180_DAYS), `ends in 180 d, at ${IN_180_DAYS}; AWS offers no extended`],
    ['it is over', ends(ENDED, '2029-11-01T00:00:00Z'), EXTENDED],
    ['extended support is over too', ends(LONG_ENDED, ENDED), BOTH_OVER],
  ],
  quotas: [['all instances are used', { quotas: ALL_USED }, '40 of 40 instances']],
  secret: [['it cannot be read', { secret: { why: 'it is gone' } }, 'it is gone']],
  permissions: [['an action is denied', { permissions: { denied: [NO_STATEMENT] } }, DENIED]],
};
const BREAKING = (Object.keys(BROKEN) as Question[]).flatMap((subject) =>
  BROKEN[subject]!.map(([when, answers, message]) => [subject, when, answers, message] as const),
);
const check = (answers: Answers) => checkRestore(target(), answers, NOW);

test.each(BREAKING)(
  'about the %s, when %s, the preflight finds that and nothing else',
  (subject, _, broken, said) => {
    const found = { code: CODES[subject], subject, message: expect.stringContaining(said) };
    expect(check({ ...good(), ...broken })).toMatchObject([found]);
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
    expect(mayClose({ code, subject }, good())).toBe(true);
    expect(mayClose({ code, subject }, without(subject))).toBe(false);
  },
);

test.each([
  ['restore-network-missing', 'security groups', 'subnet group'],
  ['restore-parameters-missing', 'parameter group', 'engine version'],
  ['restore-key-unusable', 'key', 'snapshot'],
  ['restore-key-unusable', 'key', 'source'],
] as const)('%s about the %s is not closed while the %s is unknown', (code, subject, needed) => {
  expect(mayClose({ code, subject }, without(needed))).toBe(false);
});

test('the preflight closes no finding about a snapshot of another job', () => {
  const subject = '20261120T010000Z-snapshot@eu-central-1';
  expect(mayClose({ code: 'restore-key-unusable', subject }, good())).toBe(false);
});

test('the preflight finds a missing security group without knowing the VPC', () => {
  expect(check({ ...without('subnet group'), ...groups(OTHER_VPC[0]) })).toMatchObject([
    { message: 'the security groups for restores of crm: sg-2 does not exist' },
  ]);
});
