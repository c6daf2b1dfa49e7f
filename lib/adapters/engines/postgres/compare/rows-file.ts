import type { Client } from 'pg';
import { identifier } from '../sql.ts';
import { relation, type SideTable } from './comparable.ts';
import { literal, SETTINGS } from './patch-sql.ts';
import { openSqlFile } from './sql-file.ts';

const FETCHED = 2000;

export type RowsFile = { schema: string; path: string; comment: readonly string[] };

/** Writes SQL that creates a schema and fills it with the copy's rows, beside the living tables and without touching them. */
export function rowsWriter({ schema, path, comment }: RowsFile) {
  const file = openSqlFile(path, comment);
  let begun = false;
  let written = 0;
  const begin = async () => {
    if (begun) return;
    begun = true;
    await file.statement('begin');
    for (const setting of SETTINGS.split(';\n')) await file.statement(setting);
    await file.statement(`create schema ${identifier(schema)}`);
  };
  const names = new Set<string>();
  return {
    async add(copy: Client, table: SideTable, living: SideTable | undefined, where: string): Promise<void> {
      await begin();
      const name = names.has(table.name) ? `${table.schema}.${table.name}` : table.name;
      names.add(name);
      const into = identifier(schema, name);
      const known = new Map((living?.columns ?? []).map((column) => [column.name, column.type]));
      const columns = table.columns.filter(({ generated }) => !generated);
      // A type of the source may be gone, where its table is.
      const typeOf = (column: SideTable['columns'][number]) =>
        known.get(column.name) ??
        (/^[a-z ]+(\(\d+(,\d+)?\))?(\[\])?$/.test(column.type) ? column.type : 'text');
      await file.statement(
        `create table ${into} (${columns.map((column) => `${identifier(column.name)} ${typeOf(column)}`).join(', ')})`,
      );
      const texts = columns
        .map(({ name: column }, index) => `${identifier(column)}::text as v${index}`)
        .join(', ');
      await copy.query(
        `declare understudy_rows no scroll cursor for select ${texts || '1 as none'} from ${relation(table)}${where}`,
      );
      const insert = `insert into ${into} (${columns.map(({ name: column }) => identifier(column)).join(', ')}) values`;
      for (;;) {
        const { rows } = await copy.query<Record<string, string | null>>(
          `fetch ${FETCHED} from understudy_rows`,
        );
        for (const row of rows)
          await file.row(
            insert,
            `(${columns.map((_, index) => literal(row[`v${index}`] ?? null)).join(', ')})`,
          );
        written += rows.length;
        if (rows.length < FETCHED) break;
      }
      await copy.query('close understudy_rows');
    },
    async end(): Promise<number> {
      await begin();
      await file.statement('commit');
      await file.close();
      return written;
    },
  };
}
