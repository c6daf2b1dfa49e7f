import type { Client } from 'pg';
import { identifier } from '../sql.ts';
import { fullName, relation, type SideColumn, type SideTable } from './comparable.ts';
import { valueColumns } from './differing-rows.ts';
import { fetched } from './fetched.ts';
import { BEGIN, block, literal, step } from './patch-sql.ts';
import { openSqlFile } from './sql-file.ts';

export type RowsFile = { schema: string; path: string; comment: readonly string[] };

/** Writes SQL that creates a schema and fills it with the copy's rows, beside the living tables and without touching them. */
export function rowsWriter({ schema, path, comment }: RowsFile) {
  const file = openSqlFile(path, comment);
  const names = new Set<string>();
  let written = 0;
  let begun = false;
  const begin = async () => {
    if (begun) return;
    begun = true;
    for (const statement of BEGIN) await file.statement(statement);
    await file.statement(`create schema ${identifier(schema)}`);
  };
  return {
    async add(copy: Client, table: SideTable, living: SideTable | undefined, where: string): Promise<void> {
      await begin();
      const name = names.has(table.name) ? fullName(table) : table.name;
      names.add(name);
      const columns = table.columns.filter(({ generated }) => !generated);
      // Filled under names of this file's own, since those of the source may contain anything, and named at the end.
      const into = `pg_temp.understudy_rows_${names.size}`;
      const own = columns.map((column, index) => `c${index} ${typeOf(column, living)}`);
      await file.statement(
        block([step(`create temporary table understudy_rows_${names.size} (${own.join(', ')})`)]),
      );
      const insert = `insert into ${into} (${columns.map((_, index) => `c${index}`).join(', ')}) values`;
      const select =
        columns.length === 0 ? ['1 as none'] : valueColumns(columns.map((column) => column.name));
      for await (const row of fetched(
        copy,
        'understudy_rows',
        `select ${select.join(', ')} from ${relation(table)}${where}`,
      )) {
        written++;
        if (columns.length === 0) await file.statement(`insert into ${into} default values`);
        else
          await file.row(
            insert,
            `(${columns.map((_, index) => literal(row[`v${index}`] ?? null)).join(', ')})`,
          );
      }
      const named = columns.map((column, index) => `c${index} as ${identifier(column.name)}`).join(', ');
      await file.statement(
        block([
          step(`create table ${identifier(schema, name)} as select ${named} from ${into}`),
          step(`drop table ${into}`),
        ]),
      );
    },
    async end(): Promise<number> {
      await begin();
      await file.statement('commit');
      await file.close();
      return written;
    },
  };
}

/** The copy's type, if the living database has it: PostgreSQL's own, or one that the living table uses too. */
function typeOf({ name, type }: SideColumn, living: SideTable | undefined): string {
  const isBuiltIn =
    /^(?:"char"|[a-z][a-z0-9 ]*)(?:\(\d+(?:,\d+)?\))?(?: (?:with|without) time zone)?(?:\[\])?$/.test(type);
  const isThere = living?.columns.some((column) => column.name === name && column.type === type);
  return isBuiltIn || isThere ? type : 'text';
}
