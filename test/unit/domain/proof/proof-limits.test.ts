import type { Manifest, SequenceFacts } from '../../../../lib/domain/proof/manifest.ts';
import { type CopyFacts, formatDifference, prove } from '../../../../lib/domain/proof/proof.ts';
import { faithfulCopy, manifest } from '../../../support/builders.ts';

/** What a proof must not say: that a copy was proven when it was not, or that a faithful one is not equal. */

function proofOf(source: Manifest, change: (copy: CopyFacts) => void = () => undefined, options = {}) {
  const copy = faithfulCopy(source);
  change(copy);
  return prove(source, copy, { depth: 'fingerprints', extensionsLeftOut: [], ...options });
}

const LEADS = { schema: 'public', name: 'leads', rows: '10', fingerprint: '1:1' };

describe('counts', () => {
  const source = manifest({ tables: [LEADS] });

  test('never prove equality, even when everything agrees', () => {
    expect(proofOf(source, undefined, { depth: 'counts' })).toMatchObject({
      strength: 'restored',
      equal: true,
    });
  });

  test('still find what is missing, but not what was changed', () => {
    const changed = (copy: CopyFacts) => Object.assign(copy.tables[0]!, { fingerprint: '9:9' });
    const lost = (copy: CopyFacts) => Object.assign(copy.tables[0]!, { rows: '9' });
    expect(proofOf(source, changed, { depth: 'counts' })).toMatchObject({
      strength: 'restored',
      equal: true,
    });
    expect(proofOf(source, lost, { depth: 'counts' })).toMatchObject({ strength: 'restored', equal: false });
  });

  test.each<[string, Partial<Manifest>]>([
    ['a table', { tables: [LEADS, { schema: 'public', name: 'new', rows: '1' }] }],
    ['the large objects', { tables: [LEADS], largeObjects: { count: '0' } }],
  ])('are all there is when the dump took no fingerprint of %s', (_, changes) => {
    expect(proofOf(manifest(changes)).strength).toBe('restored');
  });
});

test('an extension that cannot exist here is left out on both sides, and no other object is', () => {
  const source = manifest({ schema: { extension: { aws_s3: 'e', hstore: 'e' }, function: { aws_s3: 'f' } } });
  const leftOut = { extensionsLeftOut: ['aws_s3'] };
  const without = (copy: CopyFacts) => delete copy.schema['extension']!['aws_s3'];
  expect(proofOf(source, without, leftOut).equal).toBe(true);
  expect(proofOf(source, without).differences).toEqual([
    { kind: 'extension', name: 'aws_s3', what: 'missing' },
  ]);
  const other = (copy: CopyFacts) => {
    without(copy);
    delete copy.schema['extension']!['hstore'];
    delete copy.schema['function']!['aws_s3'];
  };
  expect(proofOf(source, other, leftOut).differences.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    'extension hstore',
    'function aws_s3',
  ]);
});

/** A sequence is told by the value it would give next. */
describe('a sequence', () => {
  const sequence = (changes: Partial<SequenceFacts> = {}): SequenceFacts => ({
    schema: 'public',
    name: 'leads_id_seq',
    before: '10',
    after: '500',
    ascending: true,
    cycles: false,
    ...changes,
  });
  const feeding = (maximum?: string) => ({
    column: { schema: 'public', table: 'leads', name: 'id', ...(maximum ? { maximum } : {}) },
  });
  const giving = (value: string, facts: SequenceFacts, columnMaximum?: string) =>
    proofOf(manifest({ sequences: [facts] }), (copy) =>
      Object.assign(copy.sequences[0]!, { value, ...(columnMaximum ? { columnMaximum } : {}) }),
    ).differences.map(formatDifference);

  test.each(['10', '11', '499', '500'])('may give %s next, between its two readings', (value) => {
    expect(giving(value, sequence())).toEqual([]);
  });

  test.each(['9', '501', '-10'])('may not give %s next, outside its two readings', (value) => {
    expect(giving(value, sequence())).toEqual([
      `sequence public.leads_id_seq differs (would give ${value} next, the source went from 10 to 500)`,
    ]);
  });

  test('may not give what its column has already', () => {
    const facts = sequence(feeding('20'));
    expect(giving('20', facts, '20')).toEqual([
      'sequence public.leads_id_seq differs (would give 20 next, and the column it feeds has 20 already)',
    ]);
    expect(giving('19', facts, '20')).toHaveLength(1);
    expect(giving('21', facts, '20')).toEqual([]);
  });

  test('of an empty table may begin anew', () => expect(giving('10', sequence(feeding()))).toEqual([]));

  test('may give what its column has already where the source would have, too', () => {
    const unsound = { before: '10', after: '10' };
    expect(giving('10', sequence({ ...unsound, ...feeding('10') }), '10')).toEqual([]);
    expect(giving('10', sequence({ ...unsound, ...feeding('900') }), '900')).toEqual([]);
    expect(giving('10', sequence({ ...unsound, ...feeding('9') }), '10')).toHaveLength(1);
  });

  test('that counts downwards goes from its higher reading to its lower, and knows no maximum', () => {
    const down = sequence({ before: '-10', after: '-500', ascending: false, ...feeding('-9') });
    expect(giving('-250', down, '-9')).toEqual([]);
    expect(giving('-250', sequence({ ...down, ...feeding() }), '-9')).toEqual([]);
    expect(giving('-9', down)).toHaveLength(1);
    expect(giving('-501', down)).toHaveLength(1);
  });

  test('that begins again may stand anywhere once it moved, and stands still where it did not', () => {
    const cycling = sequence({ before: '498', after: '3', cycles: true });
    for (const value of ['1', '3', '200', '499']) expect(giving(value, cycling, '500')).toEqual([]);
    expect(giving('5', sequence({ before: '4', after: '4', cycles: true }))).toHaveLength(1);
  });

  test('of more than 2^53 is compared to its last digit', () => {
    const high = sequence({ before: '9223372036854775806', after: '9223372036854775806' });
    expect(giving('9223372036854775806', high)).toEqual([]);
    expect(giving('9223372036854775807', high)).toHaveLength(1);
  });

  test('that is gone is named', () => {
    const source = manifest({ sequences: [sequence()] });
    expect(proofOf(source, (copy) => copy.sequences.pop()).differences).toEqual([
      { kind: 'sequence', name: 'public.leads_id_seq', what: 'missing' },
    ]);
  });
});

test('names with dots in them are not taken for each other', () => {
  const at = { before: '1', after: '1', ascending: true, cycles: false };
  const source = manifest({
    tables: [
      { schema: 'a.b', name: 'c', rows: '1', fingerprint: '1:1' },
      { schema: 'a', name: 'b.c', rows: '2', fingerprint: '2:2' },
    ],
    sequences: [
      { schema: 'a.b', name: 's', ...at },
      { schema: 'a', name: 'b.s', ...at, before: '7', after: '7' },
    ],
  });
  expect(proofOf(source)).toMatchObject({ equal: true, differences: [] });
});
