import type { Exception } from '../../../../domain/proof/exceptions.ts';
import { rows } from '../connection.ts';
import { SUPERUSER } from '../scratch-server.ts';
import type { ArchiveEntry } from './archive-toc.ts';
import type { EntryError } from './pg-restore.ts';
import { DATABASE, type RestoreServer } from './restorer.ts';

/** Materialized views that read a foreign table, through any views, partitions and other materialized views. */
const FOREIGN = `
  with recursive reads (of, relation) as (
    select oid, oid from pg_catalog.pg_class where relkind = 'm'
    union select reads.of, next.relation from reads cross join lateral (
      select d.refobjid as relation from pg_catalog.pg_rewrite w
        join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = w.oid and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        where w.ev_class = reads.relation
      union all select i.inhrelid from pg_catalog.pg_inherits i where i.inhparent = reads.relation) next)
  select distinct n.nspname as schema, c.relname as name from reads
  join pg_catalog.pg_class f on f.oid = reads.relation and f.relkind = 'f'
  join pg_catalog.pg_class c on c.oid = reads.of join pg_catalog.pg_namespace n on n.oid = c.relnamespace`;

const UNREACHABLE = /could not connect to server|could not establish connection/;
const UNFILLED = /has not been populated/;

/** Materialized views that can be filled here: a copy has no network, so one that reads a foreign table stays empty. */
export async function refreshable(
  server: RestoreServer,
  entries: readonly ArchiveEntry[],
): Promise<{ kept: ArchiveEntry[]; empty: ArchiveEntry[] }> {
  if (entries.length === 0) return { kept: [], empty: [] };
  const client = await server.connect(SUPERUSER, DATABASE);
  try {
    const foreign = new Set(
      (await rows<{ schema: string; name: string }>(client, FOREIGN)).map(({ schema, name }) =>
        JSON.stringify([schema, name]),
      ),
    );
    const reads = ({ schema, name }: ArchiveEntry) => foreign.has(JSON.stringify([schema, name]));
    return { kept: entries.filter((entry) => !reads(entry)), empty: entries.filter(reads) };
  } finally {
    await client.end();
  }
}

/** Errors of materialized views that connect to another server inside a function, and of those that read them. */
export function unreachableViews(errors: readonly EntryError[]): ArchiveEntry[] {
  const empty: ArchiveEntry[] = [];
  for (const { entry, message } of errors) {
    const waits = UNFILLED.test(message) && entry?.needs.some((id) => empty.some((each) => each.id === id));
    if (entry && (UNREACHABLE.test(message) || waits)) empty.push(entry);
  }
  return empty;
}

/** What the proof and the notes say of materialized views that stay empty. */
export function emptyViews(entries: readonly ArchiveEntry[]): { exceptions: Exception[]; notes: string[] } {
  const names = entries.map(({ schema, name }) => `${schema}.${name}`);
  return {
    exceptions: names.map((name) => ({
      kind: 'materialized view',
      name,
      what: 'changed',
      said: `rows of materialized view ${name}`,
    })),
    notes:
      names.length === 0
        ? []
        : [`left empty, because a copy cannot reach other servers: materialized view ${names.join(', ')}`],
  };
}
