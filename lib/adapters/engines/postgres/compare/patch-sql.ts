import type { RowValues } from '../../../../ports/comparison.ts';
import { identifier } from '../sql.ts';
import { type ComparableTable, relation, rowText } from './comparable.ts';

/** A table of a patch: what it was when compared, and what it becomes. */
export type PatchTable = {
  table: ComparableTable;
  /** Its number in the file: temporary tables are named after it. */
  number: number;
  inserts: number;
  updates: number;
  deletes: number;
  /** Foreign keys of other tables, or its own, that would act on rows deleted here. */
  acting: ActingKey[];
  sequences: FedSequence[];
};

/** A foreign key that deletes or empties the rows referring to a deleted one. */
export type ActingKey = {
  schema: string;
  name: string;
  partitioned: boolean;
  columns: string[];
  refers: string[];
};
export type FedSequence = { sequence: string; column: string; descending: boolean };

/** The settings under which the values were written as text, so that they are read as the same values. */
export const SETTINGS = `set local search_path = '';
set local datestyle = 'ISO, YMD';
set local intervalstyle = 'postgres';
set local timezone = 'UTC';
set local extra_float_digits = 1;
set local bytea_output = 'hex';
set local lc_monetary = 'C';
set local xmloption = 'content';
set local row_security = off;
set local standard_conforming_strings = on;
set local client_encoding = 'UTF8';
set local lock_timeout = '30s'`;

/** A value as SQL on a single line, whatever it contains. */
export function literal(value: string | null): string {
  if (value === null) return 'null';
  const quoted = value.replaceAll("'", "''");
  if (!/[\\\n\r]/.test(value)) return `'${quoted}'`;
  return `E'${quoted.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`;
}

type Side = 'was' | 'becomes';

export const temporary = (side: Side, number: number) => `pg_temp.understudy_${side}_${number}`;

/** Makes the two empty tables of one table's rows. `times` counts copies of a row that no key tells apart. */
export function makeTemporary({ table, number }: PatchTable): string[] {
  const columns = table.columns.map((column) => identifier(column)).join(', ');
  const times = table.key.length === 0 ? ', 0::bigint as understudy_times' : '';
  const from = `from ${identifier(table.schema, table.name)} limit 0`;
  return (['was', 'becomes'] as const).map(
    (side) =>
      `create temporary table understudy_${side}_${number} on commit drop as select ${columns}${times} ${from}`,
  );
}

/** One row of an INSERT into a temporary table. */
export function valuesRow(values: RowValues, times: number | undefined): string {
  const all = values.map(literal);
  if (times !== undefined) all.push(String(times));
  return `(${all.join(', ')})`;
}

/** The statement before the rows. */
export function intoTemporary(side: Side, { table, number }: PatchTable): string {
  const columns = table.columns.map((column) => identifier(column));
  if (table.key.length === 0) columns.push('understudy_times');
  return `insert into ${temporary(side, number)} (${columns.join(', ')}) values`;
}

const sameKey = (key: readonly string[], a: string, b: string) =>
  key.map((column) => `${a}.${identifier(column)} = ${b}.${identifier(column)}`).join(' and ');
const sameContent = (columns: readonly string[], a: string, b: string) =>
  `${rowText(columns, a)} = ${rowText(columns, b)}`;
const keyOf = (key: readonly string[], of: string) =>
  `pg_catalog.concat_ws(', ', ${key.map((column) => `${of}.${identifier(column)}`).join(', ')})`;

/** Raises an error if a query finds keys; nothing has been written then, or everything is undone. */
function refuseIf(found: string, message: string, hint: string): string {
  return `do $understudy$ declare found text; begin
  select pg_catalog.string_agg(key, '; ') into found from (${found} limit 10) first;
  if found is not null then raise exception using message = ${literal(message)} || found, hint = ${literal(hint)}; end if;
end $understudy$`;
}

const nameOf = ({ schema, name }: ComparableTable) => `${schema}.${name}`;

/** Checks that the living rows are still as they were when compared. */
export function checkRows({ table, number }: PatchTable, again: string): string[] {
  const { key, columns } = table;
  const [was, becomes] = [temporary('was', number), temporary('becomes', number)];
  const living = relation(table);
  const changed = `nothing was changed, because rows of ${nameOf(table)} are no longer as they were compared: `;
  if (key.length === 0) return [refuseIf(otherTimes(table, number, 'was'), changed, again)];
  const gone = `select ${keyOf(key, 'w')} as key from ${was} w where not exists (select from ${living} t where ${sameKey(key, 't', 'w')} and ${sameContent(columns, 't', 'w')})`;
  const there = `select ${keyOf(key, 'b')} as key from ${becomes} b where exists (select from ${living} t where ${sameKey(key, 't', 'b')}) and not exists (select from ${was} w where ${sameKey(key, 'w', 'b')})`;
  return [refuseIf(`${gone} union all ${there}`, changed, again)];
}

/** Rows of a table without a key that are not there as often as one side says. */
function otherTimes(table: ComparableTable, number: number, side: Side): string {
  const content = (of: string) => rowText(table.columns, of);
  const [was, becomes] = [temporary('was', number), temporary('becomes', number)];
  return `select 'a row that should be there ' || coalesce(e.times, 0) || ' times is there ' || coalesce(l.times, 0) || ' times' as key
  from (select ${content('w')} as content from ${was} w union select ${content('b')} from ${becomes} b) each_row
  left join (select ${content('x')} as content, x.understudy_times as times from ${temporary(side, number)} x) e on e.content = each_row.content
  left join (select ${content('t')} as content, pg_catalog.count(*) as times from ${relation(table)} t group by 1) l on l.content = each_row.content
  where coalesce(e.times, 0) <> coalesce(l.times, 0)`;
}

/** Refuses to delete a row to which rows refer that the patch does not delete: a foreign key would take them along. */
export function checkActing(patch: PatchTable, all: readonly PatchTable[]): string[] {
  if (patch.deletes === 0) return [];
  const { table, number } = patch;
  return patch.acting.map(({ schema, name, partitioned, columns, refers }) => {
    const refersTo = columns
      .map((column, index) => `c.${identifier(column)} = w.${identifier(refers[index]!)}`)
      .join(' and ');
    const own = all.find((each) => each.table.schema === schema && each.table.name === name);
    const deleted =
      own && own.table.key.length > 0 && own.deletes > 0
        ? ` and not exists (select from ${temporary('was', own.number)} o where ${sameKey(own.table.key, 'o', 'c')} and not exists (select from ${temporary('becomes', own.number)} n where ${sameKey(own.table.key, 'n', 'o')}))`
        : '';
    const found = `select ${keyOf(table.key.length > 0 ? table.key : refers, 'w')} as key from ${temporary('was', number)} w where ${leaving(patch, 'w')} and exists (select from ${relation({ schema, name, partitioned })} c where ${refersTo}${deleted})`;
    return refuseIf(
      found,
      `nothing was changed, because rows of ${schema}.${name} refer to rows of ${nameOf(table)} that this would delete, and a foreign key would take them along: `,
      `decide what becomes of those rows of ${schema}.${name} first`,
    );
  });
}

/** A row of `was` that is not in `becomes`. */
function leaving({ table, number }: PatchTable, alias: string): string {
  const same = table.key.length > 0 ? sameKey(table.key, 'b', alias) : sameContent(table.columns, 'b', alias);
  return `not exists (select from ${temporary('becomes', number)} b where ${same})`;
}

export function deletion(patch: PatchTable): string[] {
  const { table, number } = patch;
  const living = relation(table);
  if (patch.deletes === 0) return [];
  if (table.key.length > 0)
    return [
      `delete from ${living} t using ${temporary('was', number)} w where ${sameKey(table.key, 't', 'w')} and ${leaving(patch, 'w')}`,
    ];
  const content = rowText(table.columns, 't');
  return [
    `delete from ${living} gone using (
  select t.tableoid, t.ctid, pg_catalog.row_number() over (partition by ${content}) as number, w.understudy_times - coalesce(b.understudy_times, 0) as times
  from ${living} t join ${temporary('was', number)} w on ${sameContent(table.columns, 't', 'w')} left join ${temporary('becomes', number)} b on ${sameContent(table.columns, 't', 'b')}) each_row
where gone.tableoid = each_row.tableoid and gone.ctid = each_row.ctid and each_row.number <= each_row.times`,
  ];
}

export function update({ table, number, updates }: PatchTable): string[] {
  const fixed = table.living.columns.filter(({ always }) => always).map(({ name }) => name);
  const set = table.columns.filter((column) => !table.key.includes(column) && !fixed.includes(column));
  if (updates === 0 || set.length === 0) return [];
  const assigned = set.map((column) => `${identifier(column)} = b.${identifier(column)}`).join(', ');
  return [
    `update ${relation(table)} t set ${assigned} from ${temporary('becomes', number)} b join ${temporary('was', number)} w on ${sameKey(table.key, 'w', 'b')} where ${sameKey(table.key, 't', 'b')}`,
  ];
}

/** INSERT without its end, so that those of tables that refer to each other become one statement. */
export function insertion({ table, number, inserts }: PatchTable): string[] {
  if (inserts === 0) return [];
  const columns = table.columns.map((column) => identifier(column)).join(', ');
  const given = table.columns.map((column) => `b.${identifier(column)}`).join(', ');
  const [was, becomes] = [temporary('was', number), temporary('becomes', number)];
  const into = `insert into ${identifier(table.schema, table.name)} (${columns}) overriding system value`;
  if (table.key.length > 0)
    return [
      `${into} select ${given} from ${becomes} b where not exists (select from ${was} w where ${sameKey(table.key, 'w', 'b')})`,
    ];
  return [
    `${into} select ${given} from ${becomes} b left join ${was} w on ${sameContent(table.columns, 'w', 'b')}, pg_catalog.generate_series(1, b.understudy_times - coalesce(w.understudy_times, 0))`,
  ];
}

/** Checks that every row became what it should: a trigger or a default may have changed it. */
export function verifyRows(patch: PatchTable): string[] {
  const { table, number } = patch;
  const { key, columns } = table;
  const becomes = temporary('becomes', number);
  const living = relation(table);
  const message = `nothing was changed, because rows of ${nameOf(table)} did not become what they were: `;
  const hint = 'a trigger may have changed them: make the patch again with --without-triggers';
  if (key.length === 0) return [refuseIf(otherTimes(table, number, 'becomes'), message, hint)];
  return [
    refuseIf(
      `select ${keyOf(key, 'b')} as key from ${becomes} b where not exists (select from ${living} t where ${sameKey(key, 't', 'b')} and ${sameContent(columns, 't', 'b')})
  union all select ${keyOf(key, 'w')} as key from ${temporary('was', number)} w where ${leaving(patch, 'w')} and exists (select from ${living} t where ${sameKey(key, 't', 'w')})`,
      message,
      hint,
    ),
  ];
}

/** Moves a sequence on behind the rows that came back, and never back. */
export function sequencesOf({ number, inserts, sequences }: PatchTable): string[] {
  if (inserts === 0) return [];
  return sequences.map(({ sequence, column, descending }) => {
    const end = descending ? 'min' : 'max';
    return `select pg_catalog.setval(${literal(sequence)}, back.value) from (select pg_catalog.${end}(${identifier(column)})::bigint as value from ${temporary('becomes', number)}) back, ${sequence} s where back.value ${descending ? '<' : '>'} s.last_value or (back.value = s.last_value and not s.is_called)`;
  });
}

export function triggers({ table }: PatchTable, what: 'disable' | 'enable'): string[] {
  return table.living.triggers.map(
    ({ name, always }) =>
      `alter table ${identifier(table.schema, table.name)} ${what} ${what === 'enable' && always ? 'always ' : ''}trigger ${identifier(name)}`,
  );
}
