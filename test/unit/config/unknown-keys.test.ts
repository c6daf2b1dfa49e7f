import { mistakesOf, withText } from './text.ts';

test.each<[string, string, string]>([
  ['version: 1', 'version: 1\nx: 1', '2 x'],
  ['  production:', '  production:\n    x: 1', '4 policies.production.x'],
  ['      rto: 1h', '      rto: 1h\n      x: 1', '7 policies.production.objectives.x'],
  ['{ dump: 26h }', '{ dump: 26h, moment: 15m }', '5 policies.production.objectives.rpo.moment'],
  ['      expire:', '      x: "0 1 * * *"\n      expire:', '11 policies.production.schedules.x'],
  ['"0 1 * * *"', '{ cron: "0 1 * * *", zone: UTC }', '8 policies.production.schedules.dump.zone'],
  ['verify: 10m', 'verify: 10m, rehearse: 1h', '13 policies.production.usual.rehearse'],
  ['daily: 35d', 'daily: 35d, yearly: 10d', '14 policies.production.retention.yearly'],
  ['compression: auto', 'compress: auto', '15 policies.production.dump.compress'],
  ['depth: full', 'depth: full, x: 1', '16 policies.production.verify.x'],
  ['depth: fingerprints', 'depth: fingerprints, x: 1', '17 policies.production.proof.x'],
  ['point: newest', 'point: newest, every: 8d', '18 policies.production.rehearsal.every'],
  [
    'point: newest',
    'instance: { class: db.t4g.small, size: 1 }',
    '18 policies.production.rehearsal.instance.size',
  ],
  ['lock: governance', 'lock: governance, bucket: b', '19 policies.production.vault.bucket'],
  ['    severities:', '    pitr: { x: 1 }\n    severities:', '20 policies.production.pitr.x'],
  ['    severities:', '    snapshot: { x: 1 }\n    severities:', '20 policies.production.snapshot.x'],
  [
    '    severities:',
    '    snapshot: { copies: [{ region: eu-west-1, x: 1 }] }\n    severities:',
    '20 policies.production.snapshot.copies.0.x',
  ],
  ['    priority: P1', '    priority: P1\n    x: 1', '25 targets.crm.x'],
  ['understudy/crm }', 'understudy/crm, user: u }', '25 targets.crm.connection.user'],
  [
    '        minimum: 1000',
    '        minimum: 1000\n        atLeast: 1',
    '30 targets.crm.assertions.0.atLeast',
  ],
  ...OVERRIDES(),
])('where %j stands, %j is told as an unknown key', (from, to, expected) => {
  const [mistake, ...others] = mistakesOf(withText([from, to]));
  expect([mistake?.split(';')[0], others]).toEqual([`${expected}: unknown key`, []]);
});

/** The same at every level of a target's own changes. */
function OVERRIDES(): [string, string, string][] {
  const levels: [string, string][] = [
    ['{ x: 1 }', 'x'],
    ['{ schedules: { dump: "0 1 * * *" } }', 'schedules'],
    ['{ objectives: { x: 1 } }', 'objectives.x'],
    ['{ objectives: { rpo: { dump: 26h, x: 1 } } }', 'objectives.rpo.x'],
    ['{ rehearsal: { instance: { x: 1 } } }', 'rehearsal.instance.x'],
    ['{ snapshot: { copies: [{ region: eu-west-1, x: 1 }] } }', 'snapshot.copies.0.x'],
    ...['usual', 'retention', 'dump', 'verify', 'proof', 'rehearsal', 'snapshot', 'pitr', 'vault'].map(
      (key): [string, string] => [`{ ${key}: { x: 1 } }`, `${key}.x`],
    ),
  ];
  return levels.map(([text, path]) => [
    '    priority: P1',
    `    priority: P1\n    overrides: ${text}`,
    `25 targets.crm.overrides.${path}`,
  ]);
}

test.each([
  ['daily: 35d', 'dayly: 35d', '14 policies.production.retention.dayly: unknown key; did you mean daily?'],
  [
    '    retention:',
    '    retentoin:',
    '14 policies.production.retentoin: unknown key; did you mean retention?',
  ],
  [
    'understudy/crm }',
    'understudy/crm, sslmod: require }',
    '25 targets.crm.connection.sslmod: unknown key; did you mean sslmode?',
  ],
])('where %j stands, %j is told with the key that was meant', (from, to, expected) => {
  expect(mistakesOf(withText([from, to]))).toContain(expected);
});
