import { seconds } from '../../../lib/domain/time.ts';
import { load, mistakesOf, RIGHT } from './text.ts';

/** A target's own changes to its policy. They stand on line 30. */
const overriding = (changes: string, base = RIGHT) => `${base}    overrides: ${changes}\n`;

test('what a target changes counts for it, what it does not mention stays, and its policy stays as it was', () => {
  const plan = load(
    overriding(
      '{ objectives: { rto: 2h }, retention: { daily: 40d }, rehearsal: { point: random }, severities: { rpo-breached: P2 } }',
    ),
  );
  const [crm] = plan.targets;
  expect(crm!.policy).toMatchObject({
    name: 'production',
    objectives: { rpo: { dump: seconds('26h') }, rto: seconds('2h') },
    retention: { all: 0, daily: seconds('40d'), weekly: seconds('12w'), monthly: seconds('12mo') },
    rehearsal: { point: 'random', atMostEvery: seconds('8d') },
    severities: { 'size-anomaly': 'P3', 'rpo-breached': 'P2' },
    schedules: plan.policies[0]!.schedules,
  });
  expect(plan.policies[0]).toMatchObject({
    objectives: { rto: seconds('1h') },
    retention: { daily: seconds('35d') },
    rehearsal: { point: 'newest' },
    severities: { 'size-anomaly': 'P3' },
  });
});

test('without overrides a target has its policy as it is', () => {
  const plan = load(RIGHT);
  expect(plan.targets[0]!.policy).toEqual(plan.policies[0]);
});

test.each([
  [
    '{ dump: { lockTimeout: 1m } }',
    { dump: { compression: 'auto', lockTimeout: 60, whenBlocking: 'report' } },
  ],
  [
    '{ proof: { depth: counts }, verify: { depth: exists } }',
    { proof: { depth: 'counts' }, verify: { depth: 'exists' } },
  ],
  ['{ vault: { lock: none } }', { vault: { lock: 'none', lockFor: seconds('30d') } }],
  ['{ grace: 1h, usual: { verify: 1m } }', { grace: 3600, usual: { dump: 900, verify: 60 } }],
])('%s changes that and nothing beside it', (changes, expected) => {
  expect(load(overriding(changes)).targets[0]!.policy).toMatchObject(expected);
});

test.each([
  [
    'a bolder RPO',
    '{ objectives: { rpo: { dump: 24h } } }',
    'objectives.rpo.dump: the schedule of dumps cannot meet this RPO',
  ],
  [
    'more grace than the RPO has room for',
    '{ grace: 3h }',
    'objectives.rpo.dump: the schedule of dumps cannot meet this RPO',
  ],
  [
    'a retention of nothing',
    '{ retention: { daily: 0d, weekly: 0d, monthly: 0d }, vault: { lock: none } }',
    'retention: keeps nothing',
  ],
  [
    'a retention below the lock',
    '{ retention: { daily: 20d } }',
    'vault.lockFor: locks for 30 d, longer than the shortest retention of 20 d',
  ],
  ['a longer lock', '{ vault: { lockFor: 60d } }', 'vault.lockFor: locks for 60 d'],
  [
    'rehearsals more often than they are',
    '{ rehearsal: { atMostEvery: 5d } }',
    'rehearsal.atMostEvery: rehearsals are 7 d apart',
  ],
])('%s contradicts the policy, and is told at the target', (_, changes, expected) => {
  const told = mistakesOf(overriding(changes));
  expect(told).toHaveLength(1);
  expect(told[0]).toContain(`30 targets.crm.overrides.${expected}`);
});

test('what is wrong in the policy itself is told once, not again for each target that changes something else', () => {
  const base = RIGHT.replace('dump: 26h', 'dump: 24h');
  expect(mistakesOf(overriding('{ objectives: { rto: 2h } }', base))).toEqual([
    expect.stringContaining('5 policies.production.objectives.rpo.dump'),
  ]);
});

test('an override may mend for one target what its policy promises too boldly, but the policy is still wrong', () => {
  const base = RIGHT.replace('dump: 26h', 'dump: 24h');
  expect(mistakesOf(overriding('{ objectives: { rpo: { dump: 30h } } }', base))).toEqual([
    expect.stringContaining('5 policies.production.objectives.rpo.dump'),
  ]);
});
