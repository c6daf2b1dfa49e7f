import { agree } from './definition.ts';
import type { Manifest, SchemaFacts, TableFacts, WriteCounters } from './manifest.ts';
import type { Difference } from './proof.ts';

/**
 * What is known of the source since a manifest was written. A restored instance holds a moment between the two, so it
 * must have what did not change meanwhile, exactly, and of what did either of both or something in between.
 */
export type SourceSince = {
  /** `untouched`: nothing was defined, changed or dropped meanwhile, not even for a moment. Else that is not known. */
  definitions: 'untouched' | 'touched';
  /** Objects defined in another way now than in the manifest: kind → name → digests now, or null where it is gone. */
  changed: Record<string, Record<string, string | null>>;
  /** Tables of the manifest that were written since, by their position in `manifest.tables`. */
  written: Written[];
  /** Tables, by position, whose text may change with other objects: with columns of row types, domains or names of objects. */
  fragile?: number[];
  /** Why the counters could not be relied upon, where that is so: then every table is `unknown`. */
  incomplete?: string;
};

/** Rows inserted and deleted at most since the manifest's snapshot; `unknown` where the counters were lost meanwhile. */
export type Written = { table: number } & ({ inserted: string; deleted: string } | { unknown: true });

/**
 * What the counters of a table say has happened to it between a manifest and a later look; undefined when nothing has.
 * Of a table of which only some rows were dumped (`partial`) an update may move rows in and out of them.
 */
export function writtenSince(
  table: number,
  then: WriteCounters | undefined,
  now: WriteCounters | undefined,
  partial = false,
): Written | undefined {
  if (!then || !now || then.of !== now.of) return { table, unknown: true };
  const counted = (['inserted', 'updated', 'deleted'] as const).map(
    (each) => BigInt(now[each]) - BigInt(then[each]),
  );
  // They only grow: somebody has reset them.
  if (counted.some((each) => each < 0n)) return { table, unknown: true };
  const [inserted, updated, deleted] = counted as [bigint, bigint, bigint];
  // Where no row came or went its columns may have: then all that can be compared is how many there are.
  const reshaped = then.shape !== undefined && then.shape !== now.shape;
  if (inserted === 0n && updated === 0n && deleted === 0n && !reshaped) return undefined;
  const moved = partial ? updated : 0n;
  return { table, inserted: String(inserted + moved), deleted: String(deleted + moved) };
}

/** Only what differs: it travels through a checkpoint. */
export function changedSince(then: SchemaFacts, now: SchemaFacts): SourceSince['changed'] {
  const changed: SourceSince['changed'] = {};
  for (const kind of new Set([...Object.keys(then), ...Object.keys(now)])) {
    const [before, after] = [then[kind] ?? {}, now[kind] ?? {}];
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (before[name] === after[name]) continue;
      changed[kind] ??= {};
      changed[kind][name] = after[name] ?? null;
    }
  }
  return changed;
}

/**
 * Tables whose rows read differently without one of them having been written: a column came, went or was renamed, or a
 * type was changed (an enum's value renamed, say), which any table may use; of a table that is fragile, anything. Quotes
 * are left out of the names: that finds a table too many at worst.
 */
export function reshapedIn(changed: SourceSince['changed'], then: SchemaFacts) {
  const plain = (name: string) => name.replaceAll('"', '');
  const columns = Object.keys(changed['column'] ?? {}).map(plain);
  const types = Object.keys(changed['type'] ?? {}).some((name) => Object.hasOwn(then['type'] ?? {}, name));
  const anything = Object.keys(changed).length > 0;
  return ({ schema, name }: { schema: string; name: string }, isFragile: boolean) =>
    types ||
    (isFragile && anything) ||
    columns.some((column) => column.startsWith(plain(`${schema}.${name}.`)));
}

/**
 * A restored instance's schema against the manifest's and today's: each object as it was in either; missing only where
 * it is missing from one of them. What is neither is a fault of the copy if definitions were `untouched` meanwhile; else it
 * may have been so for a moment, as an index is that a nightly load drops and makes again.
 */
export function boundedSchema(
  manifest: Manifest,
  copy: SchemaFacts,
  since: SourceSince,
  ignored: readonly string[] = [],
): Difference[] {
  const kinds = [...new Set([...Object.keys(manifest.schema), ...Object.keys(copy)])].sort();
  return kinds.flatMap((kind) => {
    const then = manifest.schema[kind] ?? {};
    const found = copy[kind] ?? {};
    const changed = since.changed[kind] ?? {};
    const names = [...new Set([...Object.keys(then), ...Object.keys(found)])].sort();
    return names.flatMap((name): Difference[] => {
      if (kind === 'extension' && ignored.includes(name)) return [];
      // Large objects are data, which comes and goes without any definition being touched.
      if (name.startsWith('large object ')) return [];
      const here = digestsOf(found, name);
      const before = digestsOf(then, name);
      const now = Object.hasOwn(changed, name) ? (changed[name] ?? undefined) : before;
      if (same(here, before) || same(here, now)) return [];
      // Changed twice since: what stood in between is not known to anybody.
      if (here !== undefined && Object.hasOwn(changed, name)) return [];
      return [
        { kind, name, what: here === undefined ? 'missing' : before === undefined ? 'extra' : 'changed' },
      ];
    });
  });
}

function digestsOf(facts: Record<string, string>, name: string): string | undefined {
  return Object.hasOwn(facts, name) ? facts[name] : undefined;
}

function same(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined ? a === b : agree(a, b);
}

/**
 * One table of the copy. Unwritten since the manifest, it must be the same to its last row. Written, it must lie within
 * what was inserted and deleted since, whichever moment between the two was restored. Where the counters were lost
 * nothing can be said, and nothing is.
 */
export function boundedTable(
  table: TableFacts,
  written: Written | undefined,
  copy: TableFacts | undefined,
): Difference[] {
  const name = `${table.schema}.${table.name}`;
  const differs = (detail: string): Difference[] => [{ kind: 'rows', name, what: 'changed', detail }];
  if (!written) {
    const then = `unwritten since the last dump, which had ${table.rows} rows`;
    if (!copy) return [{ kind: 'table data', name, what: 'missing' }];
    if (copy.rows !== table.rows) return differs(`${then}; ${copy.rows} in the copy`);
    if (table.fingerprint !== undefined && copy.fingerprint !== table.fingerprint)
      return differs(`${then}, as has the copy, but not the same ones`);
    return [];
  }
  if ('unknown' in written) return [];
  // It counts in the same file as then: it was there all the time.
  if (!copy) return [{ kind: 'table data', name, what: 'missing' }];
  const least = BigInt(table.rows) - BigInt(written.deleted);
  const most = BigInt(table.rows) + BigInt(written.inserted);
  const rows = BigInt(copy.rows);
  if (rows >= least && rows <= most) return [];
  return differs(
    `${table.rows} rows in the last dump, since then at most ${written.inserted} inserted and ${written.deleted} deleted; ${rows} in the copy`,
  );
}
