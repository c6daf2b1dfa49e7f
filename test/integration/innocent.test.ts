import { formatDifference } from '../../lib/domain/proof/proof.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { withCopy } from '../support/restored-copy.ts';
import { take } from '../support/source.ts';

/** The differences of a faithful copy: there are none. */
async function differences(database: TestDatabase): Promise<string[]> {
  const taken = await take(database.credentials);
  return withCopy(taken, async (copy) => (await copy.proof()).differences.map(formatDifference));
}

describe('a faithful copy is not accused', () => {
  const databases: TestDatabase[] = [];
  const make = async (options?: string) => {
    const database = await createDatabase(undefined, options);
    databases.push(database);
    return database;
  };
  afterAll(async () => {
    for (const database of databases) await database.drop();
  });

  it('of the sample database Chinook', async () => {
    const database = await make();
    await database.script('chinook/chinook-tables.sql');
    expect(await differences(database)).toEqual([]);
  });

  it('of expressions, names, owners, sequences and orders that a restore may write in another way', async () => {
    const database = await make();
    await database.script('innocent.sql');
    expect(await differences(database)).toEqual([]);
  });

  it('of definitions that PostgreSQL writes otherwise, or numbers and names anew, after a restore', async () => {
    const database = await make();
    await database.script('innocent-definitions.sql');
    const found = await differences(database);
    await database.sql('alter subscription later set (slot_name = none)');
    await database.sql('drop subscription later');
    expect(found).toEqual([]);
  });

  it('of a database whose own settings change how definitions and values are written', async () => {
    const database = await make();
    await database.script('innocent-definitions.sql');
    await database.sql('alter subscription later set (slot_name = none)');
    await database.sql('drop subscription later');
    for (const setting of [
      'standard_conforming_strings = off',
      'quote_all_identifiers = on',
      "bytea_output = 'escape'",
      "datestyle = 'German'",
      "intervalstyle = 'sql_standard'",
      "timezone = 'America/St_Johns'",
      'extra_float_digits = -3',
      "xmloption = 'document'",
    ])
      await database.sql(`alter database ${database.name} set ${setting}`);
    await database.sql(
      "create table written (t timestamptz default '2026-06-01 12:00+02', b bytea default decode('dead', 'hex'), i interval default '1 day 2 hours', s text default E'a\\\\b', x xml); insert into written (x) values ('<c/>')",
    );
    expect(await differences(database)).toEqual([]);
  });

  it('of a database sorted by ICU, whose order its constraints rely on', async () => {
    const database = await make("locale_provider icu icu_locale 'de-u-co-phonebk'");
    await database.sql(
      "create table words (s text, check (s < 'zz')); insert into words values ('ä'), ('az'); create table ranged (s text) partition by range (s); create table low partition of ranged for values from ('a') to ('n'); insert into ranged values ('ä')",
    );
    expect(await differences(database)).toEqual([]);
  });

  it('of a LATIN1 database with names beyond ASCII', async () => {
    const database = await make("encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'");
    await database.sql('create table "größe" (ä text); insert into "größe" values (\'ü\')');
    expect(await differences(database)).toEqual([]);
  });

  it('of comments that a live session’s temporary table has, like the table it was made after', async () => {
    const database = await make();
    await database.sql(
      "create table orders (id int primary key, total int); comment on column orders.total is 'in cents'",
    );
    const session = await database.connect();
    try {
      await session.query('create temp table staging (like orders including all)');
      await session.query("comment on table staging is 'for the night'");
      await session.query('create temp sequence counting');
      await session.query("comment on sequence counting is 'of the night'");
      await session.query("comment on constraint staging_pkey on staging is 'a key'");
      await session.query("comment on index staging_pkey is 'an index'");
      expect(await differences(database)).toEqual([]);
    } finally {
      await session.end();
    }
  });

  it('without a schema public', async () => {
    const database = await make();
    await database.sql('create schema alone; create table alone.t (x int); drop schema public');
    expect(await differences(database)).toEqual([]);
  });
});
