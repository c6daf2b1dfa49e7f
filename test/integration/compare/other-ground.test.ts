import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { applySqlFile } from '../../../lib/adapters/engines/postgres/compare/apply-file.ts';
import { contentOf, pair, psql } from '../../support/compared.ts';
import { createDatabase } from '../../support/database.ts';
import { ALL, thereAndBack } from '../../support/there-and-back.ts';

const counts = (tables: { name: string; missing: number; changed: number; extra: number }[]) =>
  tables.map(({ name, missing, changed, extra }) => ({ name, missing, changed, extra }));

describe('files that were cut off', () => {
  it('at the end of any statement, are refused by patch apply', async () => {
    const both = await pair('create table t (id int primary key); insert into t values (1)', 'delete from t');
    const { forward } = await both.patch({}, { comment: ['Understudy: x'] });
    const whole = readFileSync(forward, 'utf8');
    writeFileSync(forward, whole.slice(0, whole.lastIndexOf('commit')));
    await expect(applySqlFile(forward, both.living.credentials)).rejects.toThrow();
  });
});

test('U+2028 with patch apply', async () => {
  const both = await pair(
    "create table t (id int primary key, x text); insert into t values (1, E'a\\u2028b\\u2029c\\u0085\\u000b\\u000c')",
    'delete from t',
  );
  const { forward } = await both.patch({}, { comment: ['Understudy: x'] });
  await applySqlFile(forward, both.living.credentials);
  expect(await contentOf(both.living)).toEqual(await contentOf(both.copy));
});

describe('writes beside an extra row that goes', () => {
  const make = () =>
    pair(
      'create table c (id int primary key); create table o (id int primary key, c int references c on delete cascade)',
      'insert into c values (7)',
    );
  it('a row that refers to it and is committed while the patch waits is not taken along', async () => {
    const both = await make();
    const { forward } = await both.patch({ tables: ['c'] }, { mends: ALL });
    const writer = await both.living.connect();
    await writer.query('begin; insert into o values (1, 7)');
    const applied = both.apply(forward).catch(() => undefined);
    await sleep(1500);
    await writer.query('commit');
    await applied;
    await writer.end();
    expect(await both.living.sql('select count(*)::int as n from o')).toEqual([{ n: 1 }]);
  });
});

test('default_transaction_isolation of the database', async () => {
  const both = await pair('create table t (x int); insert into t values (1), (1), (2)', 'delete from t');
  await both.living.sql(
    `alter database ${both.living.name} set default_transaction_isolation = 'repeatable read'`,
  );
  const { forward } = await both.patch();
  const writer = await both.living.connect();
  await writer.query('begin; insert into t values (1)');
  const applied = both.apply(forward).catch(() => undefined);
  await sleep(1500);
  await writer.query('commit');
  await applied;
  await writer.end();
  // Either refused, or the row of the other session counts.
  expect(await both.living.sql('select count(*)::int as n from t')).toEqual([{ n: 1 }]);
});

describe('encodings', () => {
  it.each([
    ['WIN1252', ['€', 'é', '™', 'ÿ', 'a']],
    ['KOI8R', ['а', 'б', 'ц', 'ю', 'я', 'Ю', 'z']],
    ['LATIN2', ['ł', 'á', 'ő', 'Ş']],
    ['LATIN1', ['é', 'ÿ', 'a']],
    ['EUC_JP', ['あ', '亜', 'ｱ', 'é', '唖', '熙']],
  ])('%s', async (encoding, keys) => {
    const base = await createDatabase(
      `create table t (k text primary key, x int); insert into t values ${keys.map((k, i) => `('${k}', ${i})`).join(', ')}`,
      `encoding '${encoding}' lc_collate 'C' lc_ctype 'C'`,
    );
    try {
      const living = await createDatabase(undefined, `template ${base.name}`);
      const fake = await pair('select 1');
      Object.assign(fake.copy, {
        name: base.name,
        credentials: base.credentials,
        sql: base.sql,
        connect: base.connect,
      });
      Object.assign(fake.living, {
        name: living.name,
        credentials: living.credentials,
        sql: living.sql,
        connect: living.connect,
      });
      await living.sql(`delete from t where k in ('${keys[0]}', '${keys[2]}')`);
      const { tables } = await fake.compare();
      expect(counts(tables)).toEqual([{ name: 't', missing: 2, changed: 0, extra: 0 }]);
      await thereAndBack(fake);
      await living.drop();
    } finally {
      await base.drop();
    }
  });
  it('SQL_ASCII keys of other bytes are told apart', async () => {
    const base = await createDatabase(
      "create table t (k text primary key, x int); insert into t values (E'\\xe8', 1), (E'\\xe9', 2), (E'\\xc3\\xa9', 2), ('a', 3)",
      "encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C'",
    );
    const living = await createDatabase(undefined, `template ${base.name}`);
    try {
      const fake = await pair('select 1');
      Object.assign(fake.copy, {
        name: base.name,
        credentials: base.credentials,
        sql: base.sql,
        connect: base.connect,
      });
      Object.assign(fake.living, {
        name: living.name,
        credentials: living.credentials,
        sql: living.sql,
        connect: living.connect,
      });
      await living.sql("delete from t where k = E'\\xe8'");
      const { tables } = await fake.compare();
      expect(counts(tables)).toEqual([{ name: 't', missing: 1, changed: 0, extra: 0 }]);
    } finally {
      await living.drop();
      await base.drop();
    }
  });
});

test('keys of the copy that are NULL, in a large table', async () => {
  const both = await pair(
    'create table t (a int, x int); insert into t select g, g from generate_series(1, 2000) g; insert into t values (null, 2)',
    'delete from t where a is null or a = 7; alter table t add primary key (a)',
  );
  const { tables } = await both.compare();
  expect(counts(tables)).toEqual([{ name: 't', missing: 2, changed: 0, extra: 0 }]);
});

test('text keys of the copy that are NULL, in a large table', async () => {
  const both = await pair(
    'create table t (a text, x int); insert into t select g, g from generate_series(1, 2000) g; insert into t values (null, 2)',
    "delete from t where a is null or a = '7'; alter table t add primary key (a)",
  );
  const { tables } = await both.compare();
  expect(counts(tables)).toEqual([{ name: 't', missing: 2, changed: 0, extra: 0 }]);
});

test('integers at both ends of bigint, in two ranges', async () => {
  const both = await pair(
    'create table t (id int8 primary key, x int); insert into t values (-9223372036854775808, 0), (9223372036854775807, 0); insert into t select g, g from generate_series(-1000, 1000) g',
    'delete from t where id = -9223372036854775808 or id = 0; update t set x = 9 where id = 9223372036854775807',
  );
  await thereAndBack(both);
});

test.each(['int2', 'int4', 'int8'])('sparse integers of %s, every kind of damage', async (type) => {
  const many = {
    int2: '(random() * 65535 - 32768)::int2',
    int4: '(random() * 4294967295 - 2147483648)::int4',
    int8: '(random() * 18446744073709551615::numeric - 9223372036854775807)::int8',
  }[type];
  const both = await pair(
    `select setseed(0.3); create domain d as ${type}; create table t (id d primary key, x int); insert into t select distinct ${many}, 1 from generate_series(1, 20000)`,
    `delete from t where id % 17 = 0; update t set x = 2 where id % 17 = 1; insert into t select distinct ${many}, 3 from generate_series(1, 500) on conflict do nothing`,
  );
  await thereAndBack(both);
});

describe('keys of every kind, in thousands', () => {
  const kinds: [string, string][] = [
    [
      'text',
      'chr(case when g % 5 = 0 then 57344 + g when g % 5 = 1 then 128512 + g % 80 else 97 + g % 26 end) || g',
    ],
    ['varchar(20)', "'K' || g"],
    ['char(10)', "case when g % 2 = 0 then 'a' || g else 'A' || g || ' ' end"],
    ['numeric', 'g / 7.0'],
    ['float8', 'g / 7.0::float8 - 100'],
    ['float4', 'g / 8.0'],
    ['timestamptz', "'2026-01-01'::timestamptz + g * interval '1.000001 s' - g * interval '1 year'"],
    ['date', "'2026-01-01'::date - g * 600"],
    ['time', "'00:00'::time + g * interval '1 s'"],
    ['bytea', "decode(md5(g::text), 'hex')"],
    ['uuid', 'md5(g::text)::uuid'],
    ['inet', "('10.0.0.0/8'::inet + g)"],
    ['bit varying', 'g::bit(20)'],
    ['oid', '(4294967295 - g)::oid'],
    ['"char"', '(g % 127)::"char"'],
    ['name', "('n' || g)::name"],
    ['text collate "und-x-icu"', "case when g % 2 = 0 then 'a' else 'B' end || g"],
    ['interval', "g * interval '1 day'"],
    ['timetz', "'00:00+02'::timetz + g * interval '1 s'"],
    ['int4range', 'int4range(g, g + 2)'],
    ['text[]', 'array[g::text, null]'],
  ];
  it.each(kinds)('%s', async (type, value) => {
    const n = type === '"char"' ? 126 : 3000;
    const both = await pair(
      `create table t (k ${type} primary key, g int); insert into t select ${value}, g from generate_series(1, ${n}) g;
       create table c (a int, k ${type}, g int, primary key (k, a)); insert into c select g % 3, ${value}, g from generate_series(1, ${n}) g`,
      `delete from t where g % 40 = 0; update t set g = -1 where g % 40 = 1; insert into t select ${value}, g from generate_series(1, ${n}) g where g % 80 = 0;
       delete from c where g % 40 = 0; update c set g = -1 where g % 40 = 1; update c set a = 5 where g % 40 = 2`,
    );
    await thereAndBack(both);
  });
});

test('nondeterministic collations, citext and enums', async () => {
  const both = await pair(
    `create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false); create extension citext; create type e as enum ('b', 'a', 'C');
     create table a (k text collate ci primary key, x int); create table b (k citext primary key, x int); create table c (k e primary key, x e[]); create domain dp as numeric check (value > 0); create type comp as (a dp, b e[]); create domain dc as comp check ((value).a > 0);
     create table d (id int primary key, v dc, w comp[]);
     insert into a values ('a', 1), ('B', 2); insert into b values ('a', 1), ('B', 2); insert into c values ('a', '{a,b}'), ('C', null); insert into d values (1, row(1, '{a,C}'), array[row(2, null)::comp])`,
    'delete from a; delete from b; delete from c; update d set v = row(2, null), w = null',
  );
  await thereAndBack(both);
});

test('case of a citext key changed', async () => {
  const both = await pair(
    "create extension citext; create table b (k citext primary key, x int); insert into b values ('a', 1), ('B', 2)",
    "update b set k = 'A' where k = 'a'; update b set x = 4 where k = 'b'",
  );
  await thereAndBack(both);
});

test('inheritance that is not partitioning', async () => {
  const both = await pair(
    `create table up (id int primary key, x int); create table down (y int, primary key (id)) inherits (up); create table child (id int primary key, up int references up on delete cascade);
     insert into up select g, g from generate_series(1, 20) g; insert into down select g, g, g from generate_series(1, 20) g; insert into child values (1, 1)`,
    'delete from only up where id < 5; delete from down where id > 15; update down set x = 0 where id = 1; insert into up values (100, 1)',
  );
  await thereAndBack(both);
});

test('partitions of several levels with other orders of columns and dropped ones', async () => {
  const both = await pair(
    `create table p (id int, x int, kind text, gone int, primary key (id, kind)) partition by list (kind);
     create table pa (kind text not null, junk int, id int not null, gone int, x int) partition by range (id); alter table pa drop junk; alter table p attach partition pa for values in ('a');
     create table pa1 (gone int, x int, kind text not null, id int not null); alter table pa attach partition pa1 for values from (0) to (100); create table pa2 partition of pa default; create table pb partition of p default;
     alter table p drop gone; insert into p select g, g, case when g % 2 = 0 then 'a' else 'b' end from generate_series(1, 1000) g`,
    "delete from p where id % 7 = 0; update p set x = 0 where id % 7 = 1; insert into p values (5000, 1, 'a')",
  );
  await thereAndBack(both);
});

test('partitions without a key', async () => {
  const both = await pair(
    `create table p (id int, kind text) partition by hash (id); create table p1 partition of p for values with (modulus 2, remainder 0); create table p2 partition of p for values with (modulus 2, remainder 1);
     insert into p select g % 50, 'x' from generate_series(1, 2000) g`,
    "delete from p where ctid in (select ctid from p1 where id % 3 = 0 limit 100) and id % 3 = 0; insert into p select 7, 'x' from generate_series(1, 9); insert into p values (null, null)",
  );
  await thereAndBack(both);
});

test('a key that is deferrable, exclusion, MATCH FULL, composite keys with SET NULL of some columns', async () => {
  const both = await pair(
    `create extension btree_gist; create table a (t int, id int, x int, primary key (t, id), unique (x) deferrable initially deferred);
     create table b (id int primary key, t int, a int, foreign key (t, a) references a match full on delete set null);
     create table c (id int primary key, t int, a int, foreign key (t, a) references a on delete set null (a));
     create table x (id int primary key, r int4range, exclude using gist (r with &&));
     insert into a select g % 2, g, g from generate_series(1, 30) g; insert into b select g, g % 2, g from generate_series(1, 30) g; insert into c select * from b; insert into x select g, int4range(g * 2, g * 2 + 2) from generate_series(1, 30) g`,
    'delete from a where id < 4; delete from x where id < 3; delete from b where id = 2; insert into x values (99, int4range(1000, 1001))',
  );
  const { forward } = await both.patch({}, { mends: ALL });
  await both.apply(forward);
  expect(await contentOf(both.living)).toEqual(await contentOf(both.copy));
});

test('BEFORE triggers that return NULL refuse; forced row security; statement triggers', async () => {
  const both = await pair(
    `create table t (id int primary key, x int); insert into t values (1, 1), (2, 2); alter table t enable row level security; alter table t force row level security;
     create function nope() returns trigger language plpgsql as 'begin return null; end'; create trigger nope before insert or update or delete on t for each row when (pg_trigger_depth() < 100) execute function nope()`,
    'alter table t disable trigger nope; delete from t where id = 1; update t set x = 3; alter table t enable trigger nope',
  );
  const { forward } = await both.patch({}, { mends: ALL });
  await expect(both.apply(forward)).rejects.toThrow('did not become');
  await thereAndBack(both, { withoutTriggers: true });
});

test('1600 columns with a key', async () => {
  const both = await pair(
    `create table t (id int primary key, ${Array.from({ length: 1599 }, (_, i) => `c${i} int`).join(', ')}); insert into t (id, c5) values (1, 1), (2, 2)`,
    'delete from t where id = 1; update t set c1500 = 3',
  );
  await thereAndBack(both);
});

test('money, xml, json, regclass, tsvector, hstore and intervals', async () => {
  const both = await pair(
    `create extension hstore; create table t (id int primary key, m money, x xml, j json, r regclass, ts tsvector, h hstore, i interval, p point, l lseg, po polygon, tq tsquery, jp jsonpath, lsn pg_lsn, x8 xid8, mr int4multirange, ci cidr, mac macaddr8, arr numeric[][], bo box[], rp regproc, rt regtype);
     insert into t values (1, '-12.34', '<!DOCTYPE a><a/>', '{"a":1,"a":2}', 't', 'a:1 b:2', '"a"=>NULL,"b"=>"c\\"d"', '-1 mon +3 days -04:05:06.7', '(1e-300,NaN)', '((0,0),(1,1))', '((0,0),(0.1,0.2),(1,0))', 'a & !b', '$.a[*] ? (@ > 1)', '16/B374D848', '18446744073709551615', '{[1,2),[5,9)}', '10.0.0.0/8', '08:00:2b:01:02:03:04:05', '[2:3][1:2]={{1,2},{3,4}}', '{(1,1),(0,0);(2,2),(1,1)}', 'now', 'numeric')`,
    'delete from t',
  );
  await thereAndBack(both);
});

test('default and SQL settings of the database do not matter', async () => {
  const both = await pair(
    "create table t (id int primary key, x text, b bytea); insert into t values (1, E'a\\\\b''c', '\\x0102'), (2, 'ü', null)",
    'delete from t',
  );
  await both.living.sql(
    [
      'standard_conforming_strings = off',
      'backslash_quote = off',
      "client_encoding = 'LATIN1'",
      "datestyle = 'SQL, DMY'",
      'transform_null_equals = on',
      'check_function_bodies = off',
      'escape_string_warning = off',
      'row_security = on',
    ]
      .map((setting) => `alter database ${both.living.name} set ${setting}`)
      .join('; '),
  );
  await thereAndBack(both);
});

test('publications and replica identity', async () => {
  const both = await pair(
    'create table t (x int, y int); insert into t values (1, 1), (2, 2); create table k (id int primary key); insert into k values (1)',
    'delete from k; delete from t where x = 1',
  );
  await both.living.sql('create publication p for all tables');
  await both.apply((await both.patch()).forward);
});

test('event triggers that refuse tables', async () => {
  const both = await pair('create table k (id int primary key); insert into k values (1)', 'delete from k');
  await both.living.sql(
    "create function no() returns event_trigger language plpgsql as $$ declare o record; begin for o in select * from pg_event_trigger_ddl_commands() loop if o.schema_name = 'pg_temp' then return; end if; raise exception 'no DDL here'; end loop; end $$; create event trigger no on ddl_command_end when tag in ('CREATE TABLE', 'CREATE TABLE AS', 'ALTER TABLE') execute function no()",
  );
  await both.apply((await both.patch()).forward);
});

test('a rows file of a table whose column has another type now', async () => {
  const both = await pair(
    "create table t (id int primary key, x text, g int generated always as (id) stored); create table e (); insert into t values (1, 'abc'); insert into e default values",
    'delete from t; alter table t alter x type int using null',
  );
  const path = `/tmp/h2-rows-${Date.now()}.sql`;
  await both.compare({ rows: { schema: 'understudy_restored_x', path, comment: [] }, tables: ['t'] });
  await psql(both.living, path);
});

test('a rows file of a table without columns', async () => {
  const both = await pair('create table e (); insert into e default values', 'delete from e');
  const path = `/tmp/h2-rows2-${Date.now()}.sql`;
  await both.compare({ rows: { schema: 'understudy_restored_x', path, comment: [] } });
  await psql(both.living, path);
});

test('two thousand tables, one of which differs', async () => {
  const both = await pair(
    "do $$ begin for i in 1..2000 loop execute format('create table t%s (id serial primary key, x text)', i); if i % 400 = 0 then commit; end if; end loop; end $$",
    'select 1',
  );
  await both.copy.sql("insert into t1 values (1, 'x')");
  const { forward } = await both.patch();
  await both.apply(forward);
});
