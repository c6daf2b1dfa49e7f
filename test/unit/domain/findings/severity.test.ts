import { milder, pages, SEVERITIES, worse } from '../../../../lib/domain/findings/severity.ts';

test('P0 is the worst severity, and only P0 and P1 reach the pager', () => {
  expect(SEVERITIES.filter(pages)).toEqual(['P0', 'P1']);
  expect(worse('P0', 'P1')).toBe(true);
  expect(worse('P1', 'P1')).toBe(false);
  expect(worse('P3', 'P2')).toBe(false);
});

test('the milder of two severities is the one with the larger number, in either order', () => {
  for (const [index, a] of SEVERITIES.entries())
    for (const b of SEVERITIES.slice(index)) expect([milder(a, b), milder(b, a)]).toEqual([b, b]);
});
