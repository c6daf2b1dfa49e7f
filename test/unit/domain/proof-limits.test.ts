import type { Manifest, SequenceFacts } from '../../../lib/domain/manifest.ts';
import { type CopyFacts, prove, sayDifference } from '../../../lib/domain/proof.ts';
import { faithfulCopy, manifest } from '../../support/builders.ts';

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

describe('a sequence', () => {
  const sequence = (changes: Partial<SequenceFacts> = {}): SequenceFacts => ({
    schema: 'public',
    name: 'leads_id_seq',
    before: '10',
    after: '500',
    ascending: true,
    ...changes,
  });
  const standing = (value: string, facts: SequenceFacts, columnMaximum?: string) =>
    proofOf(manifest({ sequences: [facts] }), (copy) =>
      Object.assign(copy.sequences[0]!, { value, ...(columnMaximum ? { columnMaximum } : {}) }),
    ).differences.map(sayDifference);

  test.each(['10', '11', '499', '500'])('may stand at %s, between its two readings', (value) => {
    expect(standing(value, sequence())).toEqual([]);
  });

  test.each(['9', '501', '-10'])('may not stand at %s, outside its two readings', (value) => {
    expect(standing(value, sequence())).toEqual([
      `sequence public.leads_id_seq differs (stands at ${value}, the source went from 10 to 500)`,
    ]);
  });

  test('may not stand below the maximum of the column it feeds: the next insert would collide', () => {
    expect(standing('20', sequence(), '21')).toEqual([
      'sequence public.leads_id_seq differs (stands at 20, below 21 in the column it feeds)',
    ]);
    expect(standing('21', sequence(), '21')).toEqual([]);
  });

  test('that counts downwards goes from its higher reading to its lower, and knows no maximum', () => {
    const down = sequence({ before: '-10', after: '-500', ascending: false });
    expect(standing('-250', down, '-10')).toEqual([]);
    expect(standing('-9', down)).toHaveLength(1);
    expect(standing('-501', down)).toHaveLength(1);
  });

  test('of more than 2^53 is compared to its last digit', () => {
    const high = sequence({ before: '9223372036854775806', after: '9223372036854775806' });
    expect(standing('9223372036854775806', high)).toEqual([]);
    expect(standing('9223372036854775807', high)).toHaveLength(1);
  });

  test('that is gone is named', () => {
    const source = manifest({ sequences: [sequence()] });
    expect(proofOf(source, (copy) => copy.sequences.pop()).differences).toEqual([
      { kind: 'sequence', name: 'public.leads_id_seq', what: 'missing' },
    ]);
  });
});

test('names with dots in them are not taken for each other', () => {
  const at = { before: '1', after: '1', ascending: true };
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
