import { join } from 'node:path';
import { identifier, rows } from '../connection.ts';
import { sayEnding, start } from '../process.ts';
import type { Programs } from '../programs.ts';
import { type ScratchServer, SUPERUSER } from '../scratch-server.ts';
import { RESTORER, RestoreFailed } from './names.ts';

/**
 * Runs the roles file statement by statement and takes from every role what would let the source's code out of its
 * database: superuser, replication, and the rights to files and programs of the server.
 */
export async function restoreRoles(
  server: ScratchServer,
  programs: Programs,
  file: string,
): Promise<string[]> {
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
