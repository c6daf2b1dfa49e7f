import { agree } from './definition.ts';
import type { Manifest, SchemaFacts, TableFacts, WriteCounters } from './manifest.ts';
import type { Difference } from './proof.ts';

/**
 * What is known of the source since a manifest was written. A restored instance holds a moment between the two, so
 * whatever did not change in between must be in it exactly, and whatever did must be as at either end or in between.
 */
export type SourceSince = {
  /** `untouched`: nothing was created, changed or dropped in between, not even for a moment. Otherwise unknown. */
  definitions: 'untouched' | 'touched';
  /** Objects whose definition now differs from the manifest: kind → name → digests now, or null when dropped. */
  changed: Record<string, Record<string, string | null>>;
  /** Tables of the manifest that were written since, by their index in `manifest.tables`. */
  written: Written[];
  /** Tables, by index, whose text may change with other objects: with columns of row types, domains or names of objects. */
  fragile?: number[];
  /** Why the counters are unreliable, if they are: then every table is `unknown`. */
  incomplete?: string;
};

/** Rows inserted and deleted at most since the manifest's snapshot; `unknown` where the counters were lost in between. */
export type Written = { table: number } & ({ inserted: string; deleted: string } | { unknown: true });

/**
 * What the counters of a table report between a manifest and a later look; undefined for no change. In a table that
 * was dumped in part (`partial`), an update may move rows in and out of that part.
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
  // They only grow: they have been reset.
  if (counted.some((each) => each < 0n)) return { table, unknown: true };
  const [inserted, updated, deleted] = counted as [bigint, bigint, bigint];
  // Without rows added or removed its columns may have changed: then only the number of rows can be compared.
  const reshaped = then.shape !== undefined && then.shape !== now.shape;
  if (inserted === 0n && updated === 0n && deleted === 0n && !reshaped) return undefined;
  const moved = partial ? updated : 0n;
  return { table, inserted: String(inserted + moved), deleted: String(deleted + moved) };
}

/** Only the differences, because it travels through a checkpoint. */
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
 * Tables whose rows read differently without having been written: a column was added, dropped or renamed, or a type
 * was changed (an enum's value renamed, say), which any table may use; for a fragile table, any change. Names are
 * compared without quotes: at worst that includes a table too many.
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
 * Compares a restored instance's schema with the manifest's and today's: each object must be as in one of them, and
 * is missing only where one of them lacks it. An object that is as in neither is a fault of the copy if definitions
 * were `untouched` in between; otherwise it may have been so for a moment, as an index is that a nightly load drops
 * and creates again.
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
      // Large objects are data, which changes without any definition.
      if (name.startsWith('large object ')) return [];
      const here = digestsOf(found, name);
      const before = digestsOf(then, name);
      const now = Object.hasOwn(changed, name) ? (changed[name] ?? undefined) : before;
      if (same(here, before) || same(here, now)) return [];
      // Changed twice since: the state in between is unknown.
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
 * Compares one table of the copy. Unwritten since the manifest, it must be the same to its last row. Written, it must
 * lie within what was inserted and deleted since, whichever moment between the two was restored. Where the counters
 * were lost it is not judged.
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
  // Its file is the same as then: it existed all the time.
  if (!copy) return [{ kind: 'table data', name, what: 'missing' }];
  const least = BigInt(table.rows) - BigInt(written.deleted);
  const most = BigInt(table.rows) + BigInt(written.inserted);
  const rows = BigInt(copy.rows);
  if (rows >= least && rows <= most) return [];
  return differs(
    `${table.rows} rows in the last dump, since then at most ${written.inserted} inserted and ${written.deleted} deleted; ${rows} in the copy`,
  );
}
