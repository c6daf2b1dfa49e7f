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
