import type { TestDatabase } from '../support/database.ts';
import { restored, source } from '../support/restored.ts';
import { take } from '../support/source.ts';

/** The differences of a faithful copy: there are none. */
const differences = async (database: TestDatabase) =>
  (await restored(await take(database.credentials))).differences;

describe('a faithful copy is proven equal', () => {
  it('of the sample database Chinook', async () => {
    const database = await source('');
    await database.script('chinook/chinook-tables.sql');
    expect(await differences(database)).toEqual([]);
  });

  it('of expressions, names, owners, sequences and orders that a restore may write in another way', async () => {
    const database = await source('');
    await database.script('innocent.sql');
    expect(await differences(database)).toEqual([]);
  });

  it('of definitions that PostgreSQL writes, numbers or names in another way after a restore', async () => {
    const database = await source('');
    await database.script('innocent-definitions.sql');
    const found = await differences(database);
    await database.sql('alter subscription later set (slot_name = none)');
    await database.sql('drop subscription later');
    expect(found).toEqual([]);
  });

  it('of a database whose own settings change how definitions and values are written', async () => {
    const database = await source('');
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
    const database = await source('', "locale_provider icu icu_locale 'de-u-co-phonebk'");
    await database.sql(
      "create table words (s text, check (s < 'zz')); insert into words values ('ä'), ('az'); create table ranged (s text) partition by range (s); create table low partition of ranged for values from ('a') to ('n'); insert into ranged values ('ä')",
    );
    expect(await differences(database)).toEqual([]);
  });

  it('of a source with comments on a live session’s temporary table', async () => {
    const database = await source(
      "create table orders (id int primary key, total int); comment on column orders.total is 'in cents'",
    );
    const session = await database.connect();
    try {
      await session.query(
        `create temp table staging (like orders including all); create temp sequence counting;
        comment on table staging is 'for the night'; comment on sequence counting is 'of the night';
        comment on constraint staging_pkey on staging is 'a key'; comment on index staging_pkey is 'an index'`,
      );
      expect(await differences(database)).toEqual([]);
    } finally {
      await session.end();
    }
  });

  it('of a database without schema public', async () => {
    const database = await source('');
    await database.sql('create schema alone; create table alone.t (x int); drop schema public');
    expect(await differences(database)).toEqual([]);
  });
});
