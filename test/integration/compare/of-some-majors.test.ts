import { contentOf, pair } from '../../support/compared.ts';
import { createDatabase } from '../../support/database.ts';
import { ALL, thereAndBack } from '../../support/there-and-back.ts';

const counts = (tables: { name: string; missing: number; changed: number; extra: number }[]) =>
  tables.map(({ name, missing, changed, extra }) => ({ name, missing, changed, extra }));
let major = 0;
beforeAll(async () => {
  const database = await createDatabase();
  major = Math.floor(
    Number((await database.sql("select current_setting('server_version_num')::int as v"))[0]!['v']) / 10_000,
  );
  await database.drop();
});
const from = (least: number, name: string, run: () => Promise<void>) =>
  it(name, async () => (major >= least ? run() : undefined));

describe('of some majors', () => {
  from(15, 'NULLS NOT DISTINCT', async () => {
    const both = await pair(
      'create table t (a int, x int, unique nulls not distinct (a)); insert into t values (null, 1), (1, 1), (2, 2)',
      'delete from t where a is null; update t set x = 3 where a = 1',
    );
    await thereAndBack(both);
  });

  from(18, 'virtual generated columns', async () => {
    const both = await pair(
      'create table t (id int primary key, x int, v int generated always as (x * 2) virtual, w int generated always as (x * 3) stored); insert into t (id, x) values (1, 1), (2, 2)',
      'delete from t where id = 1; update t set x = 9 where id = 2',
    );
    await thereAndBack(both);
  });

  from(18, 'temporal keys', async () => {
    const both = await pair(
      `create extension btree_gist; create table t (id int, valid daterange, x int, primary key (id, valid without overlaps));
       create table c (id int, valid daterange, t int, primary key (id, valid without overlaps), foreign key (t, period valid) references t (id, period valid));
       insert into t values (1, '[2026-01-01,2026-02-01)', 1), (1, '[2026-02-01,2026-03-01)', 2), (2, '[2026-01-01,2026-03-01)', 3); insert into c values (1, '[2026-01-05,2026-02-20)', 1)`,
      "delete from c; delete from t where id = 1; update t set x = 9; insert into t values (3, '[2026-01-01,2026-02-01)', 1)",
    );
    await thereAndBack(both);
  });

  from(18, 'a temporal key whose other columns alone are not unique', async () => {
    const both = await pair(
      `create extension btree_gist; create table t (valid daterange, id int, x int, unique (id, valid without overlaps)); alter table t alter id set not null; alter table t alter valid set not null;
       insert into t values ('[2026-01-01,2026-02-01)', 1, 1), ('[2026-02-01,2026-03-01)', 1, 1)`,
      "delete from t where valid @> '2026-01-05'::date",
    );
    await thereAndBack(both);
  });

  from(18, 'NOT NULL that is not valid yet', async () => {
    const both = await pair(
      'create table t (a int unique, x int); insert into t select g, g from generate_series(1, 2000) g; insert into t values (null, 1), (null, 2); alter table t add constraint nn not null a not valid',
      'delete from t where x = 3; update t set x = 9 where a = 4',
    );
    await thereAndBack(both);
  });

  from(18, 'NOT NULL that is not valid yet, NULL in the living table only', async () => {
    const both = await pair(
      "create table t (a text unique, x int); insert into t values ('b', 1), (null, 2); alter table t add constraint nn not null a not valid",
      "alter table t drop constraint nn; delete from t where a = 'b'; insert into t values (null, 3); alter table t add constraint nn not null a not valid",
    );
    const { tables } = await both.compare();
    expect(counts(tables).map(({ missing, extra }) => [missing, extra])).toEqual([[1, 1]]);
  });

  from(18, 'foreign keys that are not enforced', async () => {
    const both = await pair(
      'create table c (id int primary key); create table o (id int primary key, c int references c on delete cascade not enforced); insert into o values (1, 5); insert into c values (1)',
      'insert into c values (5); delete from c where id = 1',
    );
    await thereAndBack(both);
  });

  from(15, 'rows of partitions whose triggers are statement triggers with transition tables', async () => {
    const both = await pair(
      `create table p (id int primary key, x int) partition by range (id); create table p1 partition of p for values from (0) to (100); create table audit (n int);
       create function f() returns trigger language plpgsql as $$ begin insert into public.audit select count(*) from n; return null; end $$;
       create trigger s after insert on p referencing new table as n for each statement execute function f(); alter table p disable trigger s; insert into p select g, g from generate_series(1, 10) g; alter table p enable trigger s`,
      'delete from p where id < 5',
    );
    const { forward } = await both.patch({}, { withoutTriggers: true, mends: ALL });
    await both.apply(forward);
    expect(await contentOf(both.living)).toEqual(await contentOf(both.copy));
  });

  from(15, 'views with INSTEAD OF, tables that are empty in both, unlogged, temporary', async () => {
    const both = await pair(
      `create table t (id int primary key, x int); create view v as select * from t; create function f() returns trigger language plpgsql as 'begin return null; end'; create trigger i instead of insert on v for each row execute function f();
       create unlogged table u (id int primary key); create table e (id int primary key); create table none (); insert into t values (1, 1); insert into u values (1)`,
      'delete from t; delete from u; drop table none',
    );
    await thereAndBack(both, { mends: ['missing'], tables: ['t', 'u', 'e'] });
  });
});

describe('large values', () => {
  it('a row of 50 MB', async () => {
    const both = await pair(
      "create table t (id int primary key, b bytea, x text); insert into t values (1, decode(repeat('00ff5c27', 12500000), 'hex'), repeat(E'\\\\''', 1000000)); insert into t values (2, '', '')",
      'delete from t where id = 1',
    );
    const { forward } = await both.patch();
    await both.apply(forward);
    const sums = 'select id, md5(b) as b, md5(x) as x from t order by 1';
    expect(await both.living.sql(sums)).toEqual(await both.copy.sql(sums));
  });
});
