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
  fullName,
  relation,
  type SideTable,
  sameTable,
  sideTables,
} from './comparable.ts';
import { differingRows, type KeyForm, KeyNotUnique, keyFormOf } from './differing-rows.ts';
import { type ForeignKey, feedingSequences, foreignKeys } from './foreign-keys.ts';
import { outsideToo } from './outside-condition.ts';
import { type PatchFiles, type PatchWriter, patchWriter } from './patch.ts';
import { differingRanges, ranging, type SideSession, spanOf } from './ranges.ts';
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
  refuseUnknownEncoding(copy, living, request);
  await copy.query('begin isolation level repeatable read read only');
  await living.query('begin isolation level repeatable read read only');
  try {
    const [there, here] = await Promise.all([sideTables(copy), sideTables(living)]);
    const { chosen, rowsOf, unjudged, lostLeaves } = tablesToCompare(there, manifest, request.tables);
    const keys = await foreignKeys(living);
    const writer = request.patch && patchWriter(request.patch, await feedingSequences(living));
    const apart = request.rows && rowsWriter(request.rows);
    const sides: Sides = {
      copy: { client: copy, side: 'copy' },
      living: { client: living, side: 'living' },
      form: await keyFormOf(living),
      request,
      writer,
    };
    const tables: TableDifference[] = [];
    for (const table of chosen) {
      request.signal.throwIfAborted();
      request.onTable?.(fullName(table), tables.length, chosen.length);
      const other = sameTable(table, here);
      if ([table, other].some((each) => each?.leaves.some((leaf) => leaf.foreign))) {
        unjudged.push(`${fullName(table)}: it has foreign partitions, whose rows are no part of a dump`);
        continue;
      }
      const lost = lostLeaves(table, other);
      if (lost.length > 0) {
        unjudged.push(`${fullName(table)}: the copy lacks partitions of it: ${lost.join(', ')}`);
        continue;
      }
      tables.push(
        other
          ? await compareTable(sides, comparable(table, other), rowsOf(table))
          : await absent(copy, table, await conditionFor(copy, table, request.where)),
      );
      await apart?.add(copy, table, other, await conditionFor(copy, table, request.where));
    }
    const notes = request.tables ? notChosen(keys, tables) : [];
    const patched = await writer?.end();
    const written = await apart?.end();
    return {
      tables,
      notes,
      unjudged,
      ...(patched ? { patched } : {}),
      ...(written === undefined ? {} : { written }),
    };
  } finally {
    await Promise.allSettled([copy.query('rollback'), living.query('rollback')]);
  }
}

function refuseUnknownEncoding(copy: Client, living: Client, { patch, rows }: FileRequest): void {
  if (!(patch || rows) || !(speaksBytes(copy) || speaksBytes(living))) return;
  throw new Refusal(
    'encoding-unknown',
    'the database is SQL_ASCII, whose text has no known encoding: a patch could write other bytes',
    { hint: 'restore the table with pg_restore and copy its rows: docs/restore.md, "Some tables or rows"' },
  );
}

/** The chosen tables of the copy, and those of the dump whose definition did not restore. */
function tablesToCompare(
  there: readonly SideTable[],
  manifest: Pick<Manifest, 'tables'>,
  names: readonly string[] | undefined,
) {
  const dumped = new Map(manifest.tables.map((table) => [keyOf(table.schema, table.name), table]));
  const rowsOf = ({ leaves }: SideTable) =>
    leaves.reduce((sum, { schema, name }) => sum + Number(dumped.get(keyOf(schema, name))?.rows ?? 0), 0);
  const isDumped = ({ partitioned, leaves }: SideTable) =>
    partitioned || leaves.some(({ schema, name }) => dumped.has(keyOf(schema, name)));
  const restored = new Set(there.map(({ schema, name }) => keyOf(schema, name)));
  const lost = manifest.tables.filter(
    ({ schema, name, condition }) => condition === undefined && !restored.has(keyOf(schema, name)),
  );
  const ours = lost.filter(
    ({ schema }) => schema !== 'understudy' && !schema.startsWith('understudy_restored_'),
  );
  const unjudged =
    names === undefined
      ? ours.map((table) => `${fullName(table)}: its definition could not be restored`)
      : [];
  /** Partitions whose rows the copy lacks: their living rows would look extra. */
  const lostLeaves = (table: SideTable, other: SideTable | undefined) =>
    [
      ...table.leaves.filter((leaf) => !dumped.has(keyOf(leaf.schema, leaf.name))),
      ...(other?.leaves ?? []).filter((leaf) =>
        lost.some((each) => keyOf(each.schema, each.name) === keyOf(leaf.schema, leaf.name)),
      ),
    ].map(fullName);
  return { chosen: chosenTables(there.filter(isDumped), names), rowsOf, unjudged, lostLeaves };
}

type Sides = {
  copy: SideSession;
  living: SideSession;
  form: KeyForm;
  request: FileRequest;
  writer: PatchWriter | undefined;
};

async function compareTable(
  sides: Sides,
  table: ComparableTable,
  dumpedRows: number,
): Promise<TableDifference> {
  const { copy, living, form, request, writer } = sides;
  const where = await conditionFor(copy.client, table.copy, request.where);
  await conditionFor(living.client, table.living, request.where);
  const difference: TableDifference = {
    schema: table.schema,
    name: table.name,
    key: table.key,
    columns: table.columns,
    missing: 0,
    extra: 0,
    changed: 0,
    first: [],
    rows: { copy: 0, living: 0 },
    notes: [...table.notes],
  };
  if (table.columns.length === 0) return countedOnly(sides, table, where, difference);
  const span = await spanOf([copy, living], table, where);
  const how = ranging(table, dumpedRows, span);
  const { ranges, rows } = await differingRanges(sides, table, how, where);
  difference.rows = rows;
  const values = request.values || writer !== undefined || where !== '';
  const found = differingRows(sides, { table, how, ranges, where, values, form });
  try {
    for await (const row of where === '' ? found : outsideToo(found, sides, table)) {
      difference[row.kind] += row.copies ? Math.abs(row.copies.copy - row.copies.living) : 1;
      if (difference.first.filter(({ kind }) => kind === row.kind).length < request.first)
        difference.first.push(shown(row, table, request.values));
      await writer?.add(table, row);
    }
  } catch (error) {
    if (!(error instanceof KeyNotUnique)) throw error;
    throw new Refusal(
      'key-not-unique',
      `${fullName(table)}: rows of the copy have the same ${table.key.join(', ')}, which is unique today`,
      { hint: 'the key was added after the point was made: choose a newer point' },
    );
  }
  return difference;
}

/** Without a column in common, only the number of rows tells anything. */
async function countedOnly(
  { copy, living, writer }: Sides,
  { copy: there, living: here }: ComparableTable,
  where: string,
  difference: TableDifference,
): Promise<TableDifference> {
  const [was, is] = await Promise.all([
    rowsIn(copy.client, there, where),
    rowsIn(living.client, here, where),
  ]);
  return {
    ...difference,
    missing: Math.max(0, was - is),
    extra: Math.max(0, is - was),
    rows: { copy: was, living: is },
    notes: [
      ...difference.notes,
      `it has no column that both sides have: its rows are only counted${writer ? ', and not patched' : ''}`,
    ],
  };
}

async function rowsIn(client: Client, table: SideTable, where: string): Promise<number> {
  const { rows } = await client.query<{ rows: string }>(
    `select pg_catalog.count(*)::text as rows from ${relation(table)}${where}`,
  );
  return Number(rows[0]!.rows);
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
async function absent(copy: Client, table: SideTable, where: string): Promise<TableDifference> {
  const all = await rowsIn(copy, table, where);
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
async function conditionFor(client: Client, table: SideTable, where: string | undefined): Promise<string> {
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
      `--where does not fit ${fullName(table)}: ${(error as Error).message}`,
      [],
      'give what stands behind WHERE, such as --where "owner_id = 7"',
    );
  }
  return condition;
}

/** Tables that are not part of the comparison although a foreign key ties them to one that is. */
function notChosen(keys: readonly ForeignKey[], tables: readonly TableDifference[]): string[] {
  const nameSet = (of: readonly TableDifference[]) =>
    new Set(of.map(({ schema, name }) => keyOf(schema, name)));
  const chosen = nameSet(tables);
  const lost = nameSet(tables.filter(({ missing }) => missing > 0));
  const isIn = (set: ReadonlySet<string>, { schema, name }: ForeignKey['from']) =>
    set.has(keyOf(schema, name));
  return [
    ...new Set(
      keys.flatMap(({ from, to, acts }) => {
        if (isIn(lost, to) && acts && !isIn(chosen, from))
          return [
            `deleting rows of ${fullName(to)} also changes ${fullName(from)} (a foreign key does it): add --table ${fullName(from)}`,
          ];
        if (isIn(lost, from) && !isIn(chosen, to))
          return [
            `rows of ${fullName(from)} refer to ${fullName(to)}: if those rows are missing too, add --table ${fullName(to)}`,
          ];
        return [];
      }),
    ),
  ];
}
