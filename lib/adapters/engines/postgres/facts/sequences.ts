import type { Client } from 'pg';
import type { Sequence } from '../../../../ports/database.ts';
import { identifier, rows } from '../connection.ts';
import type { DataTable } from './data-tables.ts';
import { notOfExtension, ours } from './ours.ts';
import type { TableReading } from './read-tables.ts';
import { keyOf } from './writes.ts';

type Described = Omit<Sequence, 'value' | 'column'> & {
  oid: string;
  version: number;
  increment: string;
  counts: boolean | null;
  owned_schema: string | null;
  owned_table: string | null;
  owned_column: string | null;
};

/**
 * The next value of every sequence of the source. Sequences are not transactional: the value is the current one,
 * whatever snapshot the transaction has.
 */
export async function sequenceValues(client: Client): Promise<Sequence[]> {
  const found = await rows<Described>(
    client,
    `
    select c.oid::text as oid, pg_catalog.current_setting('server_version_num')::int as version, n.nspname as schema, c.relname as name, s.seqincrement > 0 as ascending, s.seqincrement::text as increment, s.seqcycle as cycles, a.atttypid in ('int2'::pg_catalog.regtype, 'int4'::pg_catalog.regtype, 'int8'::pg_catalog.regtype) as counts,
      o.nspname as owned_schema, oc.relname as owned_table, a.attname as owned_column
    from pg_catalog.pg_sequence s
    join pg_catalog.pg_class c on c.oid = s.seqrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype in ('a', 'i') and d.refobjsubid > 0
    left join pg_catalog.pg_class oc on oc.oid = d.refobjid
    left join pg_catalog.pg_namespace o on o.oid = oc.relnamespace
    left join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
    where ${ours('n')} and ${notOfExtension('pg_class', 'c.oid')}
    order by 1, 2`,
  );
  const values = await valuesOf(client, found);
  return found.map(
    ({
      oid,
      version: _version,
      owned_schema,
      owned_table,
      owned_column,
      increment: _increment,
      counts,
      ...sequence
    }) => ({
      ...sequence,
      value: values.get(String(oid))!,
      ...(owned_schema && owned_table && owned_column && counts
        ? { column: { schema: owned_schema, table: owned_table, name: owned_column } }
        : {}),
    }),
  );
}

/** By oid. Since PostgreSQL 18, one statement reads them all without a lock, as pg_dump does. */
async function valuesOf(client: Client, sequences: readonly Described[]): Promise<Map<string, string>> {
  const [first] = sequences;
  if (first && first.version >= 180_000) {
    const found = await rows<{ oid: string; value: string }>(
      client,
      `select s.seqrelid::text as oid, (d.last_value::numeric + case when d.is_called then s.seqincrement else 0 end)::text as value
       from pg_catalog.pg_sequence s, lateral pg_catalog.pg_get_sequence_data(s.seqrelid) d
       where s.seqrelid in (${sequences.map(({ oid }) => oid).join(', ')})`,
    );
    return new Map(found.map(({ oid, value }) => [oid, value]));
  }
  const values = new Map<string, string>();
  for (let start = 0; start < sequences.length; start += 200) {
    const sql = sequences
      .slice(start, start + 200)
      .map(
        ({ oid, increment, schema, name }) =>
          `select '${oid}' as oid, (last_value::numeric + case when is_called then ${increment} else 0 end)::text as value from ${identifier(schema, name)}`,
      );
    for (const { oid, value } of await rows<{ oid: string; value: string }>(client, sql.join(' union all ')))
      values.set(oid, value);
  }
  return values;
}

/** The largest value in the columns that each sequence feeds, over all tables with such a column. */
export function maximaOf(
  tables: readonly DataTable[],
  readings: readonly TableReading[],
): Map<string, bigint> {
  const maxima = new Map<string, bigint>();
  tables.forEach(({ feeds }, index) => {
    for (const { schema, sequence, column } of feeds) {
      const found = readings[index]!.maxima.get(column);
      const key = keyOf(schema, sequence);
      const before = maxima.get(key);
      if (found !== undefined && (before === undefined || BigInt(found) > before))
        maxima.set(key, BigInt(found));
    }
  });
  return maxima;
}
