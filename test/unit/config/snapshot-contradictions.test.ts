import { mistakesOf, replaced, SNAPPED } from './text.ts';

const AT = 'policies.production';
const line = (text: string) => SNAPPED.slice(0, SNAPPED.indexOf(text)).split('\n').length;
const CONNECTION = '    connection: { secret: understudy/crm }\n';
const RPO = '{ dump: 26h, snapshot: 13h, pitr: 15m }';
const DUMPS: [string, string][] = [
  ['      dump: "0 1 * * *"\n', ''],
  ['      rehearse: "0 2 * * SUN"\n', ''],
  ['dump: 26h, ', ''],
];
const COPIES: [string, string] = [
  SNAPPED.slice(SNAPPED.indexOf('    snapshot:\n'), SNAPPED.indexOf('targets:')),
  '',
];

test('the file in which these contradictions are made has none itself', () => {
  expect(mistakesOf(SNAPPED)).toEqual([]);
});

test.each<[string, [string, string][], string]>([
  [
    'a promise that these snapshots cannot keep, with its arithmetic',
    [['snapshot: 13h', 'snapshot: 12h']],
    `${line('rpo:')} ${AT}.objectives.rpo.snapshot: the schedule of snapshots cannot meet this RPO: 12 h between snapshots + 15 min snapshot + 30 min grace = 12 h 45 min, promised 12 h`,
  ],
  [
    'snapshots of which nothing is promised',
    [['snapshot: 13h, ', '']],
    `${AT}.objectives.rpo: no RPO for snapshots, which are scheduled; add snapshot: and a duration`,
  ],
  [
    'dumps of which nothing is promised',
    [['dump: 26h, ', '']],
    `${AT}.objectives.rpo: no RPO for dumps, which are scheduled; add dump: and a duration`,
  ],
  [
    'a promise of snapshots that nobody takes',
    [['      snapshot: "0 0,12 * * *"\n', '']],
    `${AT}.objectives.rpo.snapshot: no snapshot is scheduled; add schedules.snapshot, or remove this RPO`,
  ],
  [
    'dumps that nobody rehearses',
    [['      rehearse: "0 2 * * SUN"\n', '']],
    `${AT}.schedules: no schedule for rehearse`,
  ],
  [
    'an instance of which nobody asks whether it restores',
    [['      preflight: "0 6 * * *"\n', '']],
    'targets.crm: its policy schedules no preflight, which checks daily whether it would restore; add preflight: "0 6 * * *"',
  ],
  ['no expiry', [['      expire: "0 5 * * *"\n', '']], `${AT}.schedules: no schedule for expire`],
  [
    'a moment promised that RDS cannot keep',
    [['pitr: 15m', 'pitr: 9m']],
    `${line('rpo:')} ${AT}.objectives.rpo.pitr: RDS is about 5 minutes behind and the watch looks every 5; promise at least 10m`,
  ],
  [
    'a window too short to be one',
    [['window: 14d', 'window: 6d']],
    `${line('pitr: {')} ${AT}.pitr.window: 6 d is outside the 7 to 35 days that RDS can keep`,
  ],
  [
    'a window too long',
    [['window: 14d', 'window: 36d']],
    `${AT}.pitr.window: 36 d is outside the 7 to 35 days`,
  ],
  [
    'a wait for snapshots that outlasts what waits',
    [['    snapshot:\n', '    snapshot:\n      deadline: 24h\n']],
    `${AT}.snapshot.deadline: at most 23h: Understudy waits no longer for a snapshot or a copy`,
  ],
  [
    'a wait for restores that outlasts what waits',
    [['    pitr: {', '    rehearsal: { instance: { deadline: 21h } }\n    pitr: {']],
    `${AT}.rehearsal.instance.deadline: at most 20h: Understudy waits no longer for a restore`,
  ],
  [
    'a class that has no size',
    [['    pitr: {', '    rehearsal: { instance: { class: db.serverless } }\n    pitr: {']],
    `${AT}.rehearsal.instance.class: expected an instance class such as db.t4g.medium`,
  ],
  [
    'a place that is copied to twice',
    [
      [
        'region: eu-west-1, account: "444455556666", role: "arn:aws:iam::444455556666:role/r"',
        'region: eu-west-1',
      ],
    ],
    `${line('alias/vaulted')} ${AT}.snapshot.copies.1: duplicate place eu-west-1`,
  ],
  [
    'an encrypted copy in another account without a key there',
    [[', kmsKey: alias/vaulted', '']],
    `${line('alias/vaulted')} ${AT}.snapshot.copies.1: an encrypted copy in another account needs a kmsKey there`,
  ],
  [
    'an account without a role',
    [[', role: "arn:aws:iam::444455556666:role/r"', '']],
    `${AT}.snapshot.copies.1: account and role need each other: give both or neither`,
  ],
  [
    'a Region that is none',
    [['region: eu-west-1, kmsKey', 'region: Ireland, kmsKey']],
    `${AT}.snapshot.copies.0.region: expected a Region such as eu-west-1`,
  ],
  [
    'an account that is none',
    [['account: "444455556666"', 'account: "4444"']],
    `${AT}.snapshot.copies.1.account: expected the twelve digits of an account, in quotes`,
  ],
  [
    'an account that YAML takes for a number',
    [['account: "444455556666"', 'account: 444455556666']],
    `${AT}.snapshot.copies.1.account: expected the twelve digits of an account, in quotes`,
  ],
  [
    'a role of another account',
    [['"arn:aws:iam::444455556666:role/r"', '"arn:aws:iam::444455556667:role/r"']],
    `${AT}.snapshot.copies.1.role: expected the ARN of a role in that account`,
  ],
  [
    'a role that is none',
    [['"arn:aws:iam::444455556666:role/r"', 'r']],
    `${AT}.snapshot.copies.1.role: expected the ARN of a role in that account`,
  ],
  [
    'retention shorter than the loosest promise',
    [['{ daily: 35d }', '{ all: 25h }']],
    `${AT}.retention: keeps points for less than the RPO of 26 h`,
  ],
  [
    'rehearsals all of which are too rare',
    [
      ['"0 2 * * SUN"', '"0 2 1 * *"'],
      ['"0 3 * * SUN"', '"0 3 2 * *"'],
    ],
    `${AT}.rehearsal.atMostEvery: rehearsals are 31 d apart, so each would be overdue after 8 d`,
  ],
  [
    'dumps without a way to reach the database',
    [
      [CONNECTION, ''],
      ['    heartbeat: true\n', ''],
    ],
    'targets.crm: its policy schedules dumps; add connection: { secret: … }',
  ],
  [
    'dumps of what is not PostgreSQL',
    [['    heartbeat: true\n', '    engine: mysql\n']],
    'targets.crm.engine: its policy schedules dumps, which need PostgreSQL; use a policy without dumps',
  ],
  [
    'a heartbeat in what is not PostgreSQL',
    [...DUMPS, ['    heartbeat: true\n', '    heartbeat: true\n    engine: mariadb\n']],
    `targets.crm.heartbeat: a heartbeat needs PostgreSQL and a connection`,
  ],
  [
    'a heartbeat without a way to reach the database',
    [...DUMPS, [CONNECTION, '']],
    'targets.crm.heartbeat: a heartbeat needs PostgreSQL and a connection',
  ],
  [
    'an instance and a cluster at once',
    [['    rds: crm-db\n', '    rds: crm-db\n    aurora: crm-cluster\n']],
    `${line('rds: crm-db') + 1} targets.crm.aurora: a target has only one of rds and aurora; make two targets`,
  ],
  [
    'an identifier that RDS would not take',
    [['rds: crm-db', 'rds: crm--db']],
    'targets.crm.rds: expected the identifier of a DB instance',
  ],
])('%s', (_, changes, expected) => {
  const told = mistakesOf(replaced(SNAPPED, ...changes));
  expect(told).toHaveLength(1);
  expect(told[0]).toContain(expected);
});

test.each<[string, [string, string][]]>([
  ['a policy of snapshots alone: it needs no dumps', DUMPS],
  ['one whose target has no connection', [...DUMPS, [CONNECTION, ''], ['    heartbeat: true\n', '']]],
  ['another engine under snapshots alone', [...DUMPS, ['    heartbeat: true\n', '    engine: mysql\n']]],
  ['a cluster', [['rds: crm-db', 'aurora: crm-cluster']]],
  ['a promise of ten minutes', [['pitr: 15m', 'pitr: 10m']]],
  ['a window of seven days', [['window: 14d', 'window: 7d']]],
  ['a window of thirty-five days', [['window: 14d', 'window: 35d']]],
  [
    'a copy without encryption and a key',
    [
      [', kmsKey: alias/vaulted', ''],
      ['    snapshot:\n      copies', '    snapshot:\n      encryption: any\n      copies'],
    ],
  ],
  ['an RPO of snapshots that fits to the minute', [['snapshot: 13h', 'snapshot: 765m']]],
  ['a rare rehearsal beside a frequent one', [['"0 2 * * SUN"', '"0 2 1 * *"']]],
])('%s is right', (_, changes) => {
  expect(mistakesOf(replaced(SNAPPED, ...changes))).toEqual([]);
});

describe('a target without a platform', () => {
  const bare = replaced(SNAPPED, ['    rds: crm-db\n', '']);

  test('is told everything that its policy wants one for', () => {
    const wants = (job: string) => `its policy schedules ${job}; add rds:, aurora: or elasticache:`;
    expect(mistakesOf(bare).map((told) => told.slice(told.indexOf(' ') + 1))).toEqual([
      ...['snapshot', 'rehearse-snapshot', 'rehearse-moment', 'preflight'].map(
        (job) => `targets.crm: ${wants(job)}`,
      ),
      'targets.crm: its policy promises an RPO for pitr, which needs rds: or aurora:',
    ]);
  });
});

describe('a cache', () => {
  /** Snapshots and their expiry are all that there is to do with one. */
  const CACHE: [string, string][] = [
    ...DUMPS,
    ['      rehearse-snapshot: "0 3 * * SUN"\n', ''],
    ['      rehearse-moment: "0 4 1 * *"\n', ''],
    ['      preflight: "0 6 * * *"\n', ''],
    [', pitr: 15m', ''],
    ['    pitr: { window: 14d }\n', ''],
    COPIES,
    ['    rds: crm-db\n    heartbeat: true\n', '    elasticache: crm-cache\n'],
    [CONNECTION, ''],
  ];
  const cache = replaced(SNAPPED, ...CACHE);

  test('under snapshots alone is right', () => {
    expect(mistakesOf(cache)).toEqual([]);
  });

  test.each(['rehearse-snapshot', 'rehearse-moment', 'preflight'])(
    'is told that %s is not done with it',
    (job) => {
      const text = replaced(cache, ['      expire:', `      ${job}: "0 3 * * SUN"\n      expire:`]);
      expect(mistakesOf(text)).toEqual([
        expect.stringContaining(
          `targets.crm.elasticache: its policy schedules ${job}, which caches do not have; use a policy without it`,
        ),
      ]);
    },
  );

  test('is told that it cannot be dumped', () => {
    const dumping = replaced(
      cache,
      ['{ snapshot: 13h }', '{ dump: 26h, snapshot: 13h }'],
      ['      expire:', '      dump: "0 1 * * *"\n      rehearse: "0 2 * * SUN"\n      expire:'],
    );
    expect(mistakesOf(dumping)).toEqual([
      expect.stringContaining('its policy schedules dumps; add connection'),
      expect.stringContaining(
        'its policy schedules dumps, which need PostgreSQL; use a policy without dumps',
      ),
    ]);
  });

  test('is told that it cannot be wound back', () => {
    expect(mistakesOf(replaced(cache, ['{ snapshot: 13h }', '{ snapshot: 13h, pitr: 15m }']))).toEqual([
      expect.stringContaining('its policy promises an RPO for pitr, which needs rds: or aurora:'),
    ]);
  });

  test('is told that its snapshots stay in their Region', () => {
    expect(mistakesOf(replaced(cache, ['targets:', `${COPIES[0]}targets:`]))).toEqual([
      expect.stringContaining(
        'targets.crm.elasticache: its policy copies snapshots, but ElastiCache cannot copy between Regions; use a policy without copies',
      ),
    ]);
  });

  test('is told that it has no heartbeat', () => {
    expect(mistakesOf(`${cache}    heartbeat: true\n`)).toEqual([
      expect.stringContaining('targets.crm.heartbeat: a heartbeat needs PostgreSQL and a connection'),
    ]);
  });
});

test('all contradictions are told at once, in the order of their lines', () => {
  const text = replaced(
    SNAPPED,
    [RPO, '{ dump: 24h, snapshot: 12h, pitr: 5m }'],
    ['window: 14d', 'window: 3d'],
    [', kmsKey: alias/vaulted', ''],
    ['    rds: crm-db\n', '    rds: crm-db\n    aurora: crm-cluster\n'],
  );
  expect(mistakesOf(text).map((told) => told.split(':')[0])).toEqual([
    `5 ${AT}.objectives.rpo.dump`,
    `5 ${AT}.objectives.rpo.snapshot`,
    `5 ${AT}.objectives.rpo.pitr`,
    `16 ${AT}.pitr.window`,
    `20 ${AT}.snapshot.copies.1`,
    '25 targets.crm.aurora',
  ]);
});

describe('a target’s own changes', () => {
  const overriding = (changes: string) => `${SNAPPED}    overrides: ${changes}\n`;

  test.each([
    [
      '{ objectives: { rpo: { snapshot: 12h } } }',
      'objectives.rpo.snapshot: the schedule of snapshots cannot meet this RPO',
    ],
    ['{ objectives: { rpo: { pitr: 5m } } }', 'objectives.rpo.pitr: RDS is about 5 minutes behind'],
    ['{ pitr: { window: 40d } }', 'pitr.window: 40 d is outside the 7 to 35 days'],
    [
      '{ snapshot: { copies: [{ region: eu-west-1 }, { region: eu-west-1 }] } }',
      'snapshot.copies.1: duplicate place eu-west-1',
    ],
  ])('%s contradicts, and is told at the target', (changes, expected) => {
    const told = mistakesOf(overriding(changes));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(`targets.crm.overrides.${expected}`);
  });
});
