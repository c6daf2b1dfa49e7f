import {
  lastTrue,
  lastTrueMoment,
  mostMoments,
  mostQuestions,
} from '../../../../lib/domain/incidents/bisect.ts';
import { utc } from '../../../../lib/domain/time.ts';

const series = (length: number) => Array.from({ length }, (_, index) => index);

test('the last true item of every series is found, within the questions announced', async () => {
  for (let length = 1; length <= 40; length++) {
    for (let trueUntil = 0; trueUntil <= length; trueUntil++) {
      const found = await lastTrue(series(length), async (item) => item < trueUntil);
      const expected = {
        last: trueUntil > 0 ? trueUntil - 1 : undefined,
        firstFalse: trueUntil === length ? undefined : trueUntil,
      };
      expect([length, trueUntil, found.last, found.firstFalse]).toEqual([
        length,
        trueUntil,
        expected.last,
        expected.firstFalse,
      ]);
      expect(found.asked).toBeLessThanOrEqual(mostQuestions(length));
    }
  }
});

test('an empty series needs no question', async () => {
  expect(await lastTrue([], async () => true)).toEqual({ asked: 0 });
  expect(mostQuestions(0)).toBe(0);
});

test('the last true second is found to what was asked for, within the questions announced', async () => {
  const start = Date.parse('2026-11-20T00:00:00Z');
  const moment = (second: number) => utc(new Date(start + second * 1000));
  for (const [length, within] of [
    [1, 1],
    [7, 1],
    [3601, 60],
    [100, 900],
    [86_400, 300],
  ] as const)
    for (const lost of [1, Math.ceil(length / 3), length]) {
      const between = { low: { at: moment(0) }, high: { at: moment(length) }, within };
      const isTrue = async (at: string) => at < moment(lost);
      const { last, firstFalse, asked } = await lastTrueMoment(between, isTrue);
      const [from, to] = [Date.parse(last!), Date.parse(firstFalse!)].map((at) => (at - start) / 1000);
      expect([length, within, lost, from! < lost, to! >= lost]).toEqual([length, within, lost, true, true]);
      expect(to! - from!).toBeLessThanOrEqual(within);
      expect(asked).toBeLessThanOrEqual(mostMoments(between));
    }
});

test('ends whose answer is known are not asked, and ends that settle it end the search', async () => {
  const [low, high] = ['2026-11-20T00:00:00Z', '2026-11-20T01:00:00Z'] as const;
  const asked: string[] = [];
  const ask = (answer: boolean) => async (at: string) => {
    asked.push(at);
    return answer;
  };
  const known = { low: { at: low, holds: true }, high: { at: high, holds: false }, within: 1800 };
  expect(await lastTrueMoment(known, ask(true))).toMatchObject({
    last: '2026-11-20T00:30:00Z',
    firstFalse: high,
  });
  expect([asked, mostMoments(known)]).toEqual([['2026-11-20T00:30:00Z'], 1]);
  const open = { low: { at: low }, high: { at: high }, within: 1800 };
  expect(await lastTrueMoment(open, ask(true))).toEqual({ last: high, asked: 1 });
  expect(await lastTrueMoment(open, ask(false))).toEqual({ firstFalse: low, asked: 2 });
  expect(mostMoments(open)).toBe(3);
});
