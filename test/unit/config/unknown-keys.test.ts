import { mistakesOf, withText } from './text.ts';

test.each<[string, string, string]>([
  ['version: 1', 'version: 1\nx: 1', '2 x'],
  ['  production:', '  production:\n    x: 1', '4 policies.production.x'],
  ['      rto: 1h', '      rto: 1h\n      x: 1', '7 policies.production.objectives.x'],
  ['{ dump: 26h }', '{ dump: 26h, pitr: 15m }', '5 policies.production.objectives.rpo.pitr'],
  ['      expire:', '      x: "0 1 * * *"\n      expire:', '11 policies.production.schedules.x'],
  ['"0 1 * * *"', '{ cron: "0 1 * * *", zone: UTC }', '8 policies.production.schedules.dump.zone'],
  ['verify: 10m', 'verify: 10m, rehearse: 1h', '13 policies.production.usual.rehearse'],
  ['daily: 35d', 'daily: 35d, yearly: 10d', '14 policies.production.retention.yearly'],
  ['compression: auto', 'compress: auto', '15 policies.production.dump.compress'],
  ['depth: full', 'depth: full, x: 1', '16 policies.production.verify.x'],
  ['depth: fingerprints', 'depth: fingerprints, x: 1', '17 policies.production.proof.x'],
  ['point: newest', 'point: newest, every: 8d', '18 policies.production.rehearsal.every'],
  ['lock: governance', 'lock: governance, bucket: b', '19 policies.production.vault.bucket'],
  ['    priority: P1', '    priority: P1\n    x: 1', '25 targets.crm.x'],
  ['understudy/crm }', 'understudy/crm, user: u }', '25 targets.crm.connection.user'],
  [
    '        minimum: 1000',
    '        minimum: 1000\n        atLeast: 1',
    '30 targets.crm.assertions.0.atLeast',
  ],
  ...OVERRIDES(),
])('where %j stands, %j is told as an unknown key', (from, to, expected) => {
  expect(mistakesOf(withText([from, to]))).toEqual([`${expected}: unknown key`]);
});

/** The same at every level of a target's own changes. */
function OVERRIDES(): [string, string, string][] {
  const levels: [string, string][] = [
    ['{ x: 1 }', 'x'],
    ['{ schedules: { dump: "0 1 * * *" } }', 'schedules'],
    ['{ objectives: { x: 1 } }', 'objectives.x'],
    ['{ objectives: { rpo: { dump: 26h, x: 1 } } }', 'objectives.rpo.x'],
    ...['usual', 'retention', 'dump', 'verify', 'proof', 'rehearsal', 'vault'].map(
      (key): [string, string] => [`{ ${key}: { x: 1 } }`, `${key}.x`],
    ),
  ];
  return levels.map(([text, path]) => [
    '    priority: P1',
    `    priority: P1\n    overrides: ${text}`,
    `25 targets.crm.overrides.${path}`,
  ]);
}
