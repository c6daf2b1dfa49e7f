import { createHash } from 'node:crypto';
import type { Client } from 'pg';
import type { WriteCounters } from '../../../../domain/proof/manifest.ts';
import { rows } from '../connection.ts';

/**
 * How many rows the server has counted as written, by table, and the identity of these counters: the database (one
 * created from the same template has the same files), the file (TRUNCATE and rewrites change it and count nothing),
 * the server's start, the last reset of the database's counters and of the server's own (a crash of one session
 * resets those without a start), and the settings of roles and databases, which may have disabled the counting for a
 * time. `shape` identifies the columns: one that was dropped and added again as it was counts nothing either. Between
 * two readings of the same identity at most so many rows were inserted, updated and deleted as the differences say;
 * transactions that were rolled back count too. The earlier reading must be taken *before* a snapshot to bound what
 * came after it. Sessions report with a delay of up to a minute, so the later reading does not cover the last minute
 * before it, nor sessions that have not been idle since (facts/sessions.ts).
 *
 * Source: PostgreSQL's documentation, "The Cumulative Statistics System".
 */
export async function writeCounters(client: Client): Promise<Map<string, WriteCounters>> {
  const found = await rows<WriteCounters & { schema: string; name: string }>(
    client,
    `select n.nspname as schema, c.relname as name,
      pg_catalog.pg_stat_get_tuples_inserted(c.oid)::text as inserted, pg_catalog.pg_stat_get_tuples_updated(c.oid)::text as updated, pg_catalog.pg_stat_get_tuples_deleted(c.oid)::text as deleted,
      pg_catalog.md5(coalesce((select pg_catalog.string_agg(pg_catalog.concat_ws(':', a.attnum, a.attname, a.atttypid), ',' order by a.attnum) from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '')) as shape,
      pg_catalog.md5(pg_catalog.concat_ws(':', d.datid, c.oid, pg_catalog.pg_relation_filenode(c.oid), pg_catalog.pg_postmaster_start_time(), d.stats_reset, b.stats_reset, s.written)) as of
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_stat_database d on d.datname = pg_catalog.current_database()
    cross join pg_catalog.pg_stat_bgwriter b
    cross join (
      select pg_catalog.pg_stat_get_tuples_inserted(oid) + pg_catalog.pg_stat_get_tuples_updated(oid) + pg_catalog.pg_stat_get_tuples_deleted(oid) as written
      from pg_catalog.pg_class where oid = 'pg_catalog.pg_db_role_setting'::pg_catalog.regclass) s
    where c.relkind = 'r' and c.relpersistence <> 't' and (not c.relisshared or c.relname = 'pg_authid') and not pg_catalog.pg_is_in_recovery()`,
  );
  return new Map(found.map(({ schema, name, ...counters }) => [keyOf(schema, name), counters]));
}

/** Catalogs that change without any definition: statistics, and large objects, which are data. */
const NO_DEFINITIONS = ['pg_statistic', 'pg_statistic_ext_data', 'pg_largeobject', 'pg_largeobject_metadata'];

/**
 * One digest of everything ever written to the system catalogs: while it stays the same, no definition was created,
 * changed or dropped, not even for a moment, and no role renamed. Temporary tables change it too. Undefined where the
 * counters cannot be read.
 */
export function definitionsStamp(counters: ReadonlyMap<string, WriteCounters>): string | undefined {
  const lines = [...counters]
    .map(([key, { inserted, updated, deleted, of }]) => ({
      key: JSON.parse(key) as [string, string],
      line: [inserted, updated, deleted, of],
    }))
    .filter(({ key: [schema, name] }) => schema === 'pg_catalog' && !NO_DEFINITIONS.includes(name))
    .map(({ key: [, name], line }) => `${name} ${line.join(' ')}`)
    .sort();
  return lines.length > 0
    ? createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 24)
    : undefined;
}

/** Schema and name are separate: either may contain a dot. */
export function keyOf(schema: string, name: string): string {
  return JSON.stringify([schema, name]);
}
