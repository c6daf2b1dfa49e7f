import { formatDifference, type Proof } from '../../lib/domain/proof/proof.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { withCopy } from '../support/restored-copy.ts';
import { type Taken, take } from '../support/source.ts';

/** What may be done to a copy, and what of it the proof must name. */
const DAMAGE: [sql: string, named: string][] = [
  ["update app.people set note = note || '.' where id = 17", 'rows app.people'],
  ['delete from app.orders where id = 5', 'rows app.orders'],
  ['insert into app.base select * from app.base', 'rows app.base'],
  ['truncate app.part_a', 'rows app.part_a'],
  [
    `update "Mixed Case"."We ird ""Table" set "select" = '' where "select" is null`,
    'rows Mixed Case.We ird "Table',
  ],
  ['update app.child set b = a.c, c = a.b from app.child a', 'rows app.child'],
  ["select lo_put(oid, 5, '\\x00') from pg_largeobject_metadata order by oid limit 1", 'large objects all'],
  ['select lo_unlink(oid) from pg_largeobject_metadata order by oid desc limit 1', 'large objects all'],
  ['drop index app.people_trgm', 'index app.people_trgm'],
  [
    'drop index app.people_status; create index people_status on app.people (name)',
    'index app.people_status',
  ],
  ['alter table app.people drop constraint status_known', 'constraint app.people status_known'],
  ['alter table app.orders drop constraint orders_person_fkey', 'constraint app.orders orders_person_fkey'],
  ['drop trigger touch on app.people', 'trigger app.people touch'],
  ['alter table app.people enable trigger touch', 'trigger app.people touch'],
  ['drop function app.add(int, int) cascade', 'function app.add(a integer, b integer)'],
  [
    'create or replace function app.touch() returns trigger language plpgsql as $$ begin return null; end $$',
    'function app.touch()',
  ],
  ['drop view app.grown', 'view app.grown'],
  ['drop materialized view app.counts', 'materialized view app.counts'],
  ['drop policy own on app.people', 'policy app.people own'],
  ['alter table app.people disable row level security', 'table app.people'],
  ['revoke select on app.people from app_reader', 'grant table app.people'],
  ['revoke select (mail) on app.people from "Odd Role-1"', 'column app.people.mail'],
  ['grant delete on app.orders to app_reader', 'grant table app.orders'],
  ['alter table app.orders owner to "Odd Role-1"', 'owner table app.orders'],
  ["alter table app.people alter column status set default 'old'", 'column app.people.status'],
  ['alter table app.people alter column status drop not null', 'column app.people.status'],
  ['drop rule no_del on app.grown', 'rule app.grown no_del'],
  ['comment on table app.people is null', 'comment table app.people'],
  ['drop publication pub', 'publication pub'],
  ['drop event trigger ev', 'event trigger ev'],
  ['drop statistics app.st', 'statistics app.st'],
  ["alter type app.mood add value 'zzz'", 'type app.mood'],
  ['drop sequence app.loose', 'sequence app.loose'],
  [
    'alter default privileges for role app_owner in schema app revoke select on tables from app_reader',
    'default privilege app_owner app r',
  ],
  ['alter table app.people set (toast.autovacuum_enabled = off)', 'table app.people'],
  ['alter index app.made_lower alter column 1 set statistics 7', 'index app.made_lower'],
  ['alter table app.made_order drop column a, add column a int', 'column app.made_order.a'],
  ["alter domain app.made_domain set default 'b'", 'type app.made_domain'],
  [
    'grant execute on function public.cube(float8) to app_reader',
    'system grant cube: function public.cube(double precision)',
  ],
  [
    'grant execute on function pg_sleep(float8) to app_reader',
    'system grant function pg_sleep(double precision)',
  ],
  [
    'alter function app.touch() no depends on extension cube',
    'extension dependency cube: function app.touch()',
  ],
  ['revoke usage on language plpgsql from public', 'system grant plpgsql: language plpgsql'],
  [
    'alter publication made_pub drop tables in schema app; alter publication made_pub add table app.people',
    'publication made_pub',
  ],
  [
    'drop statistics app.made_stats; create statistics app.made_stats on (a + 2), b from app.made',
    'statistics app.made_stats',
  ],
  ['create or replace view app.made_view as select a from app.made union all select 2', 'view app.made_view'],
  [
    'alter table app.made_list detach partition app.made_list_1; alter table app.made_list attach partition app.made_list_1 for values in (2)',
    'table app.made_list_1',
  ],
  ['delete from app.made_hash where k = 7', 'rows app.made_hash'],
  ['update app.made_hash set v = v + 1 where k = 7', 'rows app.made_hash'],
  ["select setval('app.orders_id_seq', 50)", 'sequence app.orders_id_seq'],
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

  it('finds a faithful copy of awkward objects equal, and names each damage that is done to it', async () => {
    await withCopy(taken, async (copy) => {
      const faithful = await copy.proof();
      expect(faithful.differences.map(formatDifference)).toEqual([]);
      expect(faithful).toMatchObject({ equal: true, strength: 'exact' });
      for (const [sql, named] of DAMAGE)
        expect([sql, differencesOf(await copy.proofAfter(sql))]).toEqual([
          sql,
          expect.arrayContaining([named]),
        ]);
    });
  });

  it('calls a copy with an altered row equal when rows were counted only, and then not exact', async () => {
    await withCopy(taken, async (copy) => {
      await copy.sql("update app.people set note = 'x' where id = 3");
      expect(await copy.proof('counts')).toMatchObject({ strength: 'restored', equal: true });
      expect(await copy.proof()).toMatchObject({ equal: false });
    });
  });
});

const differencesOf = (proof: Proof) => proof.differences.map(({ kind, name }) => `${kind} ${name}`);
