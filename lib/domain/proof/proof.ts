import { agree, differInWriting } from './definition.ts';
import type { ContentFacts, Manifest, SequenceFacts, TableFacts } from './manifest.ts';
import { FACTS, fingerprinted } from './manifest.ts';

/** The comparison of a restored copy with its manifest. */
export type Difference = {
  /** `table`, `rows`, `index`, `trigger`, `sequence`, `large objects` … */
  kind: string;
  name: string;
  what: 'missing' | 'extra' | 'changed';
  detail?: string;
};

/** The measurements of the copy: its content, and each sequence's value with its column's maximum. */
export type CopyFacts = ContentFacts & {
  sequences: { schema: string; name: string; value: string; columnMaximum?: string }[];
};

export type Proof = {
  /** `exact`: equal row by row. `restored`: it came up and what was compared agrees, without fingerprints. */
  strength: 'exact' | 'restored';
  equal: boolean;
  compared: { tables: number; rows: string; objects: number; sequences: number; largeObjects: string };
  differences: Difference[];
};

/** An object whose expressions the copy writes differently than the source: its digests in both. */
export type Rewritten = { kind: string; name: string; source: string; copy: string };

export type ProofOptions = {
  depth: 'fingerprints' | 'counts';
  /** Extensions that are not available for the copy; they are left out of both sides. */
  extensionsLeftOut: readonly string[];
  /** Objects that a second look found to be made from the source's own text, in the form of `keyOfObject`. */
  confirmed?: ReadonlySet<string>;
};

/**
 * Compares a copy with the manifest. `counts` compares row counts only, which never proves equality; nor does a
 * manifest whose digests use other formulas: only its rows can be compared.
 */
export function prove(manifest: Manifest, copy: CopyFacts, options: ProofOptions): Proof {
  const comparable = manifest.facts === FACTS;
  const exact = options.depth === 'fingerprints' && fingerprinted(manifest);
  const differences = [
    ...(comparable ? schemaDifferences(manifest, copy, options) : []),
    ...tableDifferences(manifest.tables, copy.tables, exact),
    ...largeObjectDifferences(manifest, copy, exact),
    ...sequenceDifferences(manifest.sequences, copy.sequences),
  ];
  return {
    strength: exact && comparable ? 'exact' : 'restored',
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

/** Definitions that differ only in the writing of an expression, which need a second look. */
export function rewritten(manifest: Manifest, copy: Pick<CopyFacts, 'schema'>): Rewritten[] {
  if (manifest.facts !== FACTS) return [];
  return Object.entries(manifest.schema).flatMap(([kind, expected]) =>
    Object.entries(expected).flatMap(([name, source]) => {
      const found = own(copy.schema[kind], name);
      if (found === undefined || agree(source, found) || !differInWriting(source, found)) return [];
      return [{ kind, name, source, copy: found }];
    }),
  );
}

export const keyOfObject = ({ kind, name }: { kind: string; name: string }) => `${kind} ${name}`;

/** Of the definitions alone, whose digests must be of the same formulas. */
export function schemaDifferences(
  manifest: Manifest,
  copy: Pick<CopyFacts, 'schema'>,
  { extensionsLeftOut, confirmed }: Pick<ProofOptions, 'extensionsLeftOut' | 'confirmed'>,
): Difference[] {
  const kinds = [...new Set([...Object.keys(manifest.schema), ...Object.keys(copy.schema)])].sort();
  return kinds.flatMap((kind) => {
    const names = new Set([
      ...Object.keys(manifest.schema[kind] ?? {}),
      ...Object.keys(copy.schema[kind] ?? {}),
    ]);
    return [...names].sort().flatMap((name): Difference[] => {
      if (extensionsLeftOut.some((extension) => belongsTo(extension, kind, name))) return [];
      const [expected, found] = [own(manifest.schema[kind], name), own(copy.schema[kind], name)];
      if (found === undefined) return [{ kind, name, what: 'missing' }];
      if (expected === undefined) return [{ kind, name, what: 'extra' }];
      if (agree(expected, found) || confirmed?.has(keyOfObject({ kind, name }))) return [];
      return [{ kind, name, what: 'changed' }];
    });
  });
}

/** The extension itself, grants on its objects, and what depends on it. */
function belongsTo(extension: string, kind: string, name: string): boolean {
  if (kind === 'extension') return name === extension;
  return ['system grant', 'extension dependency'].includes(kind) && name.startsWith(`${extension}: `);
}

/** Names may be anything, even `constructor`. */
function own(digests: Record<string, string> | undefined, name: string): string | undefined {
  return digests && Object.hasOwn(digests, name) ? digests[name] : undefined;
}

/** Schema and name are separate: either may contain a dot. */
const keyOf = ({ schema, name }: { schema: string; name: string }) => JSON.stringify([schema, name]);

/** Tables of one tree are compared as a whole, the others one by one. */
export function tableDifferences(
  expected: readonly TableFacts[],
  found: readonly TableFacts[],
  exact: boolean,
): Difference[] {
  const byName = new Map(found.map((table) => [keyOf(table), table]));
  const differences: Difference[] = [];
  const trees = new Map<string, { expected: TableFacts[]; found: TableFacts[] }>();
  for (const table of expected) {
    const copy = byName.get(keyOf(table));
    byName.delete(keyOf(table));
    if (!copy) differences.push({ kind: 'table data', name: nameOf(table), what: 'missing' });
    else if (table.tree === undefined) differences.push(...rowDifferences(nameOf(table), table, copy, exact));
    else {
      const tree = trees.get(table.tree) ?? { expected: [], found: [] };
      trees.set(table.tree, tree);
      tree.expected.push(table);
      tree.found.push(copy);
    }
  }
  for (const [name, tree] of trees)
    differences.push(...rowDifferences(name, together(tree.expected), together(tree.found), exact));
  for (const table of byName.values())
    differences.push({ kind: 'table data', name: nameOf(table), what: 'extra' });
  return differences;
}

type Rows = Pick<TableFacts, 'rows' | 'fingerprint'>;

function rowDifferences(name: string, expected: Rows, copy: Rows, exact: boolean): Difference[] {
  const changed = (detail: string): Difference[] => [{ kind: 'rows', name, what: 'changed', detail }];
  if (copy.rows !== expected.rows)
    return changed(`${expected.rows} rows in the source, ${copy.rows} in the copy`);
  if (exact && copy.fingerprint !== expected.fingerprint)
    return changed(`${expected.rows} rows in both, but not the same ones`);
  return [];
}

/** Rows and fingerprint of several tables as one: fingerprints are sums. */
function together(tables: readonly TableFacts[]): Rows {
  const sum = (values: readonly string[]) =>
    values.reduce((total, value) => total + BigInt(value), 0n).toString();
  const fingerprints = tables.map((table) => table.fingerprint?.split(':') ?? []);
  return {
    rows: sum(tables.map((table) => table.rows)),
    fingerprint: [0, 1].map((seed) => sum(fingerprints.map((each) => each[seed] ?? '0'))).join(':'),
  };
}

const nameOf = ({ schema, name }: { schema: string; name: string }) => `${schema}.${name}`;

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
 * A sequence may have any value between its two readings. An ascending one must not give a value that its column
 * already has, unless the source would have done so too: rows may have been inserted with explicit numbers.
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

/** Formats a difference in one line: `rows of public.leads changed (10 rows in the source, 9 in the copy)`. */
export function formatDifference(difference: Difference): string {
  const detail = difference.detail ? ` (${difference.detail})` : '';
  const verb = { missing: 'missing from the copy', extra: 'only in the copy', changed: 'differs' }[
    difference.what
  ];
  return `${difference.kind} ${difference.name} ${verb}${detail}`;
}

/** The first five, and how many more there are. */
export function formatDifferences(found: {
  differences: readonly Difference[];
  differenceCount: number;
}): string {
  const more = found.differenceCount > 5 ? `; and ${found.differenceCount - 5} more` : '';
  return `${found.differences.slice(0, 5).map(formatDifference).join('; ')}${more}`;
}
