import { postgresEngine } from '../../lib/adapters/postgres/engine.ts';
import type { Policy } from '../../lib/domain/policy.ts';
import { policy } from '../support/builders.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase('create table leads (n int)');
});
afterAll(async () => {
  await database.drop();
});

test('says that a role does not see other sessions, and what to grant', async () => {
  await database.sql(
    "do $$ begin create role looker login in role pg_read_all_data; exception when duplicate_object then null; end $$; alter role looker password 'x'; revoke pg_read_all_stats from looker",
  );
  const nightly = { cron: '0 1 * * *', timezone: 'UTC' };
  const symptom = async (schedules: Policy['schedules'] = { 'rehearse-snapshot': nightly }) =>
    (
      await postgresEngine(() => [process.env['PG_BIN']!]).doctor(
        { ...database.credentials, user: 'looker', password: 'x' },
        policy({ schedules }),
      )
    ).find(({ check }) => check === 'sessions');
  expect(await symptom()).toMatchObject({
    state: 'bad',
    next: 'grant pg_read_all_stats to looker, or pg_monitor, which contains it',
  });
  // Where nothing is rehearsed on instances it stands in nobody's way.
  expect(await symptom({ dump: nightly })).toMatchObject({ state: 'good' });
  await database.sql('grant pg_read_all_stats to looker');
  expect(await symptom()).toMatchObject({ state: 'good' });
});
