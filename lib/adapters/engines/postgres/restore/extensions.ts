import type { ExtensionFacts, Manifest } from '../../../../domain/proof/manifest.ts';
import { identifier, rows } from '../connection.ts';
import { withoutValues } from '../error-text.ts';
import { SUPERUSER } from '../scratch-server.ts';
import type { ArchiveEntry } from './archive-toc.ts';
import { packageOf } from './packages.ts';
import { DATABASE, RESTORER, type RestoreServer } from './restorer.ts';

/**
 * Extensions first and by the superuser, as a managed service would create them; those that others require come
 * before them, each in its own schema. An extension that cannot be created is left out, and a note says why.
 */
export async function createExtensions(
  server: RestoreServer,
  manifest: Manifest,
  unwanted: readonly string[],
  notes: string[],
): Promise<string[]> {
  const leftOut = manifest.extensions.map(({ name }) => name).filter((name) => unwanted.includes(name));
  const available = await availableHere(server);
  const requires = (name: string) => available.get(name)?.requires ?? [];
  const giveUp = (name: string, why: string) => {
    leftOut.push(name);
    notes.push(`extension ${name} is left out: ${why}`);
  };
  for (const { name, version, schema } of inOrderOfNeed(manifest.extensions, requires)) {
    if (leftOut.includes(name)) continue;
    const here = available.get(name);
    const lacking = requires(name).find((needed) => leftOut.includes(needed));
    if (!here) giveUp(name, notHere(name, manifest.source.serverMajor));
    else if (lacking) giveUp(name, `it requires ${lacking}, which is left out`);
    else {
      const error = await create(server, name, schema);
      if (error) giveUp(name, `it cannot be created here (${error})`);
      else if (here.version !== version)
        notes.push(`extension ${name} is ${here.version} here and ${version} in the source`);
    }
  }
  if (!server.foreign) await grantUse(server);
  return leftOut;
}

function notHere(name: string, major: number): string {
  const { debian, image } = packageOf(name, major);
  return `it is not installed here; Debian’s package is probably ${debian}, for the image pgExtensions: "${image}"`;
}

/** Each after those that it requires. */
export function inOrderOfNeed(
  extensions: readonly ExtensionFacts[],
  requires: (name: string) => readonly string[],
): ExtensionFacts[] {
  const ordered = new Set<ExtensionFacts>();
  const add = (extension: ExtensionFacts, above: readonly string[]) => {
    for (const name of requires(extension.name)) {
      const needed = extensions.find((each) => each.name === name);
      if (needed && !above.includes(name)) add(needed, [...above, name]);
    }
    ordered.add(extension);
  };
  for (const extension of extensions) add(extension, [extension.name]);
  return [...ordered];
}

async function availableHere(
  server: RestoreServer,
): Promise<Map<string, { version: string; requires: string[] }>> {
  const client = await server.connect(SUPERUSER, DATABASE);
  try {
    const found = await rows<{ name: string; version: string; requires: string[] }>(
      client,
      `select e.name, e.default_version as version, coalesce(v.requires, '{}')::text[] as requires from pg_catalog.pg_available_extensions e
       join pg_catalog.pg_available_extension_versions v on v.name = e.name and v.version = e.default_version`,
    );
    return new Map(found.map((each) => [each.name, each]));
  } finally {
    await client.end();
  }
}

/** On its own connection: an extension that must be preloaded may end it. Returns the error. */
async function create(server: RestoreServer, name: string, schema: string): Promise<string | undefined> {
  const client = await server.connect(SUPERUSER, DATABASE);
  try {
    if (schema !== 'pg_catalog') await client.query(`create schema if not exists ${identifier(schema)}`);
    await client.query(
      `create extension if not exists ${identifier(name)} schema ${identifier(schema)} cascade`,
    );
    return undefined;
  } catch (error) {
    return withoutValues([`ERROR:  ${(error as Error).message}`])[0]!.replace(/^ERROR: {2}/, '');
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** What a managed service grants on its extensions; a role that does not own their tables restores their rows. */
async function grantUse(server: RestoreServer): Promise<void> {
  const client = await server.connect(SUPERUSER, DATABASE);
  try {
    const grants = await rows<{ sql: string | null }>(
      client,
      `select 'grant usage on foreign data wrapper ' || pg_catalog.string_agg(pg_catalog.quote_ident(fdwname), ', ') || ' to public' as sql from pg_catalog.pg_foreign_data_wrapper
       union all select 'grant all on ' || pg_catalog.string_agg(config::pg_catalog.regclass::text, ', ') || ' to ${RESTORER}' from pg_catalog.pg_extension, pg_catalog.unnest(extconfig) config`,
    );
    for (const { sql } of grants) if (sql) await client.query(sql);
  } finally {
    await client.end();
  }
}

/**
 * The rows of extensions that can be restored: those whose table exists. Rows from the extension's own script are
 * deleted first, because the archive has them too and the copy would have them twice. None is touched in a database of
 * somebody's own.
 */
export async function makeRoomForRows(
  server: RestoreServer,
  entries: readonly ArchiveEntry[],
  notes: string[],
): Promise<{ kept: ArchiveEntry[]; left: ArchiveEntry[] }> {
  const client = await server.connect(SUPERUSER, DATABASE);
  try {
    const here = new Map(
      (
        await rows<{ key: string; name: string; kind: string; condition: string | null }>(
          client,
          `select pg_catalog.json_build_array(n.nspname, c.relname)::text as key, c.oid::pg_catalog.regclass::text as name, c.relkind as kind, f.filter as condition
           from pg_catalog.pg_extension e, lateral rows from (pg_catalog.unnest(e.extconfig), pg_catalog.unnest(e.extcondition)) as f (oid, filter)
           join pg_catalog.pg_class c on c.oid = f.oid join pg_catalog.pg_namespace n on n.oid = c.relnamespace`,
        )
      ).map((table) => [JSON.stringify(JSON.parse(table.key)), table]),
    );
    const tableOf = ({ schema, name }: ArchiveEntry) => here.get(JSON.stringify([schema, name]));
    if (server.foreign) return { kept: [], left: [...entries] };
    const kept = entries.filter((entry) => tableOf(entry));
    await client.query('begin');
    await client.query('set local session_replication_role = replica');
    for (const entry of kept) {
      const table = tableOf(entry)!;
      if (table.kind === 'S') continue;
      const { rowCount } = await client.query(`delete from only ${table.name} ${table.condition ?? ''}`);
      if (rowCount)
        notes.push(
          `${table.name} was filled by its extension; the archive’s rows replaced those (if you restore by hand, pg_restore reports "duplicate key": empty the table first)`,
        );
    }
    await client.query('commit');
    return { kept, left: entries.filter((entry) => !tableOf(entry)) };
  } finally {
    await client.end();
  }
}
