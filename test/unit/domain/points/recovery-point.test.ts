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

/** Everything that can become of a point, however long one waits. */
function reachable(from: PointState): PointState[] {
  const found = new Set<PointState>();
  const visit = (state: PointState) => {
    for (const next of POINT_STATES.filter((to) => mayBecome(state, to) && !found.has(to))) {
      found.add(next);
      visit(next);
    }
  };
  visit(from);
  return POINT_STATES.filter((state) => found.has(state));
}

test('a good point goes the whole way', () => {
  const way: PointState[] = ['creating', 'available', 'verified', 'rehearsed', 'expiring', 'expired'];
  way.slice(1).forEach((to, index) => {
    expect([way[index], to, mayBecome(way[index]!, to)]).toEqual([way[index], to, true]);
  });
});

test.each<[string, PointState, PointState]>([
  ['nothing skips verification on its way to being rehearsed', 'available', 'rehearsed'],
  ['nothing is verified before it is there', 'creating', 'verified'],
  ['a rehearsed point does not fall back to verified', 'rehearsed', 'verified'],
  ['what was found bad does not become good', 'corrupt', 'verified'],
  ['what was found bad does not become good', 'corrupt', 'rehearsed'],
  ['what failed is not there', 'failed', 'available'],
  ['a zombie cannot fail a point that is there', 'available', 'failed'],
  ['a point on its way out does not come back', 'expiring', 'verified'],
  ['a point on its way out is not accused of being gone', 'expiring', 'corrupt'],
  ['nothing is expired before its deletion began', 'verified', 'expired'],
  ['what is being written is not deleted', 'creating', 'expiring'],
])('%s (%s, %s)', (_, from, to) => expect(mayBecome(from, to)).toBe(false));

test('a point may be found bad in any state in which it could be relied on', () => {
  expect(statesBefore('corrupt')).toEqual(['available', 'verified', 'rehearsed', 'corrupt']);
});

test('a second delivery may say again what was said', () => {
  for (const state of ['creating', 'verified', 'rehearsed', 'corrupt', 'expiring'] as const)
    expect(mayBecome(state, state)).toBe(true);
});

test('expired is the end; corrupt and expiring lead nowhere else', () => {
  expect(reachable('expired')).toEqual([]);
  expect(reachable('expiring')).toEqual(['expiring', 'expired']);
  expect(reachable('corrupt')).toEqual(['corrupt', 'expiring', 'expired']);
});

test('everything that was ever stored can be expired', () => {
  for (const state of POINT_STATES.filter((each) => each !== 'expired'))
    expect(reachable(state)).toContain('expired');
});

test('the states before one are those that may become it', () => {
  for (const to of POINT_STATES)
    expect(statesBefore(to)).toEqual(POINT_STATES.filter((from) => mayBecome(from, to)));
});

test('only verified and rehearsed points count', () => {
  const counting = POINT_STATES.filter((state) => counts(point('2026-11-20T01:00:00Z', { state })));
  expect(counting).toEqual(['verified', 'rehearsed']);
});

describe('what a rehearsal says of its point', () => {
  const AT = '2026-11-20T02:00:00Z';
  const mismatch: PointRehearsal = {
    outcome: 'failed',
    at: AT,
    strength: 'none',
    run: 'r',
    code: 'proof-mismatch',
  };
  const passed = (strength: 'exact' | 'bounded' | 'restored') => evidence(AT, { strength });

  test('only a comparison takes a difference back', () => {
    expect(rehearsalOf(passed('restored'), mismatch)).toBeUndefined();
    for (const strength of ['exact', 'bounded'] as const)
      expect(rehearsalOf(passed(strength), mismatch)).toMatchObject({ outcome: 'passed', strength });
    expect(rehearsalOf(passed('restored'), { ...mismatch, code: 'restore-failed' })).toMatchObject({
      outcome: 'passed',
    });
  });

  test.each([
    ['restore-failed', false],
    ['proof-mismatch', false],
    ['assertion-failed', true],
    ['rto-breached', true],
  ] as const)('a verified point with %s counts: %s', (code, expected) => {
    const judged = point(AT, { rehearsal: { ...mismatch, code } });
    expect([counts(judged), foundBad(judged) === undefined]).toEqual([expected, expected]);
  });
});
