import { contentOf, type Pair, pair } from '../../support/compared.ts';

const SHOP = `
  create table customers (id int generated always as identity primary key, email text unique not null, mentor int references customers on delete set null, note jsonb);
  create table orders (id bigserial primary key, customer int not null references customers on delete cascade, total numeric(10, 2), gross numeric generated always as (total * 1.19) stored);
  create table lines ("order" bigint references orders on delete cascade, line int, what text, primary key ("order", line));
  create table log (at timestamptz, said text);
  insert into customers (email, mentor, note) select 'c' || g || '@x.example', case when g > 10 then g - 10 end, case when g % 3 = 0 then '{"a": "it''s \\\\ odd"}'::jsonb end from generate_series(1, 200) g;
  insert into orders (customer, total) select 1 + g % 200, g from generate_series(1, 900) g;
  insert into lines select id, n, E'two\\nlines; and ''quotes'' \\\\ ' || id from orders, generate_series(1, 3) n;
  insert into log select '2026-01-01'::timestamptz + (g / 3) * interval '1 h', case when g % 4 > 0 then 'entry ' || g / 3 end from generate_series(1, 300) g`;

/** The patch gives back exactly what the damage took, and the reverse takes exactly that away. */
async function mends(
  both: Pair,
  tables: string[] | undefined,
  later: string,
  expected: Record<string, number>,
) {
  if (later) await both.living.sql(later);
  const before = await contentOf(both.living);
  const { forward, reverse, patched } = await both.patch({ tables });
  expect(patched).toEqual({ inserts: 0, updates: 0, deletes: 0, ...expected });
  await both.apply(forward);
  const mended = await contentOf(both.living);
  await both.apply(reverse);
  const after = await contentOf(both.living);
  const withoutSequences = (content: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(content).filter(([, value]) => Array.isArray(value)));
  expect(withoutSequences(after)).toEqual(withoutSequences(before));
  return mended;
}

describe('a patch after DELETE without WHERE', () => {
  it('gives back the rows and those that foreign keys deleted, and keeps what was written since', async () => {
    const both = await pair(SHOP, 'delete from customers where id <= 150');
    const later =
      "insert into customers (email) values ('new@x.example'); update orders set total = total + 1 where id % 7 = 0";
    const whole = await both.compare();
    expect(whole.tables.map(({ name, missing }) => [name, missing])).toEqual([
      ['customers', 150],
      ['lines', 2100],
      ['log', 0],
      ['orders', 700],
    ]);
    const mended = await mends(both, ['customers', 'orders', 'public.lines'], later, {
      inserts: 150 + 2100 + 700,
    });
    await both.copy.sql(later.replace('% 7 = 0', '% 7 = 0 and customer > 150'));
    expect({ ...mended, customers: null }).toEqual({ ...(await contentOf(both.copy)), customers: null });
  });

  it('says which tables foreign keys tie to those that were chosen', async () => {
    const both = await pair(SHOP, 'delete from customers where id <= 150');
    const { notes } = await both.compare({ tables: ['customers'] });
    expect(notes).toEqual([
      'deleting rows of public.customers also changes public.orders (a foreign key does it): add --table public.orders',
    ]);
    const lines = await both.compare({ tables: ['lines'] });
    expect(lines.notes).toEqual([
      'rows of public.lines refer to public.orders: if those rows are missing too, add --table public.orders',
    ]);
  });
});

test('a patch changes nothing if a row is no longer as it was compared, and says which', async () => {
  const both = await pair(
    SHOP,
    'delete from log; delete from lines where line = 2; update orders set total = 0 where id <= 3',
  );
  const { forward } = await both.patch({ tables: ['orders', 'lines'] }, { mends: ['missing', 'changed'] });
  await both.living.sql('update orders set total = 1 where id = 2');
  const before = await contentOf(both.living);
  await expect(both.apply(forward)).rejects.toThrow(
    'nothing was changed, because rows of public.orders are no longer as they were compared: 2\nHINT:  compare again and make a new patch',
  );
  expect(await contentOf(both.living)).toEqual(before);
});

describe('a patch with changed and extra rows', () => {
  it('takes an UPDATE without WHERE back, and its reverse brings it again', async () => {
    const both = await pair(SHOP, "update customers set note = '{}', mentor = 1");
    const before = await contentOf(both.living);
    const { forward, reverse, patched } = await both.patch({}, { mends: ['changed'] });
    expect(patched).toEqual({ inserts: 0, updates: 200, deletes: 0 });
    await both.apply(forward);
    expect(await contentOf(both.living)).toEqual(await contentOf(both.copy));
    await both.apply(reverse);
    expect(await contentOf(both.living)).toEqual(before);
  });

  it('takes back rows that were added, changed and deleted, and rows without a key', async () => {
    const both = await pair(
      SHOP,
      `insert into log select '2026-02-01', 'new' from generate_series(1, 3); insert into log select * from log where said = 'entry 7';
       delete from log where said = 'entry 9'; delete from log where said is null; delete from lines where "order" % 3 = 0;
       insert into orders (customer, total) values (1, 2); update customers set email = email || 'x' where id < 40; delete from customers where id = 199`,
    );
    const before = await contentOf(both.living);
    const mends = ['missing', 'changed', 'extra'] as const;
    const { forward, reverse } = await both.patch({}, { mends });
    await both.apply(forward);
    const { orders_id_seq: _moved, ...mended } = await contentOf(both.living);
    const { orders_id_seq: _stood, ...was } = await contentOf(both.copy);
    expect(mended).toEqual(was);
    await both.apply(reverse);
    expect(await contentOf(both.living)).toEqual(before);
  });
});

test('applying a patch twice, or its reverse twice, changes nothing the second time', async () => {
  const both = await pair(SHOP, 'delete from log; delete from lines');
  const { forward, reverse } = await both.patch();
  await expect(both.apply(reverse)).rejects.toThrow('no longer as they were compared');
  await both.apply(forward);
  const mended = await contentOf(both.living);
  await expect(both.apply(forward)).rejects.toThrow('no longer as they were compared');
  expect(await contentOf(both.living)).toEqual(mended);
});

test('the reverse of a patch does not take along rows that have come to refer to what it brought back', async () => {
  const both = await pair(SHOP, 'delete from customers where id = 7');
  const { forward, reverse } = await both.patch();
  await both.apply(forward);
  await both.living.sql('insert into orders (customer, total) values (7, 1)');
  const now = await contentOf(both.living);
  await expect(both.apply(reverse)).rejects.toThrow(
    'a foreign key or a trigger would have written other rows too: public.orders (0 inserted, 0 changed, 6 deleted)',
  );
  expect(await contentOf(both.living)).toEqual(now);
});

describe('triggers', () => {
  const TRIGGERED = `${SHOP};
    create table audit (what text);
    create function noted() returns trigger language plpgsql as $$ begin insert into public.audit values (tg_op); new.said = 'by a trigger'; return new; end $$;
    create trigger "a Trigger" before insert on log for each row execute function noted();
    create trigger off before insert on log for each row execute function noted(); alter table log disable trigger off;
    create trigger always before insert on log for each row execute function noted(); alter table log enable always trigger always`;
  const states = 'select tgname, tgenabled from pg_trigger where not tgisinternal order by 1';

  it('that change restored rows make the patch change nothing', async () => {
    const both = await pair(TRIGGERED, 'delete from log');
    const before = await contentOf(both.living);
    const { forward } = await both.patch();
    await expect(both.apply(forward)).rejects.toThrow(
      /rows of public.log did not become what they were[\s\S]*--without-triggers/,
    );
    expect(await contentOf(both.living)).toEqual(before);
  });

  it('do not fire with --without-triggers, and are as they were afterwards', async () => {
    const both = await pair(TRIGGERED, 'delete from log');
    const before = await both.living.sql(states);
    const { forward, reverse } = await both.patch({}, { withoutTriggers: true });
    await both.apply(forward);
    expect(await contentOf(both.living)).toEqual(await contentOf(both.copy));
    expect(await both.living.sql(states)).toEqual(before);
    await both.apply(reverse);
    expect(await both.living.sql('select count(*)::int as left from log')).toEqual([{ left: 0 }]);
  });
});

describe('tables that refer to each other or to themselves', () => {
  it('come back in one statement, with foreign keys that cannot be deferred', async () => {
    const both = await pair(
      `create table a (id int primary key, b int); create table b (id int primary key, a int not null references a on delete cascade);
       alter table a add foreign key (b) references b on delete cascade;
       insert into a select g, null from generate_series(1, 20) g; insert into b select g, g from generate_series(1, 20) g; update a set b = id;
       create table tree (id int primary key, up int references tree on delete cascade); insert into tree select g, nullif(g / 2, 0) from generate_series(1, 100) g`,
      'delete from a where id > 5; delete from tree where id = 3',
    );
    const { forward, reverse } = await both.patch();
    const damaged = await contentOf(both.living);
    await both.apply(forward);
    expect(await contentOf(both.living)).toEqual(await contentOf(both.copy));
    await both.apply(reverse);
    expect(await contentOf(both.living)).toEqual(damaged);
  });
});

describe('partitions', () => {
  it.each(['by range (id)', 'by hash (id)', 'by list (kind)'])(
    'of a table partitioned %s get their rows back through it',
    async (by) => {
      const parts = by.includes('range')
        ? 'create table p1 partition of p for values from (0) to (500); create table p2 partition of p for values from (500) to (5000)'
        : by.includes('hash')
          ? 'create table p1 partition of p for values with (modulus 2, remainder 0); create table p2 partition of p for values with (modulus 2, remainder 1)'
          : "create table p1 partition of p for values in ('a'); create table p2 partition of p default";
      const both = await pair(
        `create table p (id int, kind text, x int, primary key (id, kind)) partition ${by}; ${parts}; insert into p select g, case when g % 2 = 0 then 'a' else 'b' end, g from generate_series(1, 1000) g`,
        'delete from p where id % 10 = 0; update p set x = 0 where id % 10 = 1',
      );
      const { forward, tables } = await both.patch({}, { mends: ['missing', 'changed'] });
      expect(tables).toMatchObject([{ name: 'p', missing: 100, changed: 100, extra: 0 }]);
      await both.apply(forward);
      expect(await contentOf(both.living)).toEqual(await contentOf(both.copy));
      await expect(both.compare({ tables: ['p1'] })).rejects.toThrow('p1 is a partition; write public.p');
    },
  );
});

test('values of every kind come back exactly, also under other settings of the database', async () => {
  const both = await pair(
    `create type mood as enum ('fine', 'low'); create domain small as int check (value < 10); create type both_ as (a int, b text);
     create table "Odd ""Table" (id uuid primary key default gen_random_uuid(), "Col umn" text, n numeric, f float8, r real, b bytea, j json, jb jsonb, x xml,
       a text[], m mood, d small, c both_, i interval, t timestamptz, ts timestamp, mo money, ip inet, bits bit varying, rg int4range, ch char(5), bool boolean);
     insert into "Odd ""Table" ("Col umn", n, f, r, b, j, jb, x, a, m, d, c, i, t, ts, mo, ip, bits, rg, ch, bool)
       values (E'a\\nb\\r\\n;\\n''\\\\', '1.10', 0.1::float8 + 0.2, 1e-30, '\\x00ff', '{"b":1, "a":2}', '{"b":1}', '<a>&amp;</a>', array['x,"y', null, ''], 'low', 3, row(1, 'z,"'), '1 mon -3 days', '2026-03-29 02:30+02', 'infinity', '12.34', '10.0.0.1/8', b'101', '[1,5)', 'ab', null),
              ('', 'NaN', '-Infinity', 'NaN', '', 'null', '"x"', null, '{}', null, null, null, '1 year', null, null, null, null, '', 'empty', '', true)`,
    'delete from "Odd ""Table"',
  );
  await both.living.sql(
    `alter database ${both.living.name} set datestyle = 'German'; alter database ${both.living.name} set timezone = 'Asia/Tokyo'; alter database ${both.living.name} set intervalstyle = 'iso_8601'; alter database ${both.living.name} set standard_conforming_strings = off`,
  );
  const { forward } = await both.patch();
  await both.apply(forward);
  const exactly = 'select md5(string_agg(t::text, \'\' order by t::text)) as all from "Odd ""Table" t';
  await both.living.sql(`alter database ${both.living.name} reset all`);
  expect(await both.living.sql(exactly)).toEqual(await both.copy.sql(exactly));
});

test('a sequence moves on behind the rows that came back, and never back', async () => {
  const both = await pair(
    "create table t (id serial primary key); insert into t select from generate_series(1, 50); create sequence down increment -1; create table u (id int primary key default nextval('down')); insert into u select from generate_series(1, 5)",
    "truncate t restart identity; truncate u; select setval('down', -100); insert into t (id) values (1000)",
  );
  const { forward } = await both.patch();
  await both.apply(forward);
  expect(await both.living.sql("select nextval('t_id_seq')::int as t, nextval('down')::int as u")).toEqual([
    { t: 51, u: -101 },
  ]);
});

test('a role that may not write the table changes nothing', async () => {
  const both = await pair(SHOP, 'delete from log');
  const { password } = both.living.credentials;
  await both.living.sql(
    `create role us_patch_reader login password '${password}'; grant select on all tables in schema public to us_patch_reader`,
  );
  const { forward } = await both.patch();
  try {
    await expect(both.apply(forward, 'us_patch_reader')).rejects.toThrow(/permission denied for table log/);
    expect(await both.living.sql('select count(*)::int as left from log')).toEqual([{ left: 0 }]);
  } finally {
    await both.living.sql('drop owned by us_patch_reader; drop role us_patch_reader');
  }
});
