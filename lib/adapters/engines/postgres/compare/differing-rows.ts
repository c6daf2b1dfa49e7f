import type { Client } from 'pg';
import type { DifferingRow, RowValues } from '../../../../ports/comparison.ts';
import { identifier } from '../sql.ts';
import { type ComparableTable, relation, rowText, type Side } from './comparable.ts';
import { fetched } from './fetched.ts';
import type { PatchedRow } from './patch.ts';
import type { Ranging, SideSession } from './ranges.ts';

/** One row of one side. `times`: how often it is there, in a table without a key. */
type SideRow = {
  range: string;
  key: string;
  digest: string;
  times: number;
  values?: RowValues;
  others?: RowValues;
};

/** A key that stands for several rows of one side cannot tell rows apart. */
export class KeyNotUnique extends Error {}

/** How keys travel, so that this process sorts as the servers do. */
export type KeyForm = 'text' | 'utf8' | 'escaped';

/** `text` where the servers sort bytes of UTF-8; those of a SQL_ASCII database travel as ASCII. */
export async function keyFormOf(client: Client): Promise<KeyForm> {
  const { rows } = await client.query<{ encoding: string }>(
    'select pg_catalog.getdatabaseencoding() as encoding',
  );
  const { encoding } = rows[0]!;
  return encoding === 'UTF8' ? 'text' : encoding === 'SQL_ASCII' ? 'escaped' : 'utf8';
}

type Question = {
  table: ComparableTable;
  how: Ranging;
  ranges: readonly string[];
  where: string;
  values: boolean;
  form: KeyForm;
};

/**
 * The rows that differ within some ranges, in the order of their keys. Both sides are read once, sorted by their
 * servers, and merged, so that neither this process nor the network holds more than a part of them.
 */
export async function* differingRows(
  sides: { copy: SideSession; living: SideSession },
  question: Question,
): AsyncGenerator<PatchedRow> {
  const { table, ranges } = question;
  if (ranges.length === 0) return;
  const there = sideRows(sides.copy, question);
  const here = sideRows(sides.living, question);
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
function* counted(a: SideRow, b: SideRow): Generator<PatchedRow> {
  if (a.times === b.times) return;
  yield {
    ...differing(a.times > b.times ? 'missing' : 'extra', a, b),
    copies: { copy: a.times, living: b.times },
  };
}

function differing(
  kind: DifferingRow['kind'],
  copy: SideRow | undefined,
  living: SideRow | undefined,
): PatchedRow {
  const { key, times } = (copy ?? living)!;
  return {
    kind,
    key,
    ...(copy?.values ? { copy: copy.values } : {}),
    ...(living?.values ? { living: living.values, others: living.others } : {}),
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

/** The columns of a row as the server writes them: a cast to text may be another function. */
export const valueColumns = (columns: readonly string[], prefix = 'v') =>
  columns.map((column, index) => `${identifier(column)} as ${prefix}${index}`);

function sqlOf({ table, how, ranges, where, values, form }: Question, side: Side): string {
  const { columns, integerKey, key, livingOnly } = table;
  const own = side === 'living' && key.length > 0 ? livingOnly.map(({ name }) => name) : [];
  const given = values ? [...valueColumns(columns), ...valueColumns(own, 'o')] : [];
  const names = values
    ? [...columns.map((_, index) => `v${index}`), ...own.map((_, index) => `o${index}`)]
    : [];
  const from = `from ${relation(table[side])}${where === '' ? ' where' : `${where} and`} ${how.among(ranges)}`;
  const whole = rowText(columns);
  const select = (...parts: string[]) => parts.filter((part) => part !== '').join(', ');
  if (key.length === 0) {
    // Rows with the same content have the same values; any of them stands for all.
    const same = '(partition by range, key)';
    return `select ${select('range::text as range', 'key', "'' as digest", 'times::text as times', ...names)}
      from (select each_row.*, pg_catalog.count(*) over ${same} as times, pg_catalog.row_number() over ${same} as number
        from (select ${select(`${how.range} as range`, `pg_catalog.md5(${whole}) collate "C" as key`, ...given)} ${from} offset 0) each_row) counted
      where number = 1 order by counted.range, key`;
  }
  const digest = `pg_catalog.hashtextextended(${whole}, 0) || ':' || pg_catalog.hashtextextended(${whole}, 7919)`;
  const forms: Record<KeyForm, [string, string]> = {
    text: ['key', 'key'],
    utf8: ['key', "pg_catalog.convert_to(key, 'UTF8')"],
    escaped: [
      "pg_catalog.encode(pg_catalog.convert_to(key, 'SQL_ASCII'), 'escape')",
      "pg_catalog.encode(pg_catalog.convert_to(key, 'SQL_ASCII'), 'escape') collate \"C\"",
    ],
  };
  const [shown, sorted] = forms[form];
  return `select ${select('range::text as range', `${shown} as key`, 'digest', "'0' as times", ...names)}
    from (select ${select(`${how.range} as range`, `${table.keyText} collate "C" as key`, `${digest} as digest`, `${integerKey ?? '0'} as sorted`, ...given)} ${from} offset 0) each_row
    order by each_row.range, sorted, ${sorted}`;
}

async function* sideRows({ client, side }: SideSession, question: Question): AsyncGenerator<SideRow> {
  const { columns, livingOnly } = question.table;
  for await (const row of fetched(client, `understudy_${side}`, sqlOf(question, side)))
    yield {
      range: row['range']!,
      key: row['key']!,
      digest: row['digest']!,
      times: Number(row['times']),
      ...(question.values
        ? {
            values: columns.map((_, index) => row[`v${index}`] ?? null),
            others: livingOnly.map((_, index) => row[`o${index}`] ?? null),
          }
        : {}),
    };
}
