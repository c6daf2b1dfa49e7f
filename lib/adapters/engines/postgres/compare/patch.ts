import type { DifferingRow, PatchRequest, RowValues } from '../../../../ports/comparison.ts';
import { identifier } from '../sql.ts';
import type { ComparableTable } from './comparable.ts';
import { type ForeignKey, inOrderOfReference } from './foreign-keys.ts';
import type { FedSequence } from './patch-sql.ts';
import * as sql from './patch-sql.ts';
import { openSqlFile, type SqlFile } from './sql-file.ts';

/** Where the two files of a patch go. */
export type PatchFiles = PatchRequest & { forward: string; reverse: string };

/** Writes a patch and its exact reverse from the same rows, as they are found. */
export type PatchWriter = {
  begin(table: ComparableTable): Promise<void>;
  /** Takes a differing row, unless the patch leaves its kind alone. */
  add(row: DifferingRow): Promise<void>;
  /** Writes what comes after all rows, and returns how many rows the patch touches. */
  end(): Promise<{ inserts: number; updates: number; deletes: number }>;
};

type Direction = { file: SqlFile; tables: sql.PatchTable[]; again: string };

const AGAIN = 'compare again and make a new patch';
const AGAIN_REVERSE = 'rows were written since the patch was applied: decide by hand which to keep';

export function patchWriter(
  request: PatchFiles,
  living: { keys: readonly ForeignKey[]; sequences: ReadonlyMap<string, FedSequence[]> },
): PatchWriter {
  const directions: Direction[] = [
    { file: openSqlFile(request.forward, request.comment), tables: [], again: AGAIN },
    {
      file: openSqlFile(request.reverse, ['Takes back the patch beside it.', ...request.comment]),
      tables: [],
      again: AGAIN_REVERSE,
    },
  ];
  let begun = false;
  const current = (direction: Direction) => direction.tables.at(-1)!;
  const put = async (
    direction: Direction,
    was: RowValues | undefined,
    becomes: RowValues | undefined,
    times?: { was: number; becomes: number },
  ) => {
    const patch = current(direction);
    if (was) await direction.file.row(sql.intoTemporary('was', patch), sql.valuesRow(was, times?.was));
    if (becomes)
      await direction.file.row(sql.intoTemporary('becomes', patch), sql.valuesRow(becomes, times?.becomes));
    const more = times ? times.becomes - times.was : becomes ? 1 : -1;
    if (times === undefined && was && becomes) patch.updates++;
    else if (more > 0) patch.inserts += more;
    else patch.deletes -= more;
  };
  return {
    async begin(table) {
      const name = `${table.schema}.${table.name}`;
      const acting = living.keys.filter(({ to, acts }) => to === name && acts);
      for (const direction of directions) {
        if (!begun) await open(direction.file);
        const patch = {
          table,
          number: direction.tables.length + 1,
          inserts: 0,
          updates: 0,
          deletes: 0,
          acting,
          sequences: (living.sequences.get(name) ?? []).filter(({ column }) =>
            table.columns.includes(column),
          ),
        };
        direction.tables.push(patch);
        for (const statement of sql.makeTemporary(patch)) await direction.file.statement(statement);
      }
      begun = true;
    },
    async add({ kind, copy, living: now, copies }) {
      if (!request.mends.includes(kind)) return;
      const [forward, reverse] = directions as [Direction, Direction];
      if (copies) {
        // Both sides as whole rows with how often they are there; a side without the row has it no times.
        const values = (copy ?? now)!;
        const side = (times: number) => (times > 0 ? values : undefined);
        await put(forward, side(copies.living), side(copies.copy), {
          was: copies.living,
          becomes: copies.copy,
        });
        await put(reverse, side(copies.copy), side(copies.living), {
          was: copies.copy,
          becomes: copies.living,
        });
        return;
      }
      await put(forward, now, copy);
      await put(reverse, copy, now);
    },
    async end() {
      for (const direction of directions) {
        if (!begun) await open(direction.file);
        await finish(direction, living.keys, request.withoutTriggers);
      }
      const [{ tables }] = directions as [Direction, Direction];
      const sum = (of: (patch: sql.PatchTable) => number) =>
        tables.reduce((all, patch) => all + of(patch), 0);
      return {
        inserts: sum((each) => each.inserts),
        updates: sum((each) => each.updates),
        deletes: sum((each) => each.deletes),
      };
    },
  };
}

async function open(file: SqlFile): Promise<void> {
  await file.statement('begin');
  for (const setting of sql.SETTINGS.split(';\n')) await file.statement(setting);
  await file.statement('set constraints all deferred');
}

async function finish(
  { file, tables, again }: Direction,
  keys: readonly ForeignKey[],
  withoutTriggers: boolean,
): Promise<void> {
  const all = async (statements: readonly string[]) => {
    for (const statement of statements) await file.statement(statement);
  };
  const touched = tables.filter(({ inserts, updates, deletes }) => inserts + updates + deletes > 0);
  if (touched.length > 0) {
    const names = touched.map(({ table }) => identifier(table.schema, table.name)).join(', ');
    await file.statement(`lock table ${names} in share row exclusive mode`);
  }
  const nameOf = ({ table }: sql.PatchTable) => `${table.schema}.${table.name}`;
  const groups = inOrderOfReference(touched.map(nameOf), keys).map((group) =>
    group.map((name) => touched.find((each) => nameOf(each) === name)!),
  );
  const inOrder = groups.flat();
  if (withoutTriggers) await all(inOrder.flatMap((each) => sql.triggers(each, 'disable')));
  await all(inOrder.flatMap((each) => sql.checkRows(each, again)));
  await all(inOrder.flatMap((each) => sql.checkActing(each, touched)));
  await all([...inOrder].reverse().flatMap(sql.deletion));
  await all(groups.flatMap((group) => together(group.flatMap(sql.insertion))));
  await all(inOrder.flatMap(sql.update));
  await all(inOrder.flatMap(sql.verifyRows));
  await all(inOrder.flatMap(sql.sequencesOf));
  // A table with deferred checks cannot be altered.
  if (withoutTriggers)
    await all(['set constraints all immediate', ...inOrder.flatMap((each) => sql.triggers(each, 'enable'))]);
  await file.statement('commit');
  await file.close();
}

/** Foreign keys are checked at the end of a statement: tables that refer to each other are filled in one. */
function together(inserts: readonly string[]): string[] {
  if (inserts.length < 2) return [...inserts];
  return [`with ${inserts.map((insert, index) => `filled_${index + 1} as (${insert})`).join(',\n')}\nselect`];
}
