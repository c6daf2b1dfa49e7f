import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Destination } from '../../../../ports/destination.ts';
import { connectInto, identifier, rows } from '../connection.ts';
import { formatEnding, start } from '../process.ts';
import type { Programs } from '../programs.ts';
import type { ArchiveEntry } from './archive-toc.ts';
import type { RestoreServer } from './restorer.ts';
import { missingRoles } from './role-statements.ts';

/** Creates the roles that the server lacks, without passwords. Errors are notes: the objects say what they miss. */
export async function createMissingRoles(
  server: RestoreServer,
  programs: Programs,
  file: string,
): Promise<string[]> {
  const client = await server.connect('', '');
  const there = await rows<{ name: string }>(
    client,
    'select rolname as name from pg_catalog.pg_roles',
  ).finally(() => client.end());
  const text = missingRoles(
    (await readFile(file)).toString('latin1'),
    new Set(there.map(({ name }) => name)),
  );
  const path = join(server.directory, 'roles.sql');
  await writeFile(path, Buffer.from(text, 'latin1'), { mode: 0o600 });
  const psql = start(
    join(programs.bin, 'psql'),
    ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=0', `--file=${path}`],
    server.environment('', ''),
    { cwd: server.directory, stdout: 'ignore' },
  );
  const ending = await psql.ended;
  return ending.stderr === '' ? [] : [formatEnding('psql (roles)', { ...ending, code: ending.code || 1 })];
}

/**
 * Only a member of a role gives it what is made. A master user without superuser may join roles himself, from PostgreSQL
 * 16 on those that he created or may administer.
 */
export async function joinOwners(
  into: Destination,
  major: number,
  entries: readonly ArchiveEntry[],
): Promise<string[]> {
  const owners = [...new Set(entries.map(({ owner }) => owner))].filter((owner) => owner !== '');
  const client = await connectInto(into);
  try {
    const others = await rows<{ name: string }>(
      client,
      `select rolname as name from pg_catalog.pg_roles
      where rolname = any($1) and not pg_catalog.pg_has_role(current_user, oid, $2) order by 1`,
      // From PostgreSQL 16 on who makes a role is a member of it that may not become it.
      [owners, major >= 16 ? 'set' : 'member'],
    );
    const joined: string[] = [];
    for (const { name } of others)
      await client.query(`grant ${identifier(name)} to current_user`).then(
        () => joined.push(name),
        // What it owns is reported as not restored.
        () => undefined,
      );
    return joined.length === 0
      ? []
      : [`${into.user} was made a member of ${joined.join(', ')}, to give them what they own`];
  } finally {
    await client.end();
  }
}
