import type { Manifest, TableFacts } from '../../../../lib/domain/proof/manifest.ts';
import { type CopyFacts, formatDifference, prove } from '../../../../lib/domain/proof/proof.ts';
import { faithfulCopy, manifest } from '../../../support/builders.ts';

const SOURCE: Manifest = manifest({
  schema: {
    table: { 'public.leads': 'd1', 'public.invoices': 'd2', 'public.empty': 'd3' },
    trigger: { 'public.a': 'd1', 'public.b': 'd2' },
    extension: { postgis: 'e1', hstore: 'e2' },
  },
  tables: [
    { schema: 'public', name: 'leads', rows: '10', fingerprint: '1:1' },
    { schema: 'public', name: 'invoices', rows: '9007199254740993', fingerprint: '2:2' },
    { schema: 'public', name: 'empty', rows: '0', fingerprint: '0:0' },
  ],
  largeObjects: { count: '3', fingerprint: '7:7' },
  sequences: [
    { schema: 'public', name: 'leads_id_seq', before: '10', after: '12', ascending: true, cycles: false },
  ],
});

/** The proof of a copy of a source that was changed so. */
function proofOf(change: (copy: CopyFacts) => void, source = SOURCE, extensionsLeftOut: string[] = []) {
  const copy = faithfulCopy(source);
  change(copy);
  return prove(source, copy, { depth: 'fingerprints', extensionsLeftOut });
}

test('a faithful copy is proven exact and equal, and the proof counts what it compared', () => {
  expect(proofOf(() => undefined)).toEqual({
    strength: 'exact',
    equal: true,
    compared: { tables: 3, rows: '9007199254741003', objects: 7, sequences: 1, largeObjects: '3' },
    differences: [],
  });
});

test.each<[string, (copy: CopyFacts) => void, string[]]>([
  ['lacks one', ({ schema }) => delete schema['table']!['public.leads'], ['table public.leads missing']],
  [
    'has an object that is defined otherwise',
    ({ schema }) => Object.assign(schema['table']!, { 'public.leads': 'other' }),
    ['table public.leads changed'],
  ],
  [
    'has an object that the source never had',
    ({ schema }) => Object.assign(schema['table']!, { 'public.new': 'd' }),
    ['table public.new extra'],
  ],
  [
    'lacks every object of a kind',
    ({ schema }) => delete schema['trigger'],
    ['trigger public.a missing', 'trigger public.b missing'],
  ],
  ['has a new kind', ({ schema }) => Object.assign(schema, { rule: { r: 'd' } }), ['rule r extra']],
])('the proof of a copy that %s names that object', (_, change, differences) => {
  const proof = proofOf(change);
  expect(proof.equal).toBe(false);
  expect(proof.differences.map(({ kind, name, what }) => `${kind} ${name} ${what}`)).toEqual(differences);
});

test.each<[string, (copy: CopyFacts) => void, string]>([
  [
    'a row less',
    ({ tables }) => Object.assign(tables[0]!, { rows: '9', fingerprint: '1:0' }),
    'rows public.leads differs (10 rows in the source, 9 in the copy)',
  ],
  [
    'a row less in a table with more rows than a double can hold',
    ({ tables }) => Object.assign(tables[1]!, { rows: '9007199254740992' }),
    'rows public.invoices differs (9007199254740993 rows in the source, 9007199254740992 in the copy)',
  ],
  [
    'a changed row',
    ({ tables }) => Object.assign(tables[0]!, { fingerprint: '1:2' }),
    'rows public.leads differs (10 rows in both, but not the same ones)',
  ],
  [
    'no fingerprint of a table',
    ({ tables }) => delete tables[0]!.fingerprint,
    'rows public.leads differs (10 rows in both, but not the same ones)',
  ],
  ['no data of a table', ({ tables }) => tables.shift(), 'table data public.leads missing from the copy'],
  [
    'a table that the source never had',
    ({ tables }) => tables.push({ schema: 'public', name: 'new', rows: '0' }),
    'table data public.new only in the copy',
  ],
  [
    'a large object less',
    ({ largeObjects }) => Object.assign(largeObjects, { count: '2' }),
    'large objects all differs (3 in the source, 2 in the copy)',
  ],
  [
    'a changed large object',
    ({ largeObjects }) => Object.assign(largeObjects, { fingerprint: '7:8' }),
    'large objects all differs (3 in both, but not the same ones)',
  ],
])('the proof of a copy with %s says so', (_, change, said) => {
  const proof = proofOf(change);
  expect(proof.equal).toBe(false);
  expect(proof.differences.map(formatDifference)).toEqual([said]);
});

test('the proof of a copy in which two tables have each other’s rows names both', () => {
  const proof = proofOf(({ tables: [leads, invoices] }) => {
    const [mine, yours] = [leads!.fingerprint!, invoices!.fingerprint!];
    Object.assign(leads!, { fingerprint: yours });
    Object.assign(invoices!, { fingerprint: mine });
  });
  expect(proof.differences.map(({ name }) => name)).toEqual(['public.leads', 'public.invoices']);
});

describe('the proof of a hash-partitioned table', () => {
  const leaf = (name: string, rows: string, fingerprint: string): TableFacts => ({
    schema: 'public',
    name,
    rows,
    fingerprint,
    tree: 'public.t',
  });
  const source = manifest({ tables: [leaf('t_0', '250', '5:7'), leaf('t_1', '750', '10:20')] });
  const restored = (...tables: TableFacts[]) =>
    proofOf((copy) => Object.assign(copy, { tables }), source).differences.map(formatDifference);

  it('accepts rows that moved to other partitions', () => {
    expect(restored(leaf('t_0', '750', '12:22'), leaf('t_1', '250', '3:5'))).toEqual([]);
  });

  it('names a lost row, another row and a lost partition', () => {
    expect(restored(leaf('t_0', '749', '12:22'), leaf('t_1', '250', '3:5'))).toEqual([
      'rows public.t differs (1000 rows in the source, 999 in the copy)',
    ]);
    expect(restored(leaf('t_0', '750', '12:23'), leaf('t_1', '250', '3:5'))).toEqual([
      'rows public.t differs (1000 rows in both, but not the same ones)',
    ]);
    expect(restored(leaf('t_0', '1000', '15:27'))).toEqual([
      'table data public.t_1 missing from the copy',
      'rows public.t differs (250 rows in the source, 1000 in the copy)',
    ]);
  });
});

test.each([undefined, 1, 99])(
  'of a dump whose digests have the formulas %s the proof compares only rows, and is never exact',
  (facts) => {
    const source = manifest({ ...SOURCE, facts });
    const redefined = (copy: CopyFacts) => Object.assign(copy, { schema: { table: { other: 'd' } } });
    expect(proofOf(redefined, source)).toMatchObject({ equal: true, strength: 'restored' });
    expect(proofOf((copy) => Object.assign(copy.tables[0]!, { rows: '9' }), source).equal).toBe(false);
  },
);

test('the proof leaves out what was granted on objects of an extension that was left out', () => {
  const grants = { 'cube: function f()': 'd', 'cuber: function f()': 'd' };
  const source = manifest({ schema: { 'system grant': grants } });
  const proof = proofOf((copy) => Object.assign(copy, { schema: {} }), source, ['cube']);
  expect(proof.differences.map(({ name }) => name)).toEqual(['cuber: function f()']);
});
