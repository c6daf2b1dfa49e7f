import type { Client } from 'pg';
import type { DifferingRow, RowValues } from '../../../../ports/comparison.ts';
import { identifier } from '../sql.ts';
import { type ComparableTable, relation, rowText } from './comparable.ts';
import type { Ranging } from './ranges.ts';

/** One row of one side. `times`: how often it is there, in a table without a key. */
type SideRow = { range: string; key: string; digest: string; times: number; values?: RowValues };

const FETCHED = 2000;

/** A key that stands for several rows of one side cannot tell rows apart. */
export class KeyNotUnique extends Error {}

/**
 * The rows that differ within some ranges, in the order of their keys. Both sides are read once, sorted by their
 * servers, and merged, so that neither this process nor the network holds more than a part of them.
 */
export async function* differingRows(
  copy: Client,
  living: Client,
  table: ComparableTable,
  how: Ranging,
  ranges: readonly string[],
  where: string,
  values: boolean,
): AsyncGenerator<DifferingRow> {
  if (ranges.length === 0) return;
  const sql = sideRows(table, how, ranges, where, values);
  const there = cursor(copy, 'understudy_copy', sql, table, values);
  const here = cursor(living, 'understudy_living', sql, table, values);
  let [a, b] = await Promise.all([next(there), next(here)]);
  while (a || b) {
    const order = !a ? 1 : !b ? -1 : compareKeys(table, a, b);
    if (order < 0) {
      yield differing('missing', a, undefined);
      a = await next(there, a!);
    } else if (order > 0) {
      yield differing('extra', undefined, b);
      b = await next(here, b!);
    } else {
      if (table.key.length === 0) yield* counted(a!, b!);
      else if (a!.digest !== b!.digest) yield differing('changed', a, b);
      [a, b] = await Promise.all([next(there, a!), next(here, b!)]);
    }
  }

  async function next(from: AsyncGenerator<SideRow>, last?: SideRow): Promise<SideRow | undefined> {
    const { value, done } = await from.next();
    if (done) return undefined;
    if (last && table.key.length > 0 && last.key === value.key) throw new KeyNotUnique();
    return value;
  }
}

/** A row of a table without a key that one side has more often. */
function* counted(a: SideRow, b: SideRow): Generator<DifferingRow> {
  if (a.times === b.times) return;
  const kind = a.times > b.times ? 'missing' : 'extra';
  yield {
    ...differing(kind, a, b),
    copies: { copy: a.times, living: b.times },
  };
}

function differing(
  kind: DifferingRow['kind'],
  copy: SideRow | undefined,
  living: SideRow | undefined,
): DifferingRow {
  const { key, times } = (copy ?? living)!;
  return {
    kind,
    key,
    ...(copy?.values ? { copy: copy.values } : {}),
    ...(living?.values ? { living: living.values } : {}),
    ...(times === 0 ? {} : { copies: { copy: copy?.times ?? 0, living: living?.times ?? 0 } }),
  };
}

/** The order in which the servers sort: by range, then by an integer key's value or a text's bytes. */
function compareKeys({ integerKey }: ComparableTable, a: SideRow, b: SideRow): number {
  const [x, y] = [BigInt(a.range), BigInt(b.range)];
  if (x !== y) return x < y ? -1 : 1;
  if (integerKey) {
    const [k, l] = [BigInt(a.key), BigInt(b.key)];
    return k === l ? 0 : k < l ? -1 : 1;
  }
  return Buffer.compare(Buffer.from(a.key), Buffer.from(b.key));
}

function sideRows(
  table: ComparableTable,
  { range, among: amongRanges }: Ranging,
  wanted: readonly string[],
  where: string,
  values: boolean,
): string {
  const { columns, integerKey, key, keyText } = table;
  const texts = values ? columns.map((column, index) => `${identifier(column)}::text as v${index}`) : [];
  const among = `${where === '' ? ' where' : `${where} and`} ${amongRanges(wanted)}`;
  const from = `from ${relation(table)}${among}`;
  const whole = rowText(columns);
  if (key.length === 0) {
    const given = texts.map((_, index) => `, pg_catalog.min(v${index}) as v${index}`).join('');
    return `select range::text as range, key, '' as digest, pg_catalog.count(*)::text as times${given}
      from (select ${range} as range, pg_catalog.md5(${whole}) collate "C" as key${texts.map((text) => `, ${text}`).join('')} ${from} offset 0) each_row
      group by range, key order by each_row.range, key`;
  }
  const digest = `pg_catalog.hashtextextended(${whole}, 0) || ':' || pg_catalog.hashtextextended(${whole}, 7919)`;
  return `select range::text as range, key, digest, '0' as times${texts.map((_, index) => `, v${index}`).join('')}
    from (select ${range} as range, ${keyText} collate "C" as key, ${digest} as digest, ${integerKey ?? '0'} as sorted${texts.map((text) => `, ${text}`).join('')} ${from} offset 0) each_row
    order by each_row.range, sorted, key`;
}

async function* cursor(
  client: Client,
  name: string,
  sql: string,
  { columns }: ComparableTable,
  values: boolean,
): AsyncGenerator<SideRow> {
  await client.query(`declare ${name} no scroll cursor for ${sql}`);
  try {
    for (;;) {
      const { rows: found } = await client.query<Record<string, string | null>>(
        `fetch ${FETCHED} from ${name}`,
      );
      for (const row of found)
        yield {
          range: row['range']!,
          key: row['key']!,
          digest: row['digest']!,
          times: Number(row['times']),
          ...(values ? { values: columns.map((_, index) => row[`v${index}`] ?? null) } : {}),
        };
      if (found.length < FETCHED) return;
    }
  } finally {
    await client.query(`close ${name}`).catch(() => undefined);
  }
}
