import { postgresInstances } from '../../lib/adapters/engines/postgres/instance.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase('create table leads (n int); create unlogged table passing (n int);');
});
afterAll(() => database.drop());

test('a restored instance says which of its tables are unlogged', async () => {
  const unlogged = async () => {
    const copy = await postgresInstances().open(database.credentials, () => 60);
    const found = ['leads', 'passing', 'gone'].map((name) => copy.unlogged('public', name));
    await copy.close();
    return found;
  };
  expect(await unlogged()).toEqual([false, true, false]);
  await database.sql('alter table passing set logged');
  expect(await unlogged()).toEqual([false, false, false]);
});

test('a restored instance says that its subscriptions may act unless their workers are switched off', async () => {
  const copy = await postgresInstances().open(database.credentials, () => 60);
  const server = await database.connect();
  const { rows } = await server.query('show max_logical_replication_workers');
  await server.end();
  expect(rows[0]).not.toMatchObject({ max_logical_replication_workers: '0' });
  expect(await copy.unsilenced()).toContain('subscriptions may act');
  await copy.close();
});

test('one question is answered on a connection that can only read, and an error quotes no value of a row', async () => {
  const { value } = postgresInstances();
  await database.sql(
    "insert into leads values (7); create table people (name text); insert into people values ('anna')",
  );
  const ask = (sql: string, seconds = 5) => value(database.credentials, sql, seconds);
  expect(await ask('select max(n) from public.leads')).toBe('7');
  expect(await ask('select null')).toBeUndefined();
  await expect(ask("insert into public.leads values (8) returning 'x'")).rejects.toThrow('may only read');
  await expect(ask('select n from public.missing')).rejects.toMatchObject({
    code: 'question-refused',
    message: expect.stringContaining('public.missing'),
  });
  const refused = await ask('select name::int from public.people').catch((error: Error) => error.message);
  expect(refused).toBe('the server refuses it with SQLSTATE 22P02');
  await expect(ask('select pg_sleep(60)', 1)).rejects.toThrow('statement timeout');
  expect(await ask('select count(*) from public.leads')).toBe('1');
});
