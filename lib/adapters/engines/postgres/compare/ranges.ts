import type { Client } from 'pg';
import { rows } from '../connection.ts';
import { fingerprintOf } from '../facts/ours.ts';
import { type ComparableTable, relation, rowText, type Side } from './comparable.ts';

/** Aimed at: few enough that the rows of one differing range travel quickly, many enough to leave the others alone. */
const ROWS_A_RANGE = 512;
const MOST_RANGES = 16_384;

/**
 * How the rows of one table are gathered into ranges: SQL of a number that both sides compute alike; `among` is the
 * condition that a row is in some of them.
 */
export type Ranging = { range: string; ranges: number; among: (wanted: readonly string[]) => string };

/** The number of rows and their fingerprint, by range. */
type RangeDigests = Map<string, { rows: number; digest: string }>;
type Span = { low: bigint; high: bigint };

/** Beyond it, arithmetic of bigint could overflow; such keys are spread by their hash. */
const WIDEST = 2n ** 60n;

/**
 * Ranges of a single integer key follow its order, so that rows deleted together are in few of them and an index finds
 * them; other keys are spread by a hash, because sides may sort text differently.
 */
export function ranging(table: ComparableTable, rowsAtMost: number, span?: Span): Ranging {
  const { integerKey: key } = table;
  const ranges = Math.max(1, Math.min(MOST_RANGES, Math.ceil(rowsAtMost / ROWS_A_RANGE)));
  if (ranges === 1) return { range: '0', ranges, among: () => 'true' };
  const width = span && (span.high - span.low) / BigInt(ranges) + 1n;
  if (key && width && width < WIDEST) {
    const range = `${key}::pg_catalog.int8 / ${width}`;
    return { range, ranges, among: (wanted) => between(key, width, wanted) ?? oneOf(range, wanted) };
  }
  const range = `pg_catalog.abs(${table.keyHash} % ${ranges})`;
  return { range, ranges, among: (wanted) => oneOf(range, wanted) };
}

const oneOf = (range: string, wanted: readonly string[]) =>
  `(${range}) = any ('{${wanted.join(',')}}'::pg_catalog.int8[])`;

/** An index finds a few intervals; more of them are a condition that takes longer than reading the table. */
const MOST_INTERVALS = 100;

/** Neighbouring ranges as intervals of the key. Division rounds toward zero, so range 0 is almost twice as wide. */
function between(key: string, width: bigint, wanted: readonly string[]): string | undefined {
  const intervals: [bigint, bigint][] = [];
  for (const range of wanted.map(BigInt).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))) {
    const low = range > 0n ? range * width : range * width - width + 1n;
    const high = range < 0n ? range * width : range * width + width - 1n;
    const last = intervals.at(-1);
    if (last && last[1] + 1n === low) last[1] = high;
    else intervals.push([low, high]);
  }
  if (intervals.length > MOST_INTERVALS) return undefined;
  const conditions = intervals.map(([low, high]) => `${key} between ${limited(low)} and ${limited(high)}`);
  return `(${conditions.join(' or ')})`;
}

/** A number beyond bigint would be a numeric, which no index of integers serves. */
function limited(number: bigint): string {
  const within =
    BigInt.asIntN(64, number) === number ? number : number > 0n ? MOST_BIGINT : -MOST_BIGINT - 1n;
  return `'${within}'::pg_catalog.int8`;
}
const MOST_BIGINT = 2n ** 63n - 1n;

/** A session of one side. */
export type SideSession = { client: Client; side: Side };

/** The smallest and the largest value of an integer key, of both sides. */
export async function spanOf(
  sides: readonly SideSession[],
  table: ComparableTable,
  where: string,
): Promise<Span | undefined> {
  const { integerKey: key } = table;
  if (!key) return undefined;
  const found = await Promise.all(
    sides.map(({ client, side }) =>
      rows<{ low: string | null; high: string | null }>(
        client,
        `select pg_catalog.min(${key})::text as low, pg_catalog.max(${key})::text as high from ${relation(table[side])}${where}`,
      ),
    ),
  );
  const ends = found.flatMap(([each]) =>
    [each!.low, each!.high].flatMap((end) => (end === null ? [] : [BigInt(end)])),
  );
  if (ends.length === 0) return undefined;
  const sorted = ends.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return { low: sorted[0]!, high: sorted.at(-1)! };
}

/** Reads a table once. */
async function rangeDigests(
  { client, side }: SideSession,
  table: ComparableTable,
  { range }: Ranging,
  where: string,
): Promise<RangeDigests> {
  const found = await rows<{ range: string; rows: string; digest: string }>(
    client,
    `select range::text as range, pg_catalog.count(*)::text as rows, ${fingerprintOf('content')} as digest
     from (select ${range} as range, ${rowText(table.columns)} as content from ${relation(table[side])}${where} offset 0) each_row group by each_row.range`,
  );
  return new Map(found.map((each) => [each.range, { rows: Number(each.rows), digest: each.digest }]));
}

/** The ranges whose rows differ, each side read once, at the same time. */
export async function differingRanges(
  sides: { copy: SideSession; living: SideSession },
  table: ComparableTable,
  how: Ranging,
  where: string,
): Promise<{ ranges: string[]; rows: { copy: number; living: number } }> {
  const [there, here] = await Promise.all([
    rangeDigests(sides.copy, table, how, where),
    rangeDigests(sides.living, table, how, where),
  ]);
  const ranges = [...new Set([...there.keys(), ...here.keys()])].filter((range) => {
    const [a, b] = [there.get(range), here.get(range)];
    return a?.rows !== b?.rows || a?.digest !== b?.digest;
  });
  const total = (of: RangeDigests) => [...of.values()].reduce((sum, each) => sum + each.rows, 0);
  return { ranges, rows: { copy: total(there), living: total(here) } };
}
