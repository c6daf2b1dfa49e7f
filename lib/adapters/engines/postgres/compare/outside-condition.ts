import type { Client } from 'pg';
import type { DifferingRow, RowValues } from '../../../../ports/comparison.ts';
import { identifier } from '../sql.ts';
import { type ComparableTable, relation } from './comparable.ts';
import { literal } from './patch-sql.ts';

const LOOKED_UP = 500;

/**
 * Rows that differ under a condition, where the other side may have the row outside of it: such a row is changed,
 * neither missing nor extra.
 */
export async function* outsideToo(
  rows: AsyncGenerator<DifferingRow>,
  copy: Client,
  living: Client,
  table: ComparableTable,
): AsyncGenerator<DifferingRow> {
  if (table.key.length === 0) return yield* rows;
  let waiting: DifferingRow[] = [];
  for await (const row of rows) {
    waiting.push(row);
    if (waiting.length < LOOKED_UP) continue;
    yield* await settled(waiting, copy, living, table);
    waiting = [];
  }
  yield* await settled(waiting, copy, living, table);
}

async function settled(
  rows: readonly DifferingRow[],
  copy: Client,
  living: Client,
  table: ComparableTable,
): Promise<DifferingRow[]> {
  const here = await lookUp(
    living,
    table,
    rows.flatMap(({ kind, copy: values }) => (kind === 'missing' ? [values!] : [])),
  );
  const there = await lookUp(
    copy,
    table,
    rows.flatMap(({ kind, living: values }) => (kind === 'extra' ? [values!] : [])),
  );
  return rows.map((row) => {
    const now = row.kind === 'missing' ? here.get(row.key) : undefined;
    const then = row.kind === 'extra' ? there.get(row.key) : undefined;
    if (now) return { ...row, kind: 'changed', living: now };
    return then ? { ...row, kind: 'changed', copy: then } : row;
  });
}

/** Rows with these keys, whatever the condition. */
async function lookUp(
  client: Client,
  table: ComparableTable,
  wanted: readonly RowValues[],
): Promise<Map<string, RowValues>> {
  if (wanted.length === 0) return new Map();
  const { columns, types, key, keyText } = table;
  const at = key.map((name) => columns.indexOf(name));
  const keys = wanted.map(
    (values) => `(${at.map((index) => `${literal(values[index]!)}::${types[index]}`).join(', ')})`,
  );
  const texts = columns.map((column, index) => `${identifier(column)}::text as v${index}`).join(', ');
  const { rows } = await client.query<Record<string, string | null>>(
    `select ${keyText} as key, ${texts} from ${relation(table)} where (${key.map((name) => identifier(name)).join(', ')}) in (${keys.join(', ')})`,
  );
  return new Map(rows.map((row) => [row['key']!, columns.map((_, index) => row[`v${index}`] ?? null)]));
}
