import type { Manifest } from '../../../domain/manifest.ts';
import { identifier, rows } from '../connection.ts';
import { ours } from '../facts/ours.ts';
import { type ScratchServer, SUPERUSER } from '../scratch-server.ts';
import { DATABASE, RESTORER } from './names.ts';

/** How a note begins that says the copy sorts text by other rules than its source. */
const LOCALE_NOTE = 'the locale of the source does not exist here';

function localeOf({ collate, ctype, localeProvider, locale }: Manifest['source']): string {
  const libc = `lc_collate ${literal(collate)} lc_ctype ${literal(ctype)}`;
  if (localeProvider === 'i') return `${libc} locale_provider icu icu_locale ${literal(locale ?? 'und')}`;
  if (localeProvider === 'b')
    return `${libc} locale_provider builtin builtin_locale ${literal(locale ?? 'C')}`;
  return libc;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** An empty database of the source's encoding, order and owner. Returns what could not be had. */
export async function createDatabase(server: ScratchServer, manifest: Manifest): Promise<string[]> {
  const client = await server.connect(SUPERUSER, 'postgres');
  const { encoding, owner } = manifest.source;
  const notes: string[] = [];
  const create = (locale: string) =>
    client.query(`create database ${DATABASE} template template0 encoding ${literal(encoding)} ${locale}`);
  try {
    await create(localeOf(manifest.source)).catch(async (error: Error) => {
      notes.push(`${LOCALE_NOTE}: ${error.message}; text sorts otherwise in the copy`);
      const utf8 = encoding === 'UTF8' ? "'C.UTF-8'" : "'C'";
      await create(`lc_collate 'C' lc_ctype ${utf8}`).catch(() => create("lc_collate 'C' lc_ctype 'C'"));
    });
    const [known] = await rows<{ known: boolean }>(
      client,
      'select exists (select from pg_catalog.pg_roles where rolname = $1) as known',
      [owner],
    );
    await client.query(`alter database ${DATABASE} owner to ${known!.known ? identifier(owner) : RESTORER}`);
    for (const { name } of await rows<{ name: string }>(
      client,
      'select rolname as name from pg_catalog.pg_roles where oid >= 16384',
    )) {
      await client.query(`grant create, connect, temporary on database ${DATABASE} to ${identifier(name)}`);
    }
  } finally {
    await client.end();
  }
  return notes;
}

/** What a managed service lets its master user do, and a source without its schema `public`. */
export async function prepareDatabase(server: ScratchServer, manifest: Manifest): Promise<void> {
  const client = await server.connect(SUPERUSER, DATABASE);
  try {
    if (!Object.hasOwn(manifest.schema['schema'] ?? {}, 'public'))
      await client.query('drop schema if exists public');
    if (manifest.source.serverMajor < 15) return;
    for (const name of manifest.parameters) {
      await client
        .query(`grant set on parameter ${identifier(...name.split('.'))} to ${RESTORER}`)
        .catch(() => undefined);
    }
  } finally {
    await client.end();
  }
}

/** The right to create in a schema, lent to a role for as long as the restore takes. */
export type Loan = { schema: string; role: string };

/** Lends every role the right to create in every schema where it has none. */
export async function lendCreate(server: ScratchServer): Promise<Loan[]> {
  const client = await server.connect(SUPERUSER, DATABASE);
  try {
    const loans = await rows<Loan>(
      client,
      `
      select n.nspname as schema, r.rolname as role from pg_catalog.pg_namespace n cross join pg_catalog.pg_roles r
      where ${ours('n')} and r.oid >= 16384 and r.oid <> n.nspowner
        and not exists (select from pg_catalog.aclexplode(n.nspacl) a where a.grantee = r.oid and a.privilege_type = 'CREATE')`,
    );
    for (const { schema, role } of loans)
      await client.query(`grant create on schema ${identifier(schema)} to ${identifier(role)}`);
    return loans;
  } finally {
    await client.end();
  }
}

export async function takeBack(server: ScratchServer, loans: Loan[]): Promise<void> {
  const client = await server.connect(SUPERUSER, DATABASE);
  try {
    for (const { schema, role } of loans)
      await client.query(`revoke create on schema ${identifier(schema)} from ${identifier(role)}`);
  } finally {
    await client.end();
  }
}
