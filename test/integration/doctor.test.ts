import type { Client } from 'pg';
import { identifier } from '../../lib/adapters/engines/postgres/sql.ts';
import type { Credentials } from '../../lib/ports/database.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { take } from '../support/source.ts';
import { examine } from '../support/symptoms.ts';

let database: TestDatabase;
let looker: Credentials;
const role = `Look"er ${process.pid}`;
const quoted = identifier(role);
const opened: Client[] = [];
const open = async (as?: { user: string; password: string }) => {
  const client = await database.connect(as);
  opened.push(client);
  return client;
};

beforeAll(async () => {
  database = await createDatabase('create table leads (n int)');
  await database.sql(`create role ${quoted} login password 'x' in role pg_read_all_data, pg_read_all_stats`);
  looker = { ...database.credentials, user: role, password: 'x' };
});
afterEach(async () => {
  for (const client of opened.splice(0)) await client.end();
  await database.sql(
    `alter role ${quoted} connection limit -1; alter database ${database.name} connection limit -1`,
  );
});
afterAll(async () => {
  await database.sql(`drop owned by ${quoted}; drop role ${quoted}`);
  await database.drop();
});

test('doctor finds nothing in the way of a dump role that is made as the README says', async () => {
  expect((await examine(looker)).all.filter(({ state }) => state !== 'good')).toEqual([]);
});

test('doctor says that a role does not see other sessions, and what to grant', async () => {
  await database.sql(`revoke pg_read_all_stats from ${quoted}`);
  const nightly = { cron: '0 1 * * *', timezone: 'UTC' };
  const sessions = async (job: string) =>
    (await examine(looker, { schedules: { [job]: nightly } })).of('sessions');
  expect(await sessions('rehearse-snapshot')).toMatchObject([
    { state: 'bad', next: `grant pg_read_all_stats to ${quoted};` },
  ]);
  // Where nothing is rehearsed on instances it stands in no dump's way.
  expect(await sessions('dump')).toMatchObject([{ state: 'good' }]);
  const [remedy] = await sessions('rehearse-snapshot');
  await database.sql(remedy!.next!);
  expect(await sessions('rehearse-snapshot')).toMatchObject([{ state: 'good' }]);
});

const after = () =>
  database.sql(`select count(*)::int as left from pg_stat_activity where usename = $$${role}$$`);

test.each([1, 2, 3])(
  'doctor examines a source with a connection limit of %d, and leaves no connection open',
  async (limit) => {
    await database.sql(`alter role ${quoted} connection limit ${limit}`);
    const { all, of } = await examine(looker);
    expect(of('connections')).toEqual([
      {
        check: 'connections',
        state: 'bad',
        message: expect.stringContaining(`the role ${role} has 0 of ${limit} in use`),
        next: `alter role ${quoted} connection limit 8;`,
      },
    ]);
    expect(all.filter(({ state }) => state !== 'good')).toHaveLength(1);
    expect(await after()).toEqual([{ left: 0 }]);
  },
);

test('doctor counts the connections in use, and its remedy lets the dump begin', async () => {
  await database.sql(`alter role ${quoted} connection limit 4`);
  for (let n = 0; n < 2; n++) await open({ user: role, password: 'x' });
  const [short] = (await examine(looker)).of('connections');
  expect(short).toMatchObject({ state: 'bad', message: expect.stringContaining('has 2 of 4 in use') });
  await expect(take(looker)).rejects.toThrow(/too many connections for role/);
  await database.sql(short!.next!);
  expect((await examine(looker)).of('connections')).toMatchObject([{ state: 'good' }]);
  await take(looker);
});

test('doctor reports the connection limit of the database, and not to a superuser', async () => {
  await database.sql(`alter database ${database.name} connection limit 3`);
  const [short] = (await examine(looker)).of('connections');
  expect(short).toMatchObject({
    state: 'bad',
    next: `alter database "${database.name}" connection limit 8;`,
  });
  expect((await examine(database.credentials)).of('connections')).toMatchObject([{ state: 'good' }]);
  await database.sql(short!.next!);
  expect((await examine(looker)).of('connections')).toMatchObject([{ state: 'good' }]);
});

const locks = async () => (await examine(looker)).of('locks');

test('doctor does not report the locks on temporary and uncommitted tables', async () => {
  const other = await open();
  await other.query(
    'begin; create temp table mine (a int); create table made (a int); create index on made (a)',
  );
  expect(await locks()).toMatchObject([{ state: 'good' }]);
  await take(looker);
});

test('doctor reports an exclusive lock on a table with the table and the session', async () => {
  const other = await open();
  const { rows } = await other.query('select pg_backend_pid() as pid');
  await other.query('begin; lock table leads in access exclusive mode');
  const [held] = await locks();
  expect(held).toMatchObject({
    state: 'bad',
    message: expect.stringContaining(`backend ${rows[0].pid} (postgres) holds one on public.leads`),
    next: expect.stringContaining(`select pg_terminate_backend(${rows[0].pid});`),
  });
});

const power = async (as: Credentials) => (await examine(as)).of('role');

test('doctor remarks that a role may write, which stands in the way of no dump', async () => {
  expect(await power(looker)).toEqual([{ check: 'role', state: 'good', message: `${role} reads only` }]);
  expect(await power(database.credentials)).toMatchObject([
    { state: 'good', message: 'postgres is a superuser', next: expect.stringContaining('docs/deploy.md') },
  ]);
  await database.sql(`grant insert on leads to ${quoted}`);
  expect(await power(looker)).toMatchObject([
    { state: 'good', message: `${role} may write public.leads`, next: expect.any(String) },
  ]);
  await database.sql(`revoke insert on leads from ${quoted}`);
});
