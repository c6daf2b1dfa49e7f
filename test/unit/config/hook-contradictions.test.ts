import { load, mistakesOf, RIGHT } from './text.ts';

const withRestore = (restore: string) => `${RIGHT}    overrides: { restore: ${restore} }\n`;
const AT = 'targets.crm.overrides.restore';

test('hooks of a policy are resolved, and what a target overrides of them counts for it', () => {
  const own = withRestore('{ hooks: { cutover: ["crm-cache:live"] } }').replace(
    '    vault: {',
    '    restore: { freeze: hook, cutover: secret, hooks: { freeze: crm-maintenance } }\n    vault: {',
  );
  const plan = load(own);
  expect(plan.policies[0]!.restore.hooks).toEqual({ freeze: 'crm-maintenance', cutover: [] });
  expect(plan.targets[0]!.policy.restore.hooks).toEqual({
    ...{ freeze: 'crm-maintenance', cutover: ['crm-cache:live'] },
  });
});

test('a hook may have the ARN of a function, with an alias', () => {
  const arn = 'arn:aws:lambda:eu-central-1:111122223333:function:crm-maintenance:live';
  const plan = load(withRestore(`{ freeze: hook, hooks: { freeze: "${arn}" } }`));
  expect(plan.targets[0]!.policy.restore.hooks.freeze).toBe(arn);
});

test('a hook may say which migrations the application expects, with any cutover', () => {
  const plan = load(withRestore('{ hooks: { migrations: "crm-schema:live" } }'));
  expect(plan.targets[0]!.policy.restore.hooks).toEqual({ cutover: [], migrations: 'crm-schema:live' });
});

test.each([
  ['{ freeze: hook }', `${AT}.freeze: no function is named for it; add hooks: { freeze: NAME }`],
  [
    '{ freeze: read-only, hooks: { freeze: f } }',
    `${AT}.hooks.freeze: is called only with freeze: hook; add that, or remove it`,
  ],
  [
    '{ hooks: { cutover: [f] } }',
    `${AT}.hooks.cutover: are called only after a cutover; add cutover: secret or rename, or remove them`,
  ],
  ['{ cutover: secret, hooks: { cutover: [f, g, f] } }', `${AT}.hooks.cutover.2: duplicate hook f`],
  [
    '{ cutover: secret, hooks: { cutover: ["https://example.com"] } }',
    `${AT}.hooks.cutover.0: expected the name of a Lambda function, NAME:ALIAS, or its ARN`,
  ],
  [
    '{ functions: [{ function: f }] }',
    `${AT}.functions: functions start anew only after a cutover by secret; add cutover: secret, or remove them`,
  ],
  [
    '{ cutover: secret, functions: [{ function: "f:live" }] }',
    `${AT}.functions.0.function: expected the name of a Lambda function`,
  ],
  [
    '{ cutover: secret, functions: [{ function: f, alias: "7" }] }',
    `${AT}.functions.0.alias: expected an alias, which is no number`,
  ],
  ['{ hooks: { thaw: f } }', `${AT}.hooks.thaw`],
])('the restore settings %s are refused', (restore, mistake) => {
  expect(mistakesOf(withRestore(restore))).toEqual([expect.stringContaining(mistake)]);
});

describe('the application of a rehearsal', () => {
  const withInstance = (instance: string, restore = '{}') =>
    `${RIGHT}    overrides: { rehearsal: { instance: ${instance} }, restore: ${restore} }\n`;
  const NETWORK = 'subnetGroup: rehearsals, securityGroups: [sg-0rehearsals]';

  test('is a function, in a network that lets it in', () => {
    const plan = load(withInstance(`{ ${NETWORK}, application: "crm-copy:live" }`));
    expect(plan.targets[0]!.policy.rehearsal.instance.application).toBe('crm-copy:live');
  });

  test.each([
    ['{ application: crm-copy }', '{}', 'needs subnetGroup and securityGroups that let your application in'],
    ['{ application: "http://x" }', '{}', 'expected the name of a Lambda function, NAME:ALIAS, or its ARN'],
    [
      `{ ${NETWORK}, application: crm-maintenance }`,
      '{ freeze: hook, hooks: { freeze: crm-maintenance } }',
      'crm-maintenance is a hook that acts on production; name another function',
    ],
  ])('%s beside %s is refused', (instance, restore, mistake) => {
    expect(mistakesOf(withInstance(instance, restore))).toEqual([
      expect.stringContaining(`targets.crm.overrides.rehearsal.instance.application: ${mistake}`),
    ]);
  });
});
