import { altered, failure, major, restored, source, taken } from '../support/restored.ts';
import { withCopy } from '../support/restored-copy.ts';
import { policyWith, take } from '../support/source.ts';

describe('the progress of a restore', () => {
  it.each([true, false])('counts each table with rows once (serially: %s)', async (serially) => {
    const from = await taken(
      'create table a (x int); insert into a values (1); create table b (x int); insert into b values (1); create view v as select 1 as one',
    );
    const seen: number[] = [];
    const onRead = ({ tables, of }: { tables: number; of: number }) => void seen.push(tables, of);
    await withCopy(from, async () => expect(seen).toEqual([1, 2, 1, 2]), { serially, onRead });
  });
});

describe('NOT VALID constraints', () => {
  const NOT_VALID = `
    create table c (id int primary key); create domain small as int;
    create table p (id int, c int, s small) partition by range (id); create table p1 partition of p for values from (0) to (1000000);
    insert into p select g, g, 5000 from generate_series(1, 20000) g;
    alter table p add constraint positive check (c < 0) not valid;
    alter domain small add constraint tiny check (value < 10) not valid;
    create table plain (c int); insert into plain values (1); alter table plain add constraint fk foreign key (c) references c not valid`;

  it('of tables and domains are NOT VALID in the copy', async () => {
    expect((await restored(await taken(NOT_VALID))).differences).toEqual([]);
  });

  it('of partitioned tables and NOT NULL, from 18 on, are NOT VALID in the copy', async () => {
    if ((await major()) < 18) return;
    const from = await taken(
      `create table c (id int primary key); create table p (id int, c int) partition by range (id); create table p1 partition of p for values from (0) to (1000000);
       insert into p select g, null from generate_series(1, 20000) g; insert into p values (0, 7);
       alter table p add constraint fk foreign key (c) references c not valid; alter table p add constraint nn not null c not valid`,
    );
    expect((await restored(from)).differences).toEqual([]);
  });
});

describe('the ICU rules of a database', () => {
  it('are those of its copy, from 16 on', async () => {
    await source('');
    if ((await major()) < 16) return;
    const from = await taken(
      "create table words (s text, check (s < 'v')); insert into words values ('w')",
      "locale_provider icu icu_locale 'en' icu_rules '&u < w'",
    );
    expect(from.manifest.source.icuRules).toBe('&u < w');
    expect((await restored(from)).differences).toEqual([]);
  });
});

describe('extensions of a copy', () => {
  it('are created in the order of their requirements, each in its own schema', async () => {
    const from = await taken(
      'create schema a; create schema b; create extension cube schema b; create extension earthdistance schema a',
    );
    const { extensions } = from.manifest;
    const backwards = { ...from, manifest: { ...from.manifest, extensions: [...extensions].reverse() } };
    for (const each of [from, backwards])
      expect(await restored(each)).toMatchObject({ differences: [], leftOut: [], notes: [] });
  });

  it('that cannot be created are left out with the reason', async () => {
    const from = await taken('create table t (x int)');
    const extensions = [
      { name: 'earthdistance', version: '1.1', schema: 'public' },
      { name: 'cube', version: '1.5', schema: 'information_schema' },
      // Its view may not stand there, as an extension that wants to be preloaded may not be made at all.
      { name: 'pg_stat_statements', version: '1.10', schema: 'pg_catalog' },
      { name: 'plperlu', version: '1.0', schema: 'pg_catalog' },
    ];
    const manifest = { ...from.manifest, extensions: extensions.slice(2) };
    const { leftOut, notes } = await restored({ ...from, manifest });
    expect(leftOut).toContain('pg_stat_statements');
    expect(notes.join('\n')).toMatch(
      /extension pg_stat_statements is left out: it cannot be created here \(permission denied/,
    );
    if (leftOut.includes('plperlu'))
      expect(notes.join('\n')).toMatch(
        // A build may bring its files and not the library that they need.
        /plperlu is left out: (?:it is not installed here; .*postgresql-plperl-\d+, .*"postgresql-plperl-%"|it cannot be created here \(could not load library)/,
      );
  });

  it('that are left out and needed fail the restore with their names', async () => {
    const from = await taken('create extension hstore; create table t (h hstore)');
    const gone = {
      ...from.manifest,
      extensions: [{ name: 'hstore_of_old', version: '1', schema: 'public' }],
    };
    expect(await failure({ ...from, manifest: gone })).toMatchObject({
      code: 'restore-needs-extension',
      message: expect.stringMatching(/table public\.t: type "public\.hstore" does not exist/),
      hint: expect.stringContaining('hstore_of_old'),
      notes: [expect.stringContaining('hstore_of_old is left out: it is not installed here')],
    });
  });
});

describe('a materialized view over another server', () => {
  const FOREIGN = `
    create extension postgres_fdw; create server other foreign data wrapper postgres_fdw options (host '127.0.0.1', port '1');
    create user mapping for public server other; create foreign table far (x int) server other;
    create view near as select x from far; create materialized view mv as select x from near with no data;
    create materialized view mv2 as select count(*) from mv with no data; create materialized view own as select 1 as x`;

  it('stays empty in a copy, which notes say, and the rest is proven', async () => {
    const database = await source(FOREIGN);
    // As if the other server had answered at the source.
    await database.sql("update pg_class set relispopulated = true where relname in ('mv', 'mv2')");
    const from = await take(database.credentials);
    const { differences, notes, exceptions } = await restored(from);
    expect(differences).toEqual([]);
    expect(notes).toEqual([
      'left empty, because a copy cannot reach other servers: materialized view public.mv, public.mv2',
    ]);
    expect(exceptions).toEqual([
      'rows of materialized view public.mv',
      'rows of materialized view public.mv2',
    ]);
  });
});

describe('an archive that plain pg_restore cannot restore either', () => {
  it('fails with every entry concerned and the fix', async () => {
    const database = await source(`
      create table names (x int, y text); insert into names values (1, 'a');
      create function named(int) returns text immutable language plpgsql as $$ begin return (select y from names where x = $1); end $$;
      create table t (x int, g text generated always as (named(x)) stored); insert into t values (1);
      create table parents (id int primary key); create table children (p int references parents, q int references parents)`);
    await database.sql(
      'alter table children disable trigger all; insert into children values (1, 2); alter table children enable trigger all',
    );
    const rows = await failure(await take(database.credentials));
    expect(rows).toMatchObject({
      code: 'restore-failed',
      message: expect.stringMatching(/table data public\.t: relation "names" does not exist/),
      hint: expect.stringContaining('set search_path'),
    });
    await database.sql("alter function named set search_path = 'public'");
    const keys = await failure(await take(database.credentials));
    expect(keys).toMatchObject({
      code: 'restore-failed',
      message: expect.stringMatching(
        /fk constraint public\.children children_p_fkey: .*; fk constraint public\.children children_q_fkey: /,
      ),
      hint: expect.stringMatching(/violate this foreign key.*NOT VALID/),
    });
    // From 17 on no materialized view is filled with a search_path at the source either.
    if ((await major()) >= 17) return;
    await database.sql(
      'drop table t, children; alter function named reset search_path; create materialized view mv as select named(1) as n',
    );
    expect(await failure(await take(database.credentials))).toMatchObject({
      message: expect.stringMatching(/materialized view data public\.mv: relation "names" does not exist/),
      hint: expect.stringContaining('set search_path'),
    });
  });
});

describe('a restore fails with the locale that the machine lacks', () => {
  it('when a collation needs it', async () => {
    const database = await source('create table t (x text collate "en-x-icu")');
    await database.sql(
      "create collation gone (provider = libc, locale = 'C'); create table u (x text collate gone)",
    );
    const from = await take(database.credentials);
    expect(await failure(altered(from, "locale = 'C'", "locale = 'Q'"))).toMatchObject({
      code: 'restore-needs-locale',
      message: expect.stringContaining('collation public.gone: could not create locale "Q"'),
    });
  });

  it('when partitions of the database are sorted by it', async () => {
    const from = await taken(
      "create table words (s text) partition by range (s); create table w1 partition of words for values from ('a') to ('n'); insert into words values ('Bob')",
      "locale_provider icu icu_locale 'de'",
    );
    const { locale: _locale, ...known } = from.manifest.source;
    const elsewhere = { ...known, localeProvider: 'c', collate: 'xx_XX.UTF-8', ctype: 'xx_XX.UTF-8' };
    expect(await failure({ ...from, manifest: { ...from.manifest, source: elsewhere } })).toMatchObject({
      code: 'restore-needs-locale',
      message: expect.stringMatching(/table data public\.w1: .*violates partition constraint/),
      notes: [expect.stringMatching(/^this machine lacks the locale of the source: /)],
    });
  });

  it('when money is formatted by it, without showing the money', async () => {
    const database = await source("create table t (m money); insert into t values ('$7.25')");
    const from = await take(database.credentials, policyWith('dump: { compression: none }'));
    expect(await failure(altered(from, '$7.25', 'k7.25'))).toMatchObject({
      code: 'restore-needs-locale',
      message: 'pg_restore could not restore table data public.t: invalid input syntax for type money: "…"',
      hint: expect.stringContaining('lc_monetary'),
    });
  });
});

describe('a schema called DATA', () => {
  it('has its materialized views, their data and indexes restored', async () => {
    const from = await taken(
      'create schema "DATA"; create table "DATA".b (id int); insert into "DATA".b values (1); create materialized view "DATA".mv as select * from "DATA".b; create unique index on "DATA".mv (id)',
    );
    await restored(from, {}, async (copy) => {
      expect(await copy.value('select count(*) from "DATA".mv')).toBe('1');
    });
  });
});

describe('a copy of many schemas', () => {
  it('has none of the rights left that were lent for the restore', async () => {
    const schemas = Array.from(
      { length: 40 },
      (_, index) => `create schema "s ${index}"; create table "s ${index}".t (x int);`,
    );
    const from = await taken(schemas.join(''));
    await restored(from, {}, async (copy) => {
      expect(
        await copy.value(
          "select count(*) from pg_namespace n, aclexplode(n.nspacl) a where n.nspname like 's %' and a.grantee = 0",
        ),
      ).toBe('0');
    });
  });
});

describe('the lc_monetary of a source', () => {
  it('is that of its copy', async () => {
    const database = await source('create table t (m money)');
    await database.sql(`alter database ${database.name} set lc_monetary = 'POSIX'`);
    const from = await take(database.credentials);
    expect(from.manifest.source.monetary).toBe('POSIX');
    await restored(from, {}, async (copy) => {
      expect(
        await copy.value(
          "select setconfig[1] from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase where d.datname = 'restored'",
        ),
      ).toBe('lc_monetary=POSIX');
    });
  });
});
