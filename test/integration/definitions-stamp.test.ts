import { definitionsStamp, writeCounters } from '../../lib/adapters/engines/postgres/facts/writes.ts';
import { type Cluster, startCluster } from '../../scripts/local/cluster.ts';

/** On a server of its own: roles are everybody's, and others make some meanwhile. */
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

/** Sessions report when they end. */
async function doing(sql: string): Promise<boolean> {
  const before = await stamp();
  expect(before).toBeDefined();
  await cluster.sql('postgres', sql);
  for (let look = 0; look < 40; look++) {
    if ((await stamp()) !== before) return true;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return false;
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
  ])('shows %s', async (_, sql) => {
    expect(await doing(sql)).toBe(true);
  });

  it.each([
    [
      'rows',
      "insert into leads (name) select 'x' from generate_series(1, 5000); delete from leads where id > 10",
    ],
    ['statistics and vacuum', 'analyze leads; vacuum leads; vacuum (analyze) leads'],
    ['sequences', "select nextval('leads_id_seq'), setval('leads_id_seq', 9000)"],
    ['large objects', "select lo_unlink(lo_from_bytea(0, 'x'))"],
  ])('is not changed by %s', async (_, sql) => {
    for (const statement of sql.split('; '))
      expect([statement, await doing(statement)]).toEqual([statement, false]);
  });
});
