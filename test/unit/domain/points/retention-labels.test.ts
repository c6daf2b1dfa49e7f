import type { RecoveryPoint } from '../../../../lib/domain/points/recovery-point.ts';
import { planRetention } from '../../../../lib/domain/points/retention.ts';
import { DAY, HOUR, retention, snapshotPoint } from '../../../support/builders.ts';

/** Snapshots with a label: taken before something risky, and kept flat beside the thinning. */
const NOW = new Date('2026-11-20T05:00:00Z');
const RULES = { ...retention({ daily: 7 * DAY }), labelled: 90 * DAY };

const newest = snapshotPoint('2026-11-20T01:00:00Z');
const plan = (points: RecoveryPoint[], rules: Partial<typeof RULES> = {}, rpo = 26 * HOUR) =>
  planRetention(points, { ...RULES, ...rules }, NOW, rpo);
const decisionOn = (about: RecoveryPoint, points: RecoveryPoint[], rules?: Partial<typeof RULES>) =>
  plan(points, rules).decisions.find(({ point }) => point.id === about.id)!;
const labelled = (scheduledFor: string, changes: Parameters<typeof snapshotPoint>[1] = {}) =>
  snapshotPoint(scheduledFor, { label: 'before v2', ...changes });
const release = labelled('2026-11-19T15:00:00Z');

test('a labelled snapshot is kept for its own time, to the second, and not longer', () => {
  const kept = labelled('2026-08-22T05:00:00Z');
  expect(decisionOn(kept, [newest, kept])).toMatchObject({ keep: true, why: 'labelled "before v2"' });
  const old = labelled('2026-08-22T04:59:59Z');
  expect(decisionOn(old, [newest, old])).toMatchObject({ keep: false });
});

test('every labelled snapshot of a day is kept', () => {
  const day = ['01', '02', '03'].map((hour) => labelled(`2026-10-01T${hour}:00:00Z`));
  expect(plan([newest, ...day]).decisions.filter(({ keep }) => keep)).toHaveLength(4);
});

test('a labelled snapshot takes no day’s place, which the last one without a label keeps', () => {
  const nightly = snapshotPoint('2026-11-19T01:00:00Z');
  const points = [newest, nightly, release];
  expect(decisionOn(nightly, points)).toMatchObject({ keep: true, why: 'last of its day 2026-11-19' });
  expect(decisionOn(release, points).why).toBe('labelled "before v2"');
});

test('a labelled snapshot gets no day’s place when its own time is over, or where labels have no time', () => {
  expect(decisionOn(release, [newest, release], { labelled: HOUR }).keep).toBe(false);
  const { decisions } = planRetention([newest, release], retention({ daily: 7 * DAY }), NOW, 26 * HOUR);
  expect(decisions).toMatchObject([{ keep: true }, { keep: false }]);
});

test.each([
  ['a labelled', labelled('2026-01-01T01:00:00Z')],
  ['an unlabelled', snapshotPoint('2026-01-01T01:00:00Z')],
])('%s snapshot that is the newest verified point is never deleted, however old', (_, only) => {
  const why = 'the newest verified point';
  expect(plan([only], {}, 400 * DAY).decisions).toMatchObject([{ keep: true, why }]);
});

test('the newest rehearsed snapshot is never deleted, although its label’s time is over', () => {
  const old = labelled('2026-01-01T01:00:00Z', { state: 'rehearsed' });
  expect(decisionOn(old, [newest, old])).toMatchObject({ keep: true, why: 'the newest rehearsed point' });
});

test('deletions go on while the newest good point is a fresh labelled snapshot', () => {
  const old = snapshotPoint('2026-10-01T01:00:00Z');
  expect(plan([labelled('2026-11-20T04:00:00Z'), old]).frozen).toBeUndefined();
  expect(plan([old]).frozen).toBe('the newest verified point is 50 d 4 h old');
});

test('a bad labelled snapshot stops deletions as any bad point does', () => {
  const bad = labelled('2026-11-20T03:00:00Z', { state: 'corrupt' });
  const old = snapshotPoint('2026-10-01T01:00:00Z');
  const { frozen, withheld } = plan([bad, newest, old]);
  expect(frozen).toContain('is corrupt');
  expect(withheld.map(({ id }) => id)).toEqual([old.id]);
});
