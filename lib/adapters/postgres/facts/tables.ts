import type { Client } from 'pg';
import type { TableFacts } from '../../../domain/manifest.ts';
import { identifier, rows } from '../connection.ts';
import { fingerprintOf, notOfExtension, ours } from './ours.ts';

/** A table whose rows are in the archive. */
export type DataTable = {
  schema: string;
  name: string;
  owner: string;
  columns: string[];
  condition?: string;
  /** Its rows are in no snapshot of the storage. */
  unlogged?: true;
};

/**
 * The tables whose data a dump carries: ordinary tables and partitions, and of an extension's tables only those that
 * it declares as configuration, by its filter. Not foreign tables (no data of ours), not unlogged ones on a standby
 * (unreadable there, and left out by pg_dump too).
 */
export async function dataTables(client: Client): Promise<DataTable[]> {
  const found = await rows<Omit<DataTable, 'unlogged'> & { condition: string | null; unlogged: boolean }>(
    client,
    `
    with configuration as (
      select e.oid as extension, config.oid as relation, config.filter
      from pg_catalog.pg_extension e, lateral rows from (pg_catalog.unnest(e.extconfig), pg_catalog.unnest(e.extcondition)) as config (oid, filter))
    select n.nspname as schema, c.relname as name, pg_catalog.pg_get_userbyid(c.relowner) as owner, f.filter as condition, c.relpersistence = 'u' as unlogged,
      array(select a.attname::text from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attname collate "C") as columns
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join configuration f on f.relation = c.oid
    where c.relkind = 'r' and c.relpersistence <> 't'
      and not (c.relpersistence = 'u' and pg_catalog.pg_is_in_recovery())
      and (f.relation is not null or (
        ${ours('n')} and ${notOfExtension('pg_class', 'c.oid')}))
    order by 1, 2`,
  );
  return found.map(({ condition, unlogged, ...known }) => {
    const table: DataTable = unlogged ? { ...known, unlogged } : known;
    const filter = condition?.replace(/^\s*where\s+/i, '').trim();
    return filter ? { ...table, condition: filter } : table;
  });
}

/**
 * Exact row count and an order-independent fingerprint of one table.
 *
 * A row becomes text with its columns in the order of their names (a restore may reorder inherited ones), NULL and ''
 * apart; two 64-bit hashes of it, with different seeds, are summed exactly. Any row changed, lost, doubled or with
 * two values swapped changes both sums. Generated columns follow from the others and are computed anew by a restore. The inner OFFSET makes the text once for both hashes.
 */
export async function tableFacts(
  client: Client,
  table: DataTable,
  depth: 'fingerprints' | 'counts',
): Promise<TableFacts> {
  const source = `from only ${identifier(table.schema, table.name)}${table.condition ? ` where ${table.condition}` : ''}`;
  const known = {
    schema: table.schema,
    name: table.name,
    ...(table.condition ? { condition: table.condition } : {}),
  };
  if (depth === 'counts') {
    const [counted] = await planned<{ rows: string }>(client, `select count(*)::text as rows ${source}`);
    return { ...known, rows: counted!.rows };
  }
  const row = `row(${table.columns.map((column) => identifier(column)).join(', ')})::text collate "C"`;
  const [found] = await planned<{ rows: string; fingerprint: string }>(
    client,
    `select count(*)::text as rows,
      ${fingerprintOf('content')} as fingerprint
    from (select ${row} as content ${source} offset 0) each_row`,
  );
  return { ...known, rows: found!.rows, fingerprint: found!.fingerprint };
}

/** Undefined function, table or object: what an index's function meets that was written for another search_path. */
const UNRESOLVED = ['42883', '42P01', '42704', '3F000'];

/**
 * Even to read a table the planner looks into the SQL functions of its expression indexes, and those may rely on the
 * database's own search_path. Such a table is read under that; every name in our own queries is qualified anyway.
 */
async function planned<T>(client: Client, sql: string): Promise<T[]> {
  await client.query('savepoint planned').catch(() => undefined);
  try {
    const found = await rows<T>(client, sql);
    await client.query('release savepoint planned').catch(() => undefined);
    return found;
  } catch (error) {
    if (!UNRESOLVED.includes((error as { code?: string }).code ?? '')) throw error;
    await client.query('rollback to savepoint planned').catch(() => undefined);
    await client.query('reset search_path');
    try {
      return await rows<T>(client, sql);
    } finally {
      await client.query("set search_path = ''").catch(() => undefined);
    }
  }
}
