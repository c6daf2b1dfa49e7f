import { agree, differInWriting, HIDDEN, writtenIn } from '../../../../lib/domain/proof/definition.ts';

test.each([
  ['the same digest', 'a', 'a', true],
  ['another digest', 'a', 'b', false],
  ['the same but for the writing of an expression', 'a:loose:p:1.x', 'b:loose:p:1.y', true],
  ['another expression', 'a:one:p:1.x', 'b:two:p:1.y', false],
  ['another loose digest only', 'a:one', 'a:two', false],
  ['an expression where there was none', 'a', 'b:loose:p:1.y', false],
  ['a definition that the dump role may not see', HIDDEN, 'anything', true],
])('definitions with %s (%s and %s) agree: %s', (_, source, copy, expected) => {
  expect(agree(source, copy)).toBe(expected);
  expect(agree(copy, source)).toBe(expected);
});

test.each([
  ['only an expression', 'a:l:p:1.x', 'b:m:p:2.y', true],
  ['more than expressions', 'a:l:p:1.x', 'b:m:q:1.x', false],
  ['the number of expressions', 'a:l:p:1.x', 'b:m:p:1.x,1.y', false],
  ['everything, having no expressions', 'a', 'b', false],
])('definitions that differ in %s (%s and %s) get a second look: %s', (_, source, copy, expected) => {
  expect(differInWriting(source, copy)).toBe(expected);
});

test('writtenIn gives the length and the digest of each expression', () => {
  expect(writtenIn('a:l:p:12.ab,3.d')).toEqual([
    { length: 12, digest: 'ab' },
    { length: 3, digest: 'd' },
  ]);
  expect(writtenIn('a')).toEqual([]);
});
