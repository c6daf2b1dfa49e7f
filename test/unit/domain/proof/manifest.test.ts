import { fingerprinted, manifestSchema, totalRows } from '../../../../lib/domain/proof/manifest.ts';
import { manifest } from '../../../support/builders.ts';

const WHOLE = manifest({
  extensions: [{ name: 'hstore', version: '1.8', schema: 'public' }],
  schema: { table: { 'public.leads': 'd' } },
  tables: [{ schema: 'public', name: 'leads', rows: '10', fingerprint: '1:1' }],
  sequences: [
    {
      schema: 'public',
      name: 'leads_id_seq',
      before: '1',
      after: '2',
      ascending: true,
      cycles: false,
      column: { schema: 'public', table: 'leads', name: 'id' },
    },
  ],
});

test('a manifest comes back from JSON as it was', () => {
  expect(manifestSchema.parse(JSON.parse(JSON.stringify(WHOLE)))).toEqual(WHOLE);
});

test('names that every object of JavaScript has come back like any other', () => {
  const names = JSON.parse('{"__proto__":"d1","constructor":"d2","toString":"d3"}');
  const read = manifestSchema.parse(JSON.parse(JSON.stringify({ ...WHOLE, schema: { schema: names } })));
  expect(Object.entries(read.schema['schema']!)).toEqual(Object.entries(names));
});

test.each<[string, object]>([
  ['digests that are none', { schema: { table: { a: 1 } } }],
  ['a list of digests', { schema: { table: ['d'] } }],
  ['an unknown key', { more: 1 }],
  ['another layout', { schemaVersion: 2 }],
  ['no tables', { tables: undefined }],
  ['rows that are no number', { tables: [{ schema: 'public', name: 'leads', rows: '-1' }] }],
  [
    'rows as a number, which large counts do not survive',
    { tables: [{ schema: 'public', name: 'leads', rows: 10 }] },
  ],
  ['a digest that is none', { dump: { ...WHOLE.dump, sha256: 'abc' } }],
  ['an object without its version', { dump: { ...WHOLE.dump, versionId: '' } }],
  ['less than nothing', { dump: { ...WHOLE.dump, bytes: -1 } }],
])('a manifest with %s is refused', (_, changes) => {
  expect(manifestSchema.safeParse({ ...WHOLE, ...changes }).success).toBe(false);
});

test('only a dump with every fingerprint is fingerprinted', () => {
  const { fingerprint: _none, ...bare } = WHOLE.tables[0]!;
  expect(fingerprinted(WHOLE)).toBe(true);
  expect(fingerprinted({ ...WHOLE, tables: [...WHOLE.tables, bare] })).toBe(false);
  expect(fingerprinted({ ...WHOLE, largeObjects: { count: '0' } })).toBe(false);
});

test('rows are added up for people', () => {
  expect(
    totalRows([
      { schema: 's', name: 'a', rows: '10' },
      { schema: 's', name: 'b', rows: '5' },
    ]),
  ).toBe(15);
  expect(totalRows([])).toBe(0);
});
