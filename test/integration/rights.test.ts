import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { childEnvironment, libpqEnvironment } from '../../lib/adapters/engines/postgres/process.ts';
import { identifier } from '../../lib/adapters/engines/postgres/sql.ts';
import type { Credentials } from '../../lib/ports/database.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { BIN, take } from '../support/source.ts';
import { examine } from '../support/symptoms.ts';

/** pg_dump itself shows what its role lacks: doctor foresees its failures, and reports nothing else. */
const role = `bare$grant$'"${process.pid}`;
const quoted = identifier(role);
let database: TestDatabase;
let bare: Credentials;

beforeAll(async () => {
  const any = await createDatabase();
  await any.sql(`create role ${quoted} login password 'x'`);
  await any.drop();
});
beforeEach(async () => {
  database = await createDatabase();
  bare = { ...database.credentials, user: role, password: 'x' };
});
afterEach(async () => {
  await database.sql(
    `alter role ${quoted} nobypassrls; revoke pg_read_all_data from ${quoted}; reassign owned by ${quoted} to postgres; drop owned by ${quoted}`,
  );
  await database.drop();
});
afterAll(async () => {
  const any = await createDatabase();
  await any.sql(`drop role ${quoted}`);
  await any.drop();
});

const dumps = async () =>
  promisify(execFile)(join(BIN(), 'pg_dump'), ['--format=custom', '--no-sync', '--file=/dev/null'], {
    env: { ...childEnvironment(), ...(await libpqEnvironment(bare)) },
  }).then(
    () => true,
    () => false,
  );
const missing = async () => (await examine(bare)).of('permissions').filter(({ state }) => state === 'bad');

const MEMBER = 'create extension pgcrypto; alter extension pgcrypto add table e;';
const CONFIGURATION = `${MEMBER} update pg_extension set extconfig = array['e'::regclass::oid], extcondition = array[''] where extname = 'pgcrypto';`;
const HIDDEN =
  'create table e (a int); grant select on e to public; alter table e enable row level security;';

test.each<[string, string]>([
  ['a table', 'create table t (a int)'],
  ['a partitioned table', 'create table t (a int) partition by list (a)'],
  ['an unlogged table', 'create unlogged table t (a int)'],
  ['a sequence', 'create sequence s'],
  [
    'the sequence of an identity',
    'create table t (a int generated always as identity); grant select on t to public',
  ],
  ['a schema', 'create schema "X y"; create table "X y".t (a int); grant select on "X y".t to public'],
  ['more than a column', 'create table t (a int, b int); grant select (a) on t to public'],
  ['a large object', 'select lo_create(0)'],
  ['hidden rows', HIDDEN],
  [
    'hidden rows of its own',
    `${HIDDEN} alter table e owner to ${quoted}; alter table e force row level security`,
  ],
  ['an extension’s configuration', `create table e (a int); ${CONFIGURATION}`],
  ['an extension’s hidden configuration', `${HIDDEN} ${CONFIGURATION}`],
  [
    'all of it',
    `${HIDDEN} select lo_create(0); select lo_create(0); create schema x; create table x.t (a int)`,
  ],
])('doctor reports the missing right to %s that pg_dump fails for, and its SQL is enough', async (_, sql) => {
  await database.sql(sql);
  expect(await dumps()).toBe(false);
  const found = await missing();
  expect(found).not.toEqual([]);
  // All of it at once: no second right is missing when the first is granted.
  for (const { next } of found) await database.sql(next!);
  expect(await missing()).toEqual([]);
  expect(await dumps()).toBe(true);
  await take(bare);
});

test.each<[string, string]>([
  ['views', 'create view v as select 1'],
  ['materialized views', 'create materialized view v as select 1'],
  [
    'functions',
    'create function f() returns int language sql as $$ select 1 $$; revoke all on function f from public',
  ],
  [
    'schemas without tables',
    'create schema x; create function x.f() returns int language sql as $$ select 1 $$',
  ],
  [
    'foreign tables',
    'create extension postgres_fdw; create server s foreign data wrapper postgres_fdw; create foreign table f (a int) server s',
  ],
  ['large objects for all', 'select lo_create(4711); grant select on large object 4711 to public'],
  ['large objects as of old', `select lo_create(0); alter role ${quoted} set lo_compat_privileges = on`],
  [
    'policies of a partitioned parent',
    'create table t (a int) partition by list (a); grant select on t to public; alter table t enable row level security',
  ],
  [
    'hidden rows of its own',
    `create table e (a int); alter table e owner to ${quoted}; alter table e enable row level security`,
  ],
  ['an extension’s tables', `create table e (a int); ${MEMBER}`],
  ['an extension’s hidden tables', `${HIDDEN} ${MEMBER}`],
])('doctor reports no right to %s, which pg_dump needs none of', async (_, sql) => {
  await database.sql(sql);
  expect(await dumps()).toBe(true);
  expect(await missing()).toEqual([]);
  await take(bare);
  await database.sql(`alter role ${quoted} reset all`);
});

test('a refused dump names every missing right and gives the SQL for all of them', async () => {
  await database.sql(`${HIDDEN} select lo_create(4712); create table t (a int)`);
  await expect(take(bare)).rejects.toMatchObject({
    code: 'tables-unreadable',
    message: expect.stringMatching(
      /public\.t; .*large object 4712; row-level security hides rows of public\.e/,
    ),
    hint: expect.stringMatching(/^grant pg_read_all_data to .*; do \$_grant\$ .*; alter role .* bypassrls;$/),
  });
});
