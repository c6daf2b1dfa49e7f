import { toAwsCron } from '../../../../lib/adapters/aws/cron.ts';
import { nextFirings, scheduleMistake } from '../../../../lib/domain/plan/schedule.ts';
import { type Random, randomFrom } from '../../domain/points/random.ts';
import { awsFirings } from './aws-cron.ts';

const NOW = new Date('2026-11-20T12:00:00Z');

test.each([
  ['0 1 * * *', 'cron(0 1 * * ? *)'],
  ['30 1 * * *', 'cron(30 1 * * ? *)'],
  ['*/15 * * * *', 'cron(0/15 * * * ? *)'],
  ['0 */6 * * *', 'cron(0 0/6 * * ? *)'],
  ['10-50/20 1,13 * * *', 'cron(10-50/20 1,13 * * ? *)'],
  ['0 1 */2 * *', 'cron(0 1 1/2 * ? *)'],
  ['0 1 1 */3 *', 'cron(0 1 1 1/3 ? *)'],
  ['0 1 1 jan,jul *', 'cron(0 1 1 JAN,JUL ? *)'],
  ['0 1 L * *', 'cron(0 1 L * ? *)'],
  ['0 3 1W * *', 'cron(0 3 1W * ? *)'],
  ['0 1 1,15 * *', 'cron(0 1 1,15 * ? *)'],
  ['0 2 * * SUN', 'cron(0 2 ? * SUN *)'],
  ['0 2 * * sun', 'cron(0 2 ? * SUN *)'],
  ['0 2 * * 0', 'cron(0 2 ? * SUN *)'],
  ['0 2 * * 7', 'cron(0 2 ? * SUN *)'],
  ['0 2 * * 1', 'cron(0 2 ? * MON *)'],
  ['0 2 * * 1-5', 'cron(0 2 ? * MON,TUE,WED,THU,FRI *)'],
  ['0 2 * * mon-fri', 'cron(0 2 ? * MON,TUE,WED,THU,FRI *)'],
  ['0 2 * * 5-7', 'cron(0 2 ? * FRI,SAT,SUN *)'],
  ['0 2 * * FRI-MON', 'cron(0 2 ? * FRI,SAT,SUN,MON *)'],
  ['0 2 * * MON,WED-FRI', 'cron(0 2 ? * MON,WED,THU,FRI *)'],
  ['0 2 * * MON#1', 'cron(0 2 ? * 2#1 *)'],
  ['0 2 * * 0#2', 'cron(0 2 ? * 1#2 *)'],
  ['0 2 * * 7#5', 'cron(0 2 ? * 1#5 *)'],
  ['0 2 * * 5L', 'cron(0 2 ? * 6L *)'],
  ['0 2 * * FRIL', 'cron(0 2 ? * 6L *)'],
  ['  0  2  *  * 6 ', 'cron(0 2 ? * SAT *)'],
])('toAwsCron writes %s as %s for EventBridge Scheduler', (cron, expected) => {
  expect(toAwsCron(cron)).toBe(expected);
});

test.each(['8', 'SUNDAY', 'MON#6', 'L', '*/2', '1.5'])(
  'toAwsCron and scheduleMistake refuse the weekday "%s"',
  (weekday) => {
    expect(() => toAwsCron(`0 1 * * ${weekday}`)).toThrow(`"${weekday}" is not a weekday`);
    expect(scheduleMistake({ cron: `0 1 * * ${weekday}`, timezone: 'UTC' }, NOW)).toContain(
      'is not a weekday',
    );
  },
);

test.each(['0-7', 'FRI-MON'])(
  'the weekdays %s mean the same here and at EventBridge Scheduler',
  (weekdays) => {
    const schedule = { cron: `0 1 * * ${weekdays}`, timezone: 'UTC' };
    expect(scheduleMistake(schedule, NOW)).toBeUndefined();
    expect(nextFirings(schedule, NOW, 8)).toEqual(awsFirings(toAwsCron(schedule.cron), NOW, 8));
  },
);

test.each([
  ['0 1 ? * *', 'both day fields would be ?'],
  ['? 1 * * *', 'a minute cannot be ?'],
  ['0 ? * * *', 'an hour cannot be ?'],
  ['0 1 * ? *', 'a month cannot be ?'],
  ['0 1 * * MON#1,WED#1', 'with # there can be one weekday only'],
])('scheduleMistake refuses %s, as EventBridge Scheduler would at deployment: %s', (cron) => {
  expect(scheduleMistake({ cron, timezone: 'UTC' }, NOW)).toEqual(expect.any(String));
});

/** Five random fields, of every form that `check` accepts. */
function anyCron({ below, pick, chance }: Random): string {
  const days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
  const day = () => (chance(0.5) ? pick(days) : String(below(8)));
  const between = (low: number, high: number) => {
    const first = low + below(high - low);
    return `${first}-${first + 1 + below(high - first)}`;
  };
  const minute = pick([
    `${below(60)}`,
    `${below(30)},${30 + below(30)}`,
    `*/${10 + below(30)}`,
    `${between(0, 59)}/25`,
  ]);
  const hour = pick([
    `${below(24)}`,
    `${below(12)},${12 + below(12)}`,
    `*/${3 + below(9)}`,
    between(0, 23),
    '*',
  ]);
  const month = pick(['*', '*', '*', `${1 + below(12)}`, `*/${2 + below(4)}`, 'JAN,JUN', between(1, 12)]);
  if (chance(0.5)) {
    const dom = pick(['*', `${1 + below(31)}`, `${1 + below(15)},${16 + below(13)}`, `*/${2 + below(9)}`]);
    return `${minute} ${hour} ${pick([dom, dom, 'L', '1W', '15W', between(1, 28)])} ${month} *`;
  }
  const range = between(0, 6);
  const nth = `${day()}#${1 + below(4)}`;
  const dow = pick([day(), `${day()},${day()}`, range, `${day()},${range}`, nth, `${day()}L`, '1-7']);
  return `${minute} ${hour} * ${month} ${dow}`;
}

test('nextFirings agrees with EventBridge Scheduler for five hundred random schedules', () => {
  const different = Array.from({ length: 500 }, (_, seed) => {
    const cron = anyCron(randomFrom(seed));
    const schedule = { cron, timezone: 'UTC' };
    expect([cron, scheduleMistake(schedule, NOW)]).toEqual([cron, undefined]);
    const expected = awsFirings(toAwsCron(cron), NOW, 8);
    return JSON.stringify(nextFirings(schedule, NOW, 8)) === JSON.stringify(expected) ? [] : [cron];
  });
  expect(different.flat()).toEqual([]);
});
