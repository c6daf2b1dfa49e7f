import { Refusal } from '../../../../domain/errors.ts';
import type { DifferingRow, PatchRequest } from '../../../../ports/comparison.ts';
import { keyOf } from '../facts/writes.ts';
import { identifier } from '../sql.ts';
import { type ComparableTable, fullName } from './comparable.ts';
import * as sql from './patch-sql.ts';
import { openSqlFile, type SqlFile } from './sql-file.ts';

/** Where the two files of a patch go. */
export type PatchFiles = PatchRequest & { forward: string; reverse: string };

/** A differing row with the values of the columns that only the living table has. */
export type PatchedRow = DifferingRow & { others?: sql.PatchRow['values'] | undefined };

/** Writes a patch and its exact reverse from the same rows, as they are found. */
export type PatchWriter = {
  /** Takes a differing row, unless the patch leaves its kind alone. Rejects for a table that cannot be patched. */
  add(table: ComparableTable, row: PatchedRow): Promise<void>;
  /** Writes what comes after all rows, and returns how many rows the patch touches. */
  end(): Promise<{ inserts: number; updates: number; deletes: number }>;
};

type Direction = { file: SqlFile; tables: Map<string, sql.PatchTable>; again: string };
type Sides = { was: sql.PatchRow | undefined; becomes: sql.PatchRow | undefined };

export function patchWriter(
  request: PatchFiles,
  sequences: ReadonlyMap<string, sql.FedSequence[]>,
): PatchWriter {
  const open = (path: string, comment: readonly string[], again: string): Direction => ({
    file: openSqlFile(path, comment),
    tables: new Map(),
    again,
  });
  const forward = open(request.forward, request.comment, 'compare again and make a new patch');
  const reverse = open(
    request.reverse,
    ['Takes back the patch beside it.', ...request.comment],
    'rows were written since the patch was applied: decide by hand which to keep',
  );
  let begun: Promise<void> | undefined;
  const begin = () => {
    begun ??= (async () => {
      for (const { file } of [forward, reverse])
        for (const statement of sql.BEGIN) await file.statement(statement);
    })();
    return begun;
  };
  const tableOf = async ({ file, tables }: Direction, table: ComparableTable) => {
    const key = keyOf(table.schema, table.name);
    const known = tables.get(key);
    if (known) return known;
    const fed = (sequences.get(key) ?? []).filter(({ column }) => table.columns.includes(column));
    const made = {
      table,
      number: tables.size + 1,
      inserts: 0,
      updates: 0,
      deletes: 0,
      was: 0,
      becomes: 0,
      sequences: fed,
    };
    tables.set(key, made);
    await file.statement(sql.makeTemporary(made));
    return made;
  };
  const put = async (direction: Direction, table: ComparableTable, { was, becomes }: Sides) => {
    const patch = await tableOf(direction, table);
    for (const [side, row] of [
      ['was', was],
      ['becomes', becomes],
    ] as const) {
      if (!row) continue;
      patch[side]++;
      await direction.file.row(sql.intoTemporary(side, patch), sql.valuesRow(row, table));
    }
    const more = (becomes ? (becomes.times ?? 1) : 0) - (was ? (was.times ?? 1) : 0);
    if (was && becomes && was.times === undefined) patch.updates++;
    else if (more > 0) patch.inserts += more;
    else patch.deletes -= more;
  };
  return {
    async add(table, row) {
      if (!request.mends.includes(row.kind)) return;
      refuseUnpatchable(table);
      await begin();
      const { copy, living } = sidesOf(row);
      await put(forward, table, { was: living, becomes: copy });
      await put(reverse, table, { was: copy, becomes: living });
    },
    async end() {
      await begin();
      for (const direction of [forward, reverse]) await finish(direction, request.withoutTriggers);
      const sum = (of: 'inserts' | 'updates' | 'deletes') =>
        [...forward.tables.values()].reduce((all, patch) => all + patch[of], 0);
      return { inserts: sum('inserts'), updates: sum('updates'), deletes: sum('deletes') };
    },
  };
}

function refuseUnpatchable(table: ComparableTable): void {
  const { living, retyped } = table;
  const hint = `leave it out with --table, or bring its rows back beside it: without --patch, --table ${fullName(table)}`;
  if (living.rules.length > 0)
    throw new Refusal(
      'patch-rules',
      `${fullName(table)} has rules (${living.rules.join(', ')}), which would rewrite what a patch does`,
      { hint },
    );
  if (retyped.length > 0)
    throw new Refusal(
      'patch-retyped',
      `${fullName(table)} cannot be patched, because a value might become another one: ${retyped.join('; ')}`,
      { hint },
    );
}

/** Both sides of a differing row. What only the living table has stays with a changed row. */
function sidesOf({ copy, living, others, copies }: PatchedRow): {
  copy: sql.PatchRow | undefined;
  living: sql.PatchRow | undefined;
} {
  if (copies) {
    const values = (copy ?? living)!;
    const side = (times: number) => (times > 0 ? { values, times } : undefined);
    return { copy: side(copies.copy), living: side(copies.living) };
  }
  return {
    copy: copy && { values: copy, others: living ? others : undefined },
    living: living && { values: living, others },
  };
}

/** Everything after the rows is one block: whatever the client does after an error, it happens as a whole or not at all. */
async function finish({ file, tables, again }: Direction, withoutTriggers: boolean): Promise<void> {
  const all = [...tables.values()];
  if (all.length > 0) await file.statement(sql.block(stepsOf(all, again, withoutTriggers)));
  await file.statement('commit');
  await file.close();
}

function stepsOf(all: readonly sql.PatchTable[], again: string, withoutTriggers: boolean): string[] {
  const names = all.map(({ table }) => identifier(table.schema, table.name)).join(', ');
  const written = sql.write(all);
  return [
    sql.ORDINARY_SESSION,
    ...all.flatMap(sql.loaded),
    sql.step(`lock table ${names} in share row exclusive mode`),
    ...(withoutTriggers ? sql.disableTriggers(all) : []),
    ...all.map((patch) => sql.checkRows(patch, again)),
    ...(written ? [sql.step(written)] : []),
    // Deferred foreign keys and triggers act now, and not after the checks.
    sql.step('set constraints all immediate'),
    ...all.map(sql.verifyRows),
    sql.verifyWrites(all),
    ...all.flatMap(sql.sequencesOf),
    ...(withoutTriggers ? [sql.enableTriggers()] : []),
  ];
}
