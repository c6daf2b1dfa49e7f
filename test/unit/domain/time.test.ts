import {
  compactUtc,
  humanSeconds,
  plusSeconds,
  seconds,
  secondsBetween,
  utc,
} from '../../../lib/domain/time.ts';

test('utc writes a moment to the second in UTC and never rounds it up; compactUtc leaves out the punctuation', () => {
  expect(utc(new Date('2026-11-20T01:00:00.999Z'))).toBe('2026-11-20T01:00:00Z');
  expect(utc(new Date('2026-11-20T01:00:00+01:00'))).toBe('2026-11-20T00:00:00Z');
  expect(compactUtc('2026-11-20T01:00:00+01:00')).toBe('20261120T000000Z');
});

test.each([
  ['0h', 0],
  ['90s', 90],
  ['15m', 900],
  ['26h', 93_600],
  ['35d', 3_024_000],
  ['12w', 7_257_600],
  ['1mo', 31 * 86_400],
  ['12mo', 32_140_800],
])('the duration %s is %d seconds', (text, expected) => expect(seconds(text)).toBe(expected));

test.each(['', '15', '15 m', '1.5h', '-1h', '1y', '1M', '15m ', '1h30m', 'h'])(
  '"%s" is refused as a duration',
  (text) => expect(() => seconds(text)).toThrow(RangeError),
);

test('secondsBetween is negative when the second moment is the earlier, and plusSeconds takes negative seconds', () => {
  expect(secondsBetween('2026-11-20T01:00:00Z', '2026-11-21T01:00:01Z')).toBe(86_401);
  expect(secondsBetween(new Date('2026-11-21T01:00:01Z'), '2026-11-20T01:00:00Z')).toBe(-86_401);
  expect(plusSeconds('2026-11-20T01:00:00Z', -3600)).toEqual(new Date('2026-11-20T00:00:00Z'));
});

test.each([
  [0, '0 s'],
  [1.44, '1.4 s'],
  [9.96, '10 s'],
  [45, '45 s'],
  [119, '119 s'],
  [120, '2 min'],
  [2700, '45 min'],
  [7199, '2 h'],
  [7200, '2 h'],
  [93_600, '26 h'],
  [89_700, '24 h 55 min'],
  [259_199, '3 d'],
  [273_600, '3 d 4 h'],
  [3_024_000, '35 d'],
  [-2700, '-45 min'],
])('humanSeconds writes %d seconds as %s', (amount, expected) => expect(humanSeconds(amount)).toBe(expected));
