import type {
  DumpPoint,
  PointRehearsal,
  RecoveryPoint,
} from '../../../../lib/domain/points/recovery-point.ts';
import { planRetention } from '../../../../lib/domain/points/retention.ts';
import { DAY, failedPoint, point, retention } from '../../../support/builders.ts';

/** What is never deleted, and when nothing is. retention-histories.test.ts says the same of thousands of histories. */

const NOW = new Date('2026-11-20T05:00:00Z');
const RPO = 26 * 3600;
const SHORT = retention({ daily: 2 * DAY });

const rehearsal: PointRehearsal = {
  outcome: 'failed',
  at: '2026-11-20T04:00:00Z',
  strength: 'none',
  run: 'rehearse/crm/2026-11-20T04:00:00Z',
  code: 'restore-failed',
};
const newest = point('2026-11-20T01:00:00Z');
const old = (changes: Partial<DumpPoint> = {}) => point('2026-06-01T01:00:00Z', changes);
/** A point of three o'clock, after the newest good one. */
const later = (changes: Partial<DumpPoint>) => point('2026-11-20T03:00:00Z', changes);
const laterFailed = failedPoint('2026-11-20T03:00:00Z');
const plan = (points: RecoveryPoint[], wanted = SHORT) => planRetention(points, wanted, NOW, RPO);
const decisionOn = (about: RecoveryPoint, points: RecoveryPoint[], wanted = SHORT) =>
  plan(points, wanted).decisions.find((decision) => decision.point.id === about.id)!;

test('retention deletes an old point that is outside every period', () => {
  const why = '172 d 4 h old, outside every period';
  expect(decisionOn(old(), [newest, old()])).toMatchObject({ keep: false, why });
});

test.each<[string, RecoveryPoint, string]>([
  ['the newest rehearsed', old({ state: 'rehearsed' }), 'the newest rehearsed point'],
  ['a locked', old({ lockedUntil: '2026-11-20T05:00:01Z' }), 'locked until 2026-11-20T05:00:01Z'],
  ['a held', old({ legalHold: true }), 'on legal hold'],
])('retention never deletes %s point, however old it is', (_, about, why) => {
  expect(decisionOn(about, [newest, about])).toMatchObject({ keep: true, why });
});

test('retention never deletes the newest verified point, even by a policy that keeps nothing', () => {
  const why = 'the newest verified point';
  expect(decisionOn(newest, [newest, old()], retention({}))).toMatchObject({ keep: true, why });
});

test('a point that did not restore is neither the newest verified nor the newest rehearsed one', () => {
  const bad = point('2026-11-19T20:00:00Z', { state: 'rehearsed', rehearsal });
  const good = point('2026-11-19T10:00:00Z', { state: 'rehearsed' });
  expect(decisionOn(good, [bad, good], retention({}))).toMatchObject({ why: 'the newest verified point' });
  expect(plan([bad, good], retention({})).frozen).toContain(bad.id);
});

test('a lock that has ended keeps no point', () => {
  expect(decisionOn(old(), [newest, old({ lockedUntil: '2026-11-20T05:00:00Z' })]).keep).toBe(false);
});

test.each<[string, RecoveryPoint[], RegExp]>([
  ['the newest point failed', [laterFailed, newest], /the newest point 20261120T030000Z-1 is failed/],
  ['the newest point is corrupt', [later({ state: 'corrupt' }), newest], /is corrupt/],
  ['the newest point did not restore', [later({ rehearsal }), newest], /its rehearsal \(restore-failed\)/],
  ['the newest point is not verified', [later({ state: 'available' }), newest], /is available/],
  ['the newest verified point is older than the RPO', [point('2026-11-19T02:59:59Z')], /point is 26 h old/],
  ['no point is verified', [later({ state: 'available' })], /no point is verified/],
])('retention deletes nothing while %s', (_, recent, why) => {
  const bad = point('2026-06-02T01:00:00Z', { state: 'corrupt' });
  const points = [...recent, old({ state: 'available' }), bad];
  const { decisions, frozen, withheld } = plan(points);
  expect(frozen).toMatch(why);
  expect(decisions.every((decision) => decision.keep)).toBe(true);
  expect(withheld.map((each) => each.id)).toEqual(expect.arrayContaining([old().id, bad.id]));
  expect(decisionOn(old(), points).why).toContain(`kept because ${frozen}`);
});

test('a point exactly as old as the RPO does not stop deletions', () => {
  expect(plan([point('2026-11-19T03:00:00Z'), old()]).frozen).toBeUndefined();
});

test('a dump that has waited for its verification for less than an hour does not stop deletions', () => {
  const waiting = (availableAt: string) => later({ state: 'available', availableAt });
  expect(plan([waiting('2026-11-20T04:00:01Z'), newest, old()]).frozen).toBeUndefined();
  expect(plan([waiting('2026-11-20T04:00:00Z'), newest, old()]).frozen).toContain('is available');
});

test('the caller’s reason stops deletions too, and does not hide a reason of retention’s own', () => {
  const why = (points: RecoveryPoint[]) =>
    planRetention(points, SHORT, NOW, RPO, 'a rehearsal failed').frozen;
  expect(why([newest, old()])).toBe('a rehearsal failed');
  expect(why([laterFailed, newest])).toContain('is failed');
});

test('a deletion that has begun goes on, even while nothing else is deleted', () => {
  const expiring = point('2026-11-20T02:00:00Z', { state: 'expiring' });
  for (const others of [[newest], [laterFailed, newest], []]) {
    const decision = { keep: false, why: 'its deletion had begun' };
    expect(decisionOn(expiring, [expiring, ...others])).toMatchObject(decision);
    expect(plan([expiring, ...others]).withheld).not.toContain(expiring);
  }
});

test.each([
  ['on legal hold', { legalHold: true }],
  ['locked', { lockedUntil: '2027-01-01T00:00:00Z' }],
] as const)('a deletion that has begun waits while its point is %s', (_, changes) => {
  expect(decisionOn(old(), [newest, old({ state: 'expiring', ...changes })]).keep).toBe(true);
});

const BAD = [
  failedPoint('2026-11-19T13:00:00Z'),
  ...(['corrupt', 'expiring'] as const).map((state) => point('2026-11-19T13:00:00Z', { state })),
];
const unverified = point('2026-11-19T13:00:00Z', { state: 'available' });
const ofThatDay = (state: 'verified' | 'available') => point('2026-11-19T01:00:00Z', { state });

test.each([...BAD, unverified])(
  'a verified point keeps its day’s place before a later $state one',
  (other) => {
    const points = [newest, ofThatDay('verified'), other];
    const why = 'last of its day 2026-11-19';
    expect(decisionOn(ofThatDay('verified'), points)).toMatchObject({ keep: true, why });
    expect(decisionOn(other, points).keep).toBe(false);
  },
);

test.each(BAD)('an unverified point keeps its day’s place before a later $state one', (other) => {
  const waiting = ofThatDay('available');
  expect(decisionOn(waiting, [newest, waiting, other]).keep).toBe(true);
});
