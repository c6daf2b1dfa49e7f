import type { Client } from 'pg';
import { InputError, Refusal } from '../../../../domain/errors.ts';
import type { Manifest } from '../../../../domain/proof/manifest.ts';
import type {
  CompareRequest,
  ComparisonResult,
  DifferingRow,
  TableDifference,
} from '../../../../ports/comparison.ts';
import { speaksBytes } from '../bytewise.ts';
import { keyOf } from '../facts/writes.ts';
import {
  type ComparableTable,
  chosenTables,
  comparable,
  relation,
  type SideTable,
  sideTables,
} from './comparable.ts';
import { differingRows, KeyNotUnique } from './differing-rows.ts';
import { type ForeignKey, feedingSequences, foreignKeys } from './foreign-keys.ts';
import { outsideToo } from './outside-condition.ts';
import { type PatchFiles, type PatchWriter, patchWriter } from './patch.ts';
import { differingRanges, ranging, spanOf } from './ranges.ts';
import { type RowsFile, rowsWriter } from './rows-file.ts';

/** A request whose files have paths. */
export type FileRequest = Omit<CompareRequest, 'patch' | 'rows' | 'deliver'> & {
  patch?: PatchFiles | undefined;
  rows?: RowsFile | undefined;
};

/**
 * Compares the tables of a restored copy with those of the living database, whose rows are all of one snapshot. The
 * first reading of a table fetches digests of ranges; only the rows of ranges that differ are read again.
 */
export async function compare(
  copy: Client,
  living: Client,
  manifest: Pick<Manifest, 'tables'>,
  request: FileRequest,
): Promise<ComparisonResult> {
  const { patch, rows: apart } = request;
  if ((patch || apart) && (speaksBytes(copy) || speaksBytes(living)))
    throw new Refusal(
      'encoding-unknown',
      'the database is SQL_ASCII, whose text has no known encoding: a patch could write other bytes',
      {
        hint: 'restore the table with pg_restore and copy its rows: docs/restore.md, "Some tables or rows"',
      },
    );
  await copy.query('begin isolation level repeatable read read only');
  await living.query('begin isolation level repeatable read read only');
  try {
    const [there, here] = await Promise.all([sideTables(copy), sideTables(living)]);
    const dumped = new Map(manifest.tables.map((table) => [keyOf(table.schema, table.name), table]));
    const restored = there.filter(
      ({ leaves, partitioned }) =>
        partitioned || leaves.some(({ schema, name }) => dumped.has(keyOf(schema, name))),
    );
    const chosen = chosenTables(restored, request.tables);
    const rowsOf = ({ leaves }: SideTable) =>
      leaves.reduce((sum, { schema, name }) => sum + Number(dumped.get(keyOf(schema, name))?.rows ?? 0), 0);
    const keys = await foreignKeys(living);
    const writer = patch && patchWriter(patch, { keys, sequences: await feedingSequences(living) });
    const kept = apart && rowsWriter(apart);
    const tables: TableDifference[] = [];
    for (const table of chosen) {
      request.signal.throwIfAborted();
      request.onTable?.(`${table.schema}.${table.name}`, tables.length, chosen.length);
      const other = here.find(({ schema, name }) => schema === table.schema && name === table.name);
      const rows = rowsOf(table);
      tables.push(
        other
          ? await compareTable({ copy, living, rows, request, writer }, comparable(table, other))
          : await absent(copy, table),
      );
      if (kept) await kept.add(copy, table, other, await conditionFor(copy, table, request.where));
    }
    const notes = request.tables ? notChosen(keys, tables) : [];
    const patched = writer && (await writer.end());
    const written = kept && (await kept.end());
    return { tables, notes, ...(patched ? { patched } : {}), ...(written === undefined ? {} : { written }) };
  } finally {
    await Promise.allSettled([copy.query('rollback'), living.query('rollback')]);
  }
}

type Sides = {
  copy: Client;
  living: Client;
  rows: number;
  request: FileRequest;
  writer: PatchWriter | undefined;
};

async function compareTable(sides: Sides, table: ComparableTable): Promise<TableDifference> {
  const { copy, living, request, writer } = sides;
  if (writer && table.living.rules.length > 0)
    throw new Refusal(
      'patch-rules',
      `${table.schema}.${table.name} has rules (${table.living.rules.join(', ')}), which rewrite what a patch would do`,
      {
        hint: 'leave it out with --table, and mend it by hand',
      },
    );
  const where = await conditionFor(copy, table, request.where);
  await conditionFor(living, table, request.where);
  const span = await spanOf([copy, living], table, where);
  const how = ranging(table, sides.rows, span);
  const { ranges, rows } = await differingRanges(copy, living, table, how, where);
  const values = request.values || writer !== undefined || where !== '';
  const difference: TableDifference = {
    schema: table.schema,
    name: table.name,
    key: table.key,
    columns: table.columns,
    missing: 0,
    extra: 0,
    changed: 0,
    first: [],
    rows,
    notes: [...table.notes],
  };
  const take = async (row: DifferingRow) => {
    difference[row.kind] += row.copies ? Math.abs(row.copies.copy - row.copies.living) : 1;
    if (difference.first.filter(({ kind }) => kind === row.kind).length < request.first)
      difference.first.push(shown(row, table, request.values));
    await writer?.add(row);
  };
  await writer?.begin(table);
  if (ranges.length > 0) {
    const found = differingRows(copy, living, table, how, ranges, where, values);
    try {
      for await (const row of where === '' ? found : outsideToo(found, copy, living, table)) await take(row);
    } catch (error) {
      if (!(error instanceof KeyNotUnique)) throw error;
      throw new Refusal(
        'key-not-unique',
        `${table.schema}.${table.name}: rows of the copy have the same ${table.key.join(', ')}, which is unique today`,
        {
          hint: 'the key was added after the point was made: choose a newer point',
        },
      );
    }
  }
  return difference;
}

function shown(
  { kind, key, copy, living, copies }: DifferingRow,
  table: ComparableTable,
  values: boolean,
): DifferingRow {
  const times = copies ? { copies } : {};
  if (values) return { kind, key, ...(copy ? { copy } : {}), ...(living ? { living } : {}), ...times };
  return { kind, key: table.key.length > 0 ? key : '', ...times };
}

/** A table that was dropped since: all of its rows are missing, and there is nothing to put them into. */
async function absent(copy: Client, table: SideTable): Promise<TableDifference> {
  const { rows } = await copy.query<{ rows: string }>(
    `select pg_catalog.count(*)::text as rows from ${relation(table)}`,
  );
  const all = Number(rows[0]!.rows);
  return {
    schema: table.schema,
    name: table.name,
    key: [],
    columns: [],
    missing: all,
    extra: 0,
    changed: 0,
    first: [],
    rows: { copy: all, living: 0 },
    notes: ['the living database has no such table: no patch can fill it'],
  };
}

/** The condition as SQL, tried on this side's table: one statement, and one that PostgreSQL understands. */
async function conditionFor(
  client: Client,
  table: Pick<SideTable, 'schema' | 'name' | 'partitioned'>,
  where: string | undefined,
): Promise<string> {
  if (where === undefined) return '';
  const condition = ` where (${where}\n)`;
  await client.query('savepoint condition');
  try {
    // Only the extended protocol refuses several statements.
    await client.query({
      text: `select from ${relation(table)}${condition} limit 0`,
      queryMode: 'extended',
    } as never);
  } catch (error) {
    await client.query('rollback to savepoint condition');
    throw new InputError(
      `--where does not fit ${table.schema}.${table.name}: ${(error as Error).message}`,
      [],
      'give what stands behind WHERE, such as --where "owner_id = 7"',
    );
  }
  return condition;
}

/** Tables that are not part of the comparison although a foreign key ties them to one that is. */
function notChosen(keys: readonly ForeignKey[], tables: readonly TableDifference[]): string[] {
  const chosen = new Set(tables.map(({ schema, name }) => `${schema}.${name}`));
  const lost = new Set(
    tables.filter(({ missing }) => missing > 0).map(({ schema, name }) => `${schema}.${name}`),
  );
  return [
    ...new Set(
      keys.flatMap(({ from, to, acts }) => {
        if (lost.has(to) && acts && !chosen.has(from))
          return [`deleting rows of ${to} also changes ${from} (a foreign key does it): add --table ${from}`];
        if (lost.has(from) && !chosen.has(to))
          return [`rows of ${from} refer to ${to}: if those rows are missing too, add --table ${to}`];
        return [];
      }),
    ),
  ];
}
