import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { localScratch } from '../../../lib/adapters/engines/postgres/local-scratch.ts';
import type { CompareRequest, ComparisonResult } from '../../../lib/ports/comparison.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { BIN, never, take } from '../../support/source.ts';

const made: TestDatabase[] = [];
afterAll(async () => {
  for (const each of made) await each.drop();
});

/** Dumps, damages, restores the rows and compares, as a person's request does. */
async function since(
  fill: string,
  damage: string,
  request: Partial<CompareRequest> = {},
  options?: string,
): Promise<ComparisonResult & { restored: string[] }> {
  const database = await createDatabase(undefined, options);
  made.push(database);
  for (const part of [fill].flat()) await database.sql(part);
  const taken = await take(database.credentials);
  if (damage) await database.sql(damage);
  const base = join(tmpdir(), `us-scratch-${randomBytes(4).toString('hex')}`);
  const scratch = localScratch({
    base,
    binDirectories: [BIN()],
    owner: process.env['UNDERSTUDY_PG_USER'],
    secondsLeft: () => 900,
  });
  try {
    return await scratch.withRows(
      {
        manifest: taken.manifest,
        tables: request.tables,
        dump: async () => Readable.from([taken.archive]),
        roles: async () => Readable.from([taken.roles]),
        phase: () => undefined,
        signal: never(),
      },
      async (rows) => ({
        ...(await rows.compare(database.credentials, {
          first: 5,
          values: false,
          signal: never(),
          ...request,
        })),
        restored: rows.notes,
      }),
    );
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}
const short = ({ tables }: ComparisonResult) =>
  Object.fromEntries(tables.map(({ name, missing, changed, extra }) => [name, [missing, changed, extra]]));

test('generated columns are no reason for a note', async () => {
  const found = await since(
    'create table t (id int primary key, x int, g int generated always as (x * 2) stored); insert into t (id, x) values (1, 1), (2, 2)',
    'delete from t where id = 1',
  );
  expect([short(found), found.tables[0]!.notes]).toEqual([{ t: [1, 0, 0] }, []]);
});

test('a table whose definition does not restore is named as not compared', async () => {
  const found = await since(
    "create function f() returns int language c as '$libdir/btree_gist', 'gbt_int4_consistent'; create table u (id int primary key); create table t (id int primary key, x int default public.f()); insert into t values (1, 1); insert into u values (1)",
    'delete from t',
  );
  expect([short(found), found.unjudged]).toEqual([
    { u: [0, 0, 0] },
    ['public.t: its definition could not be restored'],
  ]);
});

test('a table of a procedural or C function that is missing on the scratch server', async () => {
  const found = await since(
    'create extension pageinspect; create extension postgres_fdw; create table u (id int primary key); create table t (id int primary key, x int); insert into t values (1, 1); insert into u values (1); create view v as select * from t',
    'delete from t',
  );
  expect(short(found)).toEqual({ t: [1, 0, 0], u: [0, 0, 0] });
});

const FUNCTIONS = `create table settings (n int); insert into settings values (1);
     create function ok(int) returns boolean language plpgsql as $$ begin return $1 > (select n from settings) - 1; end $$;
     create function twice(int) returns int immutable language plpgsql as $$ begin return $1 * (select 2 * n from settings); end $$;`;
test.each([
  [
    'domains and checks of plain tables',
    `create domain d as int check (ok(value)); create table t (id int primary key, x d, check (ok(id))); insert into t select g, g from generate_series(1, 10) g`,
  ],
  [
    'a check of a partitioned table',
    'create table t (id int primary key, x int, check (ok(x))) partition by range (id); create table t1 partition of t for values from (0) to (100); insert into t select g, g from generate_series(1, 10) g',
  ],
  [
    'a check of a partition',
    'create table t (id int primary key, x int) partition by range (id); create table t1 partition of t (check (ok(x))) for values from (0) to (100); insert into t select g, g from generate_series(1, 10) g',
  ],
  [
    'a generated column of a plain table',
    'create table t (id int primary key, g int generated always as (twice(id)) stored); insert into t select g from generate_series(1, 10) g',
  ],
  [
    'a generated column of a partitioned table',
    'create table t (id int primary key, g int generated always as (twice(id)) stored) partition by range (id); create table t1 partition of t for values from (0) to (100); insert into t select g from generate_series(1, 10) g',
  ],
  [
    'a generated column of a table with heirs',
    'create table t (id int primary key, g int generated always as (twice(id)) stored); create table down (y int) inherits (t); insert into t select g from generate_series(1, 10) g; insert into down select 50',
  ],
  [
    'a check of a table with heirs',
    'create table t (id int primary key, x int, check (ok(x))); create table down (y int, check (ok(y))) inherits (t); insert into t select g, g from generate_series(1, 10) g; insert into down values (50, 1, 1)',
  ],
  [
    'defaults, and a materialized view that is not filled',
    'create table t (id int primary key, v int default twice(3)); insert into t select g, g from generate_series(1, 10) g; create materialized view mv as select twice(1) as z, * from t with no data',
  ],
])('code of the source that fails while rows arrive: %s', async (_, fill) => {
  const found = await since(`${FUNCTIONS} ${fill}`, 'delete from t where id = 1');
  expect([short(found), found.restored]).toMatchObject([{ t: [1, 0, 0] }, []]);
});

test('partition keys of functions that fail while rows arrive', async () => {
  const found = await since(
    `create table settings (n int); insert into settings values (1);
     create function twice(int) returns int immutable language plpgsql as $$ begin return $1 * (select 2 * n from settings); end $$;
     create table p (id int) partition by range (twice(id)); create table p1 partition of p for values from (0) to (1000); insert into p (id) select g from generate_series(1, 10) g; create table u (id int primary key); insert into u values (1)`,
    'delete from u',
    { tables: ['u'] },
  );
  expect(short(found)).toEqual({ u: [1, 0, 0] });
});

test('foreign partitions', async () => {
  const found = await since(
    `create extension file_fdw; create server f foreign data wrapper file_fdw; create table p (id int, x text) partition by list (id); create table p1 partition of p for values in (1); create foreign table p2 partition of p for values in (2) server f options (filename '/tmp/h2-foreign.csv', format 'csv'); insert into p values (1, 'a'); create table u (id int primary key); insert into u values (1)`,
    'delete from p1',
  );
  expect([short(found), found.unjudged]).toEqual([
    { u: [0, 0, 0] },
    [expect.stringContaining('public.p: it has foreign partitions')],
  ]);
});

test('event triggers, rules, row security, statistics, publications, comments, identity, defaults', async () => {
  const found = await since(
    `create table t (id int generated always as identity primary key, x text default 'y'); insert into t (x) values ('a'), ('b'); alter table t enable row level security; alter table t force row level security; create policy q on t using (false);
     create function no() returns event_trigger language plpgsql as $$ begin raise exception 'no'; end $$; create table r (id int primary key, x int); insert into r values (1, 1), (2, 2); create rule nr as on insert to r do instead nothing;
     create function tr() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$; create trigger tr before insert on t for each row execute function tr(); create publication pub for all tables; create statistics st on id, x from t; create view v as select * from t; create rule vi as on insert to v do instead insert into r values (99, 99);
     create event trigger no on ddl_command_end when tag in ('CREATE SEQUENCE') execute function no()`,
    'delete from t where id = 1; delete from r where id = 2',
  );
  expect(short(found)).toEqual({ t: [1, 0, 0], r: [1, 0, 0] });
});

test('the names of schemas and tables with anything in them', async () => {
  const found = await since(
    `create schema "A.b"; create table "A.b"."c ""d' $x" ("K" int primary key, "v%s" text); insert into "A.b"."c ""d' $x" values (1, 'a'); create schema understudy; create table understudy.keep (id int); create table "e\nf" (id int primary key); insert into "e\nf" values (1)`,
    `delete from "A.b"."c ""d' $x"; delete from "e\nf"`,
  );
  expect(short(found)).toEqual({ [`c "d' $x`]: [1, 0, 0], 'e\nf': [1, 0, 0] });
});

test.each(['LATIN1', 'WIN1252', 'SQL_ASCII'])('%s', async (encoding) => {
  const found = await since(
    encoding === 'SQL_ASCII'
      ? "create table t (id int primary key, x text); insert into t values (1, E'\\xe9'), (2, 'b')"
      : "create table t (id int primary key, x text); insert into t values (1, 'é'), (2, 'b')",
    'delete from t where id = 1',
    {},
    `encoding '${encoding}' lc_collate 'C' lc_ctype 'C'`,
  );
  expect(short(found)).toEqual({ t: [1, 0, 0] });
});

test('a table that is there in a schema of an extension, and configuration tables', async () => {
  const found = await since(
    "create schema ext; create extension hstore schema ext; create extension citext schema ext; create table t (id int primary key, c ext.citext, h ext.hstore); insert into t values (1, 'A', 'a=>1'), (2, 'b', 'b=>2'); create type e as enum ('a'); create table k (e e primary key, a e[])",
    "update t set c = 'a' where id = 1; delete from t where id = 2",
  );
  expect(short(found)).toEqual({ t: [1, 1, 0], k: [0, 0, 0] });
});

test('exclusion of rows: the dump leaves a table out', async () => {
  const found = await since(
    'create unlogged table u (id int primary key); insert into u values (1); create table t (id int primary key)',
    'delete from u',
  );
  expect(short(found)).toEqual({ u: [1, 0, 0], t: [0, 0, 0] });
});

test('large objects and columns of oid', async () => {
  const found = await since(
    "create table t (id int primary key, l oid); insert into t values (1, lo_from_bytea(0, 'abc'))",
    'delete from t',
  );
  expect(short(found)).toEqual({ t: [1, 0, 0] });
});

test('parts of a database that is owned by another role, and default privileges', async () => {
  const found = await since(
    'create table t (id int primary key); insert into t values (1); revoke all on t from public; alter default privileges revoke all on tables from public; create schema s; create table s.t (id int primary key); insert into s.t values (1)',
    'delete from s.t',
    { tables: ['s.t'] },
  );
  expect(short(found)).toEqual({ t: [1, 0, 0] });
});

test('an error of PostgreSQL about a condition does not quote a row', async () => {
  const failing = since(
    "create table t (id int primary key, code text); insert into t values (1, 'private-7')",
    'delete from t',
    { where: 'code::int = 7' },
  );
  await expect(failing).rejects.toMatchObject({
    code: 'comparison-failed',
    message: expect.not.stringContaining('private-7'),
  });
});
