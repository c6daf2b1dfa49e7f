import { checkSize } from '../../../../lib/workflows/verify/size.ts';
import { point, target } from '../../../support/builders.ts';

const MB = 1_000_000;
const night = (day: number, bytes: number) =>
  point(`2026-11-${String(day).padStart(2, '0')}T01:00:00Z`, { bytes });
/** Nights of 100 MB before the 20th, newest first. */
const usual = (nights: number) => Array.from({ length: nights }, (_, index) => night(19 - index, 100 * MB));
const judge = (bytes: number, earlier = usual(5)) => checkSize(target(), night(20, bytes), earlier);

test.each([
  [50 * MB, true],
  [50 * MB + 1, false],
  [100 * MB, false],
  [300 * MB - 1, false],
  [300 * MB, true],
  [0, true],
])('beside nights of 100 MB, are %d bytes odd? %s', (bytes, odd) => {
  expect(judge(bytes)).toHaveLength(odd ? 1 : 0);
});

test('what is odd is told with both sizes', () => {
  expect(judge(12_340_000)).toMatchObject([
    {
      code: 'size-anomaly',
      subject: 'dump size',
      message: '20261120T010000Z-1 of crm has 12.3 MB; its dumps usually have 100.0 MB',
    },
  ]);
});

test('two earlier points say nothing yet, three do', () => {
  expect(judge(MB, usual(2))).toEqual([]);
  expect(judge(MB, usual(3))).toHaveLength(1);
});

test('a point is not compared with itself', () => {
  expect(judge(MB, [night(20, MB), ...usual(2)])).toEqual([]);
});

test('small dumps may vary: less than a megabyte apart is nothing', () => {
  const small = [night(19, 100_000), night(18, 100_000), night(17, 100_000)];
  expect(judge(1_099_999, small)).toEqual([]);
  expect(judge(1_100_000, small)).toHaveLength(1);
});

test('one odd night among many does not become the measure', () => {
  expect(judge(100 * MB, [night(19, 1), ...usual(5)])).toEqual([]);
});

test('a database that has grown is measured by its last fourteen points', () => {
  const grown = Array.from({ length: 14 }, (_, index) => night(28 - index, 1000 * MB));
  const long = Array.from({ length: 30 }, (_, index) =>
    point(`2026-09-${String(30 - index).padStart(2, '0')}T01:00:00Z`, { bytes: MB }),
  );
  expect(checkSize(target(), night(29, 1000 * MB), [...grown, ...long])).toEqual([]);
});

test('points that never had a dump are not counted', () => {
  const { dump: _dump, ...bare } = night(18, 0);
  expect(judge(MB, [bare, bare, ...usual(2)])).toEqual([]);
});
