import { isJsonPath, valueAtPath } from '../../../../lib/domain/smoke/json-path.ts';

const DOCUMENT = { a: { b: [{ c: 7 }, null], 'first name': 'anna', 'x-y': false }, list: [] };

test.each<[string, unknown]>([
  ['$', DOCUMENT],
  ['$.a.b[0].c', 7],
  ['$.a.b[1]', null],
  ["$.a['first name']", 'anna'],
  ['$.a.x-y', false],
  ['$.a.b[2]', undefined],
  ['$.a.b.c', undefined],
  ['$.a[0]', undefined],
  ['$.gone.c', undefined],
  ['$.a.b[1].c', undefined],
  ['$.list.length', undefined],
  ['$.constructor', undefined],
  ['$.__proto__', undefined],
])('%s is %j', (path, value) => {
  expect(isJsonPath(path)).toBe(true);
  expect(valueAtPath(DOCUMENT, path)).toEqual(value);
});

test.each(['', 'a', '$a', '$.', '$..a', '$[*]', '$[-1]', '$.a[?(@.b)]', '$.a b'])('%s is no path', (path) => {
  expect(isJsonPath(path)).toBe(false);
});
