import type { Client } from 'pg';
import type { TableFacts } from '../../../../domain/proof/manifest.ts';
import type { OnRead } from '../../../../ports/database.ts';
import { firstRows, identifier, rows } from '../connection.ts';
import type { DataTable } from './data-tables.ts';
import { fingerprintOf } from './ours.ts';

/** Facts of a table, and by column the largest value of each column that a sequence feeds. */
export type TableReading = { facts: TableFacts; maxima: Map<string, string> };

/** Tables of so many pages in all are read in one round trip. */
const BATCH_PAGES = 1000;
const BATCH_TABLES = 40;

/**
 * Reads tables one after the other, small ones together. If a savepoint named `planned` is open, each table rolls
 * back to it: planning a query locks every index of its table until then.
 */
export async function readTables(
  client: Client,
  tables: readonly DataTable[],
  depth: 'fingerprints' | 'counts',
  options: { signal: AbortSignal; savepoint?: boolean; onRead?: OnRead | undefined; of?: number },
): Promise<TableReading[]> {
  const found: TableReading[] = [];
  for (const batch of batches(tables)) {
    options.signal.throwIfAborted();
    const read = await readBatch(client, batch, depth, options.savepoint ?? false);
    found.push(...read);
    const rows = read.reduce((sum, { facts }) => sum + Number(facts.rows), 0);
    options.onRead?.({ tables: read.length, rows, of: options.of ?? tables.length });
  }
  return found;
}

function batches(tables: readonly DataTable[]): DataTable[][] {
  const all: DataTable[][] = [];
  let pages = Number.POSITIVE_INFINITY;
  for (const table of tables) {
    const last = all.at(-1);
    if (!last || last.length >= BATCH_TABLES || pages + table.pages > BATCH_PAGES) {
      all.push([table]);
      pages = 0;
    } else last.push(table);
    pages += table.pages;
  }
  return all;
}

async function readBatch(
  client: Client,
  batch: readonly DataTable[],
  depth: 'fingerprints' | 'counts',
  savepoint: boolean,
): Promise<TableReading[]> {
  const queries = batch.map((table) => factQuery(table, depth));
  try {
    const answers = await firstRows<FactRow>(client, queries, savepoint ? GIVE_BACK : '');
    return batch.map((table, index) => readingOf(table, answers[index]!));
  } catch (error) {
    if (savepoint) await client.query(GIVE_BACK).catch(() => undefined);
    if (batch.length === 1) return [await readUnderOwnPath(client, batch[0]!, depth, savepoint, error)];
    const found: TableReading[] = [];
    for (const table of batch) found.push(...(await readBatch(client, [table], depth, savepoint)));
    return found;
  }
}

/** Releases a query's locks inside the transaction that holds the snapshot. */
export const GIVE_BACK = 'rollback to savepoint planned';

/** Undefined function, table or object: the error of an index's function that was written for another search_path. */
const UNRESOLVED = ['42883', '42P01', '42704', '3F000'];

/**
 * Even for reading a table the planner inspects the SQL functions of its expression indexes, and those may depend on
 * the database's own search_path. Such a table is read under that; every name in the query is qualified.
 */
async function readUnderOwnPath(
  client: Client,
  table: DataTable,
  depth: 'fingerprints' | 'counts',
  savepoint: boolean,
  error: unknown,
): Promise<TableReading> {
  if (!UNRESOLVED.includes((error as { code?: string }).code ?? '')) throw error;
  await client.query('reset search_path');
  try {
    const [row] = await rows<FactRow>(client, factQuery(table, depth));
    return readingOf(table, row!);
  } finally {
    if (savepoint) await client.query(GIVE_BACK).catch(() => undefined);
    await client.query("set search_path = ''").catch(() => undefined);
  }
}

type FactRow = { rows: string; fingerprint?: string } & Record<`max${number}`, string | null>;

/** One table by itself: exact row count and fingerprint. */
export async function tableFacts(
  client: Client,
  table: DataTable,
  depth: 'fingerprints' | 'counts',
): Promise<TableFacts> {
  const [reading] = await readBatch(client, [table], depth, false);
  return reading!.facts;
}

/**
 * Exact row count and an order-independent fingerprint of one table.
 *
 * A row becomes text with its columns in the order of their names (a restore may reorder inherited ones), NULL and ''
 * distinct; two 64-bit hashes of it, with different seeds, are summed exactly. A row that is changed, lost or
 * duplicated, or has two values swapped, changes both sums. Generated columns follow from the others and are computed
 * anew by a restore. The inner OFFSET makes the text once for both hashes.
 */
function factQuery(table: DataTable, depth: 'fingerprints' | 'counts'): string {
  const source = `from only ${identifier(table.schema, table.name)}${table.condition ? ` where ${table.condition}` : ''}`;
  const fed = [...new Set(table.feeds.map(({ column }) => column))].map((column) => identifier(column));
  const maxima = (of: (index: number) => string) =>
    fed.map((_, index) => `, pg_catalog.max(${of(index)})::text as max${index}`).join('');
  if (depth === 'counts') return `select count(*)::text as rows${maxima((index) => fed[index]!)} ${source}`;
  const row = `row(${table.columns.map((column) => identifier(column)).join(', ')})::text collate "C"`;
  const inner = [`${row} as content`, ...fed.map((column, index) => `${column} as fed${index}`)].join(', ');
  return `select count(*)::text as rows, ${fingerprintOf('content')} as fingerprint${maxima((index) => `fed${index}`)}
    from (select ${inner} ${source} offset 0) each_row`;
}

function readingOf(table: DataTable, row: FactRow): TableReading {
  const { schema, name, condition, tree } = table;
  const columns = [...new Set(table.feeds.map(({ column }) => column))];
  const maxima = columns.map((column, index) => [column, row[`max${index}`]] as const);
  return {
    facts: {
      schema,
      name,
      ...(condition ? { condition } : {}),
      ...(tree ? { tree } : {}),
      rows: row.rows,
      ...(row.fingerprint === undefined ? {} : { fingerprint: row.fingerprint }),
    },
    maxima: new Map(maxima.filter((each): each is readonly [string, string] => each[1] != null)),
  };
}
