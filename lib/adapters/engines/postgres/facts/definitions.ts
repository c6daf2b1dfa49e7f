import type { Client } from 'pg';
import { rows } from '../connection.ts';

/** The version of every definition that table locks do not protect: object → the transaction that last wrote it. */
export type Definitions = Map<string, string>;

/** Excludes every session's temporary schema. */
const LASTING = (namespace: string) =>
  `${namespace} not in (select n.oid from pg_catalog.pg_namespace n where n.nspname ~ '^pg_(toast_)?temp_')`;

/**
 * Functions, types, schemas, indexes, rules and views as this session sees them: the holder sees those of its
 * snapshot, another session the current ones. PostgreSQL deparses from the newest catalog even inside a snapshot, so
 * a definition that changes during the dump can end up as neither version.
 */
export async function definitionsNow(client: Client): Promise<Definitions> {
  const found = await rows<{ object: string; version: string }>(
    client,
    `select 'function ' || oid || ' ' || proname as object, xmin::text as version from pg_catalog.pg_proc where oid >= 16384 and ${LASTING('pronamespace')}
    union all select 'type ' || oid || ' ' || typname, xmin::text from pg_catalog.pg_type where oid >= 16384 and typtype in ('e', 'd', 'r') and ${LASTING('typnamespace')}
    union all select 'schema ' || oid || ' ' || nspname, md5(nspname) from pg_catalog.pg_namespace where oid >= 16384 and nspname !~ '^pg_'
    union all select 'relation ' || oid || ' ' || relname, md5(relname || relkind::text || relnamespace) from pg_catalog.pg_class where oid >= 16384 and relkind in ('i', 'I', 'v', 'm', 'S') and relpersistence <> 't' and relnamespace <> 'pg_toast'::pg_catalog.regnamespace
    union all select 'rule ' || r.oid || ' ' || r.rulename, r.xmin::text from pg_catalog.pg_rewrite r join pg_catalog.pg_class c on c.oid = r.ev_class where r.oid >= 16384 and c.relpersistence <> 't'`,
  );
  return new Map(found.map(({ object, version }) => [object, version]));
}

/** Definitions that have changed or disappeared. New ones are in neither the snapshot nor the dump, and do no harm. */
export function changedDefinitions(before: Definitions, now: Definitions): string[] {
  return [...before]
    .filter(([object, version]) => now.get(object) !== version)
    .map(([object]) => object.replace(/ \d+ /, ' '));
}
