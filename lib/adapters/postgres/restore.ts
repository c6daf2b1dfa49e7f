import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chown, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UnderstudyError } from '../../domain/errors.ts';
import type { Manifest } from '../../domain/manifest.ts';
import type { RestoreRequest, TocEntry } from '../../ports/database.ts';
import { identifier, rows } from './connection.ts';
import { sayEnding, start } from './process.ts';
import type { Programs } from './programs.ts';
import { type ScratchServer, SUPERUSER } from './scratch-server.ts';
import { parseToc } from './toc.ts';

/** The role that restores. Like RDS's master user it is no superuser: what fails for it would fail there. */
export const RESTORER = 'understudy_restore';
export const DATABASE = 'restored';

const PRIVILEGE_TYPES = ['ACL', 'DEFAULT ACL'];
/** Only a superuser may create these; managed services let their master user. They are plain definitions, restored last. */
const SUPERUSER_TYPES = ['EVENT TRIGGER', 'PUBLICATION', 'PUBLICATION TABLE', 'PUBLICATION TABLES IN SCHEMA'];
/** A copy that subscribes takes over production's replication slot, and production's rows go to it. */
const NEVER_RESTORED = ['SUBSCRIPTION', 'SUBSCRIPTION TABLE', 'DATABASE', 'DATABASE PROPERTIES'];

/** Says nothing about the archive: only that a role like the one of a managed service may not do it here. */
const NEEDS_SUPERUSER =
  /must be superuser|permission denied (?:for language|to create|to set parameter|for foreign-data wrapper)|only superuser/i;

export class RestoreFailed extends UnderstudyError {}

/** Restores the archive phase by phase into a fresh scratch server, and says what had to be left out. */
export async function restoreInto(
  server: ScratchServer,
  programs: Programs,
  request: RestoreRequest,
): Promise<{ leftOut: string[]; notes: string[] }> {
  const { manifest, phase } = request;
  const notes: string[] = [];

  phase('fetch');
  const archive = await fetchArtifact(server, 'archive.dump', await request.dump(), manifest.dump.sha256);
  const roles = await fetchArtifact(server, 'roles.sql', await request.roles(), manifest.roles.sha256);

  phase('roles');
  notes.push(...(await restoreRoles(server, programs, roles)));
  notes.push(...(await createDatabase(server, manifest)));

  phase('restore');
  const toc = await listArchive(server, programs, archive);
  const parts = partition(toc);
  let leftOut: string[] = [];
  const restore = (name: string, entries: TocEntry[], user: string, jobs = 1, options: string[] = []) =>
    pgRestore(server, programs, archive, { name, entries, user, jobs, options, leftOut });
  await restore('schemas', parts.schemas, RESTORER);
  leftOut = await createExtensions(server, manifest, notes);
  await prepareDatabase(server, manifest);
  // The owner of a table must be allowed to create in its schema; whether it still is shows only when privileges come.
  const lent = await lendCreate(server);
  await restore('main', parts.main, RESTORER, availableParallelism());
  await takeBack(server, lent);
  await restore('privileges', parts.privileges, SUPERUSER);
  // Their owners read other tables by rights that only now are there.
  await restore('refresh', parts.refresh, RESTORER, availableParallelism());
  // Their owner would have to be a superuser too, and the copy has none of the source's.
  await restore('superuser', parts.superuser, SUPERUSER, 1, ['--no-owner']);
  if (parts.never.length > 0)
    notes.push(
      `not restored, lest the copy act on its source: ${parts.never.map((entry) => `${entry.type} ${entry.name}`).join(', ')}`,
    );
  return { leftOut, notes };
}

/** Fetches an object to the scratch directory and refuses it unless its bytes are those of the manifest. */
async function fetchArtifact(
  server: ScratchServer,
  name: string,
  source: Readable,
  sha256: string,
): Promise<string> {
  const path = join(server.directory, name);
  const hash = createHash('sha256');
  await pipeline(
    source,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(path, { mode: 0o600 }),
  );
  if (hash.digest('hex') !== sha256) {
    throw new RestoreFailed('checksum-mismatch', `the bytes of ${name} are not those that were dumped`, {
      hint: 'verify the point, and restore another one',
    });
  }
  const { uid, gid } = server.identity;
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
  return path;
}

/**
 * Runs the roles file statement by statement and takes from every role what would let the source's code out of its
 * database: superuser, replication, and the rights to files and programs of the server.
 */
async function restoreRoles(server: ScratchServer, programs: Programs, file: string): Promise<string[]> {
  const psql = start(
    join(programs.bin, 'psql'),
    ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=0', `--file=${file}`],
    server.environment(SUPERUSER, 'postgres'),
    { ...server.identity, cwd: server.directory, stdout: 'ignore' },
  );
  const ending = await psql.ended;
  if (ending.code !== 0) throw new RestoreFailed('restore-failed', sayEnding('psql (roles)', ending));
  const client = await server.connect(SUPERUSER, 'postgres');
  try {
    const roles = await rows<{ name: string; superuser: boolean }>(
      client,
      'select rolname as name, rolsuper as superuser from pg_catalog.pg_roles where oid >= 16384',
    );
    await client.query(`create role ${RESTORER} login createdb createrole nosuperuser bypassrls`);
    for (const { name, superuser } of roles) {
      await client.query(
        `alter role ${identifier(name)} nosuperuser noreplication nologin ${superuser ? 'bypassrls' : ''}`,
      );
      // A superuser's materialized views were filled past every right; to fill them again it may read all, and no more.
      if (superuser) await client.query(`grant pg_read_all_data to ${identifier(name)}`);
      for (const dangerous of [
        'pg_execute_server_program',
        'pg_read_server_files',
        'pg_write_server_files',
      ]) {
        await client.query(`revoke ${dangerous} from ${identifier(name)}`);
      }
      await client.query(`grant ${identifier(name)} to ${RESTORER}`);
    }
  } finally {
    await client.end();
  }
  // A managed service's own settings may be unknown here; whether a role is missing shows when something of it is restored.
  return ending.stderr === '' ? [] : [`roles: ${ending.stderr.split('\n').slice(0, 5).join('; ')}`];
}

/** How a note begins that says the copy sorts text by other rules than its source. */
export const LOCALE_NOTE = 'the locale of the source does not exist here';

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

async function createDatabase(server: ScratchServer, manifest: Manifest): Promise<string[]> {
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

/** Extensions first and by the superuser, as a managed service would make them. Those unknown here are left out, and said so. */
async function createExtensions(
  server: ScratchServer,
  manifest: Manifest,
  notes: string[],
): Promise<string[]> {
  const client = await server.connect(SUPERUSER, DATABASE);
  const leftOut: string[] = [];
  try {
    const available = new Map(
      (
        await rows<{ name: string; version: string }>(
          client,
          'select name, default_version as version from pg_catalog.pg_available_extensions',
        )
      ).map(({ name, version }) => [name, version]),
    );
    for (const extension of manifest.extensions) {
      const version = available.get(extension.name);
      if (version === undefined) {
        leftOut.push(extension.name);
        continue;
      }
      if (version !== extension.version)
        notes.push(`extension ${extension.name} is ${version} here and ${extension.version} at the source`);
      if (extension.schema !== 'pg_catalog')
        await client.query(`create schema if not exists ${identifier(extension.schema)}`);
      await client.query(
        `create extension ${identifier(extension.name)} schema ${identifier(extension.schema)} cascade`,
      );
    }
    for (const { name } of await rows<{ name: string }>(
      client,
      'select fdwname as name from pg_catalog.pg_foreign_data_wrapper',
    )) {
      await client.query(`grant usage on foreign data wrapper ${identifier(name)} to public`);
    }
    // An extension's configuration rows are in the archive, and the role that restores them does not own its tables.
    for (const { name } of await rows<{ name: string }>(
      client,
      'select config::pg_catalog.regclass::text as name from pg_catalog.pg_extension, pg_catalog.unnest(extconfig) config',
    )) {
      await client.query(`grant all on ${name} to ${RESTORER}`);
    }
  } finally {
    await client.end();
  }
  return leftOut;
}

/** What a managed service lets its master user do, and a source without its schema `public`. */
async function prepareDatabase(server: ScratchServer, manifest: Manifest): Promise<void> {
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

async function listArchive(server: ScratchServer, programs: Programs, archive: string): Promise<TocEntry[]> {
  const list = start(
    join(programs.bin, 'pg_restore'),
    ['--list', archive],
    server.environment(RESTORER, DATABASE),
    { ...server.identity, cwd: server.directory },
  );
  const chunks: Buffer[] = [];
  list.child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ending = await list.ended;
  if (ending.code !== 0) throw new RestoreFailed('restore-failed', sayEnding('pg_restore --list', ending));
  return parseToc(Buffer.concat(chunks).toString('utf8')).entries;
}

function partition(entries: TocEntry[]) {
  const parts = {
    schemas: [] as TocEntry[],
    main: [] as TocEntry[],
    privileges: [] as TocEntry[],
    refresh: [] as TocEntry[],
    superuser: [] as TocEntry[],
    never: [] as TocEntry[],
  };
  for (const entry of entries) {
    const ofExtension =
      entry.type === 'EXTENSION' || (entry.type === 'COMMENT' && entry.name.startsWith('EXTENSION '));
    if (ofExtension) continue;
    if (NEVER_RESTORED.includes(entry.type)) parts.never.push(entry);
    else if (PRIVILEGE_TYPES.includes(entry.type)) parts.privileges.push(entry);
    else if (entry.type === 'MATERIALIZED VIEW DATA') parts.refresh.push(entry);
    else if (SUPERUSER_TYPES.includes(entry.type)) parts.superuser.push(entry);
    else if (entry.type === 'COMMENT' && /^(EVENT TRIGGER|PUBLICATION) /.test(entry.name))
      parts.superuser.push(entry);
    else if (entry.type === 'SCHEMA') parts.schemas.push(entry);
    else parts.main.push(entry);
  }
  return parts;
}

async function pgRestore(
  server: ScratchServer,
  programs: Programs,
  archive: string,
  part: {
    name: string;
    entries: TocEntry[];
    user: string;
    jobs: number;
    options: string[];
    leftOut: string[];
  },
): Promise<void> {
  if (part.entries.length === 0) return;
  const list = join(server.directory, `${part.name}.list`);
  await writeFile(list, `${part.entries.map((entry) => entry.line).join('\n')}\n`, { mode: 0o644 });
  const args = [
    ...part.options,
    '--exit-on-error',
    '--no-tablespaces',
    '--no-password',
    `--jobs=${part.jobs}`,
    `--use-list=${list}`,
    `--dbname=${DATABASE}`,
    archive,
  ];
  const { ended } = start(join(programs.bin, 'pg_restore'), args, server.environment(part.user, DATABASE), {
    ...server.identity,
    cwd: server.directory,
    stdout: 'ignore',
  });
  const ending = await ended;
  if (ending.code !== 0 && NEEDS_SUPERUSER.test(ending.stderr)) {
    throw new RestoreFailed('restore-needs-superuser', sayEnding('pg_restore', ending), {
      hint: 'a managed service would refuse this too, unless it makes an exception for its master user; rehearse on an instance of the service',
    });
  }
  if (ending.code !== 0 && part.leftOut.length > 0 && /does not exist/.test(ending.stderr)) {
    throw new RestoreFailed('restore-needs-extension', sayEnding('pg_restore', ending), {
      hint: `the source has ${part.leftOut.join(', ')}, which cannot be made here; add it to the image, or rehearse where it exists`,
    });
  }
  if (ending.code !== 0) {
    throw new RestoreFailed('restore-failed', sayEnding('pg_restore', ending), {
      hint: 'the same error would meet you in an emergency; mend it at the source and dump again',
    });
  }
}

type Loan = { schema: string; role: string };

async function lendCreate(server: ScratchServer): Promise<Loan[]> {
  const client = await server.connect(SUPERUSER, DATABASE);
  try {
    const loans = await rows<Loan>(
      client,
      `
      select n.nspname as schema, r.rolname as role from pg_catalog.pg_namespace n cross join pg_catalog.pg_roles r
      where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and r.oid >= 16384 and r.oid <> n.nspowner
        and not exists (select from pg_catalog.aclexplode(n.nspacl) a where a.grantee = r.oid and a.privilege_type = 'CREATE')`,
    );
    for (const { schema, role } of loans)
      await client.query(`grant create on schema ${identifier(schema)} to ${identifier(role)}`);
    return loans;
  } finally {
    await client.end();
  }
}

async function takeBack(server: ScratchServer, loans: Loan[]): Promise<void> {
  const client = await server.connect(SUPERUSER, DATABASE);
  try {
    for (const { schema, role } of loans)
      await client.query(`revoke create on schema ${identifier(schema)} from ${identifier(role)}`);
  } finally {
    await client.end();
  }
}
