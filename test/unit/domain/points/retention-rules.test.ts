import type {
  DumpPoint,
  PointRehearsal,
  RecoveryPoint,
} from '../../../../lib/domain/points/recovery-point.ts';
import { planRetention } from '../../../../lib/domain/points/retention.ts';
import { DAY, failedPoint, point, retention } from '../../../support/builders.ts';

const NOW = new Date('2026-11-20T05:00:00Z');
const RPO = 26 * 3600;
const SHORT = retention({ daily: 2 * DAY });

const failed: PointRehearsal = {
  outcome: 'failed',
  at: '2026-11-20T04:00:00Z',
  strength: 'none',
  run: 'rehearse/crm/2026-11-20T04:00:00Z',
  code: 'restore-failed',
};
const newest = point('2026-11-20T01:00:00Z');
const old = (changes: Partial<DumpPoint> = {}) => point('2026-06-01T01:00:00Z', changes);
const plan = (points: RecoveryPoint[], wanted = SHORT) => planRetention(points, wanted, NOW, RPO);
const decisionOn = (about: RecoveryPoint, points: RecoveryPoint[], wanted = SHORT) =>
  plan(points, wanted).decisions.find((decision) => decision.point.id === about.id)!;

test('an old point outside every period goes', () => {
  expect(decisionOn(old(), [newest, old()])).toMatchObject({
    keep: false,
    why: '172 d 4 h old, outside every period',
  });
});

test.each<[string, RecoveryPoint, string]>([
  ['the newest rehearsed', old({ state: 'rehearsed' }), 'the newest rehearsed point'],
  ['a locked', old({ lockedUntil: '2026-11-20T05:00:01Z' }), 'locked until 2026-11-20T05:00:01Z'],
  ['a held', old({ legalHold: true }), 'on legal hold'],
])('%s point is never deleted, however old', (_, about, why) => {
  expect(decisionOn(about, [newest, about])).toMatchObject({ keep: true, why });
});

test('the newest verified point is never deleted, even by a policy that keeps nothing', () => {
  expect(decisionOn(newest, [newest, old()], retention({}))).toMatchObject({
    keep: true,
    why: 'the newest verified point',
  });
});

test('a point that did not restore is neither the newest verified nor the newest rehearsed one', () => {
  const bad = point('2026-11-19T20:00:00Z', { state: 'rehearsed', rehearsal: failed });
  const good = point('2026-11-19T10:00:00Z', { state: 'rehearsed' });
  const points = [bad, good];
  expect(decisionOn(good, points, retention({}))).toMatchObject({ why: 'the newest verified point' });
  expect(plan(points, retention({})).frozen).toContain(bad.id);
});

test('a lock that has ended keeps nothing', () => {
  expect(decisionOn(old(), [newest, old({ lockedUntil: '2026-11-20T05:00:00Z' })]).keep).toBe(false);
});

test.each<[string, RecoveryPoint[], RegExp]>([
  [
    'the newest failed',
    [failedPoint('2026-11-20T03:00:00Z'), newest],
    /the newest point 20261120T030000Z-1 is failed/,
  ],
  ['the newest is corrupt', [point('2026-11-20T03:00:00Z', { state: 'corrupt' }), newest], /is corrupt/],
  [
    'the newest did not restore',
    [point('2026-11-20T03:00:00Z', { rehearsal: failed }), newest],
    /the newest point 20261120T030000Z-1 failed its rehearsal \(restore-failed\)/,
  ],
  [
    'the newest is not verified yet',
    [point('2026-11-20T03:00:00Z', { state: 'available' }), newest],
    /is available/,
  ],
  [
    'the newest verified is older than the RPO',
    [point('2026-11-19T02:59:59Z')],
    /the newest verified point is 26 h old/,
  ],
  ['none is verified', [point('2026-11-20T01:00:00Z', { state: 'available' })], /no point is verified/],
])('nothing at all is deleted while %s', (_, recent, why) => {
  const bad = point('2026-06-02T01:00:00Z', { state: 'corrupt' });
  const { decisions, frozen, withheld } = plan([...recent, old({ state: 'available' }), bad]);
  expect(frozen).toMatch(why);
  expect(decisions.every((decision) => decision.keep)).toBe(true);
  expect(withheld.map((each) => each.id)).toEqual(expect.arrayContaining([old().id, bad.id]));
  expect(decisions.find((decision) => decision.point.id === old().id)!.why).toContain(
    `kept because ${frozen}`,
  );
});

test('a point exactly as old as the RPO is not too old', () => {
  expect(plan([point('2026-11-19T03:00:00Z'), old()]).frozen).toBeUndefined();
});

test('a dump that is being taken just now freezes nothing, and one that is gone is not spoken of', () => {
  const { decisions, frozen } = plan([
    point('2026-11-20T04:59:00Z', { state: 'creating' }),
    point('2026-11-20T02:00:00Z', { state: 'expired' }),
    newest,
    old(),
  ]);
  expect(frozen).toBeUndefined();
  expect(decisions.map(({ point, keep }) => [point.id, keep])).toEqual([
    [newest.id, true],
    [old().id, false],
  ]);
});

test('a dump that has waited for its verification for less than an hour freezes nothing', () => {
  const waiting = (availableAt: string) => point('2026-11-20T04:00:00Z', { state: 'available', availableAt });
  expect(plan([waiting('2026-11-20T04:00:01Z'), newest, old()]).frozen).toBeUndefined();
  expect(plan([waiting('2026-11-20T04:00:00Z'), newest, old()]).frozen).toContain('is available');
});

test('a dump that waits for its verification is not deleted before anybody has looked at it', () => {
  const waiting = point('2026-11-20T04:30:00Z', { state: 'available' });
  for (const wanted of [SHORT, retention({ all: 1800 }), retention({ monthly: 60 * DAY })])
    expect(decisionOn(waiting, [waiting, newest, old()], wanted).keep).toBe(true);
});

test('a reason from elsewhere freezes as well, and does not hide our own', () => {
  const why = (points: RecoveryPoint[]) =>
    planRetention(points, SHORT, NOW, RPO, 'the last rehearsal failed').frozen;
  expect(why([newest, old()])).toBe('the last rehearsal failed');
  expect(why([failedPoint('2026-11-20T03:00:00Z'), newest])).toContain('is failed');
});

test('no points, no plan', () => {
  expect(plan([])).toEqual({ decisions: [], withheld: [] });
});

test('a deletion that had begun is continued, even while nothing else is deleted', () => {
  const expiring = point('2026-11-20T02:00:00Z', { state: 'expiring' });
  for (const others of [[newest], [failedPoint('2026-11-20T03:00:00Z'), newest], []]) {
    const { decisions, withheld } = plan([expiring, ...others]);
    expect(decisions.find((decision) => decision.point.id === expiring.id)).toMatchObject({
      keep: false,
      why: 'its deletion had begun',
    });
    expect(withheld).not.toContain(expiring);
  }
});

test.each([
  ['on legal hold', { legalHold: true }],
  ['locked', { lockedUntil: '2027-01-01T00:00:00Z' }],
] as const)('a deletion that had begun waits while the point is %s', (_, changes) => {
  expect(decisionOn(old(), [newest, old({ state: 'expiring', ...changes })]).keep).toBe(true);
});

describe('a bad point never takes a better one’s place', () => {
  const good = point('2026-11-19T01:00:00Z');
  test.each<[string, RecoveryPoint]>([
    ['failed', failedPoint('2026-11-19T13:00:00Z')],
    ['corrupt', point('2026-11-19T13:00:00Z', { state: 'corrupt' })],
    ['unverified', point('2026-11-19T13:00:00Z', { state: 'available' })],
    ['half deleted', point('2026-11-19T13:00:00Z', { state: 'expiring' })],
  ])('a verified point keeps its day before a later %s one', (_, later) => {
    expect(decisionOn(good, [newest, good, later])).toMatchObject({
      keep: true,
      why: 'last of its day 2026-11-19',
    });
    expect(decisionOn(later, [newest, good, later]).keep).toBe(false);
  });

  const waiting = { ...good, state: 'available' as const };
  test.each<[string, RecoveryPoint]>([
    ['failed', failedPoint('2026-11-19T13:00:00Z')],
    ['corrupt', point('2026-11-19T13:00:00Z', { state: 'corrupt' })],
    ['half deleted', point('2026-11-19T13:00:00Z', { state: 'expiring' })],
  ])('a point that waits for its verification keeps its day before a later %s one', (_, later) => {
    expect(decisionOn(waiting, [newest, waiting, later]).keep).toBe(true);
  });
});
