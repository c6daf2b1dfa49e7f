import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { Refusal } from '../../../domain/errors.ts';
import type { Credentials } from '../../../ports/credentials.ts';
import { connect, identifier, rows } from './connection.ts';

/** How long sessions may take to end, in seconds. */
export const ENDING_TAKES = 60;

/** Runs work on the same server in another database: nobody can close the database that he is in. */
export async function besides<T>(admin: Credentials, work: (client: Client) => Promise<T>): Promise<T> {
  const into = (database: string) => connect({ ...admin, database });
  // One called postgres may be closed itself.
  const client =
    admin.database === 'postgres'
      ? await into('template1')
      : await into('postgres').catch((error: { cause?: { code?: string } }) => {
          if (error.cause?.code !== '55000') throw error;
          return into('template1');
        });
  try {
    await client.query('set default_transaction_read_only = off');
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The name of a database as a value of SQL. */
export const databaseLiteral = (client: Client, { database }: Credentials) => client.escapeLiteral(database);

/**
 * `autovacuum` and RDS's own sessions write nothing of the application's. Who may not read the statistics sees no type:
 * such a session counts.
 */
const SESSIONS = `from pg_catalog.pg_stat_activity
  where pid <> pg_catalog.pg_backend_pid() and usename is distinct from 'rdsadmin'
    and coalesce(backend_type, '') not in ('autovacuum worker', 'parallel worker')`;

/** A session that is past the door and not in the list yet holds a lock on its database until it has begun. */
const BEGINNING = 'a session that is beginning';
const STARTING = (client: Client, admin: Credentials) => ` union
  select pid, '${BEGINNING}' from pg_catalog.pg_locks
  where locktype = 'object' and classid = 'pg_catalog.pg_database'::pg_catalog.regclass and pid <> pg_catalog.pg_backend_pid()
    and objid = (select oid from pg_catalog.pg_database where datname = ${databaseLiteral(client, admin)})`;

/**
 * Ends the sessions of a database, those that began before a moment or all, until two looks find none. Sessions that
 * the role may not end are waited for.
 */
export async function endSessions(
  client: Client,
  admin: Credentials,
  patience: number,
  before?: string,
): Promise<{ at: string }> {
  const which = `${SESSIONS} and datname = ${databaseLiteral(client, admin)}${before === undefined ? '' : ` and coalesce(backend_start <= ${client.escapeLiteral(before)}::timestamptz, true)`}`;
  const until = Date.now() + patience * 1000;
  let seen = new Set<number>();
  for (let quiet = 0; quiet < 2; ) {
    const found = await rows<{ pid: number; user: string }>(
      client,
      `select pid, coalesce(usename, backend_type, 'nobody') as user ${which}${before === undefined ? STARTING(client, admin) : ''}`,
    );
    // A session that is beginning and was not there at the last look reads that the door is closed.
    const stayed = found.filter(({ pid, user }) => user !== BEGINNING || seen.has(pid));
    seen = new Set(found.map(({ pid }) => pid));
    quiet = stayed.length === 0 ? quiet + 1 : 0;
    for (const { pid } of found)
      await client.query(`select pg_catalog.pg_terminate_backend(${pid})`).catch(() => undefined);
    if (stayed.length > 0 && Date.now() > until) throw staying(admin, stayed);
    if (quiet < 2) await sleep(100);
  }
  return { at: await serverTime(client) };
}

function staying({ database, user }: Credentials, found: readonly { user: string }[]): Refusal {
  const users = [...new Set(found.map((each) => each.user))].join(', ');
  return new Refusal(
    'sessions-stay',
    `${found.length} sessions of ${users} stay in ${database}: ${user} may not end them, or they do not end`,
    { hint: `let ${user} end them: grant pg_signal_backend to ${identifier(user)}; or stop those programs` },
  );
}

export async function serverTime(client: Client): Promise<string> {
  const [found] = await rows<{ at: string }>(
    client,
    `select pg_catalog.to_char(pg_catalog.clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at`,
  );
  return found!.at;
}
