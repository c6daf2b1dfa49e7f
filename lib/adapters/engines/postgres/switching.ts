import type { Client } from 'pg';
import { CredentialsRefused, Refusal } from '../../../domain/errors.ts';
import type { Held } from '../../../domain/incidents/restore-record.ts';
import type { Credentials } from '../../../ports/credentials.ts';
import { DATABASE_MISSING, type Switching } from '../../../ports/switching.ts';
import { besides, databaseLiteral, ENDING_TAKES, endSessions, serverTime } from './besides.ts';
import { connect, identifier, rows } from './connection.ts';
import { migrationsIn } from './migrations.ts';
import { scramVerifier } from './scram.ts';

/** What an emergency restore does inside PostgreSQL databases; `patience` in seconds. */
export function postgresSwitching({ patience = ENDING_TAKES }: { patience?: number } = {}): Switching {
  return {
    databases: (admin) =>
      besides(admin, async (client) => {
        const found = await rows<{ name: string }>(
          client,
          `select datname as name from pg_catalog.pg_database
          where not datistemplate and datname not in ('postgres', 'rdsadmin') order by 1`,
        );
        return found.map(({ name }) => name);
      }),
    obstacles: (admin) => besides(admin, (client) => obstacles(client, admin)),
    before: (admin) => besides(admin, (client) => readHeld(client, admin)),
    freeze: (admin) =>
      besides(admin, async (client) => {
        const database = identifier(admin.database);
        await asOwner(
          client,
          admin,
          'freeze',
          `alter database ${database} set default_transaction_read_only = on`,
        );
        // A session that began before keeps its own default, and one that began after has the new one.
        return endSessions(client, admin, patience, await serverTime(client));
      }),
    thaw: (admin, { readOnly }) =>
      besides(admin, async (client) => {
        const database = identifier(admin.database);
        const setting = 'default_transaction_read_only';
        const as =
          readOnly === undefined ? `reset ${setting}` : `set ${setting} = ${client.escapeLiteral(readOnly)}`;
        await asOwner(client, admin, 'freeze', `alter database ${database} ${as}`);
        // Sessions that began meanwhile cannot write; their applications connect anew.
        await endSessions(client, admin, patience, await serverTime(client));
      }),
    fence: (admin) =>
      besides(admin, async (client) => {
        await allowConnections(client, admin, false);
        return endSessions(client, admin, patience);
      }),
    unfence: (admin) => besides(admin, (client) => allowConnections(client, admin, true)),
    admit,
    migrations: migrationsIn,
    logIn: async (application) => (await connect(application)).end(),
    warm,
  };
}

async function obstacles(client: Client, admin: Credentials): Promise<string[]> {
  const { user, database } = admin;
  const [found] = await rows<{ owns: boolean; ends: boolean; sees: boolean }>(
    client,
    `select pg_catalog.pg_has_role(d.datdba, 'usage') as owns,
      pg_catalog.pg_has_role('pg_signal_backend', 'usage') or r.rolsuper as ends,
      pg_catalog.pg_has_role('pg_read_all_stats', 'usage') or r.rolsuper as sees
    from pg_catalog.pg_database d cross join pg_catalog.pg_roles r
    where d.datname = ${databaseLiteral(client, admin)} and r.rolname = current_user`,
  );
  return [
    ...(found && !found.owns
      ? [`${user} does not own ${database}: name the master user’s secret as restore.admin in the policy`]
      : []),
    ...(found && !found.ends
      ? [`${user} may not end sessions: grant pg_signal_backend to ${identifier(user)}`]
      : []),
    ...(found && !found.sees
      ? [`${user} may not see all sessions: grant pg_monitor to ${identifier(user)}`]
      : []),
  ];
}

async function readHeld(client: Client, admin: Credentials): Promise<Held[string]> {
  const [found] = await rows<{ setting: string }>(
    client,
    `select pg_catalog.split_part(setting, '=', 2) as setting
    from pg_catalog.pg_db_role_setting s
    join pg_catalog.pg_database d on d.oid = s.setdatabase
    cross join pg_catalog.unnest(s.setconfig) setting
    where s.setrole = 0 and d.datname = ${databaseLiteral(client, admin)} and setting like 'default_transaction_read_only=%'`,
  );
  return found ? { readOnly: found.setting } : {};
}

async function allowConnections(client: Client, admin: Credentials, are: boolean): Promise<void> {
  const statement = `alter database ${identifier(admin.database)} with allow_connections ${are}`;
  await asOwner(client, admin, 'fence', statement);
}

/** Only the owner of a database may close it or change its defaults. */
async function asOwner(
  client: Client,
  { database, user }: Credentials,
  what: 'freeze' | 'fence',
  statement: string,
): Promise<void> {
  await client.query(statement).catch((cause: Error & { code?: string }) => {
    if (cause.code === '3D000')
      throw new Refusal(DATABASE_MISSING, `there is no database ${database} on this server`, { cause });
    if (cause.code !== '42501') throw cause;
    throw new Refusal(`${what}-denied`, `${user} may not ${what} ${database}: ${cause.message}`, {
      hint: 'name the master user’s secret as restore.admin in the policy, or make this user an owner of the database',
      cause,
    });
  });
}

const admit: Switching['admit'] = async (master, application) => {
  if (await logsIn(application)) return 'worked';
  const client = await connect(master);
  try {
    const [role] = await rows<{ login: boolean }>(
      client,
      `select rolcanlogin as login from pg_catalog.pg_roles where rolname = ${client.escapeLiteral(application.user)}`,
    );
    if (!role)
      throw new Refusal(
        'role-missing',
        `the restored database has no role ${application.user}, by which the application logs in: it was created later`,
        {
          hint: 'restore to a later moment, or create it after the restore and cut over by hand (cutover: none)',
        },
      );
    const verifier = client.escapeLiteral(scramVerifier(application.password));
    // Everybody may change his own password, and from PostgreSQL 16 on nothing else of himself.
    const login = role.login ? '' : 'login ';
    await client
      .query(`alter role ${identifier(application.user)} ${login}password ${verifier}`)
      .catch((cause: Error & { code?: string }) => {
        if (cause.code !== '42501') throw cause;
        throw new Refusal(
          'role-denied',
          `${master.user} may not give ${application.user} the password of its secret: ${cause.message}`,
          {
            hint: `from PostgreSQL 16 on that takes: grant ${identifier(application.user)} to ${identifier(master.user)} with admin option`,
            cause,
          },
        );
      });
  } finally {
    await client.end().catch(() => undefined);
  }
  if (await logsIn(application)) return 'password-set';
  throw new Refusal(
    'login-refused',
    `${application.user} cannot log in to the restored database, although it has the password of the secret`,
    { hint: 'look at its memberships and CONNECT on the database; then restore again, or cut over by hand' },
  );
};

async function logsIn(application: Credentials): Promise<boolean> {
  try {
    await (await connect(application)).end();
    return true;
  } catch (error) {
    if (error instanceof CredentialsRefused) return false;
    throw error;
  }
}

const warm: Switching['warm'] = async (master, tables, seconds) => {
  const client = await connect(master);
  const until = Date.now() + seconds * 1000;
  const cold: string[] = [];
  let read = 0;
  try {
    // Pages of the table itself: an index alone would leave them where they are.
    await client.query(
      'set enable_indexonlyscan = off; set enable_indexscan = off; set enable_bitmapscan = off',
    );
    for (const { name, sql } of await tablesToWarm(client, tables)) {
      const left = until - Date.now();
      if (sql === undefined || left < 1000 || !(await readOnce(client, sql, left))) cold.push(name);
      else read++;
    }
  } finally {
    await client.end().catch(() => undefined);
  }
  return { read, cold: cold.length, first: cold.slice(0, NAMED) };
};

/** Of tables that are not warm; there may be tens of thousands. */
const NAMED = 10;

async function readOnce(client: Client, table: string, milliseconds: number): Promise<boolean> {
  await client.query(`set statement_timeout = ${Math.floor(milliseconds)}`);
  return client.query(`select pg_catalog.count(*) from only ${table}`).then(
    () => true,
    () => false,
  );
}

/** The named tables in their order, one that is not there without SQL; else all, the largest first. */
async function tablesToWarm(
  client: Client,
  names: readonly string[],
): Promise<{ name: string; sql: string | undefined }[]> {
  const found = await rows<{ schema: string; table: string }>(
    client,
    `select n.nspname as schema, c.relname as table
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and c.relpersistence = 'p' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    order by pg_catalog.pg_relation_size(c.oid) desc, 1, 2`,
  );
  const all = found.map(({ schema, table }) => ({
    name: `${schema}.${table}`,
    sql: identifier(schema, table),
  }));
  if (names.length === 0) return all;
  return names.map((name) => all.find((each) => each.name === name) ?? { name, sql: undefined });
}
