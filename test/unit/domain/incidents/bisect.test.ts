import { lastTrue, mostQuestions } from '../../../../lib/domain/incidents/bisect.ts';

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
