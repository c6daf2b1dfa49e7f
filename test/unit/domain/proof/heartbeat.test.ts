import {
  downtimes,
  type HeartbeatRow,
  judgeHeartbeat,
  lostBy,
} from '../../../../lib/domain/proof/heartbeat.ts';
import { plusSeconds, utc } from '../../../../lib/domain/time.ts';
import { type Random, randomFrom } from '../points/random.ts';

const BEGIN = '2026-11-20T01:00:00Z';
const at = (minute: number, second: string | number) =>
  `${utc(plusSeconds(BEGIN, minute * 60)).slice(0, 17)}${String(second).padStart(2, '0')}`;
const micros = (text: string) => `${(text.includes('.') ? text : `${text}.`).padEnd(26, '0')}Z`;

/** The row of a minute after one o'clock, written and committed at these seconds of it; `null` when nobody knows. */
function row(
  minute: number,
  written: string | number = 1,
  committed: string | number | null = 2,
): HeartbeatRow {
  return {
    minute: `${at(minute, 0)}Z`,
    writtenAt: micros(at(minute, written)),
    ...(committed === null ? {} : { committedBy: micros(at(minute, committed)) }),
  };
}
const rows = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => row(from + index));
const minutes = (...which: number[]) => which.map((minute) => `${at(minute, 0)}Z`);

describe('a copy restored to a moment', () => {
  const source = rows(0, 9);
  const moment = `${at(5, 30)}Z`;

  it('agrees when it has every row committed by then and none after', () => {
    expect(judgeHeartbeat(source, rows(0, 5), moment)).toMatchObject({
      verdict: 'agrees',
      compared: 6,
      newestAt: '2026-11-20T01:05:01.000000Z',
      missing: [],
      extra: [],
    });
  });

  it('differs when it lacks the last row committed by then, which names what was lost', () => {
    expect(judgeHeartbeat(source, rows(0, 4), moment)).toMatchObject({
      verdict: 'differs',
      missing: minutes(5),
      missingCount: 1,
      extra: [],
    });
  });

  it('differs when it lacks a row in the midst', () => {
    const copy = rows(0, 5).filter((each) => each.minute !== minutes(2)[0]);
    expect(judgeHeartbeat(source, copy, moment)).toMatchObject({ verdict: 'differs', missing: minutes(2) });
  });

  it('differs when it has a row written after it', () => {
    expect(judgeHeartbeat(source, rows(0, 6), moment)).toMatchObject({
      verdict: 'differs',
      missing: [],
      extra: minutes(6),
      extraCount: 1,
    });
  });

  it.each<[string, HeartbeatRow, boolean, boolean]>([
    ['committed by exactly the moment must be there', row(5, 29, 30), false, true],
    ['committed by a microsecond later may be missing', row(5, 29, '30.000001'), true, true],
    ['written within the same second may be there', row(5, '30.999999', 31), true, true],
    ['written at the very beginning of its second may be there or not', row(5, 30, '30.5'), true, true],
    ['written when the next second begins must not be there', row(5, 31, 32), true, false],
    ['begun before and committed long after may be there or not', row(5, 29, 50), true, true],
    ['of which nobody knows by when it was committed may be missing', row(5, 1, null), true, true],
    ['of which nobody knows, but written later, must not be there', row(5, 31, null), true, false],
  ])('a row %s', (_, last, mayMiss, mayHave) => {
    const before = rows(0, 4);
    expect(judgeHeartbeat([...before, last], before, moment).verdict).toBe(mayMiss ? 'agrees' : 'differs');
    expect(judgeHeartbeat([...before, last], [...before, last], moment).verdict).toBe(
      mayHave ? 'agrees' : 'differs',
    );
  });

  it('is judged by the second, because a moment within one is not restored to', () => {
    const within = `${at(5, '30.400')}Z`;
    const before = rows(0, 4);
    expect(judgeHeartbeat([...before, row(5, '30.1', '30.2')], before, within).verdict).toBe('agrees');
    expect(judgeHeartbeat([...before, row(5, 29, 30)], before, within).verdict).toBe('differs');
  });

  it('differs when it is empty though rows were committed by then', () => {
    expect(judgeHeartbeat(source, [], moment)).toMatchObject({
      verdict: 'differs',
      compared: 0,
      missingCount: 6,
    });
    expect(judgeHeartbeat(source, [], moment)).not.toHaveProperty('newestAt');
  });

  it('is unknown, not good, where no row can be compared', () => {
    expect(judgeHeartbeat([], [], moment).verdict).toBe('unknown');
    expect(judgeHeartbeat(rows(6, 9), [], moment).verdict).toBe('unknown');
    expect(judgeHeartbeat([], rows(0, 5), moment).verdict).toBe('unknown');
  });

  it('is not accused of rows that the source has deleted since, nor saved by them', () => {
    const trimmed = rows(3, 9);
    expect(judgeHeartbeat(trimmed, rows(0, 5), moment)).toMatchObject({ verdict: 'agrees', compared: 3 });
    expect(judgeHeartbeat(trimmed, rows(0, 2), moment)).toMatchObject({
      verdict: 'differs',
      missing: minutes(3, 4, 5),
    });
  });

  it('differs when a row of the same minute is another one', () => {
    const copy = [...rows(0, 4), row(5, 9, 10)];
    expect(judgeHeartbeat(source, copy, moment)).toMatchObject({
      verdict: 'differs',
      missing: minutes(5),
      extra: minutes(5),
    });
  });

  it('names a hundred rows and counts them all', () => {
    const many = rows(0, 200);
    const proof = judgeHeartbeat(many, [], `${at(200, 30)}Z`);
    expect([proof.missing.length, proof.missingCount]).toEqual([100, 201]);
  });
});

describe('a copy of a snapshot', () => {
  const source = rows(0, 9);

  it('agrees when it is a beginning of the source, however long', () => {
    for (let last = 0; last < 10; last++)
      expect(judgeHeartbeat(source, rows(0, last), undefined).verdict).toBe('agrees');
  });

  it('differs when a row is missing before one that is there', () => {
    const copy = [...rows(0, 3), ...rows(5, 6)];
    expect(judgeHeartbeat(source, copy, undefined)).toMatchObject({
      verdict: 'differs',
      missing: minutes(4),
    });
  });

  it('differs when it has a row that the source never had', () => {
    expect(judgeHeartbeat(rows(0, 4), rows(0, 5), undefined)).toMatchObject({
      verdict: 'differs',
      extra: minutes(5),
    });
  });

  it('may have only one of two rows that were written at once', () => {
    const together = [row(4, 1, 9), { ...row(4, 8, 10), minute: minutes(5)[0]! }];
    for (const one of together)
      expect(judgeHeartbeat([...rows(0, 3), ...together], [...rows(0, 3), one], undefined).verdict).toBe(
        'agrees',
      );
  });

  it('is judged by when rows were written: a minute that came late is no gap', () => {
    const late: HeartbeatRow = { ...row(7), minute: minutes(2)[0]! };
    const source = [...rows(0, 1), ...rows(3, 6), late];
    expect(judgeHeartbeat(source, [...rows(0, 1), ...rows(3, 6)], undefined).verdict).toBe('agrees');
  });

  it('is not accused of rows that the source has deleted since', () => {
    expect(judgeHeartbeat(rows(3, 9), rows(0, 5), undefined)).toMatchObject({
      verdict: 'agrees',
      compared: 3,
    });
  });

  it('differs when it is older than the snapshot says it is, by more than taking one may take', () => {
    const taken = `${at(9, 0)}Z`;
    const until = (last: number, takenAt: string) =>
      judgeHeartbeat(source, rows(0, last), undefined, utc(plusSeconds(takenAt, 900)));
    expect(until(9, taken)).toMatchObject({ verdict: 'agrees' });
    expect(until(8, taken)).toMatchObject({ verdict: 'agrees' });
    expect(until(7, taken)).toMatchObject({ verdict: 'differs', missing: minutes(8) });
    expect(until(0, utc(plusSeconds(taken, 60)))).toMatchObject({ verdict: 'differs', missingCount: 9 });
  });

  it('is unknown, not good, when its heartbeat is empty', () => {
    expect(judgeHeartbeat(source, [], undefined)).toMatchObject({
      verdict: 'unknown',
      compared: 0,
      missing: [],
    });
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
const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);

describe('whatever writers did at the same time', () => {
  it('a copy of what was committed by any instant of its second agrees', () => {
    for (const seed of SEEDS) {
      const random = randomFrom(seed);
      const all = history(random);
      const second = random.below(120);
      const stop = second * SECOND + random.below(SECOND);
      const copy = all.filter(({ commit }) => commit <= stop);
      const proof = judge(all, copy, utc(plusSeconds(BEGIN, second)));
      expect([seed, proof.missing, proof.extra]).toEqual([seed, [], []]);
    }
  });

  it('one that lost any row committed by then does not, nor one that has any written after its second', () => {
    for (const seed of SEEDS) {
      const random = randomFrom(seed);
      const all = history(random);
      const second = 20 + random.below(20);
      const copy = all.filter(({ commit }) => commit <= second * SECOND);
      const moment = utc(plusSeconds(BEGIN, second));
      const lost = random.pick(copy.filter(({ by }) => by !== undefined && by <= second * SECOND));
      expect(judge(all, without(copy, lost), moment).missing).toEqual([lost.entry.minute]);
      const early = random.pick(all.filter(({ written }) => written >= (second + 1) * SECOND));
      expect(judge(all, [...copy, early], moment).extra).toEqual([early.entry.minute]);
    }
  });

  it('a snapshot of what was committed by any instant agrees, and one that lost a row before its newest does not', () => {
    for (const seed of SEEDS) {
      const random = randomFrom(seed);
      const all = history(random);
      const stop = (20 + random.below(100)) * SECOND;
      const copy = all.filter(({ commit }) => commit <= stop);
      const proof = judge(all, copy, undefined);
      expect([seed, proof.missing, proof.extra]).toEqual([seed, [], []]);
      const newest = Math.max(...copy.map(({ written }) => written));
      const lost = random.pick(copy.filter(({ by }) => by !== undefined && by <= newest));
      expect(judge(all, without(copy, lost), undefined).missing).toEqual([lost.entry.minute]);
    }
  });

  type Written = ReturnType<typeof history>;
  const judge = (all: Written, copy: Written, moment: string | undefined) =>
    judgeHeartbeat(
      all.map(({ entry }) => entry),
      copy.map(({ entry }) => entry),
      moment,
    );
  const without = (copy: Written, lost: Written[number]) => copy.filter((each) => each !== lost);
});

describe('what was really lost', () => {
  it('is the time from the newest row in the copy to the emergency', () => {
    const proof = judgeHeartbeat(rows(0, 9), rows(0, 5), undefined);
    expect(lostBy(proof, `${at(7, 31)}Z`)).toBe(150);
  });

  it('is nothing when the emergency was before it, and unknown without a row', () => {
    expect(lostBy(judgeHeartbeat(rows(0, 9), rows(0, 5), undefined), `${at(1, 0)}Z`)).toBe(0);
    expect(lostBy(judgeHeartbeat(rows(0, 9), [], undefined), `${at(1, 0)}Z`)).toBeUndefined();
  });

  it('counts rows that the source has deleted since', () => {
    expect(lostBy(judgeHeartbeat(rows(6, 9), rows(0, 5), undefined), `${at(6, 1)}Z`)).toBe(60);
  });
});

describe('downtimes', () => {
  it('are where nothing was written for longer than rows are usually apart, with their longest extent', () => {
    expect(downtimes([...rows(0, 2), ...rows(6, 7)])).toEqual([
      { from: '2026-11-20T01:02:02.000000Z', to: '2026-11-20T01:06:01.000000Z', seconds: 239 },
    ]);
  });

  it('are none of Scheduler’s own lateness', () => {
    expect(downtimes([row(0, 0, 0), row(1, 59, 59), row(2, 1), row(3, 59, 59)])).toEqual([]);
  });

  it('are found where the row of every minute is there, but was written when the source was back', () => {
    const late = (minute: number): HeartbeatRow => ({ ...row(5), minute: minutes(minute)[0]! });
    expect(downtimes([row(0), row(1), late(2), late(3), late(4), row(5), row(6)])).toMatchObject([
      { from: '2026-11-20T01:01:02.000000Z', to: '2026-11-20T01:05:01.000000Z' },
    ]);
  });

  it('are looked for more closely when it is known that there was one', () => {
    const close = [row(0), row(1, 40, 41)];
    expect(downtimes(close)).toEqual([]);
    expect(downtimes(close, 90)).toMatchObject([{ seconds: 98 }]);
  });

  it('are part of the proof', () => {
    expect(judgeHeartbeat([...rows(0, 2), ...rows(6, 7)], rows(0, 2), undefined).downtimes).toHaveLength(1);
  });
});
