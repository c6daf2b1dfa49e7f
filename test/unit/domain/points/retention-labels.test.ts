import type { RecoveryPoint } from '../../../../lib/domain/points/recovery-point.ts';
import { planRetention } from '../../../../lib/domain/points/retention.ts';
import { DAY, HOUR, retention, snapshotPoint } from '../../../support/builders.ts';

/** Snapshots with a label: taken before something risky, and kept flat beside the thinning. */
const NOW = new Date('2026-11-20T05:00:00Z');
const RPO = 26 * HOUR;
const RULES = { ...retention({ daily: 7 * DAY }), labelled: 90 * DAY };

const newest = snapshotPoint('2026-11-20T01:00:00Z');
const plan = (points: RecoveryPoint[], rules: typeof RULES = RULES) => planRetention(points, rules, NOW, RPO);
const decisionOn = (about: RecoveryPoint, points: RecoveryPoint[], rules?: typeof RULES) =>
  plan(points, rules).decisions.find(({ point }) => point.id === about.id)!;
const labelled = (scheduledFor: string, changes: Parameters<typeof snapshotPoint>[1] = {}) =>
  snapshotPoint(scheduledFor, { label: 'before v2', ...changes });

test('a labelled snapshot is kept for its own time, to the second, and not longer', () => {
  const kept = labelled('2026-08-22T05:00:00Z');
  expect(decisionOn(kept, [newest, kept])).toMatchObject({ keep: true, why: 'labelled "before v2"' });
  const old = labelled('2026-08-22T04:59:59Z');
  expect(decisionOn(old, [newest, old])).toMatchObject({ keep: false });
});

test('several labelled ones of a day are all kept', () => {
  const day = ['01', '02', '03'].map((hour) => labelled(`2026-10-01T${hour}:00:00Z`));
  const { decisions } = plan([newest, ...day]);
  expect(decisions.filter(({ keep }) => keep)).toHaveLength(4);
});

test('a labelled snapshot takes no day’s place: the last one without a label keeps it', () => {
  const nightly = snapshotPoint('2026-11-19T01:00:00Z');
  const release = labelled('2026-11-19T15:00:00Z');
  expect(decisionOn(nightly, [newest, nightly, release])).toMatchObject({
    keep: true,
    why: 'last of its day 2026-11-19',
  });
  expect(decisionOn(release, [newest, nightly, release]).why).toBe('labelled "before v2"');
});

test('a labelled snapshot gets no day’s place either once its own time is over', () => {
  const release = labelled('2026-11-19T15:00:00Z');
  const rules = { ...RULES, labelled: HOUR };
  expect(decisionOn(release, [newest, release], rules)).toMatchObject({ keep: false });
});

test('the newest verified snapshot is never deleted, labelled or not, however old', () => {
  const only = labelled('2026-01-01T01:00:00Z');
  expect(planRetention([only], RULES, NOW, 400 * DAY).decisions).toMatchObject([
    { keep: true, why: 'the newest verified point' },
  ]);
  const unlabelled = snapshotPoint('2026-01-01T01:00:00Z');
  expect(planRetention([unlabelled], RULES, NOW, 400 * DAY).decisions).toMatchObject([{ keep: true }]);
});

test('the newest rehearsed snapshot is never deleted although its label’s time is over', () => {
  const old = labelled('2026-01-01T01:00:00Z', { state: 'rehearsed' });
  expect(decisionOn(old, [newest, old])).toMatchObject({ keep: true, why: 'the newest rehearsed point' });
});

test('a labelled snapshot counts as the newest good one: while it is fresh nothing freezes', () => {
  const old = snapshotPoint('2026-10-01T01:00:00Z');
  const { frozen } = plan([labelled('2026-11-20T04:00:00Z'), old]);
  expect(frozen).toBeUndefined();
  expect(plan([old]).frozen).toBe('the newest verified point is 50 d 4 h old');
});

test('a bad labelled snapshot freezes the others as any bad one does', () => {
  const bad = labelled('2026-11-20T03:00:00Z', { state: 'corrupt' });
  const old = snapshotPoint('2026-10-01T01:00:00Z');
  const { frozen, withheld } = plan([bad, newest, old]);
  expect(frozen).toContain('is corrupt');
  expect(withheld.map(({ id }) => id)).toEqual([old.id]);
});

test('without a time for labels a labelled snapshot is like any that is outside every period', () => {
  const release = labelled('2026-11-19T15:00:00Z');
  expect(planRetention([newest, release], retention({ daily: 7 * DAY }), NOW, RPO).decisions).toMatchObject([
    { keep: true },
    { keep: false },
  ]);
});
