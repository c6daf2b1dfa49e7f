import { didYouMean, nearest } from '../../../lib/domain/nearest.ts';

test.each([
  ['retentoin', 'retention'],
  ['retension', 'retention'],
  ['statsu', 'status'],
  ['dmp', 'dump'],
  ['SHOP', 'shop'],
])('the word nearest to %s is %s', (word, meant) => {
  expect(nearest(word, ['retention', 'rehearsal', 'status', 'dump', 'shop'])).toBe(meant);
});

test('a word that is like none of the known words has no nearest, and no "did you mean"', () => {
  expect(nearest('frobnicate', ['retention', 'status'])).toBeUndefined();
  expect(didYouMean('xyz', ['dump'])).toBeUndefined();
  expect(didYouMean('dmup', ['dump'])).toBe('did you mean dump?');
});
