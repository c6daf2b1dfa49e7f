import { snapshotName } from '../../../lib/domain/names.ts';

const AT = '2026-11-20T01:00:00Z';
const LONG = [
  'inventory-service-production',
  'inventory-service-producer',
  `${'c'.repeat(62)}-`,
  'x'.repeat(63),
];

describe.each([
  ['rds', 255],
  ['aurora', 63],
  ['elasticache', 40],
] as const)('the name of a snapshot of %s', (kind, most) => {
  it(`has ${most} characters at most, and is a plain identifier`, () => {
    for (const target of LONG) {
      const name = snapshotName('production', target, AT, kind);
      expect(name.length).toBeLessThanOrEqual(most);
      expect(name).toMatch(/^[a-z](?:-?[a-z0-9])*$/);
      expect(name.startsWith('understudy-production-')).toBe(true);
      const longest = snapshotName('a234567890123456', target, AT, kind);
      expect(longest.length).toBeLessThanOrEqual(most);
      expect(longest.startsWith('understudy-a234567890123456-')).toBe(true);
    }
  });

  it('keeps apart what would be alike once it is cut', () => {
    const names = LONG.flatMap((target) =>
      ['production', 'pr'].flatMap((stage) =>
        [AT, '2026-11-20T01:00:01Z'].map((at) => snapshotName(stage, target, at, kind)),
      ),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it('is not changed where it fits', () => {
    expect(snapshotName('prod', 'crm', AT, kind)).toBe('understudy-prod-crm-20261120t010000z');
  });
});
