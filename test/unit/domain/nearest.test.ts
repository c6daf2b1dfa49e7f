import { didYouMean, nearest } from '../../../lib/domain/nearest.ts';

test.each([
  ['retentoin', 'retention'],
  ['retension', 'retention'],
  ['statsu', 'status'],
  ['dmp', 'dump'],
  ['SHOP', 'shop'],
])('%s means %s', (word, meant) => {
  expect(nearest(word, ['retention', 'rehearsal', 'status', 'dump', 'shop'])).toBe(meant);
});

test('what is like nothing means nothing', () => {
  expect(nearest('frobnicate', ['retention', 'status'])).toBeUndefined();
  expect(didYouMean('xyz', ['dump'])).toBeUndefined();
  expect(didYouMean('dmup', ['dump'])).toBe('did you mean dump?');
});
