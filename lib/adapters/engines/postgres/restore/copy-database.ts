import type { Client } from 'pg';
import type { Manifest } from '../../../../domain/proof/manifest.ts';
import { execute, identifier, rows } from '../connection.ts';
import { ours } from '../facts/ours.ts';
import { SUPERUSER } from '../scratch-server.ts';
import { DATABASE, RESTORER, type RestoreServer } from './restorer.ts';

/** Start of the note that the copy sorts text by other rules than its source. */
const LOCALE_NOTE = 'this machine lacks the locale of the source';

function localeOf({ collate, ctype, localeProvider, locale, icuRules }: Manifest['source']): string {
  const libc = `lc_collate ${literal(collate)} lc_ctype ${literal(ctype)}`;
  if (localeProvider === 'i') {
    const rules = icuRules === undefined ? '' : ` icu_rules ${literal(icuRules)}`;
    return `${libc} locale_provider icu icu_locale ${literal(locale ?? 'und')}${rules}`;
  }
  if (localeProvider === 'b')
    return `${libc} locale_provider builtin builtin_locale ${literal(locale ?? 'C')}`;
  return libc;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * Creates an empty database with the source's encoding, collation and owner. Returns what was not possible, and
 * whether that is its locale.
 */
export async function createDatabase(
  server: RestoreServer,
  manifest: Manifest,
): Promise<{ notes: string[]; locale: boolean }> {
  const client = await server.connect(SUPERUSER, 'postgres');
  const { owner } = manifest.source;
  try {
    const notes = await createLike(client, DATABASE, manifest.source);
    const [known] = await rows<{ known: boolean }>(
      client,
      'select exists (select from pg_catalog.pg_roles where rolname = $1) as known',
      [owner],
    );
    await client.query(`alter database ${DATABASE} owner to ${known!.known ? identifier(owner) : RESTORER}`);
    // An unknown value makes only amounts of money fail, and those report it.
    if (manifest.source.monetary)
      await client
        .query(`alter database ${DATABASE} set lc_monetary = ${literal(manifest.source.monetary)}`)
        .catch(() => undefined);
    await client.query(`grant create, connect, temporary on database ${DATABASE} to public`);
    return { notes, locale: notes.length > 0 };
  } finally {
    await client.end();
  }
}

/** Creates an empty database with the source's encoding and collation, or those of C. Returns what was not possible. */
export async function createLike(
  client: Client,
  name: string,
  source: Manifest['source'],
): Promise<string[]> {
  const { encoding } = source;
  const notes: string[] = [];
  const create = (locale: string) =>
    client.query(
      `create database ${identifier(name)} template template0 encoding ${literal(encoding)} ${locale}`,
    );
  await create(localeOf(source)).catch(async (error: Error & { code?: string }) => {
    // It is no fault of the locale when the role may not create databases, or the name is taken.
    if (error.code === '42501' || error.code === '42P04') throw error;
    notes.push(`${LOCALE_NOTE}: ${error.message}; text sorts differently in the copy`);
    const utf8 = encoding === 'UTF8' ? "'C.UTF-8'" : "'C'";
    await create(`lc_collate 'C' lc_ctype ${utf8}`).catch(() => create("lc_collate 'C' lc_ctype 'C'"));
  });
  return notes;
}

/** What a managed service allows its master user, and a source without a schema `public`. */
export async function prepareDatabase(server: RestoreServer, manifest: Manifest): Promise<void> {
  const client = await server.connect(SUPERUSER, DATABASE);
  try {
    if (!Object.hasOwn(manifest.schema['schema'] ?? {}, 'public'))
      // Somebody's own may belong to another role.
      await client.query('drop schema if exists public').catch((error: unknown) => {
        if (!server.foreign) throw error;
      });
    if (manifest.source.serverMajor < 15 || server.foreign) return;
    for (const name of manifest.parameters) {
      await client
        .query(`grant set on parameter ${identifier(...name.split('.'))} to ${RESTORER}`)
        .catch(() => undefined);
    }
  } finally {
    await client.end();
  }
}

/**
 * Grants PUBLIC the right to create in every schema for the duration of the restore, and returns the schemas where
 * PUBLIC did not have it. One statement for all: a grant for each role would be one for every pair.
 */
export async function lendCreate(server: RestoreServer): Promise<string[]> {
  const client = await server.connect(SUPERUSER, DATABASE);
  try {
    const schemas = await rows<{ name: string }>(
      client,
      `select n.nspname as name from pg_catalog.pg_namespace n where ${ours('n')}
        and not exists (select from pg_catalog.aclexplode(n.nspacl) a where a.grantee = 0 and a.privilege_type = 'CREATE')`,
    );
    const names = schemas.map(({ name }) => name);
    if (names.length > 0) await execute(client, `grant create on schema ${listed(names)} to public`);
    return names;
  } finally {
    await client.end();
  }
}

export async function takeBack(server: RestoreServer, schemas: readonly string[]): Promise<void> {
  if (schemas.length === 0) return;
  const client = await server.connect(SUPERUSER, DATABASE);
  try {
    await execute(client, `revoke create on schema ${listed(schemas)} from public`);
  } finally {
    await client.end();
  }
}

const listed = (schemas: readonly string[]) => schemas.map((name) => identifier(name)).join(', ');
