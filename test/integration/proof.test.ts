import { formatDifference, type Proof } from '../../lib/domain/proof/proof.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { withCopy } from '../support/restored-copy.ts';
import { type Taken, take } from '../support/source.ts';

/** What somebody or something might do to a copy, and what of it the proof must name. */
const DAMAGE: [string, string, string][] = [
  ['a changed value', "update app.people set note = note || '.' where id = 17", 'rows app.people'],
  ['a lost row', 'delete from app.orders where id = 5', 'rows app.orders'],
  ['a doubled row', 'insert into app.base select * from app.base', 'rows app.base'],
  ['an emptied partition', 'truncate app.part_a', 'rows app.part_a'],
  [
    'NULL in the place of an empty text',
    `update "Mixed Case"."We ird ""Table" set "select" = '' where "select" is null`,
    'rows Mixed Case.We ird "Table',
  ],
  [
    'two values that changed places',
    'update app.child set b = a.c, c = a.b from app.child a',
    'rows app.child',
  ],
  [
    'a changed large object',
    "select lo_put(oid, 5, '\\x00') from pg_largeobject_metadata order by oid limit 1",
    'large objects all',
  ],
  [
    'a lost large object',
    'select lo_unlink(oid) from pg_largeobject_metadata order by oid desc limit 1',
    'large objects all',
  ],
  ['a dropped index', 'drop index app.people_trgm', 'index app.people_trgm'],
  [
    'another index of that name',
    'drop index app.people_status; create index people_status on app.people (name)',
    'index app.people_status',
  ],
  [
    'a dropped check',
    'alter table app.people drop constraint status_known',
    'constraint app.people status_known',
  ],
  [
    'a dropped foreign key',
    'alter table app.orders drop constraint orders_person_fkey',
    'constraint app.orders orders_person_fkey',
  ],
  ['a dropped trigger', 'drop trigger touch on app.people', 'trigger app.people touch'],
  ['an enabled trigger', 'alter table app.people enable trigger touch', 'trigger app.people touch'],
  ['a dropped function', 'drop function app.add(int, int) cascade', 'function app.add(a integer, b integer)'],
  [
    'another function body',
    'create or replace function app.touch() returns trigger language plpgsql as $$ begin return null; end $$',
    'function app.touch()',
  ],
  ['a dropped view', 'drop view app.grown', 'view app.grown'],
  ['a dropped materialized view', 'drop materialized view app.counts', 'materialized view app.counts'],
  ['a dropped policy', 'drop policy own on app.people', 'policy app.people own'],
  [
    'row-level security switched off',
    'alter table app.people disable row level security',
    'table app.people',
  ],
  ['a revoked grant', 'revoke select on app.people from app_reader', 'grant table app.people'],
  ['a column grant', 'revoke select (mail) on app.people from "Odd Role-1"', 'column app.people.mail'],
  ['an additional grant', 'grant delete on app.orders to app_reader', 'grant table app.orders'],
  ['another owner', 'alter table app.orders owner to "Odd Role-1"', 'owner table app.orders'],
  [
    'another default',
    "alter table app.people alter column status set default 'old'",
    'column app.people.status',
  ],
  [
    'a column that may be NULL',
    'alter table app.people alter column status drop not null',
    'column app.people.status',
  ],
  ['a dropped rule', 'drop rule no_del on app.grown', 'rule app.grown no_del'],
  ['a lost comment', 'comment on table app.people is null', 'comment table app.people'],
  ['a dropped publication', 'drop publication pub', 'publication pub'],
  ['a dropped event trigger', 'drop event trigger ev', 'event trigger ev'],
  ['dropped statistics', 'drop statistics app.st', 'statistics app.st'],
  ['another enum order', "alter type app.mood add value 'zzz'", 'type app.mood'],
  ['a dropped sequence', 'drop sequence app.loose', 'sequence app.loose'],
  [
    'another default privilege',
    'alter default privileges for role app_owner in schema app revoke select on tables from app_reader',
    'default privilege app_owner app r',
  ],
  [
    'an option of a TOAST table',
    'alter table app.people set (toast.autovacuum_enabled = off)',
    'table app.people',
  ],
  [
    'another statistics target of an index',
    'alter index app.made_lower alter column 1 set statistics 7',
    'index app.made_lower',
  ],
  [
    'another order of columns',
    'alter table app.made_order drop column a, add column a int',
    'column app.made_order.a',
  ],
  ['another default of a domain', "alter domain app.made_domain set default 'b'", 'type app.made_domain'],
  [
    'a grant on a function of an extension',
    'grant execute on function public.cube(float8) to app_reader',
    'system grant cube: function public.cube(double precision)',
  ],
  [
    'a grant on a function of PostgreSQL',
    'grant execute on function pg_sleep(float8) to app_reader',
    'system grant function pg_sleep(double precision)',
  ],
  [
    'a function that depends on no extension any more',
    'alter function app.touch() no depends on extension cube',
    'extension dependency cube: function app.touch()',
  ],
  [
    'a revoked grant on a language',
    'revoke usage on language plpgsql from public',
    'system grant plpgsql: language plpgsql',
  ],
  [
    'a schema less in a publication',
    'alter publication made_pub drop tables in schema app; alter publication made_pub add table app.people',
    'publication made_pub',
  ],
  [
    'another expression in extended statistics',
    'drop statistics app.made_stats; create statistics app.made_stats on (a + 2), b from app.made',
    'statistics app.made_stats',
  ],
  [
    'another branch of a view',
    'create or replace view app.made_view as select a from app.made union all select 2',
    'view app.made_view',
  ],
  [
    'another bound of a partition',
    'alter table app.made_list detach partition app.made_list_1; alter table app.made_list attach partition app.made_list_1 for values in (2)',
    'table app.made_list_1',
  ],
  ['a lost row of a hash partition', 'delete from app.made_hash where k = 7', 'rows app.made_hash'],
  [
    'a changed row of a hash partition',
    'update app.made_hash set v = v + 1 where k = 7',
    'rows app.made_hash',
  ],
  ['a sequence below its column', "select setval('app.orders_id_seq', 50)", 'sequence app.orders_id_seq'],
];

/** More of what a copy may lack. */
const MADE = `create table app.made (a int, b int); create index made_lower on app.made (abs(a));
  create table app.made_order (a int, b int); create domain app.made_domain as text default 'a';
  create extension cube; alter function app.touch() depends on extension cube; create publication made_pub for tables in schema app with (publish = 'insert');
  create statistics app.made_stats on (a + 1), b from app.made; create view app.made_view as select a from app.made union all select 1;
  create table app.made_list (k int) partition by list (k); create table app.made_list_1 partition of app.made_list for values in (1);
  create table app.made_hash (k int, v int) partition by hash (k); create table app.made_hash_0 partition of app.made_hash for values with (modulus 2, remainder 0); create table app.made_hash_1 partition of app.made_hash for values with (modulus 2, remainder 1);
  insert into app.made_hash select g, g from generate_series(1, 20) g`;

describe('the proof of a restored copy', () => {
  let database: TestDatabase;
  let taken: Taken;

  beforeAll(async () => {
    database = await createDatabase();
    await database.script('awkward.sql');
    await database.sql(MADE);
    taken = await take(database.credentials);
  });
  afterAll(() => database.drop());

  it('finds a faithful copy of everything awkward equal, and names each thing that is done to it', async () => {
    await withCopy(taken, async (copy) => {
      const faithful = await copy.proof();
      expect(faithful.differences.map(formatDifference)).toEqual([]);
      expect(faithful).toMatchObject({ equal: true, strength: 'exact' });
      for (const [what, sql, named] of DAMAGE)
        expect([what, differencesOf(await copy.proofAfter(sql))]).toEqual([
          what,
          expect.arrayContaining([named]),
        ]);
    });
  });

  it('never calls a copy equal row by row when only rows were counted', async () => {
    await withCopy(taken, async (copy) => {
      await copy.sql("update app.people set note = 'x' where id = 3");
      expect(await copy.proof('counts')).toMatchObject({ strength: 'restored', equal: true });
      expect(await copy.proof()).toMatchObject({ equal: false });
    });
  });
});

const differencesOf = (proof: Proof) => proof.differences.map(({ kind, name }) => `${kind} ${name}`);
