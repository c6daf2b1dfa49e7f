import { recommend } from '../../../../lib/domain/points/recommend.ts';
import type { PointRehearsal } from '../../../../lib/domain/points/recovery-point.ts';
import { point } from '../../../support/builders.ts';

const passed: PointRehearsal = {
  outcome: 'passed',
  at: '2026-11-15T02:00:00Z',
  strength: 'exact',
  run: 'rehearse/crm/2026-11-15T02:00:00Z',
};
const failed: PointRehearsal = { ...passed, outcome: 'failed', strength: 'none', code: 'restore-failed' };

const NEWEST = point('2026-11-20T01:00:00Z', { verifiedAt: '2026-11-20T01:15:00Z' });
const OLDER = point('2026-11-14T01:00:00Z', { state: 'rehearsed', rehearsal: passed });

test('recommend chooses the newest good point, which loses least, and names the newest proven one beside it', () => {
  const best = recommend([NEWEST, OLDER])!;
  expect([best.point.id, best.proven?.id]).toEqual([NEWEST.id, OLDER.id]);
  expect(best.reason).toBe(
    'the newest point, and it is good; verified 2026-11-20 01:15 UTC, never rehearsed',
  );
});

test('recommend passes over a newer point that is bad, and its reason says so', () => {
  const best = recommend([{ ...NEWEST, rehearsal: failed }, OLDER])!;
  expect([best.point.id, best.proven]).toEqual([OLDER.id, undefined]);
  expect(best.reason).toBe(
    'the newest good point, newer ones are not good or not verified; test-restored 2026-11-15 02:00 UTC: equal to its source',
  );
});

test('recommend chooses the proven one of two points of one moment', () => {
  const replica = { ...NEWEST, id: `${NEWEST.id}@replica`, place: 'replica' as const };
  expect(recommend([replica, { ...NEWEST, rehearsal: passed }])?.point.id).toBe(NEWEST.id);
});

test('recommend chooses no point where none is known to be good', () => {
  const unverified = point('2026-11-19T01:00:00Z', { state: 'available' });
  expect(recommend([{ ...NEWEST, state: 'corrupt' }, unverified])).toBeUndefined();
});
