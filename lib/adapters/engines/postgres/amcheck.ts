import type { Client } from 'pg';
import { UnderstudyError } from '../../../domain/errors.ts';
import type { Checkable } from '../../../ports/database.ts';
import { rows } from './connection.ts';

/** SQLSTATE class XX, and `io_error`: the server reports that stored data is broken or unreadable. */
const BROKEN = /^XX|^58030$/;
/** `undefined_file` counts for a data file of the server; PostgreSQL raises it for an extension's library too. */
const LOST = /could not (open file|access status of transaction)/;

const isBroken = ({ code = '', message }: { code?: string; message: string }) =>
  BROKEN.test(code) || (code === '58P01' && LOST.test(message));

/** Reads something of a copy. Rejects with `storage-damaged` when the server reports damaged storage. */
export async function sound<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const { message } = error as { code?: string; message: string };
    if (!isBroken(error as Error)) throw error;
    throw new UnderstudyError('storage-damaged', `${what} cannot be read: ${message}`, { cause: error });
  }
}

/**
 * Everything amcheck can check: B-tree indexes, with every row of their tables looked up in them, and the tables' own
 * pages. The order is stable, so that a check can continue where it stopped. Rejects with `amcheck-missing`.
 */
export async function checkable(client: Client): Promise<Checkable[]> {
  await install(client).catch((error: Error) => {
    throw new UnderstudyError('amcheck-missing', `amcheck cannot be installed: ${error.message}`);
  });
  return rows<Checkable>(
    client,
    `select c.oid::text as oid, case c.relkind when 'i' then 'index' else 'table' end as kind, pg_catalog.format('%I.%I', n.nspname, c.relname) as name
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_index i on i.indexrelid = c.oid
    left join pg_catalog.pg_am am on am.oid = c.relam
    where c.relpersistence = 'p' and (
      (c.relkind = 'i' and am.amname = 'btree' and i.indisvalid and i.indisready)
      or (c.relkind in ('r', 'm', 't') and am.amname = 'heap'))
    order by c.relkind, c.oid`,
  );
}

/**
 * Into an existing schema, because Understudy's search_path names none. Triggers of the copy stay quiet during that,
 * where the role may disable them. An extension of an older version is updated to this server's.
 */
async function install(client: Client): Promise<void> {
  const [there] = await rows<{ version: string; offered: string }>(
    client,
    `select e.extversion as version, a.default_version as offered from pg_catalog.pg_extension e
    join pg_catalog.pg_available_extensions a on a.name = e.extname where e.extname = 'amcheck'`,
  );
  if (there?.version !== undefined && there.version === there.offered) return;
  const [into] = await rows<{ schema: string }>(
    client,
    `select pg_catalog.quote_ident(nspname) as schema from pg_catalog.pg_namespace
    where nspname !~ '^pg_' and nspname <> 'information_schema' and pg_catalog.has_schema_privilege(oid, 'create')
    order by nspname <> 'public', nspname limit 1`,
  );
  await client.query('set session_replication_role = replica').catch(() => undefined);
  try {
    if (there) await client.query('alter extension amcheck update');
    else await client.query(`create extension if not exists amcheck with schema ${into?.schema ?? 'public'}`);
  } finally {
    await client.query('reset session_replication_role').catch(() => undefined);
  }
}

/** Indexes that amcheck does not support (GIN, GiST, BRIN, hash), and invalid B-trees, which no query uses. */
export async function uncheckable(client: Client): Promise<string[]> {
  const found = await rows<{ name: string }>(
    client,
    `select pg_catalog.format('%I.%I (%s)', n.nspname, c.relname, case am.amname when 'btree' then 'invalid' else am.amname end) as name
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace join pg_catalog.pg_am am on am.oid = c.relam join pg_catalog.pg_index i on i.indexrelid = c.oid
    where c.relkind = 'i' and (am.amname <> 'btree' or not (i.indisvalid and i.indisready)) and n.nspname !~ '^pg_' order by 1`,
  );
  return found.map(({ name }) => name);
}

/**
 * Describes the damage, or resolves with undefined. Rejects when the check was not possible, which proves nothing: no
 * time, no permission, or an index whose function needs a search_path that amcheck does not set.
 */
export async function check(client: Client, what: Checkable): Promise<string | undefined> {
  const schema = await schemaOf(client);
  try {
    if (what.kind === 'index') {
      await client.query(`select ${schema}.bt_index_parent_check($1::oid::pg_catalog.regclass, true)`, [
        what.oid,
      ]);
      return undefined;
    }
    const found = await rows<{ msg: string }>(
      client,
      `select msg from ${schema}.verify_heapam($1::oid::pg_catalog.regclass, check_toast => true) limit 3`,
      [what.oid],
    );
    return found.length > 0 ? found.map(({ msg }) => msg).join('; ') : undefined;
  } catch (error) {
    if (!isBroken(error as Error)) throw error;
    // A dropped object is an internal error too, and not damage.
    return (await isThere(client, what)) ? (error as Error).message : undefined;
  }
}

async function isThere(client: Client, { oid }: Checkable): Promise<boolean> {
  const found = await rows(client, 'select from pg_catalog.pg_class where oid = $1::oid', [oid]);
  return found.length > 0;
}

/** It may be installed in any schema. */
async function schemaOf(client: Client): Promise<string> {
  const [found] = await rows<{ schema: string }>(
    client,
    `select pg_catalog.quote_ident(n.nspname) as schema from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'amcheck'`,
  );
  if (!found) throw new UnderstudyError('amcheck-missing', 'amcheck is not installed');
  return found.schema;
}
