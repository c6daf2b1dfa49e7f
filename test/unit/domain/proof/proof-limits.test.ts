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

test.each<[string, object, boolean]>([
  ['is faithful', {}, true],
  ['has other rows', { fingerprint: '9:9' }, true],
  ['lost a row', { rows: '9' }, false],
])('a proof by counts of a copy that %s is never exact', (_, changes, equal) => {
  const change = (copy: CopyFacts) => Object.assign(copy.tables[0]!, changes);
  const proof = proofOf(manifest({ tables: [LEADS] }), change, { depth: 'counts' });
  expect(proof).toMatchObject({ strength: 'restored', equal });
});

test.each<[string, Partial<Manifest>]>([
  ['a table', { tables: [LEADS, { schema: 'public', name: 'new', rows: '1' }] }],
  ['the large objects', { tables: [LEADS], largeObjects: { count: '0' } }],
])('a proof is not exact when the dump took no fingerprint of %s', (_, changes) => {
  expect(proofOf(manifest(changes)).strength).toBe('restored');
});

test('a proof leaves out an extension that cannot exist here, and no other object', () => {
  const source = manifest({ schema: { extension: { aws_s3: 'e', hstore: 'e' }, function: { aws_s3: 'f' } } });
  const namesOf = (change: (copy: CopyFacts) => void, options?: object) =>
    proofOf(source, change, options).differences.map(({ kind, name }) => `${kind} ${name}`);
  const leftOut = { extensionsLeftOut: ['aws_s3'] };
  const without = (copy: CopyFacts) => delete copy.schema['extension']!['aws_s3'];
  expect(namesOf(without, leftOut)).toEqual([]);
  expect(namesOf(without)).toEqual(['extension aws_s3']);
  const empty = (copy: CopyFacts) => Object.assign(copy, { schema: {} });
  expect(namesOf(empty, leftOut)).toEqual(['extension hstore', 'function aws_s3']);
});

describe('a restored sequence', () => {
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
  /** What the proof says when the copy's sequence would give a value next, and its column has this maximum. */
  const giving = (value: string, facts = sequence(), columnMaximum?: string) =>
    proofOf(manifest({ sequences: [facts] }), (copy) =>
      Object.assign(copy.sequences[0]!, { value, ...(columnMaximum ? { columnMaximum } : {}) }),
    ).differences.map(formatDifference);

  test.each(['10', '11', '499', '500'])('may give %s next, which is between its two readings', (value) => {
    expect(giving(value)).toEqual([]);
  });

  test.each(['9', '501', '-10'])('may not give %s next, which is outside its two readings', (value) => {
    expect(giving(value)).toEqual([
      `sequence public.leads_id_seq differs (would give ${value} next, the source went from 10 to 500)`,
    ]);
  });

  test('may not give a value that its column has already', () => {
    const facts = sequence(feeding('20'));
    expect(giving('20', facts, '20')).toEqual([
      'sequence public.leads_id_seq differs (would give 20 next, and the column it feeds has 20 already)',
    ]);
    expect(giving('19', facts, '20')).toHaveLength(1);
    expect(giving('21', facts, '20')).toEqual([]);
  });

  test('may begin anew where its table is empty', () =>
    expect(giving('10', sequence(feeding()))).toEqual([]));

  test('may give a value that its column has already where the source’s would have done so too', () => {
    const feedingAt = (maximum: string) => sequence({ before: '10', after: '10', ...feeding(maximum) });
    expect(giving('10', feedingAt('10'), '10')).toEqual([]);
    expect(giving('10', feedingAt('900'), '900')).toEqual([]);
    expect(giving('10', feedingAt('9'), '10')).toHaveLength(1);
  });

  test('that counts downwards may stand between its readings, whatever its column’s maximum is', () => {
    const down = sequence({ before: '-10', after: '-500', ascending: false, ...feeding('-9') });
    expect(giving('-250', down, '-9')).toEqual([]);
    expect(giving('-250', { ...down, ...feeding() }, '-9')).toEqual([]);
    expect(giving('-9', down)).toHaveLength(1);
    expect(giving('-501', down)).toHaveLength(1);
  });

  test('that cycles may stand anywhere once it moved, and must stand still where it did not', () => {
    const cycling = sequence({ before: '498', after: '3', cycles: true });
    for (const value of ['1', '3', '200', '499']) expect(giving(value, cycling, '500')).toEqual([]);
    expect(giving('5', sequence({ before: '4', after: '4', cycles: true }))).toHaveLength(1);
  });

  test('is compared to its last digit beyond what a double can hold', () => {
    const high = sequence({ before: '9223372036854775806', after: '9223372036854775806' });
    expect(giving('9223372036854775806', high)).toEqual([]);
    expect(giving('9223372036854775807', high)).toHaveLength(1);
  });

  test('is named when it is missing', () => {
    const source = manifest({ sequences: [sequence()] });
    expect(proofOf(source, (copy) => copy.sequences.pop()).differences).toEqual([
      { kind: 'sequence', name: 'public.leads_id_seq', what: 'missing' },
    ]);
  });
});

test('a proof does not confuse two tables or sequences whose names with dots are written alike', () => {
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
