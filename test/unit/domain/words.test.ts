import { many } from '../../../lib/domain/words.ts';

test.each([
  [0, 'table', undefined, '0 tables'],
  [1, 'table', undefined, '1 table'],
  ['1', 'row', undefined, '1 row'],
  ['310513', 'row', undefined, '310,513 rows'],
  [1, 'policy', 'policies', '1 policy'],
  [2, 'policy', 'policies', '2 policies'],
])('many writes the number %s and the word %s (plural %s) as "%s"', (count, one, more, said) => {
  expect(many(count, one, more)).toBe(said);
});
