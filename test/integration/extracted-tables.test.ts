import { pattern } from '../../lib/adapters/engines/postgres/extracted-tables.ts';
import { refuseOtherTables } from '../../lib/points/archive-stream.ts';
import type { ExtractRequest } from '../../lib/ports/database.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { engine, never, policyWith } from '../support/source.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase(`
    create type mood as enum ('good', 'bad');
    create table leads (id int primary key, mood mood);
    insert into leads select g, 'good' from generate_series(1, 5) g;
    create table "Odd ""name.*" (id int); insert into "Odd ""name.*" values (1);
    create table "Odd ""nameX" (id int); insert into "Odd ""nameX" values (1), (2);
    create table parts (id int, kind text) partition by list (kind);
    create table parts_a partition of parts for values in ('a');
    create table parts_b partition of parts for values in ('b');
    insert into parts select g, case when g % 2 = 0 then 'a' else 'b' end from generate_series(1, 9) g;
    create unlogged table quick (id int);
    select lo_create(0);`);
});
afterAll(() => database.drop());

/** What an extract holds, and what its archive has, to its end. */
async function extracted(request: ExtractRequest) {
  const held = await engine().hold(database.credentials, policyWith(), never(), request);
  try {
    const archive = held.archive();
    for await (const _ of archive.stream);
    const { content } = await held.content('counts', []);
    const toc = await archive.toc;
    refuseOtherTables(await held.dataLines(), toc);
    return {
      rows: Object.fromEntries(content.tables.map(({ name, rows }) => [name, rows])),
      types: toc.entries.map(({ type }) => type),
      tables: toc.entries.filter(({ type }) => type === 'TABLE').length,
      bytes: held.facts.bytes,
      leftOut: held.leftOut,
    };
  } finally {
    await held.release();
  }
}

test('an extract has the rows of the named tables and their partitions, and every definition', async () => {
  const { rows, types, tables, bytes } = await extracted({ tables: ['leads', 'public.parts'] });
  expect(rows).toEqual({ leads: '5', parts_a: '4', parts_b: '5' });
  expect(types).toContain('TYPE');
  expect(types.filter((type) => type.startsWith('BLOB'))).toEqual([]);
  expect(tables).toBe(7);
  // Of these tables, and not of the database, which is larger than 5 MB when it is empty.
  expect([bytes >= 3 * 8192, bytes < 1_000_000]).toEqual([true, true]);
});

test('a name is no pattern: a table that it would fit as one stays out', async () => {
  const { rows } = await extracted({ tables: [`public.Odd "name.*`] });
  expect(rows).toEqual({ 'Odd "name.*': '1' });
  expect(pattern({ schema: 'public', name: 'Odd "name.*' })).toBe('"public"."Odd ""name.*"');
});

test('all tables are those whose rows a copy of the storage has; an unlogged one cannot be named', async () => {
  const { rows, leftOut } = await extracted({});
  expect(leftOut).toEqual(['public.quick']);
  expect(Object.keys(rows)).toEqual(expect.not.arrayContaining(['quick']));
  expect(Object.keys(rows)).toHaveLength(5);
  await expect(extracted({ tables: ['quick'] })).rejects.toThrow('1 unlogged table: public.quick');
  await expect(extracted({ tables: ['laeds'] })).rejects.toThrow(
    'laeds: the recovery point has no such table',
  );
});
