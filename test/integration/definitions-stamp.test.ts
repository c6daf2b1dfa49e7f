import { setTimeout as sleep } from 'node:timers/promises';
import { definitionsStamp, writeCounters } from '../../lib/adapters/engines/postgres/facts/writes.ts';
import { type Cluster, startCluster } from '../../scripts/local/cluster.ts';

/** On a server of its own: roles are the whole server's, and other tests create some meanwhile. */
let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.sql(
    'postgres',
    'create table leads (id serial primary key, name text); create index by_name on leads (name);',
  );
});
afterAll(() => cluster.stop());

/** Read as the watch of a later day would: from a session of its own, when what was done has been reported. */
async function stamp(): Promise<string | undefined> {
  const client = await cluster.connect('postgres');
  try {
    return definitionsStamp(await writeCounters(client));
  } finally {
    await client.end();
  }
}

/** Does SQL change the stamp? A session reports what it did when it ends. */
async function changes(sql: string): Promise<boolean> {
  const before = await stamp();
  expect(before).toBeDefined();
  await cluster.sql('postgres', sql);
  const watcher = await cluster.connect('postgres');
  const others =
    "select 1 from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()";
  while ((await watcher.query(others)).rows.length > 0) await sleep(20);
  await watcher.end();
  return (await stamp()) !== before;
}

describe('the stamp of all definitions', () => {
  it.each([
    ['an index that is dropped and made again', 'drop index by_name; create index by_name on leads (name)'],
    ['a table that came and went', 'create table passing (n int); drop table passing'],
    [
      'a constraint put on and taken off',
      'alter table leads alter name set not null; alter table leads alter name drop not null',
    ],
    [
      'a role that is called something else',
      'create role stamped; alter role stamped rename to stamped_too; drop role stamped_too',
    ],
    ['a function', 'create or replace function f() returns int language sql as $$ select 1 $$'],
  ])('changes with %s', async (_, sql) => {
    expect(await changes(sql)).toBe(true);
  });

  it.each([
    [
      'rows',
      "insert into leads (name) select 'x' from generate_series(1, 5000); delete from leads where id > 10",
    ],
    ['statistics and vacuum', 'analyze leads; vacuum leads; vacuum (analyze) leads'],
    ['sequences', "select nextval('leads_id_seq'), setval('leads_id_seq', 9000)"],
    ['large objects', "select lo_unlink(lo_from_bytea(0, 'x'))"],
  ])('does not change with %s', async (_, sql) => {
    for (const statement of sql.split('; '))
      expect([statement, await changes(statement)]).toEqual([statement, false]);
  });
});
