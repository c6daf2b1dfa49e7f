import type { Client } from 'pg';
import { rows } from '../connection.ts';
import { notOfExtension, ours } from './ours.ts';

/** A table whose rows are in the archive. */
export type DataTable = {
  schema: string;
  name: string;
  owner: string;
  columns: string[];
  /** Its size at the last ANALYZE, in pages of 8 KiB. */
  pages: number;
  condition?: string;
  /** The extension that owns it. */
  extension?: string;
  /** The outermost hash-partitioned table above it. */
  tree?: string;
  /** The columns that sequences feed, here or in a table that it inherits from. */
  feeds: Fed[];
  /** No snapshot of the storage has its rows. */
  unlogged?: true;
};

/** A column of integers and the sequence that feeds it. */
export type Fed = { schema: string; sequence: string; column: string };

/**
 * The tables whose data a dump contains: ordinary tables and partitions, and an extension's tables only if the
 * extension declares them as configuration, with its filter. Not foreign tables (their data is elsewhere), and not
 * unlogged ones on a standby (unreadable there; pg_dump omits them too).
 */
export async function dataTables(client: Client): Promise<DataTable[]> {
  const found = await rows<Record<keyof DataTable, never>>(
    client,
    `
    with recursive configuration as (
      select e.extname as extension, config.oid as relation, config.filter
      from pg_catalog.pg_extension e, lateral rows from (pg_catalog.unnest(e.extconfig), pg_catalog.unnest(e.extcondition)) as config (oid, filter)),
    fed as (
      select d.refobjid as relation, n.nspname as schema, s.relname as sequence, a.attname as "column"
      from pg_catalog.pg_depend d
      join pg_catalog.pg_class s on s.oid = d.objid and s.relkind = 'S'
      join pg_catalog.pg_namespace n on n.oid = s.relnamespace
      join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
      where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.deptype in ('a', 'i') and d.refobjsubid > 0
        and a.atttypid in ('int2'::pg_catalog.regtype, 'int4'::pg_catalog.regtype, 'int8'::pg_catalog.regtype)),
    heirs (relation, ancestor) as (
      select distinct relation, relation from fed
      union select i.inhrelid, heirs.ancestor from heirs join pg_catalog.pg_inherits i on i.inhparent = heirs.relation),
    feeds as (
      select heirs.relation, pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('schema', fed.schema, 'sequence', fed.sequence, 'column', fed."column")) as feeds
      from heirs join fed on fed.relation = heirs.ancestor group by 1)
    select n.nspname as schema, c.relname as name, pg_catalog.pg_get_userbyid(c.relowner) as owner, c.relpages as pages,
      f.filter as condition, f.extension, c.relpersistence = 'u' as unlogged,
      case when c.relispartition then (
        select up.relation::pg_catalog.text from pg_catalog.pg_partition_ancestors(c.oid) with ordinality as up (relation, height)
        join pg_catalog.pg_partitioned_table p on p.partrelid = up.relation where p.partstrat = 'h' order by up.height desc limit 1) end as tree,
      coalesce(feeds.feeds, '[]') as feeds,
      array(select a.attname::text from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attname collate "C") as columns
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join configuration f on f.relation = c.oid
    left join feeds on feeds.relation = c.oid
    where c.relkind = 'r' and c.relpersistence <> 't'
      and not (c.relpersistence = 'u' and pg_catalog.pg_is_in_recovery())
      and (f.relation is not null or (
        ${ours('n')} and ${notOfExtension('pg_class', 'c.oid')}))
    order by n.nspname collate "C", c.relname collate "C"`,
  );
  return found.map((row) => describedBy(row));
}

function describedBy(row: Record<keyof DataTable, unknown>): DataTable {
  const { condition, ...table } = Object.fromEntries(
    Object.entries(row).filter(([, value]) => value !== null && value !== false),
  ) as DataTable;
  const filter = condition?.replace(/^\s*where\s+/i, '').trim();
  return filter ? { ...table, condition: filter } : table;
}
