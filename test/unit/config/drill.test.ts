import { load, mistakesOf, SNAPPED } from './text.ts';

/** Production as it is, and a staging target that is drilled with its data. */
const STAGING = `${SNAPPED}  staging:
    policy: drilled
    rds: crm-staging-db
    priority: P2
    connection: { secret: staging/crm }
    drill: { of: crm, from: snapshot }
`.replace(
  'targets:\n',
  `  drilled:
    objectives: { rpo: {}, rto: 2h }
    schedules: { drill: "0 6 1 * *", preflight: "0 4 * * *" }
    retention: { all: 7d }
    restore: { cutover: secret, secrets: [staging/application], services: [{ cluster: staging, service: crm }] }
targets:
`,
);

test('a staging target is drilled with the data of another', () => {
  expect(mistakesOf(STAGING)).toEqual([]);
  const plan = load(STAGING);
  expect(plan.targets.find(({ id }) => id === 'staging')!.drill).toEqual({ of: 'crm', from: 'snapshot' });
  expect(plan.targets.find(({ id }) => id === 'crm')!.drill).toBeUndefined();
});

test('a drill is of the target’s own newest moment, if nothing else is said', () => {
  const plan = load(STAGING.replace('drill: { of: crm, from: snapshot }', 'drill: {}'));
  expect(plan.targets.find(({ id }) => id === 'staging')!.drill).toEqual({ of: 'staging', from: 'moment' });
});

test.each([
  ['priority: P2', 'priority: P0', 'priority: a drill closes its database for a while'],
  [
    '    priority: P2\n    connection: { secret: staging',
    '    connection: { secret: staging',
    'priority: a drill closes its database for a while',
  ],
  ['drill: { of: crm,', 'drill: { of: crn,', 'drill.of: no target "crn"'],
  [
    '    rds: crm-staging-db\n',
    '    aurora: crm-staging-db\n',
    'drill.of: crm is rds with postgres, and this is aurora with postgres',
  ],
  ['    rds: crm-staging-db\n', '', 'drill: a drill needs rds: or aurora:'],
  ['cutover: secret, ', 'cutover: none, ', 'drill: its policy has restore.cutover: none'],
  ['rds: crm-staging-db', 'rds: crm-db', 'drill: a drill would act on what crm has too: rds crm-db'],
  [
    'secrets: [staging/application]',
    'secrets: [understudy/crm]',
    'drill: a drill would act on what crm has too: the secret understudy/crm',
  ],
  ['    drill: { of: crm, from: snapshot }\n', '', 'its policy schedules drills; add drill: {}'],
  [
    'policy: production\n',
    'policy: production\n    overrides: { restore: { services: [{ cluster: staging, service: crm }] } }\n',
    'drill: a drill would act on what crm has too: the service staging/crm',
  ],
])('with %s as %s a drill is refused: it must not touch production', (text, instead, mistake) => {
  expect(STAGING).toContain(text);
  expect(
    mistakesOf(STAGING.replace(text, instead)).filter((each) => each.includes('targets.staging')),
  ).toEqual(expect.arrayContaining([expect.stringContaining(mistake)]));
});

test('a staging target that is drilled with the data of another has no backups of its own', () => {
  const backed = STAGING.replace(
    'schedules: { drill: "0 6 1 * *",',
    'schedules: { drill: "0 6 1 * *", snapshot: "0 1 * * *", expire: "0 5 * * *",',
  ).replace('rpo: {}', 'rpo: { snapshot: 26h }');
  expect(mistakesOf(backed)).toEqual([
    expect.stringContaining('drill.of: its policy backs it up, and would back up the data of crm'),
  ]);
  expect(mistakesOf(backed.replace('{ of: crm, from: snapshot }', '{}'))).toEqual([]);
});

test('a drill shares no function and no hook with production', () => {
  const shared = STAGING.replace(
    'services: [{ cluster: staging, service: crm }] }',
    'functions: [{ function: crm-api }], hooks: { cutover: [crm-cache] } }',
  ).replace(
    'policy: production\n',
    'policy: production\n    overrides: { restore: { cutover: secret, functions: [{ function: crm-api }], hooks: { cutover: [crm-cache] } } }\n',
  );
  expect(mistakesOf(shared)).toEqual([
    expect.stringContaining('what crm has too: the function crm-api, the hook crm-cache'),
  ]);
});
