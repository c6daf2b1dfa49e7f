import { writtenDurations } from '../../../lib/config/written-durations.ts';

const written = writtenDurations(`
policies:
  production: { retention: { weekly: 12w, monthly: 12mo } }
targets:
  shop: { policy: production, overrides: { retention: { weekly: 4w } } }
`);

test('a duration is said as it was written, an override before its policy, and a default in plain units', () => {
  expect(written('production')('retention.weekly', 84 * 86_400)).toBe('12w');
  expect(written('production', 'shop')('retention.weekly', 28 * 86_400)).toBe('4w');
  expect(written('production', 'shop')('retention.monthly', 372 * 86_400)).toBe('12mo');
  expect(written('production')('rehearsal.atMostEvery', 8 * 86_400)).toBe('8 d');
});
