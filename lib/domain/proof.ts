import type { ContentFacts, Manifest, SequenceFacts, TableFacts } from './manifest.ts';
import { fingerprinted } from './manifest.ts';

/** The comparison of a restored copy with its manifest. */
export type Difference = {
  /** `table`, `rows`, `index`, `trigger`, `sequence`, `large objects` … */
  kind: string;
  name: string;
  what: 'missing' | 'extra' | 'changed';
  detail?: string;
};

/** What was measured on the copy: its content, and where each sequence stands beside its column's maximum. */
export type CopyFacts = ContentFacts & {
  sequences: { schema: string; name: string; value: string; columnMaximum?: string }[];
};

export type Proof = {
  /** `exact`: equal row by row. `restored`: it came up and what was compared agrees, but no fingerprints were. */
  strength: 'exact' | 'restored';
  equal: boolean;
  compared: { tables: number; rows: string; objects: number; sequences: number; largeObjects: string };
  differences: Difference[];
};

/**
 * Compares a copy with the manifest. Extensions that cannot exist where it was restored are left out of both sides.
 * `counts` compares row counts only, which never proves equality.
 */
export function prove(
  manifest: Manifest,
  copy: CopyFacts,
  options: { depth: 'fingerprints' | 'counts'; extensionsLeftOut: readonly string[] },
): Proof {
  const exact = options.depth === 'fingerprints' && fingerprinted(manifest);
  const differences = [
    ...schemaDifferences(manifest, copy, options.extensionsLeftOut),
    ...tableDifferences(manifest.tables, copy.tables, exact),
    ...largeObjectDifferences(manifest, copy, exact),
    ...sequenceDifferences(manifest.sequences, copy.sequences),
  ];
  return {
    strength: exact ? 'exact' : 'restored',
    equal: differences.length === 0,
    compared: {
      tables: manifest.tables.length,
      rows: manifest.tables.reduce((sum, table) => sum + BigInt(table.rows), 0n).toString(),
      objects: Object.values(manifest.schema).reduce((sum, names) => sum + Object.keys(names).length, 0),
      sequences: manifest.sequences.length,
      largeObjects: manifest.largeObjects.count,
    },
    differences,
  };
}

function schemaDifferences(manifest: Manifest, copy: CopyFacts, leftOut: readonly string[]): Difference[] {
  const kinds = [...new Set([...Object.keys(manifest.schema), ...Object.keys(copy.schema)])].sort();
  return kinds.flatMap((kind) => {
    const expected = manifest.schema[kind] ?? {};
    const found = copy.schema[kind] ?? {};
    const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort();
    return names.flatMap((name): Difference[] => {
      if (kind === 'extension' && leftOut.includes(name)) return [];
      if (!Object.hasOwn(found, name)) return [{ kind, name, what: 'missing' }];
      if (!Object.hasOwn(expected, name)) return [{ kind, name, what: 'extra' }];
      return agree(expected[name]!, found[name]!) ? [] : [{ kind, name, what: 'changed' }];
    });
  });
}

/** Schema and name apart: either may hold a dot. */
const keyOf = ({ schema, name }: { schema: string; name: string }) => JSON.stringify([schema, name]);

/** Digests are `exact:loose`. What differs only exactly was written another way by the restore and means the same. */
function agree(expected: string, found: string): boolean {
  return expected === found || (expected.includes(':') && expected.split(':')[1] === found.split(':')[1]);
}

function tableDifferences(
  expected: readonly TableFacts[],
  found: readonly TableFacts[],
  exact: boolean,
): Difference[] {
  const byName = new Map(found.map((table) => [keyOf(table), table]));
  const differences = expected.flatMap((table): Difference[] => {
    const name = `${table.schema}.${table.name}`;
    const copy = byName.get(keyOf(table));
    byName.delete(keyOf(table));
    if (!copy) return [{ kind: 'table data', name, what: 'missing' }];
    if (copy.rows !== table.rows) {
      return [
        {
          kind: 'rows',
          name,
          what: 'changed',
          detail: `${table.rows} rows in the source, ${copy.rows} in the copy`,
        },
      ];
    }
    if (exact && copy.fingerprint !== table.fingerprint) {
      return [
        { kind: 'rows', name, what: 'changed', detail: `${table.rows} rows in both, but not the same ones` },
      ];
    }
    return [];
  });
  return [
    ...differences,
    ...[...byName.values()].map(
      (table): Difference => ({ kind: 'table data', name: `${table.schema}.${table.name}`, what: 'extra' }),
    ),
  ];
}

function largeObjectDifferences(manifest: Manifest, copy: CopyFacts, exact: boolean): Difference[] {
  const [expected, found] = [manifest.largeObjects, copy.largeObjects];
  if (expected.count !== found.count) {
    const detail = `${expected.count} in the source, ${found.count} in the copy`;
    return [{ kind: 'large objects', name: 'all', what: 'changed', detail }];
  }
  if (exact && expected.fingerprint !== found.fingerprint) {
    return [
      {
        kind: 'large objects',
        name: 'all',
        what: 'changed',
        detail: `${expected.count} in both, but not the same ones`,
      },
    ];
  }
  return [];
}

/**
 * A sequence may stand anywhere between its two readings. An ascending one must give no value that its column has
 * already, unless the source would have done the same: rows may have been inserted with numbers of their own.
 */
function sequenceDifferences(
  expected: readonly SequenceFacts[],
  found: CopyFacts['sequences'],
): Difference[] {
  const byName = new Map(found.map((sequence) => [keyOf(sequence), sequence]));
  return expected.flatMap((sequence): Difference[] => {
    const name = `${sequence.schema}.${sequence.name}`;
    const copy = byName.get(keyOf(sequence));
    if (!copy) return [{ kind: 'sequence', name, what: 'missing' }];
    const changed = (detail: string): Difference[] => [{ kind: 'sequence', name, what: 'changed', detail }];
    const next = BigInt(copy.value);
    const [before, after] = [BigInt(sequence.before), BigInt(sequence.after)];
    const [low, high] = before < after ? [before, after] : [after, before];
    const wrapped = sequence.cycles && before !== after;
    if (!wrapped && (next < low || next > high))
      return changed(`would give ${next} next, the source went from ${low} to ${high}`);
    const sourceMaximum = sequence.column?.maximum;
    const soundAtSource = sourceMaximum === undefined || BigInt(sourceMaximum) < after;
    if (
      sequence.ascending &&
      !sequence.cycles &&
      soundAtSource &&
      copy.columnMaximum !== undefined &&
      next <= BigInt(copy.columnMaximum)
    ) {
      return changed(`would give ${next} next, and the column it feeds has ${copy.columnMaximum} already`);
    }
    return [];
  });
}

/** One line for people: `rows of public.leads changed (10 rows in the source, 9 in the copy)`. */
export function sayDifference(difference: Difference): string {
  const detail = difference.detail ? ` (${difference.detail})` : '';
  const verb = { missing: 'missing from the copy', extra: 'only in the copy', changed: 'differs' }[
    difference.what
  ];
  return `${difference.kind} ${difference.name} ${verb}${detail}`;
}

/** The first five of them, and how many there are beside. */
export function sayDifferences(found: {
  differences: readonly Difference[];
  differenceCount: number;
}): string {
  const more = found.differenceCount > 5 ? `; and ${found.differenceCount - 5} more` : '';
  return `${found.differences.slice(0, 5).map(sayDifference).join('; ')}${more}`;
}
