import { contentOf, pair } from '../../support/compared.ts';
import { ALL, thereAndBack } from '../../support/there-and-back.ts';

const counts = (tables: { name: string; missing: number; changed: number; extra: number }[]) =>
  tables.map(({ name, missing, changed, extra }) => ({ name, missing, changed, extra }));

test('A table that was partitioned in the copy and is not now: its missing rows are found', async () => {
  const both = await pair(
    'create table p (id int primary key, x int) partition by range (id); create table p1 partition of p for values from (0) to (5000); insert into p select g, g from generate_series(1, 100) g',
    'create table q as select * from p where id > 50; drop table p; alter table q rename to p; alter table p add primary key (id)',
  );
  const { tables } = await both.compare();
  expect(counts(tables)).toEqual([{ name: 'p', missing: 50, changed: 0, extra: 0 }]);
});

test('A table that was plain in the copy and is partitioned now', async () => {
  const both = await pair(
    'create table p (id int primary key, x int); insert into p select g, g from generate_series(1, 100) g',
    'create table q (like p including all) partition by range (id); create table q1 partition of q for values from (0) to (5000); insert into q select * from p where id > 50; drop table p; alter table q rename to p',
  );
  await thereAndBack(both, { mends: ALL });
});

test('A table that has become a partition since is not called gone', async () => {
  const both = await pair(
    'create table p (id int primary key, x int) partition by range (id); create table p1 partition of p for values from (0) to (50); create table p2 (id int primary key, x int); insert into p select g, g from generate_series(1, 49) g; insert into p2 values (60, 1)',
    'alter table p attach partition p2 for values from (50) to (100)',
  );
  const { tables } = await both.compare();
  expect(counts(tables).map(({ missing }) => missing)).toEqual([0, 0]);
});

test('ON UPDATE SET NULL does not empty rows that nobody asked about', async () => {
  const both = await pair(
    `create table c (id int primary key, email text unique); create table o (id int primary key, email text references c (email) on update set null);
     insert into c values (1, 'a'), (2, 'z')`,
    `update c set email = 'b' where id = 1; insert into o values (1, 'b')`,
  );
  const { forward } = await both.patch({ tables: ['c'] }, { mends: ['changed'] });
  await both.apply(forward).catch(() => undefined);
  expect(await both.living.sql('select email from o')).toEqual([{ email: 'b' }]);
});

test('ON UPDATE CASCADE does not change rows that nobody asked about', async () => {
  const both = await pair(
    `create table c (id int primary key, email text unique); create table o (id int primary key, email text references c (email) on update cascade);
     insert into c values (1, 'a'), (2, 'z')`,
    `update c set email = 'b' where id = 1; insert into o values (1, 'b')`,
  );
  const { forward, reverse } = await both.patch({ tables: ['c'] }, { mends: ['changed'] });
  await both.apply(forward).catch(() => undefined);
  const after = await both.living.sql('select email from o');
  await both.apply(reverse).catch(() => undefined);
  expect([after, await both.living.sql('select email from o')]).toEqual([[{ email: 'b' }], [{ email: 'b' }]]);
});

test('a cascading foreign key to a partition itself does not take rows along', async () => {
  const both = await pair(
    `create table p (id int primary key, x int) partition by range (id); create table p1 partition of p for values from (0) to (5000);
     create table child (id int primary key, p int references p1 (id) on delete cascade); insert into p values (1, 1)`,
    'insert into p values (2, 2); insert into child values (1, 2)',
  );
  const { forward } = await both.patch({ tables: ['p'] }, { mends: ['extra'] });
  await both.apply(forward).catch(() => undefined);
  expect(await both.living.sql('select count(*)::int as n from child')).toEqual([{ n: 1 }]);
});

test('a cascading foreign key over citext does not take rows along that are spelled otherwise', async () => {
  const both = await pair(
    `create extension citext; create table u (id int primary key, email citext unique); create table o (id int primary key, email citext references u (email) on delete cascade);
     insert into u values (1, 'x')`,
    "insert into u values (2, 'abc'); insert into o values (1, 'ABC')",
  );
  const { forward } = await both.patch({ tables: ['u'] }, { mends: ['extra'] });
  await both.apply(forward).catch(() => undefined);
  expect(await both.living.sql('select count(*)::int as n from o')).toEqual([{ n: 1 }]);
});

test('foreign keys over a type whose operators are not in pg_catalog do not fail the patch', async () => {
  const both = await pair(
    `create extension ltree; create table u (id int primary key, path ltree unique); create table o (id int primary key, path ltree references u (path) on delete cascade);
     insert into u values (1, 'x')`,
    "insert into u values (2, 'a.b')",
  );
  await thereAndBack(both);
});

test('foreign keys between columns of different collations', async () => {
  const both = await pair(
    `create table u (id int primary key, code text collate "C" unique); create table o (id int primary key, code text collate "POSIX" references u (code) on delete cascade);
     insert into u values (1, 'x')`,
    "insert into u values (2, 'y')",
  );
  await thereAndBack(both);
});

test('an extra row with a column that the copy lacks: the reverse brings that column back', async () => {
  const both = await pair(
    'create table t (id int primary key, x int); insert into t values (1, 1)',
    "alter table t add phone text; insert into t values (2, 2, '555')",
  );
  await thereAndBack(both, { mends: ['extra'] });
});

test('a later write into a column that the copy lacks is not deleted by the reverse', async () => {
  const both = await pair(
    'create table t (id int primary key, x int); insert into t values (1, 1)',
    'alter table t add phone text; delete from t',
  );
  const { forward, reverse } = await both.patch();
  await both.apply(forward);
  await both.living.sql("update t set phone = 'later'");
  await both.apply(reverse).catch(() => undefined);
  expect(await both.living.sql('select phone from t')).toEqual([{ phone: 'later' }]);
});

test('ON DELETE SET NULL: what was deleted and emptied comes back, and the reverse takes it away', async () => {
  const both = await pair(
    'create table c (id int primary key); create table o (id int primary key, c int references c on delete set null); insert into c values (7); insert into o values (1, 7)',
    'delete from c',
  );
  await thereAndBack(both);
});

test('the reverse of a cascade onto a table without a key', async () => {
  const both = await pair(
    'create table c (id int primary key); create table o (c int references c on delete cascade, said text); insert into c values (7); insert into o values (7, null)',
    'delete from c',
  );
  await thereAndBack(both);
});

test('rows of cycles of NO ACTION keys can be taken away', async () => {
  const both = await pair(
    `create table a (id int primary key, b int); create table b (id int primary key, a int not null references a); alter table a add foreign key (b) references b;
     insert into a values (1, null); insert into b values (1, 1); update a set b = 1`,
    'update a set b = null; delete from b; delete from a',
  );
  await thereAndBack(both);
});

test('an extra row to which a changed row refers can be taken away (NO ACTION)', async () => {
  const both = await pair(
    'create table c (id int primary key); create table o (id int primary key, c int references c); insert into c values (7); insert into o values (1, 7)',
    'insert into c values (8); update o set c = 8',
  );
  await thereAndBack(both);
});

test('unique values that were swapped are refused: PostgreSQL checks them row by row', async () => {
  const both = await pair(
    "create table t (id int primary key, code text unique); insert into t values (1, 'a'), (2, 'b')",
    "update t set code = 'x' where id = 1; update t set code = 'a' where id = 2; update t set code = 'b' where id = 1",
  );
  const before = await contentOf(both.living);
  const { forward } = await both.patch({}, { mends: ALL });
  await expect(both.apply(forward)).rejects.toThrow('duplicate key value');
  expect(await contentOf(both.living)).toEqual(before);
});

test('a unique value that a changed row took from a deleted one comes back', async () => {
  const both = await pair(
    "create table t (id int primary key, code text unique); insert into t values (1, 'a'), (2, 'b')",
    "delete from t where id = 1; update t set code = 'a' where id = 2",
  );
  await thereAndBack(both);
});

test('a changed GENERATED ALWAYS identity that is not the key is refused: no UPDATE can set it', async () => {
  const both = await pair(
    "create table t (n int generated always as identity, code text primary key, x int); insert into t (code, x) values ('a', 1), ('b', 2)",
    "delete from t where code = 'a'; insert into t (code, x) values ('a', 1)",
  );
  const before = await contentOf(both.living);
  const { forward } = await both.patch({}, { mends: ALL });
  await expect(both.apply(forward)).rejects.toThrow('did not become what they were');
  expect(await contentOf(both.living)).toEqual(before);
});

test.each(['numeric', 'float8', 'bpchar'])('a key of %s that is written in another way', async (type) => {
  const [was, is] = { numeric: ['1.0', '1.00'], float8: ['0', '-0'], bpchar: ['a', 'a  '] }[type]!;
  const both = await pair(
    `create table t (k ${type} primary key, x int); insert into t values ('${was}', 1)`,
    `update t set k = '${is}', x = 2`,
  );
  await thereAndBack(both);
});

test('bpchar without a length keeps its blanks', async () => {
  const both = await pair(
    "create table t (id int primary key, c bpchar); insert into t values (1, 'ab   ')",
    'delete from t',
  );
  await thereAndBack(both);
});

test('a type whose cast to text is not its output', async () => {
  const both = await pair(
    `create type point3 as (x int, y int); create function shown(point3) returns text language sql immutable as $$ select '<' || ($1).x || '>' $$; create cast (point3 as text) with function shown(point3);
     create table t (id int primary key, c point3); insert into t values (1, row(1, 2))`,
    'delete from t',
  );
  await thereAndBack(both);
});

test('a deferrable constraint trigger does not change rows after they were verified', async () => {
  const both = await pair(
    `create table t (id int primary key, x int); create function f() returns trigger language plpgsql as $$ begin update public.t set x = -1 where id = new.id; return null; end $$;
     insert into t values (1, 1); create constraint trigger c after insert on t deferrable initially deferred for each row execute function f()`,
    'delete from t',
  );
  const { forward } = await both.patch();
  await expect(both.apply(forward)).rejects.toThrow('did not become what they were');
});

test('a sequence that ends before the rows that came back', async () => {
  const both = await pair(
    "create sequence s maxvalue 100; create table t (id bigint primary key default nextval('s')); alter sequence s owned by t.id; insert into t values (5000)",
    'delete from t',
  );
  await thereAndBack(both);
});

test('a table without columns does not stop the patch of another one', async () => {
  const both = await pair(
    'create table empty (); create table t (id int primary key); insert into t values (1); insert into empty default values',
    'delete from t',
  );
  await thereAndBack(both);
});

test('rows of a table without columns are counted and not patched', async () => {
  const both = await pair(
    'create table empty (); insert into empty default values; insert into empty default values',
    'delete from empty',
  );
  const { tables, patched } = await both.patch();
  expect(tables).toMatchObject([
    { missing: 2, notes: expect.arrayContaining([expect.stringContaining('only counted, and not patched')]) },
  ]);
  expect(patched).toEqual({ inserts: 0, updates: 0, deletes: 0 });
});

test('a table whose only columns are generated or gone', async () => {
  const both = await pair(
    'create table g (a int, t text); insert into g values (1); create table t (id int primary key); insert into t values (1)',
    'delete from t; alter table g drop a, drop t, add b int',
  );
  await thereAndBack(both, { mends: ['missing'] });
});

test('a rule on a table that does not differ does not stop the patch', async () => {
  const both = await pair(
    'create table r (id int primary key); create rule no as on delete to r do instead nothing; create table t (id int primary key); insert into t values (1)',
    'delete from t',
  );
  await thereAndBack(both);
});

describe('triggers of partitions with --without-triggers', () => {
  const fill = (
    alter: string,
  ) => `create table p (id int primary key, x int) partition by range (id); create table p1 partition of p for values from (0) to (5000); create table audit (what text);
     insert into p values (1, 1);
     create function f() returns trigger language plpgsql as $$ begin insert into public.audit values (tg_name); return new; end $$;
     ${alter}`;
  const states =
    'select tgrelid::regclass::text as t, tgname, tgenabled from pg_trigger where not tgisinternal or tgparentid <> 0 order by 1, 2';
  it.each([
    ['its own trigger', 'create trigger own after insert on p1 for each row execute function f()'],
    [
      'an inherited trigger disabled on the partition',
      'create trigger up after insert on p for each row execute function f(); alter table p1 disable trigger up',
    ],
    [
      'an inherited trigger set to always on the partition',
      'create trigger up after insert on p for each row execute function f(); alter table p1 enable always trigger up',
    ],
    [
      'an inherited trigger disabled only on the parent',
      'create trigger up after insert on p for each row execute function f(); alter table only p disable trigger up',
    ],
    [
      'an inherited trigger that replicas fire on the partition',
      'create trigger up after insert on p for each row execute function f(); alter table p1 enable replica trigger up',
    ],
  ])('%s', async (_, alter) => {
    const both = await pair(fill(alter), 'delete from p');
    const before = await both.living.sql(states);
    const { forward } = await both.patch({}, { withoutTriggers: true });
    await both.apply(forward);
    expect(await both.living.sql('select * from audit')).toEqual([]);
    expect(await both.living.sql(states)).toEqual(before);
  });
});

test('dotted names', async () => {
  const both = await pair(
    'create schema a; create schema "a.b"; create table a."b.c" (id serial primary key, x int); create table "a.b".c (id serial primary key, y int); insert into a."b.c" (x) values (1); insert into "a.b".c (y) values (2)',
    'delete from a."b.c"; delete from "a.b".c',
  );
  await thereAndBack(both);
});

test('dollars, line breaks, quotes and per cents in names', async () => {
  const both = await pair(
    `create table "t$understudy$" ("k$understudy$" int primary key, "a$1 %s '' \\ ""q" text, "n\n;\nn" text, "found" text, "key" text, "range" text, v0 text, content text); insert into "t$understudy$" values (1, 'x', 'y', 'z', 'a', 'b', 'c', 'd'), (2, 'x', 'y', 'z', 'a', 'b', 'c', 'd')`,
    `delete from "t$understudy$" where "k$understudy$" = 1; update "t$understudy$" set "found" = 'w'`,
  );
  await thereAndBack(both);
});

test('a column named understudy_times', async () => {
  const both = await pair(
    'create table t (understudy_times int); insert into t values (1), (1)',
    'delete from t',
  );
  await thereAndBack(both);
});

test('extra errors of plpgsql', async () => {
  const both = await pair('create table t (id int primary key); insert into t values (1)', 'delete from t');
  await both.living.sql(`alter database ${both.living.name} set plpgsql.extra_errors = 'all'`);
  await thereAndBack(both);
});

test('array_nulls off', async () => {
  const both = await pair(
    "create table t (id int primary key, a text[]); insert into t values (1, array[null, 'x'])",
    'delete from t',
  );
  await both.living.sql(`alter database ${both.living.name} set array_nulls = off`);
  await thereAndBack(both);
});

test('a key added since, whose column was NULL in the copy', async () => {
  const both = await pair(
    'create table t (a int, x int); insert into t values (1, 1), (null, 2)',
    'delete from t where a is null; alter table t add primary key (a)',
  );
  const { tables } = await both.compare();
  expect(counts(tables)).toEqual([{ name: 't', missing: 1, changed: 0, extra: 0 }]);
});

test('integers near both ends', async () => {
  const both = await pair(
    'create table t (id int8 primary key, x int); insert into t values (-9223372036854775808, 0), (9223372036854775807, 0); insert into t select g, g from generate_series(-300, 300) g',
    'delete from t where id = -9223372036854775808 or id = 0',
  );
  await thereAndBack(both);
});

test('a condition over another table does not invent changed rows', async () => {
  const both = await pair(
    "create table c (id int primary key, name text); create table o (id int primary key, c int); insert into c values (1, 'a'), (2, 'b'); insert into o values (1, 1), (2, 2)",
    "update c set name = 'x' where id = 1",
  );
  const { tables } = await both.compare({
    tables: ['o'],
    where: "c in (select id from public.c where name = 'a')",
  });
  expect(counts(tables)).toEqual([{ name: 'o', missing: 0, changed: 0, extra: 0 }]);
});

test('a condition over another table does not invent missing rows of a table without a key', async () => {
  const both = await pair(
    "create table c (id int primary key, name text); create table o (c int); insert into c values (1, 'a'), (2, 'b'); insert into o values (1), (2)",
    "update c set name = 'x' where id = 1",
  );
  const { tables } = await both.compare({
    tables: ['o'],
    where: "c in (select id from public.c where name = 'a')",
  });
  expect(counts(tables)).toEqual([{ name: 'o', missing: 0, changed: 0, extra: 0 }]);
});

test.each([['id = 1 -- x'], ['id in (select id from public.t\nwhere id = 1)'], ['t.id = 1 /* x */']])(
  'where %s',
  async (where) => {
    const both = await pair(
      'create table t (id int primary key, g int, x int); insert into t values (1, 1, 1), (2, 1, 1)',
      'delete from t',
    );
    const { tables } = await both.compare({ where });
    expect(counts(tables)).toEqual([{ name: 't', missing: 1, changed: 0, extra: 0 }]);
  },
);

test('where of which a row moved out', async () => {
  const both = await pair(
    'create table t (id int primary key, owner int, x int); insert into t select g, g % 3, g from generate_series(1, 1000) g',
    'update t set owner = 9 where id = 3; delete from t where id = 6; insert into t values (1001, 0, 1); update t set owner = 0 where id = 4',
  );
  const made = await thereAndBack(both, { mends: ALL, where: 'owner = 0' });
  expect(counts(made.tables)).toEqual([{ name: 't', missing: 1, changed: 2, extra: 1 }]);
  expect(made.left).toEqual([{ name: 't', missing: 0, changed: 0, extra: 0 }]);
});

test('a primary key that was widened still tells changed rows', async () => {
  const both = await pair(
    'create table t (id int primary key, x int); insert into t values (1, 1), (2, 2)',
    'alter table t alter id type bigint; update t set x = 9 where id = 1; delete from t where id = 2',
  );
  const { tables } = await both.compare();
  expect(counts(tables)).toEqual([{ name: 't', missing: 1, changed: 1, extra: 0 }]);
  await thereAndBack(both, { mends: ['missing'] });
});

test('a column that holds less now makes a patch refuse the table', async () => {
  const both = await pair(
    'create table t (id int primary key, x numeric(10, 2)); insert into t values (1, 1.25)',
    'delete from t; alter table t alter x type numeric(10, 0)',
  );
  await expect(both.patch()).rejects.toMatchObject({
    code: 'patch-retyped',
    message: expect.stringContaining('x is numeric(10,2) in the copy and numeric(10,0) in the living table'),
  });
});
