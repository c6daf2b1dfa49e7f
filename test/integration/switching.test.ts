import type { Client } from 'pg';
import { scramVerifier } from '../../lib/adapters/engines/postgres/scram.ts';
import { postgresSwitching } from '../../lib/adapters/engines/postgres/switching.ts';
import type { Credentials } from '../../lib/ports/credentials.ts';
import { type Cluster, startCluster } from '../../scripts/local/cluster.ts';

/** What a restore does inside databases, as a user who owns them and is no superuser. On a server of its own. */
let cluster: Cluster;
const switching = postgresSwitching();

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.sql(
    'postgres',
    `create role owner login password 'owner' createrole;
     create role app login password 'app';
     grant pg_signal_backend, pg_monitor to owner;
     create role stranger login password 'stranger';`,
  );
});
afterAll(() => cluster.stop());

const NAMES = ['crm', 'Crm "of" 2026'];
beforeEach(async () => {
  for (const name of NAMES) {
    const quoted = `"${name.replaceAll('"', '""')}"`;
    await cluster.sql('postgres', `drop database if exists ${quoted} with (force)`);
    await cluster.sql('postgres', `create database ${quoted} owner owner`);
    await cluster.sql(name, 'create table t (n int); grant all on t to app');
  }
});

const as = (user: string, database = 'crm'): Credentials => ({
  ...{ host: '127.0.0.1', port: cluster.port, user, password: user, database, sslmode: 'disable' },
});
async function session(user: string, database = 'crm'): Promise<Client & { ended: Promise<void> }> {
  const { Client } = await import('pg');
  const { sslmode: _, ...config } = as(user, database);
  const client = new Client({ ...config, ssl: false });
  const ended = new Promise<void>((resolve) => {
    client.on('end', resolve);
    client.on('error', () => resolve());
  });
  await client.connect();
  return Object.assign(client, { ended });
}
const INSERT = 'insert into t values (1)';

test.each(NAMES)(
  'a frozen database %s ends its sessions and lets new ones read only, until it is thawed',
  async (name) => {
    const before = await session('app', name);
    const held = await switching.before(as('owner', name));
    const { at } = await switching.freeze(as('owner', name));
    await before.ended;
    expect(Math.abs(Date.now() - Date.parse(at))).toBeLessThan(60_000);
    const during = await session('app', name);
    await expect(during.query(INSERT)).rejects.toMatchObject({ code: '25006' });
    expect((await during.query('select count(*)::int as n from t')).rows).toEqual([{ n: 0 }]);
    // It may be repeated.
    await switching.freeze(as('owner', name));
    await switching.thaw(as('owner', name), held);
    const after = await session('app', name);
    await after.query(INSERT);
    await after.end();
  },
);

test('a default of read-only that the database had before is there again', async () => {
  await cluster.sql(
    'postgres',
    "alter database crm set default_transaction_read_only = 'off'; alter database crm set work_mem = '5MB'",
  );
  const held = await switching.before(as('owner'));
  expect(held).toEqual({ readOnly: 'off' });
  await switching.freeze(as('owner'));
  await switching.thaw(as('owner'), held);
  const [row] = await cluster.sql(
    'postgres',
    "select setconfig from pg_db_role_setting s join pg_database d on d.oid = setdatabase where datname = 'crm'",
  );
  expect((row!['setconfig'] as string[]).sort()).toEqual([
    'default_transaction_read_only=off',
    'work_mem=5MB',
  ]);
});

test.each(NAMES)('a fenced database %s has no session, lets none in, and is opened again', async (name) => {
  const sessions = await Promise.all([1, 2, 3].map(() => session('app', name)));
  await sessions[0]!.query('begin; insert into t values (1)');
  // One that comes back at once, as a pool does.
  let stopped = false;
  const pool = (async () => {
    while (!stopped) {
      const client = await session('app', name).catch(() => undefined);
      if (client) await client.ended;
      else await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  await switching.fence(as('owner', name));
  await Promise.all(sessions.map(({ ended }) => ended));
  const left = await cluster.sql(
    'postgres',
    `select pid from pg_stat_activity where datname = '${name.replaceAll("'", "''")}'`,
  );
  expect(left).toEqual([]);
  await expect(session('app', name)).rejects.toMatchObject({ code: '55000' });
  stopped = true;
  await pool;
  await switching.fence(as('owner', name));
  await switching.unfence(as('owner', name));
  await switching.unfence(as('owner', name));
  // What was not committed is not there.
  expect(await cluster.sql(name, 'select n from t')).toEqual([]);
  await (await session('app', name)).end();
});

test('a user who does not own the database may neither freeze nor fence it, and is told what to do', async () => {
  for (const ask of ['freeze', 'fence'] as const) {
    const refusal = await switching[ask](as('stranger')).catch((error) => error);
    expect(refusal).toMatchObject({ code: `${ask}-denied`, hint: expect.stringContaining('restore.admin') });
  }
  await (await session('app')).end();
});

test('whoever lacks a right for it is told each one, and who has all of them is told nothing', async () => {
  expect(await switching.obstacles(as('owner'))).toEqual([]);
  expect(await switching.obstacles(as('stranger'))).toEqual([
    expect.stringContaining('does not own crm'),
    expect.stringContaining('grant pg_signal_backend to "stranger"'),
    expect.stringContaining('grant pg_monitor to "stranger"'),
  ]);
  expect(await switching.databases(as('owner'))).toEqual([...NAMES].sort());
});

test('a session that the user may not see keeps the fence from being complete', async () => {
  await cluster.sql('postgres', 'revoke pg_monitor from owner');
  const client = await cluster.connect('crm');
  const refusal = await postgresSwitching({ patience: 1 })
    .fence(as('owner'))
    .catch((error) => error);
  expect(refusal).toMatchObject({ code: 'sessions-stay' });
  await client.end();
  await cluster.sql('postgres', 'grant pg_monitor to owner');
  await switching.unfence(as('owner'));
});

test('a session that is past the door while the fence is made does not stay', async () => {
  const { Client } = await import('pg');
  const { sslmode: _, ...config } = as('app');
  const slow = new Client({ ...config, ssl: false, options: '-c post_auth_delay=2' });
  slow.on('error', () => undefined);
  let wrote = false;
  const writing = slow
    .connect()
    .then(() => slow.query('insert into t values (7)'))
    .then(() => new Promise((resolve) => setTimeout(resolve, 500)))
    .then(() => slow.query('insert into t values (8)'))
    .then(() => {
      wrote = true;
    })
    .catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await switching.fence(as('owner'));
  await writing;
  expect(wrote).toBe(false);
  await switching.unfence(as('owner'));
});

test('a session of a superuser that the owner may not end keeps the fence from being complete, by name', async () => {
  const client = await cluster.connect('crm');
  const impatient = postgresSwitching({ patience: 1 });
  const refusal = await impatient.fence(as('owner')).catch((error) => error);
  expect(refusal).toMatchObject({ code: 'sessions-stay', message: expect.stringContaining('postgres') });
  await client.end();
  await switching.unfence(as('owner'));
});

test('a user whose password has changed since logs in with that of the secret, and no statement contains it', async () => {
  expect(await switching.admit(as('owner'), as('app'))).toBe('worked');
  const secret = { ...as('app'), password: 'of-the-secret ä ½ \u00a0x'.padEnd(300, '*') };
  await cluster.sql('postgres', "alter role owner set log_statement = 'all'");
  await cluster.sql('postgres', 'grant app to owner with admin option');
  expect(await switching.admit(as('owner'), secret)).toBe('password-set');
  await switching.logIn(secret);
  expect(await switching.admit(as('owner'), secret)).toBe('worked');
  await expect(switching.logIn(as('app'))).rejects.toMatchObject({ name: 'CredentialsRefused' });
  const { readFileSync } = await import('node:fs');
  const log = readFileSync(`${cluster.directory}/log`, 'utf8');
  expect(log).toContain('alter role "app"');
  expect(log).not.toContain('of-the-secret');
  await cluster.sql('postgres', "alter role app password 'app'");
});

test('a user may be given his own password, and one whom the master may not change is named', async () => {
  const own = { ...as('owner'), password: 'another' };
  expect(await switching.admit(as('owner'), own)).toBe('password-set');
  await cluster.sql('postgres', "alter role owner password 'owner'");
  const refusal = await switching
    .admit(as('app'), { ...as('stranger'), password: 'x' })
    .catch((error) => error);
  expect(refusal).toMatchObject({ code: 'role-denied', hint: expect.stringContaining('with admin option') });
});

test('a role that the copy does not have is named', async () => {
  await expect(switching.admit(as('owner'), as('newcomer'))).rejects.toMatchObject({ code: 'role-missing' });
});

test('a verifier is what the server itself would make of the password', async () => {
  const [row] = await cluster.sql(
    'postgres',
    "create role probe password 'pässword'; select rolpassword as is from pg_authid where rolname = 'probe'",
  );
  const stored = String(row!['is']);
  const salt = Buffer.from(/:([^$]+)\$/.exec(stored)![1]!, 'base64');
  expect(scramVerifier('pässword', salt)).toBe(stored);
});

/** The superuser, whose password is the cluster’s. */
let master: Credentials;
beforeAll(() => {
  master = { ...as('postgres'), password: cluster.password };
});

test('tables are read, the named ones or all, and those for which no time was left are named', async () => {
  await cluster.sql(
    'crm',
    'create table big as select n from generate_series(1, 100000) n; create schema other; create table other.t (n int)',
  );
  expect(await switching.warm(master, [], 60)).toEqual({ read: 3, cold: 0, first: [] });
  const named = ['public.big', 'public.none'];
  expect(await switching.warm(master, named, 60)).toEqual({
    ...{ read: 1, cold: 1, first: ['public.none'] },
  });
  expect(await switching.warm(master, ['public.big'], 0)).toEqual({
    read: 0,
    cold: 1,
    first: ['public.big'],
  });
});

test('a database that the server does not have is told apart from one that may not be closed', async () => {
  for (const work of [
    () => switching.fence(as('owner', 'gone')),
    () => switching.unfence(as('owner', 'gone')),
    () => switching.freeze(as('owner', 'gone')),
    () => switching.thaw(as('owner', 'gone'), {}),
  ])
    await expect(work()).rejects.toMatchObject({ code: 'database-missing' });
});
