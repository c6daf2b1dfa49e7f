import {
  downtimes,
  type HeartbeatRow,
  judgeHeartbeat,
  lostBy,
} from '../../../../lib/domain/proof/heartbeat-proof.ts';
import { plusSeconds, utc } from '../../../../lib/domain/time.ts';
import { type Random, randomFrom } from '../points/random.ts';

const BEGIN = '2026-11-20T01:00:00Z';
const at = (minute: number, second: Second) =>
  `${utc(plusSeconds(BEGIN, minute * 60)).slice(0, 17)}${String(second).padStart(2, '0')}`;
const micros = (text: string) => `${(text.includes('.') ? text : `${text}.`).padEnd(26, '0')}Z`;

type Second = string | number;
/** The row of a minute after one o'clock, written and committed at these seconds of it; `null`: the commit is not known. */
function row(minute: number, written: Second = 1, committed: Second | null = 2): HeartbeatRow {
  return {
    minute: `${at(minute, 0)}Z`,
    writtenAt: micros(at(minute, written)),
    ...(committed === null ? {} : { committedBy: micros(at(minute, committed)) }),
  };
}
const rows = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => row(from + index));
const minutes = (...which: number[]) => which.map((minute) => `${at(minute, 0)}Z`);
const SOURCE = rows(0, 9);

describe('the heartbeat of a copy restored to a moment', () => {
  const moment = `${at(5, 30)}Z`;

  it('agrees when the copy has every row committed by then and none after', () => {
    expect(judgeHeartbeat(SOURCE, rows(0, 5), moment)).toMatchObject({
      verdict: 'agrees',
      compared: 6,
      newestAt: '2026-11-20T01:05:01.000000Z',
      missing: [],
      extra: [],
    });
  });

  it.each<[string, HeartbeatRow[], number[], number[]]>([
    ['lacks the last row committed by then', rows(0, 4), [5], []],
    ['lacks a row before others', [...rows(0, 1), ...rows(3, 5)], [2], []],
    ['has a row written later', rows(0, 6), [], [6]],
    ['is empty', [], [0, 1, 2, 3, 4, 5], []],
    ['has another row of one minute', [...rows(0, 4), row(5, 9, 10)], [5], [5]],
  ])('differs when the copy %s', (_what, copy, missing, extra) => {
    const proof = judgeHeartbeat(SOURCE, copy, moment);
    const found = { missing: minutes(...missing), extra: minutes(...extra) };
    expect(proof).toMatchObject({ verdict: 'differs', ...found });
    expect([proof.missingCount, proof.extraCount]).toEqual([missing.length, extra.length]);
    expect('newestAt' in proof).toBe(copy.length > 0);
  });

  it.each<[string, boolean, boolean, HeartbeatRow]>([
    ['a row that was committed exactly by then', false, true, row(5, 29, 30)],
    ['a row that was committed a microsecond later', true, true, row(5, 29, '30.000001')],
    ['a row that was written within the same second', true, true, row(5, '30.999999', 31)],
    ['a row that was written at the beginning of that second', true, true, row(5, 30, '30.5')],
    ['a row that was written when the next second begins', true, false, row(5, 31, 32)],
    ['a row that was written before and committed long after', true, true, row(5, 29, 50)],
    ['a row whose commit is not known', true, true, row(5, 1, null)],
    ['a row that was written later and whose commit is not known', true, false, row(5, 31, null)],
  ])('agrees without %s: %s; agrees with it: %s', (_, mayLack, mayHave, last) => {
    const source = [...rows(0, 4), last];
    const verdictOf = (copy: HeartbeatRow[]) => judgeHeartbeat(source, copy, moment).verdict;
    expect(verdictOf(rows(0, 4))).toBe(mayLack ? 'agrees' : 'differs');
    expect(verdictOf(source)).toBe(mayHave ? 'agrees' : 'differs');
  });

  it('is judged by whole seconds, as RDS restores', () => {
    const verdictWith = (last: HeartbeatRow) =>
      judgeHeartbeat([...rows(0, 4), last], rows(0, 4), `${at(5, '30.400')}Z`).verdict;
    expect([verdictWith(row(5, '30.1', '30.2')), verdictWith(row(5, 29, 30))]).toEqual(['agrees', 'differs']);
  });

  it.each([
    ['neither has a row', [], []],
    ['the source has only later rows', rows(6, 9), []],
    ['only the copy has rows', [], rows(0, 5)],
  ])('is unknown, not good, when %s', (_what, source, copy) => {
    expect(judgeHeartbeat(source, copy, moment).verdict).toBe('unknown');
  });

  it('is compared from the oldest row that the source still keeps', () => {
    const trimmed = rows(3, 9);
    expect(judgeHeartbeat(trimmed, rows(0, 5), moment)).toMatchObject({ verdict: 'agrees', compared: 3 });
    const missing = minutes(3, 4, 5);
    expect(judgeHeartbeat(trimmed, rows(0, 2), moment)).toMatchObject({ verdict: 'differs', missing });
  });

  it('names a hundred missing rows and counts them all', () => {
    const proof = judgeHeartbeat(rows(0, 200), [], `${at(200, 30)}Z`);
    expect([proof.missing.length, proof.missingCount]).toEqual([100, 201]);
  });
});

describe('the heartbeat of a copy of a snapshot', () => {
  const judge = (source: HeartbeatRow[], copy: HeartbeatRow[]) => judgeHeartbeat(source, copy, undefined);

  it('differs when the copy lacks a row before one that it has, or has a row that the source never had', () => {
    const gap = { verdict: 'differs', missing: minutes(4) };
    expect(judge(SOURCE, [...rows(0, 3), ...rows(5, 6)])).toMatchObject(gap);
    expect(judge(rows(0, 4), rows(0, 5))).toMatchObject({ verdict: 'differs', extra: minutes(5) });
  });

  it('agrees when the copy has only one of two rows that were written at once', () => {
    const together = [row(4, 1, 9), { ...row(4, 8, 10), minute: minutes(5)[0]! }];
    for (const one of together)
      expect(judge([...rows(0, 3), ...together], [...rows(0, 3), one]).verdict).toBe('agrees');
  });

  it('is judged by when rows were written, so that the row of a minute that came late is no gap', () => {
    const late: HeartbeatRow = { ...row(7), minute: minutes(2)[0]! };
    const source = [...rows(0, 1), ...rows(3, 6), late];
    expect(judge(source, [...rows(0, 1), ...rows(3, 6)]).verdict).toBe('agrees');
  });

  it('is compared from the oldest row that the source still keeps, and is unknown when the copy has none', () => {
    expect(judge(rows(3, 9), rows(0, 5))).toMatchObject({ verdict: 'agrees', compared: 3 });
    expect(judge(SOURCE, [])).toMatchObject({ verdict: 'unknown', compared: 0, missing: [] });
  });

  it('differs when the copy is older than the snapshot, by more than taking one may take', () => {
    const taken = `${at(9, 0)}Z`;
    const until = (last: number, takenAt: string) =>
      judgeHeartbeat(SOURCE, rows(0, last), undefined, utc(plusSeconds(takenAt, 900)));
    expect(until(9, taken)).toMatchObject({ verdict: 'agrees' });
    expect(until(8, taken)).toMatchObject({ verdict: 'agrees' });
    expect(until(7, taken)).toMatchObject({ verdict: 'differs', missing: minutes(8) });
    expect(until(0, utc(plusSeconds(taken, 60)))).toMatchObject({ verdict: 'differs', missingCount: 9 });
  });
});

const SECOND = 1_000_000;
const stamp = (micro: number) =>
  `${utc(plusSeconds(BEGIN, Math.floor(micro / SECOND))).slice(0, 19)}.${String(micro % SECOND).padStart(6, '0')}Z`;

/** A source as writers at the same time leave it, with the true moment of every commit, which no reader knows. */
function history(random: Random) {
  let written = 0;
  return Array.from({ length: 40 }, (_, index) => {
    written += 1 + random.below(4 * SECOND);
    const commit = written + random.below(3 * SECOND);
    const by = random.chance(0.8) ? commit + random.below(3 * SECOND) : undefined;
    const entry: HeartbeatRow = {
      minute: `${at(index, 0)}Z`,
      writtenAt: stamp(written),
      ...(by === undefined ? {} : { committedBy: stamp(by) }),
    };
    return { entry, written, commit, by };
  });
}

describe('the heartbeat of a source with three hundred random histories of writers at the same time', () => {
  type History = ReturnType<typeof history>;
  const each = (check: (random: Random, all: History, seed: number) => void) => {
    for (let seed = 0; seed < 300; seed++) {
      const random = randomFrom(seed);
      check(random, history(random), seed);
    }
  };
  const judge = (all: History, copy: History, moment?: string) =>
    judgeHeartbeat(
      all.map(({ entry }) => entry),
      copy.map(({ entry }) => entry),
      moment,
    );
  const without = (copy: History, lost: History[number]) => copy.filter((one) => one !== lost);

  it('agrees in a copy of what was committed by any instant of its second', () =>
    each((random, all, seed) => {
      const second = random.below(120);
      const stop = second * SECOND + random.below(SECOND);
      const copy = all.filter(({ commit }) => commit <= stop);
      const proof = judge(all, copy, utc(plusSeconds(BEGIN, second)));
      expect([seed, proof.missing, proof.extra]).toEqual([seed, [], []]);
    }));

  it('differs in a copy that lost any row committed by then, or has any written after its second', () =>
    each((random, all) => {
      const second = 20 + random.below(20);
      const copy = all.filter(({ commit }) => commit <= second * SECOND);
      const moment = utc(plusSeconds(BEGIN, second));
      const lost = random.pick(copy.filter(({ by }) => by !== undefined && by <= second * SECOND));
      expect(judge(all, without(copy, lost), moment).missing).toEqual([lost.entry.minute]);
      const early = random.pick(all.filter(({ written }) => written >= (second + 1) * SECOND));
      expect(judge(all, [...copy, early], moment).extra).toEqual([early.entry.minute]);
    }));

  it('agrees in a snapshot of any instant, and differs in one that lost a row before its newest', () =>
    each((random, all, seed) => {
      const stop = (20 + random.below(100)) * SECOND;
      const copy = all.filter(({ commit }) => commit <= stop);
      const proof = judge(all, copy);
      expect([seed, proof.missing, proof.extra]).toEqual([seed, [], []]);
      const newest = Math.max(...copy.map(({ written }) => written));
      const lost = random.pick(copy.filter(({ by }) => by !== undefined && by <= newest));
      expect(judge(all, without(copy, lost)).missing).toEqual([lost.entry.minute]);
    }));
});

test.each([
  ['from the newest row in the copy to the emergency', SOURCE, rows(0, 5), `${at(7, 31)}Z`, 150],
  ['nothing when the emergency was before that row', SOURCE, rows(0, 5), `${at(1, 0)}Z`, 0],
  ['unknown when the copy has no row', SOURCE, [], `${at(1, 0)}Z`, undefined],
  ['from a row that the source has deleted since', rows(6, 9), rows(0, 5), `${at(6, 1)}Z`, 60],
])('what a copy has lost is %s', (_what, source, copy, emergency, seconds) => {
  expect(lostBy(judgeHeartbeat(source, copy, undefined), emergency)).toBe(seconds);
});

describe('a downtime', () => {
  it('is where nothing was written for longer than rows are usually apart, at its longest extent', () => {
    const found = [{ from: '2026-11-20T01:02:02.000000Z', to: '2026-11-20T01:06:01.000000Z', seconds: 239 }];
    const source = [...rows(0, 2), ...rows(6, 7)];
    expect(downtimes(source)).toEqual(found);
    expect(judgeHeartbeat(source, rows(0, 2), undefined).downtimes).toEqual(found);
  });

  it('is not seen where EventBridge Scheduler is late by up to a minute', () => {
    expect(downtimes([row(0, 0, 0), row(1, 59, 59), row(2, 1), row(3, 59, 59)])).toEqual([]);
  });

  it('is seen where rows of its minutes exist, but were written when the source was back', () => {
    const late = (minute: number): HeartbeatRow => ({ ...row(5), minute: minutes(minute)[0]! });
    expect(downtimes([row(0), row(1), late(2), late(3), late(4), row(5), row(6)])).toMatchObject([
      { from: '2026-11-20T01:01:02.000000Z', to: '2026-11-20T01:05:01.000000Z' },
    ]);
  });

  it('is looked for more closely where the caller knows that there was one', () => {
    const close = [row(0), row(1, 40, 41)];
    expect(downtimes(close)).toEqual([]);
    expect(downtimes(close, 90)).toMatchObject([{ seconds: 98 }]);
  });
});
