import { InputError } from '../../../lib/domain/errors.ts';
import { load, mistakesOf, RIGHT, SNAPPED, withText } from './text.ts';

test('a bad name of a policy is told at the policy and at those who use it', () => {
  expect(mistakesOf(withText(['  production:', '  Production:']))).toEqual([
    '3 policies.Production: expected a name of a-z, 0-9 and -',
    '23 targets.crm.policy: no policy "production"; did you mean Production?',
  ]);
});

test.each([
  [
    'an id',
    '  crm:\n    policy: production\n    connection: { secret: other }\n',
    '30 targets.crm: duplicate key',
  ],
  ['a whole section', 'policies: {}\n', '30 policies: duplicate key'],
])('%s that stands there twice is told with its path and the second line', (_, more, expected) => {
  expect(mistakesOf(RIGHT + more)).toEqual([expect.stringContaining(expected)]);
});

test('several mistakes are told at once, in the order of their lines', () => {
  const text = withText(
    ['version: 1', 'version: one'],
    ['"0 5 * * *"', '"0 5 30 2 *"'],
    ['grace: 30m', 'grace: soon'],
    ['depth: full', 'depths: full'],
    ['policy: production', 'policy: prod'],
    ['{ secret: understudy/crm }', '{ secret: understudy/crm, password: hunter2 }'],
    ['minimum: 1000', 'minimum: many'],
  );
  expect(mistakesOf(text)).toEqual([
    expect.stringMatching(/^1 version: /),
    expect.stringMatching(/^11 policies\.production\.schedules\.expire: this schedule can never fire/),
    expect.stringMatching(/^12 policies\.production\.grace: /),
    '16 policies.production.verify.depths: unknown key; did you mean depth?',
    expect.stringMatching(/^23 targets\.crm\.policy: no policy "prod"/),
    '25 targets.crm.connection.password: unknown key',
    expect.stringMatching(/^29 targets\.crm\.assertions\.0\.minimum: /),
  ]);
});

test('a wrong value does not hide that the rest of its policy cannot be meant', () => {
  const text = withText(
    ['{ dump: 26h }', '{ dump: 12h }'],
    ['grace: 30m', 'grace: 30 minutes'],
    ['retention:', 'pitr: { window: 40d }\n    retention:'],
  );
  expect(mistakesOf(text)).toEqual([
    expect.stringMatching(
      /^5 policies\.production\.objectives\.rpo\.dump: the schedule of dumps cannot meet this RPO/,
    ),
    expect.stringMatching(/^12 policies\.production\.grace: expected a duration/),
    expect.stringMatching(/^1\d policies\.production\.pitr\.window: 40 d is outside the 7 to 35 days/),
  ]);
});

test.each([
  ['a promise that is no duration', [['rto: 4h', 'rto: 4x']], 'objectives.rto: expected a duration'],
  ['no promise at all', [[', rto: 4h', '']], 'objectives.rto: '],
  ['no retention', [['    retention: { all: 52w }\n', '']], 'retention: '],
  [
    'a place that is none',
    [['{ all: 52w }', '{ all: 52w }\n    snapshot: { copies: [{ region: mars }] }']],
    'snapshot.copies.0.region: expected a Region',
  ],
  [
    'a schedule that never fires',
    [['"0 5 * * *"', '"0 5 30 2 *"']],
    'schedules.expire: this schedule can never fire',
  ],
  [
    'a name that cannot be',
    [
      ['  p:', '  P:'],
      ['policy: p', 'policy: P'],
    ],
    ': expected a name of a-z',
  ],
])('%s hides nothing else', (_what, changes, said) => {
  const text = changes.reduce(
    (all, [from, to]) => {
      expect(all).toContain(from);
      return all.replace(from!, to!);
    },
    `version: 1
policies:
  p:
    objectives: { rpo: { dump: 26h, snapshot: 1h, pitr: 5m }, rto: 4h }
    schedules: { dump: "0 1 * * *", expire: "0 5 * * *", rehearse: "0 3 * * 0", snapshot: "0 2 * * *", preflight: "0 6 * * *" }
    retention: { all: 52w }
targets:
  crm: { policy: p, rds: crm-prod, connection: { secret: understudy/crm } }
`,
  );
  const mistakes = mistakesOf(text);
  expect(mistakes).toHaveLength(3);
  expect(mistakes.join('\n')).toContain(said);
  expect(mistakes.join('\n')).toContain('the schedule of snapshots cannot meet this RPO');
  expect(mistakes.join('\n')).toContain('promise at least 10m');
});

test('a list with nothing in it says so, and hides nothing else', () => {
  const text = SNAPPED.replace('preflight: "0 6 * * *"', 'preflight: 6').replace(
    /copies:[\s\S]*?\n(?= {4}\w)/,
    'copies: [null]\n',
  );
  expect(text).toContain('[null]');
  expect(mistakesOf(text).join()).toMatch(/schedules\.preflight.*snapshot\.copies\.0: is empty/);
});

test('a wrong preflight is not called a missing one', () => {
  expect(mistakesOf(SNAPPED.replace('preflight: "0 6 * * *"', 'preflight: 6'))).toEqual([
    expect.stringContaining('schedules.preflight: expected five'),
  ]);
});

test('a wrong schedule is not called a missing one', () => {
  const text = withText(['"0 1 * * *"', 'daily']);
  expect(mistakesOf(text)).toEqual([expect.stringContaining('schedules.dump: expected five fields')]);
});

test('the error counts them, names the file and says where every option is described', () => {
  const text = withText(['grace: 30m', 'grace: soon'], ['priority: P1', 'priority: P7']);
  expect(() => load(text)).toThrow(InputError);
  expect(() => load(text)).toThrow(
    /^u\.yml: 2 mistakes\n {2}u\.yml:12 policies\.production\.grace: .*\n {2}u\.yml:24 /,
  );
  expect(() => load(text)).toThrow(
    expect.objectContaining({ code: 'input-invalid', hint: expect.stringContaining('docs/') }),
  );
  expect(() => load(withText(['grace: 30m', 'grace: soon']))).toThrow(/^u\.yml: one mistake\n/);
});

test.each([
  ['an empty file', ''],
  ['nothing but comments', '# to be written\n'],
  ['one word', 'hello'],
  ['a list', '- crm'],
])('%s is told as a mistake, not thrown as an accident', (_, text) => {
  expect(mistakesOf(text)).not.toEqual([]);
});

test('text that is no YAML is told with its line', () => {
  expect(mistakesOf('version: 1\n\tpolicies: {}\n')).toEqual([
    expect.stringMatching(/^2 Tabs are not allowed/),
  ]);
  expect(mistakesOf('version: 1\npolicies: {\n')).toEqual(
    expect.arrayContaining([expect.stringMatching(/^[23] /)]),
  );
});

test('what a broken policy is called is still known to its targets', () => {
  const text = `${RIGHT.slice(0, RIGHT.indexOf('    objectives:'))}${RIGHT.slice(RIGHT.indexOf('targets:'))}`;
  expect(mistakesOf(text)).toEqual(['3 policies.production: is empty']);
});
