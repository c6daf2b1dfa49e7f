import { checkSize } from '../../../../lib/workflows/verify/size.ts';
import { point, target } from '../../../support/builders.ts';

const MB = 1_000_000;
const night = (day: number, bytes: number, month = '11') =>
  point(`2026-${month}-${String(day).padStart(2, '0')}T01:00:00Z`, { bytes });
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
])('after nights of 100 MB a dump of %d bytes is a size-anomaly: %s', (bytes, odd) => {
  expect(judge(bytes)).toHaveLength(odd ? 1 : 0);
});

test('size-anomaly says both sizes', () => {
  const message = '20261120T010000Z-1 of crm has 12.3 MB; its dumps usually have 100.0 MB';
  expect(judge(12_340_000)).toMatchObject([{ code: 'size-anomaly', subject: 'dump size', message }]);
});

test('size-anomaly needs three earlier points, and does not count the point itself or points without a dump', () => {
  const { dump: _dump, ...bare } = night(18, 0);
  expect(judge(MB, usual(3))).toHaveLength(1);
  for (const earlier of [usual(2), [night(20, MB), ...usual(2)], [bare, bare, ...usual(2)]])
    expect(judge(MB, earlier)).toEqual([]);
});

test('size-anomaly is not found where sizes are less than a megabyte apart', () => {
  const small = [19, 18, 17].map((day) => night(day, 100_000));
  expect(judge(1_099_999, small)).toEqual([]);
  expect(judge(1_100_000, small)).toHaveLength(1);
});

test('size-anomaly is not found because of one odd night before', () => {
  expect(judge(100 * MB, [night(19, 1), ...usual(5)])).toEqual([]);
});

test('size-anomaly compares a database that has grown with its last fourteen points', () => {
  const grown = Array.from({ length: 14 }, (_, index) => night(28 - index, 1000 * MB));
  const before = Array.from({ length: 30 }, (_, index) => night(30 - index, MB, '09'));
  expect(checkSize(target(), night(29, 1000 * MB), [...grown, ...before])).toEqual([]);
});
