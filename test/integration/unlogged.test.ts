import { postgresInstances } from '../../lib/adapters/postgres/instance.ts';
import { manifest } from '../support/builders.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase('create table leads (n int); create unlogged table passing (n int);');
});
afterAll(() => database.drop());

test('the source says which of the dumped tables a restore of its storage empties', async () => {
  const table = (name: string) => ({ schema: 'public', name, rows: '0' });
  const dumped = manifest({ tables: [table('leads'), table('passing'), table('gone')] });
  expect(await postgresInstances().since(database.credentials, dumped, '2026-01-01T00:00:00Z')).toMatchObject(
    { unlogged: [1] },
  );
  await database.sql('alter table passing set logged');
  expect(await postgresInstances().since(database.credentials, dumped, '2026-01-01T00:00:00Z')).toMatchObject(
    { unlogged: [] },
  );
});
