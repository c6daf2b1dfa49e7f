import type { Client } from 'pg';
import { InputError } from '../../../domain/errors.ts';
import { many } from '../../../domain/words.ts';
import { chosenTables, fullName, sideTables } from './compare/comparable.ts';
import { identifier, rows } from './connection.ts';
import type { DataTable } from './facts/data-tables.ts';
import { keyOf } from './facts/writes.ts';

/**
 * The tables whose rows an extract has, those whose definition alone it has, and the size of the former in bytes. `leftOut`
 * are those of the latter that were wanted.
 */
export type ExtractedTables = {
  wanted: DataTable[];
  others: DataTable[];
  leftOut: string[];
  bytes: number;
};

/**
 * Chooses tables by the names that a person gave, or all of them. A copy of the storage has no rows of an unlogged table:
 * it is left out, and refused where it was named, because an empty one would look like rows that were lost.
 */
export async function extractedTables(
  client: Client,
  all: readonly DataTable[],
  names: readonly string[] | undefined,
): Promise<ExtractedTables> {
  const chosen = names && (await leavesOf(client, names));
  const isNamed = (table: DataTable) => chosen === undefined || chosen.has(keyOf(table.schema, table.name));
  const leftOut = all.filter((table) => table.unlogged === true && isNamed(table)).map(fullName);
  if (names !== undefined && leftOut.length > 0)
    throw new InputError(
      `no snapshot and no moment has rows of ${many(leftOut.length, 'unlogged table')}: ${leftOut.slice(0, 5).join(', ')}`,
      [],
      'leave them out; a dump has their rows',
    );
  const wanted = all.filter((table) => isNamed(table) && !table.unlogged);
  const others = all.filter((table) => !wanted.includes(table));
  return { wanted, others, leftOut, bytes: await sizeOf(client, wanted) };
}

/** The tables that hold the rows of those that were named. Rejects with every unknown name. */
async function leavesOf(client: Client, names: readonly string[]): Promise<Set<string>> {
  const tables = chosenTables(await sideTables(client), names);
  return new Set(tables.flatMap(({ leaves }) => leaves.map(({ schema, name }) => keyOf(schema, name))));
}

async function sizeOf(client: Client, tables: readonly DataTable[]): Promise<number> {
  const [size] = await rows<{ bytes: string }>(
    client,
    `select coalesce(pg_catalog.sum(pg_catalog.pg_table_size(pg_catalog.to_regclass(name))), 0)::text as bytes
    from pg_catalog.unnest($1::text[]) as named (name)`,
    [tables.map(({ schema, name }) => identifier(schema, name))],
  );
  return Number(size!.bytes);
}

/** A table's name as pg_dump's options take it: quoted, so that no letter of it is a pattern. */
export function pattern({ schema, name }: Pick<DataTable, 'schema' | 'name'>): string {
  return `"${schema.replaceAll('"', '""')}"."${name.replaceAll('"', '""')}"`;
}
