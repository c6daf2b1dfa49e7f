import { mistakesOf, RIGHT, withText } from './text.ts';

const AT = 'policies.production';

test.each<[string, [string, string][], string]>([
  [
    'a promise that a daily dump cannot keep, with its arithmetic',
    [['dump: 26h', 'dump: 24h']],
    `5 ${AT}.objectives.rpo.dump: the schedule of dumps cannot meet this RPO: 24 h between dumps + 15 min dump + 10 min verification + 30 min grace = 24 h 55 min, promised 24 h`,
  ],
  [
    'a promise of minutes',
    [['dump: 26h', 'dump: 15m']],
    `5 ${AT}.objectives.rpo.dump: the schedule of dumps cannot meet this RPO`,
  ],
  [
    'a dump on working days only',
    [['"0 1 * * *"', '"0 1 * * MON-FRI"']],
    `5 ${AT}.objectives.rpo.dump: the schedule of dumps cannot meet this RPO: 3 d between`,
  ],
  [
    'a dump once a year',
    [['"0 1 * * *"', '"0 1 1 1 *"']],
    `5 ${AT}.objectives.rpo.dump: the schedule of dumps cannot meet this RPO: 366 d between`,
  ],
  [
    'a dump in leap years',
    [['"0 1 * * *"', '"0 1 29 2 *"']],
    `5 ${AT}.objectives.rpo.dump: the schedule of dumps cannot meet this RPO`,
  ],
  [
    'a slow dump',
    [['usual: { dump: 15m', 'usual: { dump: 3h']],
    `5 ${AT}.objectives.rpo.dump: the schedule of dumps cannot meet this RPO`,
  ],
  [
    'retention that keeps nothing',
    [
      ['{ daily: 35d, weekly: 12w, monthly: 12mo }', '{}'],
      ['lock: governance', 'lock: none'],
    ],
    `14 ${AT}.retention: keeps nothing`,
  ],
  [
    'retention of no time at all',
    [
      ['{ daily: 35d, weekly: 12w, monthly: 12mo }', '{ all: 0d }'],
      ['lock: governance', 'lock: none'],
    ],
    `14 ${AT}.retention: keeps nothing`,
  ],
  [
    'retention shorter than the RPO',
    [
      ['{ daily: 35d, weekly: 12w, monthly: 12mo }', '{ all: 25h }'],
      ['lock: governance', 'lock: none'],
    ],
    `14 ${AT}.retention: keeps points for less than the RPO of 26 h`,
  ],
  [
    'a lock longer than the shortest retention',
    [['lockFor: 30d', 'lockFor: 36d']],
    `19 ${AT}.vault.lockFor: locks for 36 d, longer than the shortest retention of 35 d`,
  ],
  [
    'a schedule that can never fire',
    [['"0 5 * * *"', '"0 5 31 4 *"']],
    `11 ${AT}.schedules.expire: this schedule can never fire`,
  ],
  [
    'a schedule that can never fire in its zone',
    [['"0 5 * * *"', '{ cron: "30 2 * 3 0L", timezone: Europe/Berlin }']],
    `11 ${AT}.schedules.expire: this schedule can never fire`,
  ],
  [
    'rehearsals further apart than allowed',
    [['atMostEvery: 8d', 'atMostEvery: 6d']],
    `18 ${AT}.rehearsal.atMostEvery: rehearsals are 7 d apart, so each would be overdue after 6 d`,
  ],
  [
    'a rehearsal once a year',
    [['"0 2 * * SUN"', '"0 2 1 1 *"']],
    `18 ${AT}.rehearsal.atMostEvery: rehearsals are 366 d apart`,
  ],
  ['no dumps', [['      dump: "0 1 * * *"\n', '']], `7 ${AT}.schedules: no schedule for dump`],
  ['no rehearsals', [['      rehearse: "0 2 * * SUN"\n', '']], `7 ${AT}.schedules: no schedule for rehearse`],
  ['no expiry', [['      expire: "0 5 * * *"\n', '']], `7 ${AT}.schedules: no schedule for expire`],
])('%s', (_, changes, expected) => {
  const told = mistakesOf(withText(...changes));
  expect(told).toHaveLength(1);
  expect(told[0]).toContain(expected);
});

test.each<[string, [string, string][]]>([
  ['an RPO that fits to the minute', [['dump: 26h', 'dump: 1495m']]],
  ['a lock as long as the shortest retention', [['lockFor: 30d', 'lockFor: 35d']]],
  ['a long lock that is not used', [['lock: governance, lockFor: 30d', 'lock: none, lockFor: 400d']]],
  ['rehearsals as far apart as allowed', [['atMostEvery: 8d', 'atMostEvery: 7d']]],
  ['no verification schedule: the dump asks for its own', [['      verify: "30 1 * * *"\n', '']]],
])('%s is right', (_, changes) => {
  expect(mistakesOf(withText(...changes))).toEqual([]);
});

test('several contradictions are told at once, in the order of their lines', () => {
  const text = withText(
    ['dump: 26h', 'dump: 24h'],
    ['"0 2 * * SUN"', '"0 2 1 * *"'],
    ['lockFor: 30d', 'lockFor: 90d'],
  );
  expect(mistakesOf(text).map((told) => told.split(':')[0])).toEqual([
    `5 ${AT}.objectives.rpo.dump`,
    `18 ${AT}.rehearsal.atMostEvery`,
    `19 ${AT}.vault.lockFor`,
  ]);
});

test('a policy that nobody uses is judged all the same', () => {
  const second = RIGHT.slice(RIGHT.indexOf('  production:'), RIGHT.indexOf('targets:')).replace(
    'production',
    'unused',
  );
  const text = RIGHT.replace('targets:', `${second.replace('26h', '1h')}targets:`);
  expect(mistakesOf(text)).toEqual([expect.stringContaining('23 policies.unused.objectives.rpo.dump')]);
});
