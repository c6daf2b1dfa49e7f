import {
  counts,
  foundBad,
  mayBecome,
  POINT_STATES,
  type PointRehearsal,
  type PointState,
  rehearsalOf,
  statesBefore,
} from '../../../../lib/domain/points/recovery-point.ts';
import { evidence, point } from '../../../support/builders.ts';

const AT = '2026-11-20T02:00:00Z';

/** Every state that a point can get to from another, in any number of steps. */
function reachable(from: PointState, found = new Set<PointState>()): PointState[] {
  for (const next of POINT_STATES.filter((to) => mayBecome(from, to) && !found.has(to)))
    reachable(next, found.add(next));
  return POINT_STATES.filter((state) => found.has(state));
}

test('a good point goes from creating through available, verified, rehearsed and expiring to expired', () => {
  const way: PointState[] = ['creating', 'available', 'verified', 'rehearsed', 'expiring', 'expired'];
  for (const [index, to] of way.slice(1).entries())
    expect([way[index], to, mayBecome(way[index]!, to)]).toEqual([way[index], to, true]);
});

test.each<[PointState, PointState, string]>([
  ['available', 'rehearsed', 'it has to be verified first'],
  ['creating', 'verified', 'nothing is stored yet'],
  ['rehearsed', 'verified', 'a rehearsal is not forgotten'],
  ['corrupt', 'verified', 'it was found bad'],
  ['corrupt', 'rehearsed', 'it was found bad'],
  ['failed', 'available', 'nothing is stored'],
  ['available', 'failed', 'a worker that lost its claim cannot fail it'],
  ['expiring', 'verified', 'its deletion has begun'],
  ['expiring', 'corrupt', 'its deletion has begun'],
  ['verified', 'expired', 'its deletion has not begun'],
  ['creating', 'expiring', 'it is being written'],
])('a point that is %s cannot become %s: %s', (from, to) => expect(mayBecome(from, to)).toBe(false));

test('a point that is available, verified or rehearsed can be found corrupt, and found so again', () => {
  expect(statesBefore('corrupt')).toEqual(['available', 'verified', 'rehearsed', 'corrupt']);
});

test.each(['creating', 'verified', 'rehearsed', 'corrupt', 'expiring'] as const)(
  'a second delivery may say again that a point is %s',
  (state) => expect(mayBecome(state, state)).toBe(true),
);

test('a point leaves corrupt and expiring only towards expired, and expired never', () => {
  expect(reachable('expired')).toEqual([]);
  expect(reachable('expiring')).toEqual(['expiring', 'expired']);
  expect(reachable('corrupt')).toEqual(['corrupt', 'expiring', 'expired']);
});

test('a point can become expired from every other state', () => {
  for (const state of POINT_STATES.filter((each) => each !== 'expired'))
    expect(reachable(state)).toContain('expired');
});

test('only verified and rehearsed points count for the RPO', () => {
  const counting = POINT_STATES.filter((state) => counts(point(AT, { state })));
  expect(counting).toEqual(['verified', 'rehearsed']);
});

const bad: PointRehearsal = { outcome: 'failed', at: AT, strength: 'none', run: 'r', code: 'proof-mismatch' };

test('only a rehearsal that compared rows takes back that a point differed from its source', () => {
  const after = (strength: 'exact' | 'bounded' | 'restored', before = bad) =>
    rehearsalOf(evidence(AT, { strength }), before);
  expect(after('restored')).toBeUndefined();
  expect(after('exact')).toMatchObject({ outcome: 'passed', strength: 'exact' });
  expect(after('bounded')).toMatchObject({ outcome: 'passed', strength: 'bounded' });
  expect(after('restored', { ...bad, code: 'restore-failed' })).toMatchObject({ outcome: 'passed' });
});

test.each([
  ['restore-failed', false],
  ['proof-mismatch', false],
  ['assertion-failed', true],
  ['rto-breached', true],
] as const)('a verified point whose rehearsal found %s counts for the RPO: %s', (code, expected) => {
  const judged = point(AT, { rehearsal: { ...bad, code } });
  expect([counts(judged), foundBad(judged) === undefined]).toEqual([expected, expected]);
});
