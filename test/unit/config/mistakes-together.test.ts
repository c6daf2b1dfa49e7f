import { InputError } from '../../../lib/domain/errors.ts';
import { load, mistakesOf, RIGHT, SNAPPED, withText } from './text.ts';

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
    ['grace: 30m', 'grace: soon'],
    ['depth: full', 'depths: full'],
    ['{ secret: understudy/crm }', '{ secret: understudy/crm, password: hunter2 }'],
    ['minimum: 1000', 'minimum: many'],
  );
  expect(mistakesOf(text)).toEqual([
    expect.stringMatching(/^1 version: /),
    expect.stringMatching(/^12 policies\.production\.grace: /),
    '16 policies.production.verify.depths: unknown key; did you mean depth?',
    '25 targets.crm.connection.password: unknown key',
    expect.stringMatching(/^29 targets\.crm\.assertions\.0\.minimum: /),
  ]);
});

test('what the values contradict is judged when all values are right', () => {
  const contrary: [string, string] = ['dump: 26h', 'dump: 12h'];
  expect(mistakesOf(withText(contrary, ['grace: 30m', 'grace: soon']))).toEqual([
    expect.stringContaining('grace: expected a duration'),
  ]);
  expect(mistakesOf(withText(contrary))).toEqual([
    expect.stringContaining('the schedule of dumps cannot meet this RPO'),
  ]);
});

test('a list with nothing in it says so', () => {
  const text = SNAPPED.replace(/copies:[\s\S]*?\n(?= {4}\w)/, 'copies: [null]\n');
  expect(mistakesOf(text).join()).toContain('snapshot.copies.0: is empty');
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
