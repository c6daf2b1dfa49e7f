import type { RowValues } from '../../../../ports/comparison.ts';
import { identifier } from '../sql.ts';
import { type ComparableTable, relation, rowText } from './comparable.ts';
import { valueColumns } from './differing-rows.ts';
import { textRows } from './fetched.ts';
import type { PatchedRow } from './patch.ts';
import { literal } from './patch-sql.ts';
import type { SideSession } from './ranges.ts';

const LOOKED_UP = 500;

type Sides = { copy: SideSession; living: SideSession };
type Found = { values: RowValues; others: RowValues; times: number };

/**
 * Rows that differ under a condition, where the other side may have the row outside of it: such a row is changed,
 * neither missing nor extra; and no difference at all, if only what the condition asks about has changed.
 */
export async function* outsideToo(
  rows: AsyncGenerator<PatchedRow>,
  sides: Sides,
  table: ComparableTable,
): AsyncGenerator<PatchedRow> {
  let waiting: PatchedRow[] = [];
  for await (const row of rows) {
    waiting.push(row);
    if (waiting.length < LOOKED_UP) continue;
    yield* await settled(waiting, sides, table);
    waiting = [];
  }
  yield* await settled(waiting, sides, table);
}

async function settled(
  rows: readonly PatchedRow[],
  { copy, living }: Sides,
  table: ComparableTable,
): Promise<PatchedRow[]> {
  const valuesOf = (kind: PatchedRow['kind'], side: 'copy' | 'living') =>
    rows.flatMap((row) =>
      row.kind === kind ? [row[side] ?? row[side === 'copy' ? 'living' : 'copy']!] : [],
    );
  const here = await lookUp(living, table, valuesOf('missing', 'copy'));
  const there = await lookUp(copy, table, valuesOf('extra', 'living'));
  return rows.flatMap((row) => {
    if (row.kind === 'changed') return [row];
    const values = (row.copy ?? row.living)!;
    const other = (row.kind === 'missing' ? here : there).get(identityOf(table, values));
    if (!other) return [row];
    if (row.copies) return recounted(row, other.times);
    if (sameValues(values, other.values)) return [];
    return row.kind === 'missing'
      ? [{ ...row, kind: 'changed' as const, living: other.values, others: other.others }]
      : [{ ...row, kind: 'changed' as const, copy: other.values }];
  });
}

/** A row without a key: as often as the other side has it anywhere. */
function recounted(row: PatchedRow, times: number): PatchedRow[] {
  const copies = row.kind === 'missing' ? { ...row.copies!, living: times } : { ...row.copies!, copy: times };
  const still = row.kind === 'missing' ? copies.copy > copies.living : copies.living > copies.copy;
  return still ? [{ ...row, copies }] : [];
}

const sameValues = (a: RowValues, b: RowValues) => a.every((value, index) => value === b[index]);

/** What tells a row apart: its key's values, or all of them. */
function identityOf({ columns, key }: ComparableTable, values: RowValues): string {
  return JSON.stringify(key.length === 0 ? values : key.map((name) => values[columns.indexOf(name)]));
}

/** Rows that these are, on the other side, whatever the condition. */
async function lookUp(
  { client, side }: SideSession,
  table: ComparableTable,
  wanted: readonly RowValues[],
): Promise<Map<string, Found>> {
  if (wanted.length === 0) return new Map();
  const { columns, livingOnly, key } = table;
  const types = new Map(table[side].columns.map(({ name, type }) => [name, type]));
  const own = side === 'living' && key.length > 0 ? livingOnly.map(({ name }) => name) : [];
  const among = key.length === 0 ? columns : key;
  const tuple = (values: RowValues) =>
    among.map((name) => `${literal(values[columns.indexOf(name)]!)}::${types.get(name)}`).join(', ');
  const condition =
    key.length > 0
      ? `(${key.map((name) => identifier(name)).join(', ')}) in (${wanted.map((values) => `(${tuple(values)})`).join(', ')})`
      : `${rowText(columns)} in (${wanted.map((values) => `row(${tuple(values)})::text`).join(', ')})`;
  const found = await textRows(
    client,
    `select ${[...valueColumns(columns), ...valueColumns(own, 'o')].join(', ')} from ${relation(table[side])} where ${condition}`,
  );
  const byIdentity = new Map<string, Found>();
  for (const row of found) {
    const values = columns.map((_, index) => row[`v${index}`] ?? null);
    const identity = identityOf(table, values);
    const before = byIdentity.get(identity);
    if (before) before.times++;
    else
      byIdentity.set(identity, {
        values,
        others: livingOnly.map((_, index) => row[`o${index}`] ?? null),
        times: 1,
      });
  }
  return byIdentity;
}
