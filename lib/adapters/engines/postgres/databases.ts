import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { Refusal } from '../../../domain/errors.ts';
import type { Credentials } from '../../../ports/credentials.ts';
import type { ChangeReader, Databases, FoundDatabase, LivingServer } from '../../../ports/databases.ts';
import { DATABASE_MISSING } from '../../../ports/switching.ts';
import { besides, databaseLiteral, ENDING_TAKES, endSessions } from './besides.ts';
import { identifier, rows } from './connection.ts';

/** Databases of a PostgreSQL server as a whole; `patience` in seconds. */
export function postgresDatabases({ patience = ENDING_TAKES }: { patience?: number } = {}): Databases {
  return {
    living: (admin, name) => besides(admin, (client) => lookAtServer(client, admin, name)),
    find: (admin, which) => besides(admin, (client) => find(client, which)),
    memberships: (admin) => besides(admin, membershipsOf),
    readers: (admin, id) => besides(admin, (client) => slotsOf(client, id)),
    rename: (admin, id, to) => besides(admin, (client) => rename(client, admin, { id, to }, patience)),
  };
}

async function lookAtServer(client: Client, admin: Credentials, name: string): Promise<LivingServer> {
  const [found] = await rows<{ id: string; owner: string; creates: boolean; gives: boolean; taken: boolean }>(
    client,
    `select d.oid::text as id, pg_catalog.pg_get_userbyid(d.datdba) as owner,
      r.rolsuper or r.rolcreatedb as creates, r.rolsuper or pg_catalog.pg_has_role(d.datdba, case when
        pg_catalog.current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end) as gives,
      exists (select from pg_catalog.pg_database where datname = ${client.escapeLiteral(name)}) as taken
    from pg_catalog.pg_database d cross join pg_catalog.pg_roles r
    where d.datname = ${databaseLiteral(client, admin)} and r.rolname = current_user`,
  );
  if (!found) throw missing(admin.database);
  const { id, owner, creates, gives, taken } = found;
  const user = identifier(admin.user);
  const free = await freeBytes(client);
  return {
    id,
    isTaken: taken,
    obstacles: [
      ...(creates ? [] : [`${admin.user} may not create databases: alter role ${user} createdb`]),
      ...(gives
        ? []
        : [`${admin.user} may not give ${owner} the new database: grant ${identifier(owner)} to ${user}`]),
    ],
    ...(free === undefined ? {} : { free }),
  };
}

/** Only Neon tells its limit; what a disk has left no server of PostgreSQL says. */
async function freeBytes(client: Client): Promise<number | undefined> {
  // In MB where it has no unit of its own, such as 16TB; negative or absent where there is no limit.
  const [limit] = await rows<{ bytes: string | null }>(
    client,
    `select pg_catalog.pg_size_bytes(case when said ~ '^-?\\d+$' then said || 'MB' else said end)::text as bytes
    from pg_catalog.current_setting('neon.max_cluster_size', true) said where said <> ''`,
  );
  const most = Number(limit?.bytes ?? 0);
  if (!(most > 0)) return undefined;
  const [used] = await rows<{ bytes: string }>(
    client,
    `select coalesce(pg_catalog.sum(pg_catalog.pg_database_size(oid)), 0)::text as bytes from pg_catalog.pg_database
    where pg_catalog.has_database_privilege(oid, 'connect') or pg_catalog.pg_has_role('pg_read_all_stats', 'usage')`,
  );
  return Math.max(0, most - Number(used!.bytes));
}

async function find(
  client: Client,
  which: { id: string } | { name: string },
): Promise<FoundDatabase | undefined> {
  const [column, value] = 'id' in which ? ['oid::text', which.id] : ['datname', which.name];
  const [found] = await rows<FoundDatabase>(
    client,
    `select oid::text as id, datname as name from pg_catalog.pg_database where ${column} = ${client.escapeLiteral(value)}`,
  );
  return found;
}

/** From PostgreSQL 16 on he may be a member by several who granted it. */
async function membershipsOf(client: Client): Promise<string[]> {
  const found = await rows<{ end: string }>(
    client,
    `select pg_catalog.format('revoke %I from %I', pg_catalog.pg_get_userbyid(m.roleid), current_user) || case when
        pg_catalog.current_setting('server_version_num')::int >= 160000
        then pg_catalog.format(' granted by %I', pg_catalog.pg_get_userbyid(m.grantor)) else '' end as end
    from pg_catalog.pg_auth_members m where m.member = (select oid from pg_catalog.pg_roles where rolname = current_user)
    order by 1`,
  );
  return found.map(({ end }) => end);
}

/** A slot outlives the sessions that read it, and those of a temporary one end with the database's. */
function slotsOf(client: Client, id: string): Promise<ChangeReader[]> {
  return rows<ChangeReader>(
    client,
    `select slot_name as name, pg_catalog.format('select pg_drop_replication_slot(%L)', slot_name) as end
    from pg_catalog.pg_replication_slots where datoid::text = ${client.escapeLiteral(id)} and not temporary order by 1`,
  );
}

async function rename(
  client: Client,
  admin: Credentials,
  { id, to }: { id: string; to: string },
  patience: number,
): Promise<void> {
  const until = Date.now() + patience * 1000;
  for (;;) {
    const found = await find(client, { id });
    if (!found) throw missing(to);
    if (found.name === to) return;
    await endSessions(client, { ...admin, database: found.name }, patience);
    const failed = await client
      .query(`alter database ${identifier(found.name)} rename to ${identifier(to)}`)
      .then(
        () => undefined,
        (cause: Error & { code?: string }) => cause,
      );
    if (!failed) return;
    // Somebody has come in since the last look.
    if (failed.code !== '55006' || Date.now() > until) throw refused(failed, admin, found.name, to);
    await sleep(100);
  }
}

function refused(cause: Error & { code?: string }, { user }: Credentials, from: string, to: string): Error {
  if (cause.code === '42P04')
    return new Refusal('database-exists', `${from} cannot become ${to}: there is a database of that name`, {
      hint: 'rename or drop that one, if nobody needs it',
      cause,
    });
  if (cause.code === '55006')
    return new Refusal(
      'sessions-stay',
      `sessions come into ${from} again and again, so it cannot be renamed`,
      {
        hint: 'stop those programs',
        cause,
      },
    );
  if (cause.code !== '42501') return cause;
  return new Refusal('rename-denied', `${user} may not rename ${from}: ${cause.message}`, {
    hint: `it takes: alter role ${identifier(user)} createdb, and to be a member of its owner`,
    cause,
  });
}

const missing = (database: string) =>
  new Refusal(DATABASE_MISSING, `there is no database ${database} on this server any more`, {
    hint: 'list its databases: psql --list',
  });
