import type { Client } from 'pg';
import { UnderstudyError } from '../../../../domain/errors.ts';
import type { Destination, OntoRequest } from '../../../../ports/destination.ts';
import { connectInto, rows } from '../connection.ts';
import { ours } from '../facts/ours.ts';
import { keyOf } from '../facts/writes.ts';
import type { ArchiveEntry } from './archive-toc.ts';

/** The major of the server. Refuses one that is older than the source, and a database that has tables. */
export async function refuseUnfit(
  into: Destination,
  request: OntoRequest,
  entries: readonly ArchiveEntry[],
): Promise<number> {
  const client = await connectInto(into);
  try {
    const [found] = await rows<{ name: string; major: number; objects: number }>(
      client,
      `select pg_catalog.current_database() as name, pg_catalog.current_setting('server_version_num')::int / 10000 as major,
        (select pg_catalog.count(*)::int from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
          where ${ours('n')} and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
          and not exists (select from pg_catalog.pg_depend d where d.objid = c.oid and d.deptype = 'e')) as objects`,
    );
    const { name, major, objects } = found!;
    const source = request.manifest?.source.serverMajor;
    if (source !== undefined && major < source)
      throw new UnderstudyError(
        'destination-too-old',
        `${name} is on PostgreSQL ${major}, and the source was on ${source}`,
        {
          hint: `restore onto a server of PostgreSQL ${source} or newer`,
        },
      );
    if (objects > 0 && request.into !== name)
      throw new UnderstudyError(
        'destination-not-empty',
        `the database ${name} at ${into.host} is not empty: it has ${objects} tables, views and sequences; nothing was changed`,
        {
          hint: `create an empty one (createdb restored); to restore into ${name} all the same, add --into ${name}`,
        },
      );
    await refuseExisting(client, entries);
    return major;
  } finally {
    await client.end();
  }
}

/** Rows must never be added to a table that was there before, nor its sequences set back. */
async function refuseExisting(client: Client, entries: readonly ArchiveEntry[]): Promise<void> {
  const there = await rows<{ schema: string; name: string }>(
    client,
    `select n.nspname as schema, c.relname as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where ${ours('n')} and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')`,
  );
  const names = new Set(there.map(({ schema, name }) => keyOf(schema, name)));
  const made = ['TABLE', 'SEQUENCE', 'VIEW', 'MATERIALIZED VIEW', 'FOREIGN TABLE'];
  const taken = entries.filter(
    ({ type, schema, name }) => made.includes(type) && names.has(keyOf(schema ?? '', name)),
  );
  if (taken.length === 0) return;
  const listed = taken.slice(0, 10).map(({ schema, name }) => `${schema}.${name}`);
  throw new UnderstudyError(
    'destination-has-table',
    `the database has these already: ${listed.join(', ')}${taken.length > 10 ? ` and ${taken.length - 10} more` : ''}; nothing was changed`,
    { hint: 'restore into another database, or choose other tables with --table' },
  );
}
