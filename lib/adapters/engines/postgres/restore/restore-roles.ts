import { chown, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RestoreFailed } from '../../../../domain/errors.ts';
import { rows } from '../connection.ts';
import { withoutValues } from '../error-text.ts';
import { formatEnding, start } from '../process.ts';
import type { Programs } from '../programs.ts';
import { type ScratchServer, SUPERUSER } from '../scratch-server.ts';
import { RESTORER } from './restorer.ts';
import { portableRoles, type RoleStatement } from './role-statements.ts';

/**
 * Runs the roles file statement by statement and removes from every role what would let the source's code out of its
 * database: superuser, replication, and the rights to files and programs of the server.
 */
export async function restoreRoles(
  server: ScratchServer,
  programs: Programs,
  file: string,
): Promise<string[]> {
  const { text, statements } = portableRoles((await readFile(file)).toString('latin1'));
  const portable = join(server.directory, 'roles-here.sql');
  await writeFile(portable, Buffer.from(text, 'latin1'), { mode: 0o600 });
  const { uid, gid } = server.identity;
  if (uid !== undefined && gid !== undefined) await chown(portable, uid, gid);
  const psql = start(
    join(programs.bin, 'psql'),
    ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=0', `--file=${portable}`],
    server.environment(SUPERUSER, 'postgres'),
    { ...server.identity, cwd: server.directory, stdout: 'ignore' },
  );
  const said: string[] = [];
  psql.child.stderr!.on('data', (part: string) => said.push(part));
  const ending = await psql.ended;
  if (ending.code !== 0) throw new RestoreFailed('restore-failed', formatEnding('psql (roles)', ending));
  const client = await server.connect(SUPERUSER, 'postgres');
  try {
    await client.query(DISARM);
    for (const { revoke } of await rows<{ revoke: string }>(client, GIVEN)) await client.query(revoke);
  } finally {
    await client.end();
  }
  return judge(said.join(''), statements);
}

/**
 * Removes from the source's roles what only the server's own superuser may have here, and makes the restoring role a
 * member of each.
 */
const DISARM = `
  create role ${RESTORER} login createdb createrole nosuperuser bypassrls;
  do $$
  declare
    role record;
    members text;
  begin
    for role in select rolname as name, rolsuper as super from pg_catalog.pg_roles where oid >= 16384 and rolname <> '${RESTORER}' loop
      execute pg_catalog.format('alter role %I nosuperuser noreplication nologin %s', role.name, case when role.super then 'bypassrls' end);
      -- A superuser's materialized views were filled past every right; to fill them again it may read all and, from 17 on,
      -- refresh all.
      if role.super then
        execute pg_catalog.format('grant pg_read_all_data to %I', role.name);
        if pg_catalog.to_regrole('pg_maintain') is not null then execute pg_catalog.format('grant pg_maintain to %I', role.name); end if;
      end if;
    end loop;
    select pg_catalog.string_agg(pg_catalog.quote_ident(rolname), ', ') into members from pg_catalog.pg_roles where oid >= 16384 and rolname <> '${RESTORER}';
    if members is not null then execute 'grant ' || members || ' to ${RESTORER}'; end if;
  end $$`;

/** Every chain of grantors begins with the first superuser. */
const GIVEN = `
  select pg_catalog.format('revoke %s from %s cascade', roleid::pg_catalog.regrole, pg_catalog.string_agg(member::pg_catalog.regrole::text, ', ')) as revoke
  from pg_catalog.pg_auth_members m
  where roleid::pg_catalog.regrole::text in ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')
    and (grantor = 10 or pg_catalog.current_setting('server_version_num')::int < 160000)
  group by roleid`;

const ERROR = /^psql:.*:(\d+): ERROR: {2}(.*)$/;

/** Settings and rights of a managed service may be unknown here: that is noted. A missing role or membership changes the copy. */
function judge(said: string, statements: readonly RoleStatement[]): string[] {
  const errors = withoutValues(said.split('\n')).flatMap((line) => {
    const [, number, message] = ERROR.exec(line) ?? [];
    if (!message) return [];
    const at = Number(number);
    const statement = statements.find(({ first, last }) => first <= at && at <= last);
    return [{ at, message, kind: statement?.kind ?? 'other' }];
  });
  const missing = errors.filter(
    ({ kind, message }) => kind !== 'other' && !/role "pg_\w+" does not exist/.test(message),
  );
  if (missing.length > 0) {
    throw new RestoreFailed(
      'roles-incomplete',
      `${missing.length} roles or memberships of roles.sql could not be made here: ${missing
        .slice(0, 10)
        .map(({ at, message }) => `line ${at}: ${message}`)
        .join('; ')}`,
      {
        hint: 'fetch roles.sql and check these lines: docs/restore.md, "From a dump", steps 3 and 4',
      },
    );
  }
  const messages = [...new Set(errors.map(({ message }) => message))];
  return messages.length === 0 ? [] : [`roles: ${messages.slice(0, 5).join('; ')}`];
}
