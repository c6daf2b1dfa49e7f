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

const isSame = (one: Applied, other: Applied) => one.tool === other.tool && one.table === other.table;
const without = (all: readonly string[] = [], others: readonly string[] = []) =>
  all.filter((each) => !others.includes(each));

/** The newest come last in every tool's order. */
const named = (all: readonly string[]) => `${all.length > NAMED ? '… ' : ''}${all.slice(-NAMED).join(', ')}`;
