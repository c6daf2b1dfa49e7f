import { connect } from '../../lib/adapters/engines/postgres/connection.ts';
import { dataTables } from '../../lib/adapters/engines/postgres/facts/data-tables.ts';
import { tableFacts } from '../../lib/adapters/engines/postgres/facts/read-tables.ts';
import { schemaFacts } from '../../lib/adapters/engines/postgres/facts/schema/schema-facts.ts';
import { definitionsStamp, keyOf, writeCounters } from '../../lib/adapters/engines/postgres/facts/writes.ts';
import { postgresInstances } from '../../lib/adapters/engines/postgres/instance.ts';
import type { Manifest } from '../../lib/domain/proof/manifest.ts';
import type { Credentials } from '../../lib/ports/database.ts';
import { type Cluster, startCluster } from '../../scripts/local/cluster.ts';
import { manifest } from '../support/builders.ts';

/**
 * Tables that read differently because something else was defined differently, and that had no writes. On a server of
 * its own: roles are the whole server's, and other tests create some meanwhile.
 */
let cluster: Cluster;
let database = 0;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

beforeEach(async () => {
  await cluster.sql('postgres', `create database t${++database} template template0`);
  await sql(`
    create type address as (street text); create domain code as text;
    create table orders (id int); insert into orders values (1);
    create table homes (a address); insert into homes values (row('here'));
    create table lists (a address[]); insert into lists values (array[row('here')::address]);
    create table audit (was orders); insert into audit values (row(1));
    create view seen as select 1 as one;
    create table watched (t regclass); insert into watched values ('orders');
    create table codes (c code); insert into codes values ('x');
    create table plain (n int, t text); insert into plain values (1, null);`);
});

const sql = (text: string) => cluster.sql(`t${database}`, text);
const credentials = (): Credentials => ({
  ...{ host: '127.0.0.1', port: cluster.port, user: 'postgres', password: cluster.password },
  ...{ database: `t${database}`, sslmode: 'disable' },
});

async function dumped(): Promise<Manifest> {
  const client = await connect(credentials());
  try {
    const writes = await writeCounters(client);
    const tables = [];
    for (const table of await dataTables(client))
      tables.push({
        ...(await tableFacts(client, table, 'fingerprints')),
        writes: writes.get(keyOf(table.schema, table.name))!,
      });
    return manifest({ schema: await schemaFacts(client), tables, definitions: definitionsStamp(writes)! });
  } finally {
    await client.end();
  }
}

/** Tables without writes that are held to their number of rows only. */
async function countedOnly(then: Manifest): Promise<string[]> {
  const moment = '2026-01-01T00:00:00Z';
  const { written } = await postgresInstances().since(credentials(), then, moment);
  const unwritten = written.filter(
    (each) => !('unknown' in each) && each.inserted === '0' && each.deleted === '0',
  );
  return unwritten.map(({ table }) => then.tables[table]!.name).sort();
}

const FRAGILE = ['audit', 'codes', 'homes', 'lists', 'watched'];
test.each([
  ['an attribute of a composite type', 'alter type address add attribute city text', FRAGILE],
  [
    'a column of a table that is another’s row type',
    'alter table orders add column city text',
    [...FRAGILE, 'orders'],
  ],
  ['the name of a table that another names', 'alter table orders rename to orders_2025', FRAGILE],
  [
    'a view that another table names and that was made again as it was',
    'drop view seen; create view seen as select 1 as one',
    ['audit', 'homes', 'lists', 'watched'],
  ],
  [
    'a column that was dropped and added again as it was',
    'alter table plain drop column t; alter table plain add column t text',
    ['audit', 'homes', 'lists', 'plain', 'watched'],
  ],
  ['nothing at all', 'select 1', []],
])(
  'a change of %s since a dump leaves the tables that may read by it to be counted only',
  async (_what, change, expected) => {
    const then = await dumped();
    await sql(change);
    expect(await countedOnly(then)).toEqual([...expected].sort());
  },
);
