import type { Client } from 'pg';
import { formatDifference } from '../../lib/domain/proof/proof.ts';
import type { Credentials } from '../../lib/ports/database.ts';
import { createDatabase } from '../support/database.ts';
import { withCopy } from '../support/restored-copy.ts';
import { collect, policyWith, take } from '../support/source.ts';

/** Runs SQL whose text is these bytes, in a database that takes any. */
async function bytes(client: Client, sql: string): Promise<void> {
  const hex = Buffer.from(sql, 'latin1').toString('hex');
  await client.query(`do $do$ begin execute convert_from('\\x${hex}', 'SQL_ASCII'); end $do$`);
}

/** A dump of a source that is held still, and whose archive lists the tables that the source expects. */
async function takeAsListed(credentials: Credentials) {
  return take(credentials, policyWith(), async (held) => {
    const archive = held.archive();
    await collect(archive.stream);
    const listed = (await archive.toc).entries.filter(({ type }) => type === 'TABLE DATA');
    expect(new Set(await held.dataLines())).toEqual(new Set(listed.map(({ what }) => what)));
    await held.unchanged();
  });
}

describe('a database', () => {
  it.each([
    ['LATIN1', 'größe', 'ä'],
    ['WIN1251', 'размер', 'ж'],
    ['EUC_JP', '大きさ', '漢'],
  ])('in encoding %s is dumped and proven with names beyond ASCII', async (encoding, table, column) => {
    const database = await createDatabase(undefined, `encoding '${encoding}' lc_collate 'C' lc_ctype 'C'`);
    await database.sql(
      `create table "${table}" ("${column}" serial, v text default '${column}'); insert into "${table}" (v) values ('${table}'); comment on table "${table}" is '${table}'; create view "v ${table}" as select "${column}" as "${table}" from "${table}" where v <> '${column}'`,
    );
    try {
      const taken = await takeAsListed(database.credentials);
      await withCopy(taken, async (copy) => {
        expect((await copy.proof()).differences.map(formatDifference)).toEqual([]);
        await copy.sql(`comment on table "${table}" is '${column}'`);
        expect((await copy.proof()).differences).toHaveLength(1);
      });
    } finally {
      await database.drop();
    }
  });

  it('in encoding SQL_ASCII is dumped and proven with any bytes in names, definitions and comments', async () => {
    const database = await createDatabase(undefined, "encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C'");
    const client = await database.connect();
    await client.query("set client_encoding = 'SQL_ASCII'");
    for (const sql of [
      'create schema "caf\xe9"',
      'create table "caf\xe9"."gr\xf6\xdfe" ("\xe4" serial primary key, v text default \'\xfc\', check (v <> \'\xff\'))',
      'insert into "caf\xe9"."gr\xf6\xdfe" (v) values (\'\xe4\'), (\'\xc3\xa4\'), (null)',
      "create function f() returns text language sql as 'select ''\xe9''::text'",
      'comment on table "caf\xe9"."gr\xf6\xdfe" is \'caf\xe9\'',
      'create view "v\xe9" as select * from "caf\xe9"."gr\xf6\xdfe" where v = \'\xe9\'',
      'create table "\xc3\xa4 valid" (x int)',
      'create index "i\xe9" on "caf\xe9"."gr\xf6\xdfe" (lower(v))',
    ])
      await bytes(client, sql);
    await client.end();
    try {
      const taken = await takeAsListed(database.credentials);
      expect(taken.manifest.tables.map(({ rows }) => rows).sort()).toEqual(['0', '3']);
      await withCopy(taken, async (copy) => {
        expect((await copy.proof()).differences.map(formatDifference)).toEqual([]);
        await copy.sql(
          "create or replace function public.f() returns text language sql as 'select ''e''::text'",
        );
        expect((await copy.proof()).differences).toEqual([
          { kind: 'function', name: 'public.f()', what: 'changed' },
        ]);
      });
    } finally {
      await database.drop();
    }
  });
});
