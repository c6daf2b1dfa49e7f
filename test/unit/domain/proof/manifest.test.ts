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

test('manifestSchema reads a manifest from JSON as it was written', () => {
  expect(manifestSchema.parse(JSON.parse(JSON.stringify(WHOLE)))).toEqual(WHOLE);
});

test('manifestSchema reads objects whose names every JavaScript object has', () => {
  const names = JSON.parse('{"__proto__":"d1","constructor":"d2","toString":"d3"}');
  const read = manifestSchema.parse(JSON.parse(JSON.stringify({ ...WHOLE, schema: { schema: names } })));
  expect(Object.entries(read.schema['schema']!)).toEqual(Object.entries(names));
});

test.each<[string, object]>([
  ['a digest that is a number', { schema: { table: { a: 1 } } }],
  ['a list of digests', { schema: { table: ['d'] } }],
  ['an unknown key', { more: 1 }],
  ['another schemaVersion', { schemaVersion: 2 }],
  ['no tables', { tables: undefined }],
  ['fewer than no rows', { tables: [{ schema: 'public', name: 'leads', rows: '-1' }] }],
  ['rows as a number, not as text', { tables: [{ schema: 'public', name: 'leads', rows: 10 }] }],
  ['a SHA-256 that is too short', { dump: { ...WHOLE.dump, sha256: 'abc' } }],
  ['an object without its version', { dump: { ...WHOLE.dump, versionId: '' } }],
  ['a negative size', { dump: { ...WHOLE.dump, bytes: -1 } }],
])('manifestSchema refuses a manifest with %s', (_, changes) => {
  expect(manifestSchema.safeParse({ ...WHOLE, ...changes }).success).toBe(false);
});

test('fingerprinted is true only when every table and the large objects have a fingerprint', () => {
  const { fingerprint: _none, ...bare } = WHOLE.tables[0]!;
  expect(fingerprinted(WHOLE)).toBe(true);
  expect(fingerprinted({ ...WHOLE, tables: [...WHOLE.tables, bare] })).toBe(false);
  expect(fingerprinted({ ...WHOLE, largeObjects: { count: '0' } })).toBe(false);
});

test('totalRows adds up the rows of all tables', () => {
  const table = { schema: 's', name: 'a' };
  expect(
    totalRows([
      { ...table, rows: '10' },
      { ...table, rows: '5' },
    ]),
  ).toBe(15);
  expect(totalRows([])).toBe(0);
});
