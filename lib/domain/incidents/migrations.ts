import { many } from '../words.ts';

/** What a tool for migrations has applied to a database, as its table says. */
type Applied = { tool: string; table: string; applied: readonly string[] };

/** How many are named. */
const NAMED = 5;

/**
 * What the application, as it is deployed, will miss in the copy: migrations that the living database has and the copy
 * does not, and those that only the copy has. A sentence for each table that differs; none when all are the same.
 */
export function compareMigrations(living: readonly Applied[], copy: readonly Applied[]): string[] {
  const tables = [...living, ...copy.filter((each) => !living.some((other) => isSame(each, other)))];
  return tables.flatMap((each) => {
    const [there, here] = [living, copy].map((side) => side.find((other) => isSame(each, other))?.applied);
    const lacks = without(there, here);
    const only = without(here, there);
    if (lacks.length === 0 && only.length === 0) return [];
    const parts = [
      ...(lacks.length > 0
        ? [`it lacks ${many(lacks.length, 'migration')} that the living database has (${named(lacks)})`]
        : []),
      ...(only.length > 0
        ? [`it has ${many(only.length, 'migration')} that the living database has not (${named(only)})`]
        : []),
    ];
    return [
      `${each.tool}, ${each.table}: ${parts.join('; ')}: deploy the application of that time, or migrate the new database`,
    ];
  });
}

/**
 * What the copy lacks of the migrations that the application says it expects, and what it has beside them. Where several
 * tables are known, it is that which has most of them. A sentence in any case: somebody wanted to know.
 */
export function compareExpected(expected: readonly string[], copy: readonly Applied[]): string {
  const [table] = copy.toSorted((a, b) => countOf(b, expected) - countOf(a, expected));
  if (!table)
    return `the application expects ${many(expected.length, 'migration')} (${named(expected)}), which were not compared: no table of a known tool for migrations is in the new database`;
  const lacks = without(expected, table.applied);
  const unknown = without(table.applied, expected);
  const parts = [
    ...(lacks.length > 0
      ? [
          `the new database lacks ${many(lacks.length, 'migration')} that the application expects (${named(lacks)})`,
        ]
      : []),
    ...(unknown.length > 0
      ? [`it has ${many(unknown.length, 'migration')} that the application does not know (${named(unknown)})`]
      : []),
  ];
  return parts.length === 0
    ? `${table.tool}, ${table.table}: the new database has the ${many(expected.length, 'migration')} that the application expects, and no other`
    : `${table.tool}, ${table.table}: ${parts.join('; ')}: deploy the application of that time, or migrate the new database`;
}

const countOf = ({ applied }: Applied, expected: readonly string[]) =>
  expected.filter((each) => applied.includes(each)).length;
const isSame = (one: Applied, other: Applied) => one.tool === other.tool && one.table === other.table;
const without = (all: readonly string[] = [], others: readonly string[] = []) =>
  all.filter((each) => !others.includes(each));

/** The newest come last in every tool's order. */
const named = (all: readonly string[]) => `${all.length > NAMED ? '… ' : ''}${all.slice(-NAMED).join(', ')}`;
