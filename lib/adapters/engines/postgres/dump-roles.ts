import { join } from 'node:path';
import { UnderstudyError } from '../../../domain/errors.ts';
import type { Credentials } from '../../../ports/database.ts';
import { type HeldRole, withHeldRoles } from './held-roles.ts';
import { childEnvironment, formatEnding, libpqEnvironment, start } from './process.ts';
import type { Programs } from './programs.ts';
import { conninfo } from './sql.ts';

const LIMIT = 16 * 1024 * 1024;

/**
 * Roles without their passwords, as SQL: managed services allow no role to read pg_authid. Both a minimum of text and
 * exit code 0 are required: a refused dump of roles has passed as a backup before. Completed by the roles of the snapshot.
 */
export async function dumpRoles(
  programs: Programs,
  credentials: Credentials,
  held: readonly HeldRole[],
  encoding: string,
): Promise<Buffer> {
  const args = [
    '--roles-only',
    '--no-role-passwords',
    '--no-password',
    // A role's own client_encoding would give names other bytes than the snapshot's.
    `--encoding=${encoding}`,
    `--database=dbname=${conninfo(credentials.database)}`,
  ];
  const environment = { ...childEnvironment(), ...(await libpqEnvironment(credentials)) };
  const { child, ended } = start(join(programs.bin, 'pg_dumpall'), args, environment);
  const chunks: Buffer[] = [];
  let size = 0;
  child.stdout!.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > LIMIT) child.kill('SIGKILL');
    else chunks.push(chunk);
  });
  const ending = await ended;
  const text = Buffer.concat(chunks);
  if (ending.code === 0 && text.includes('PostgreSQL database cluster dump complete'))
    return Buffer.from(withHeldRoles(text.toString('latin1'), held), 'latin1');
  throw new UnderstudyError('roles-dump-failed', formatEnding('pg_dumpall', ending, credentials.password), {
    hint: 'the dump role needs to read pg_roles and pg_auth_members: grant select on pg_roles, pg_auth_members to public; (the default, unless it was revoked)',
  });
}
