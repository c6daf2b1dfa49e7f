import { type Server, sql } from './postgres.ts';

/** The databases and roles a new instance has. `rds_superuser` is what RDS gives instead of a superuser. */
export async function equip(server: Server, of: { database: string; user: string; password: string }) {
  const run = (text: string) => sql(server, 'postgres', text);
  const user = quoteName(of.user);
  await run(ROLES);
  for (const database of ['template1', 'postgres']) await sql(server, database, AMCHECK);
  await run(
    `create role ${user} login createdb createrole password ${quote(of.password)} in role rds_superuser`,
  );
  if (of.database !== 'postgres') await run(`create database ${quoteName(of.database)}`);
  await run(`alter database ${quoteName(of.database)} owner to ${user}`);
}

export async function changePassword(server: Server, user: string, password: string): Promise<void> {
  await sql(server, 'postgres', `alter role ${quoteName(user)} password ${quote(password)}`);
}

const ROLES = `
  create role rds_superuser nologin;
  grant pg_read_all_data, pg_monitor, pg_signal_backend to rds_superuser with admin option;
  do $$ begin
    if to_regrole('pg_checkpoint') is not null then
      grant pg_checkpoint to rds_superuser with admin option;
    end if;
  end $$;`;

/** rds_superuser may create this extension on RDS, which PostgreSQL itself allows to superusers only. */
const AMCHECK = `
  create extension amcheck;
  grant execute on all functions in schema public to rds_superuser;`;

const quoteName = (name: string) => `"${name.replaceAll('"', '""')}"`;
const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
