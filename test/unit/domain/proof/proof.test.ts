import type { Manifest } from '../../../../lib/domain/proof/manifest.ts';
import { type CopyFacts, formatDifference, prove } from '../../../../lib/domain/proof/proof.ts';
import { faithfulCopy, manifest } from '../../../support/builders.ts';

const KINDS = [
  'table',
  'column',
  'index',
  'constraint',
  'trigger',
  'function',
  'view',
  'policy',
  'grant',
  'owner',
];

const SOURCE: Manifest = manifest({
  schema: {
    ...Object.fromEntries(
      KINDS.map((kind) => [kind, { [`public.a_${kind}`]: 'd1', [`public.b_${kind}`]: 'd2' }]),
    ),
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

function proofOf(
  change: (copy: CopyFacts) => void,
  depth: 'fingerprints' | 'counts' = 'fingerprints',
  leftOut: string[] = [],
) {
  const copy = faithfulCopy(SOURCE);
  change(copy);
  return prove(SOURCE, copy, { depth, extensionsLeftOut: leftOut });
}

test('a faithful copy is equal, exactly, and what was compared is counted', () => {
  expect(proofOf(() => undefined)).toEqual({
    strength: 'exact',
    equal: true,
    compared: { tables: 3, rows: '9007199254741003', objects: 22, sequences: 1, largeObjects: '3' },
    differences: [],
  });
});

describe.each(KINDS)('a %s', (kind) => {
  const name = `public.a_${kind}`;
  test.each<[string, (found: Record<string, string>) => void]>([
    ['missing', (found) => delete found[name]],
    ['changed', (found) => Object.assign(found, { [name]: 'other' })],
  ])('that is %s is named', (what, change) => {
    const proof = proofOf((copy) => change(copy.schema[kind]!));
    expect(proof).toMatchObject({ equal: false, differences: [{ kind, name, what }] });
  });

  test('that the source never had is named', () => {
    const proof = proofOf((copy) => Object.assign(copy.schema[kind]!, { 'public.new': 'd' }));
    expect(proof.differences).toEqual([{ kind, name: 'public.new', what: 'extra' }]);
  });
});

describe('definitions have two digests, one of them without what a restore may write another way', () => {
  const compare = (expected: string, found: string) => {
    const source = manifest({ schema: { view: { 'public.v': expected } } });
    const copy = { ...faithfulCopy(source), schema: { view: { 'public.v': found } } };
    return prove(source, copy, { depth: 'fingerprints', extensionsLeftOut: [] }).equal;
  };
  test.each([
    ['exact:loose', 'exact:loose', true],
    ['exact:loose', 'other:loose', true],
    ['exact:loose', 'other:other', false],
    ['exact:loose', 'exact:other', false],
    ['exact', 'exact', true],
    ['exact', 'other', false],
  ])('%s and %s are the same: %s', (expected, found, equal) => expect(compare(expected, found)).toBe(equal));
});

test('a whole kind that is gone, or new, is named object by object', () => {
  expect(proofOf((copy) => delete copy.schema['trigger']).differences).toEqual([
    { kind: 'trigger', name: 'public.a_trigger', what: 'missing' },
    { kind: 'trigger', name: 'public.b_trigger', what: 'missing' },
  ]);
  expect(proofOf((copy) => Object.assign(copy.schema, { rule: { r: 'd' } })).differences).toEqual([
    { kind: 'rule', name: 'r', what: 'extra' },
  ]);
});

test.each<[string, (copy: CopyFacts) => void, string]>([
  [
    'a row that is gone',
    (copy) => Object.assign(copy.tables[0]!, { rows: '9', fingerprint: '1:0' }),
    'rows public.leads differs (10 rows in the source, 9 in the copy)',
  ],
  [
    'one row too many in a table too large for a number',
    (copy) => Object.assign(copy.tables[1]!, { rows: '9007199254740992' }),
    'rows public.invoices differs (9007199254740993 rows in the source, 9007199254740992 in the copy)',
  ],
  [
    'a row that was changed',
    (copy) => Object.assign(copy.tables[0]!, { fingerprint: '1:2' }),
    'rows public.leads differs (10 rows in both, but not the same ones)',
  ],
  [
    'a table without its data',
    (copy) => copy.tables.splice(0, 1),
    'table data public.leads missing from the copy',
  ],
  [
    'a table that the source never had',
    (copy) => copy.tables.push({ schema: 'public', name: 'new', rows: '0' }),
    'table data public.new only in the copy',
  ],
  [
    'a large object that is gone',
    (copy) => Object.assign(copy.largeObjects, { count: '2' }),
    'large objects all differs (3 in the source, 2 in the copy)',
  ],
  [
    'a large object that was changed',
    (copy) => Object.assign(copy.largeObjects, { fingerprint: '7:8' }),
    'large objects all differs (3 in both, but not the same ones)',
  ],
])('%s is found', (_, change, said) => {
  const proof = proofOf(change);
  expect(proof.equal).toBe(false);
  expect(proof.differences.map(formatDifference)).toEqual([said]);
});

test('two tables that have each other’s rows are both named', () => {
  const proof = proofOf(({ tables: [leads, invoices] }) => {
    const [mine, yours] = [leads!.fingerprint!, invoices!.fingerprint!];
    Object.assign(leads!, { fingerprint: yours });
    Object.assign(invoices!, { fingerprint: mine });
  });
  expect(proof.differences.map(({ name }) => name)).toEqual(['public.leads', 'public.invoices']);
});

test('a copy whose fingerprint was not taken is not taken for equal', () => {
  expect(proofOf((copy) => delete copy.tables[0]!.fingerprint).equal).toBe(false);
});

describe('a hash-partitioned tree', () => {
  const leaf = (name: string, rows: string, fingerprint: string, tree = 'public.t') => ({
    schema: 'public',
    name,
    rows,
    fingerprint,
    tree,
  });
  const source = manifest({ tables: [leaf('t_0', '250', '5:7'), leaf('t_1', '750', '10:20')] });
  const restored = (...tables: CopyFacts['tables']) =>
    prove(
      source,
      { ...faithfulCopy(source), tables },
      { depth: 'fingerprints', extensionsLeftOut: [] },
    ).differences.map(formatDifference);

  it('is equal although its rows moved to other partitions', () => {
    expect(restored(leaf('t_0', '750', '12:22'), leaf('t_1', '250', '3:5'))).toEqual([]);
  });

  it('differs by a lost row, by another row, and by a partition that is gone', () => {
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
  'of a dump whose digests were made by formulas %s only the rows are compared, and it is never called equal row by row',
  (facts) => {
    const source = manifest({ ...SOURCE, facts });
    const copy = { ...faithfulCopy(source), schema: { table: { other: 'd' } } };
    const options = { depth: 'fingerprints', extensionsLeftOut: [] } as const;
    expect(prove(source, copy, options)).toMatchObject({ equal: true, strength: 'restored' });
    copy.tables[0]!.rows = '9';
    expect(prove(source, copy, options).equal).toBe(false);
  },
);

test('what was granted on objects of an extension that was left out is left out too', () => {
  const source = manifest({
    schema: { 'system grant': { 'cube: function f()': 'd', 'cuber: function f()': 'd' } },
  });
  const copy = { ...faithfulCopy(source), schema: {} };
  const proof = prove(source, copy, { depth: 'fingerprints', extensionsLeftOut: ['cube'] });
  expect(proof.differences.map(({ name }) => name)).toEqual(['cuber: function f()']);
});
