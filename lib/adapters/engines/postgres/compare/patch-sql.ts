import type { RowValues } from '../../../../ports/comparison.ts';
import { identifier } from '../sql.ts';
import { type ComparableTable, fullName, relation } from './comparable.ts';

/** A table of a patch: what its rows were when compared, and what they become. */
export type PatchTable = {
  table: ComparableTable;
  /** Its number in the file: temporary tables are named after it. */
  number: number;
  inserts: number;
  updates: number;
  deletes: number;
  /** How many rows its temporary tables get. */
  was: number;
  becomes: number;
  sequences: FedSequence[];
};

export type FedSequence = { sequence: string; column: string; descending: boolean };

/** One side of a differing row: its values, and those of the columns that only the living table has, if they are known. */
export type PatchRow = { values: RowValues; others?: RowValues | undefined; times?: number | undefined };

/** Settings under which values were written as text, so that they are read as the same values. */
const SETTINGS: Record<string, string> = {
  search_path: '',
  datestyle: 'ISO, YMD',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  lc_monetary: 'C',
  xmloption: 'content',
  array_nulls: 'on',
  row_security: 'off',
  standard_conforming_strings: 'on',
  client_encoding: 'UTF8',
  lock_timeout: '30s',
};

/** How a file begins: checks must see what others commit before the tables are locked. */
export const BEGIN: readonly string[] = [
  'begin isolation level read committed read write',
  ...Object.entries(SETTINGS).map(([name, value]) => `set local ${name} = '${value}'`),
];

/** A text as SQL on a single line, whatever it contains. */
export function literal(value: string | null): string {
  if (value === null) return 'null';
  const quoted = value.replaceAll("'", "''");
  if (!/[\\\n\r]/.test(value)) return `'${quoted}'`;
  return `E'${quoted.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`;
}

type PatchSide = 'was' | 'becomes';

const temporary = (side: PatchSide, number: number) => `pg_temp.understudy_${side}_${number}`;

/** Columns of temporary tables have names of their own: c0 …, and o0 … for those that only the living table has. */
const columnsOf = ({ columns }: ComparableTable) =>
  columns.map((name, index) => ({ own: `c${index}`, name }));
/** What a row needs beside its values: how often it is there, and whether the other columns are known. */
const besides = ({ key, livingOnly }: ComparableTable): { own: string; empty: string }[] => [
  ...(key.length === 0 ? [{ own: 'times', empty: '0::pg_catalog.int8' }] : []),
  ...(livingOnly.length > 0 ? [{ own: 'partly', empty: 'false' }] : []),
];
const othersOf = ({ livingOnly }: ComparableTable) =>
  livingOnly.map(({ name }, index) => ({ own: `o${index}`, name }));

/** Statements with names of the source in them, which may contain anything, within one that has none. */
export function block(statements: readonly string[]): string {
  return `do ${TAG} declare refused text; begin\n${statements.join('\n')}\nend ${TAG}`;
}
const TAG = '$understudy$';

/** A statement as a step of a block. Neither its names nor its texts can meet a variable of plpgsql. */
export const step = (sql: string) => `execute ${escaped(sql)};`;

/** Makes the two empty tables of one table's rows. `times` counts copies of a row that no key tells apart. */
export function makeTemporary({ table, number }: PatchTable): string {
  const all = [
    ...[...columnsOf(table), ...othersOf(table)].map(({ own, name }) => `${identifier(name)} as ${own}`),
    ...besides(table).map(({ own, empty }) => `${empty} as ${own}`),
  ];
  const from = `from ${identifier(table.schema, table.name)} limit 0`;
  return block(
    (['was', 'becomes'] as const).map((side) =>
      step(
        `create temporary table understudy_${side}_${number} on commit drop as select ${all.join(', ')} ${from}`,
      ),
    ),
  );
}

/** The INSERT into a temporary table, without its rows. */
export function intoTemporary(side: PatchSide, { table, number }: PatchTable): string {
  const all = [...columnsOf(table), ...othersOf(table), ...besides(table)].map(({ own }) => own);
  return `insert into ${temporary(side, number)} (${all.join(', ')}) values`;
}

/** One row of it. Where the living table's own columns are not known, only the others are compared. */
export function valuesRow({ values, others, times }: PatchRow, { key, livingOnly }: ComparableTable): string {
  const known = others ?? livingOnly.map(() => null);
  const partly = others === undefined && livingOnly.some(({ hasDefault }) => hasDefault);
  return `(${[
    ...values.map(literal),
    ...known.map(literal),
    ...(key.length === 0 ? [String(times ?? 1)] : []),
    ...(livingOnly.length > 0 ? [String(partly)] : []),
  ].join(', ')})`;
}

/** The row of a side as text, and that of the living table in the same order. */
function contents(table: ComparableTable, whole: boolean) {
  const all = whole ? [...columnsOf(table), ...othersOf(table)] : columnsOf(table);
  const row = (of: string, name: (column: { own: string; name: string }) => string) =>
    `row(${all.map((column) => `${of}.${name(column)}`).join(', ')})::text collate "C"`;
  return {
    own: (of: string) => row(of, ({ own }) => own),
    living: (of: string) => row(of, ({ name }) => identifier(name)),
  };
}

/** A living row has the content of a row of a temporary table. */
function sameContent(table: ComparableTable, living: string, own: string): string {
  const common = contents(table, false);
  if (table.livingOnly.length === 0) return `${common.living(living)} = ${common.own(own)}`;
  const whole = contents(table, true);
  return `case when ${own}.partly then ${common.living(living)} = ${common.own(own)} else ${whole.living(living)} = ${whole.own(own)} end`;
}

const keyColumns = (table: ComparableTable) =>
  columnsOf(table).filter(({ name }) => table.key.includes(name));
const sameKey = (table: ComparableTable, living: string, own: string) =>
  keyColumns(table)
    .map((column) => `${living}.${identifier(column.name)} = ${own}.${column.own}`)
    .join(' and ');
const sameOwnKey = (table: ComparableTable, a: string, b: string) =>
  keyColumns(table)
    .map(({ own }) => `${a}.${own} = ${b}.${own}`)
    .join(' and ');
const sameOwn = (table: ComparableTable, a: string, b: string) =>
  table.key.length > 0
    ? sameOwnKey(table, a, b)
    : `${contents(table, true).own(a)} = ${contents(table, true).own(b)}`;
const keyText = (table: ComparableTable, of: string) =>
  `pg_catalog.concat_ws(', ', ${keyColumns(table)
    .map(({ own }) => `${of}.${own}`)
    .join(', ')})`;

/** A row of one side that the other side does not have. */
const without = ({ table, number }: PatchTable, other: PatchSide, alias: string) =>
  `not exists (select from ${temporary(other, number)} x where ${sameOwn(table, 'x', alias)})`;

/** Ends the block with an error if a query finds keys. A LIMIT would make the planner compare each row with each. */
function refuseIf(found: string, message: string, hint: string): string {
  return `execute ${escaped(`select pg_catalog.array_to_string((pg_catalog.array_agg(key))[1:10], '; ') from (${found}) found_keys`)} into refused;
if refused is not null then raise exception using message = ${escaped(message)} || refused, hint = ${escaped(hint)}; end if;`;
}

/** A literal without the dollars that could end the block around it. */
function escaped(text: string): string {
  if (!text.includes('$')) return literal(text);
  return `E'${text.replaceAll("'", "''").replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('$', '\\x24')}'`;
}

/** Loaded completely, and with statistics, without which joins of many rows take for ever. */
export function loaded({ number, was, becomes }: PatchTable): string[] {
  return (
    [
      ['was', was],
      ['becomes', becomes],
    ] as const
  ).flatMap(([side, rows]) => [
    step(`analyze ${temporary(side, number)}`),
    refuseIf(
      `select 'of a table' as key where (select pg_catalog.count(*) from ${temporary(side, number)}) <> ${rows}`,
      'nothing was changed, because rows of this file could not be loaded: ',
      'read the errors above',
    ),
  ]);
}

/** Checks that the living rows are still as they were when compared. */
export function checkRows({ table, number }: PatchTable, again: string): string {
  const changed = `nothing was changed, because rows of ${fullName(table)} are no longer as they were compared: `;
  if (table.key.length === 0) return refuseIf(otherTimes(table, number, 'was'), changed, again);
  const [was, becomes] = [temporary('was', number), temporary('becomes', number)];
  const living = relation(table.living);
  const gone = `select ${keyText(table, 'w')} as key from ${was} w where not exists (select from ${living} t where ${sameKey(table, 't', 'w')} and ${sameContent(table, 't', 'w')})`;
  const there = `select ${keyText(table, 'b')} as key from ${becomes} b where exists (select from ${living} t where ${sameKey(table, 't', 'b')}) and not exists (select from ${was} w where ${sameOwnKey(table, 'w', 'b')})`;
  return refuseIf(`${gone} union all ${there}`, changed, again);
}

/** Rows of a table without a key that are not there as often as one side says. */
function otherTimes(table: ComparableTable, number: number, side: PatchSide): string {
  const { own, living } = contents(table, false);
  const [was, becomes] = [temporary('was', number), temporary('becomes', number)];
  return `select 'a row that should be there ' || coalesce(e.times, 0) || ' times is there ' || coalesce(l.times, 0) || ' times' as key
  from (select ${own('w')} as content from ${was} w union select ${own('b')} from ${becomes} b) each_row
  left join (select ${own('x')} as content, pg_catalog.sum(x.times) as times from ${temporary(side, number)} x group by 1) e on e.content = each_row.content
  left join (select ${living('t')} as content, pg_catalog.count(*) as times from ${relation(table.living)} t group by 1) l on l.content = each_row.content
  where coalesce(e.times, 0) <> coalesce(l.times, 0)`;
}

/**
 * All writes of a patch as one statement. Foreign keys are checked, and act, when it ends: tables may refer to each
 * other, and a row that goes may have been referred to until now. Each part waits for those before it, because unique
 * keys are checked at once.
 */
export function write(patches: readonly PatchTable[]): string | undefined {
  const parts: { name: string; sql: string }[] = [];
  for (const part of [deletion, update, insertion]) {
    const before = parts.map(({ name }) => `(select pg_catalog.count(*) from ${name}) >= 0`);
    const waits = before.length === 0 ? '' : ` and ${before.join(' and ')}`;
    const next = patches.flatMap((patch) =>
      part(patch, waits).map((sql, index) => ({ name: `${part.name}_${patch.number}_${index}`, sql })),
    );
    parts.push(...next);
  }
  if (parts.length === 0) return undefined;
  return `with ${parts.map(({ name, sql }) => `${name} as (${sql} returning 1)`).join(',\n')}\nselect ${parts.map(({ name }) => `(select pg_catalog.count(*) from ${name})`).join(' + ')}`;
}

function deletion(patch: PatchTable, waits: string): string[] {
  const { table, number, deletes } = patch;
  if (deletes === 0) return [];
  const living = relation(table.living);
  const was = temporary('was', number);
  if (table.key.length > 0)
    return [
      `delete from ${living} t using ${was} w where ${sameKey(table, 't', 'w')} and ${without(patch, 'becomes', 'w')}${waits}`,
    ];
  const { own, living: content } = contents(table, true);
  return [
    `delete from ${living} gone using (
  select t.tableoid, t.ctid, pg_catalog.row_number() over (partition by ${content('t')}) as number, w.times - coalesce(b.times, 0) as times
  from ${living} t join ${was} w on ${content('t')} = ${own('w')} left join ${temporary('becomes', number)} b on ${content('t')} = ${own('b')}) each_row
where gone.tableoid = each_row.tableoid and gone.ctid = each_row.ctid and each_row.number <= each_row.times${waits}`,
  ];
}

function update({ table, number, updates }: PatchTable, waits: string): string[] {
  const fixed = table.living.columns.filter(({ always }) => always).map(({ name }) => name);
  const set = columnsOf(table).filter(
    ({ name }) => !fixed.includes(name) && (!table.exactKey || !table.key.includes(name)),
  );
  if (updates === 0 || set.length === 0) return [];
  const assigned = set.map(({ own, name }) => `${identifier(name)} = b.${own}`).join(', ');
  return [
    `update ${relation(table.living)} t set ${assigned} from ${temporary('becomes', number)} b join ${temporary('was', number)} w on ${sameOwnKey(table, 'w', 'b')} where ${sameKey(table, 't', 'b')}${waits}`,
  ];
}

/** Rows whose other columns are known get those too; the others get their defaults. */
function insertion(patch: PatchTable, waits: string): string[] {
  const { table, number, inserts } = patch;
  if (inserts === 0) return [];
  const [was, becomes] = [temporary('was', number), temporary('becomes', number)];
  const into = (all: { own: string; name: string }[], partly: string) => {
    const names = all.map(({ name }) => identifier(name)).join(', ');
    const given = all.map(({ own }) => `b.${own}`).join(', ');
    const rows =
      table.key.length > 0
        ? `from ${becomes} b where ${without(patch, 'was', 'b')}`
        : `from ${becomes} b left join ${was} w on ${sameOwn(table, 'w', 'b')}, lateral pg_catalog.generate_series(1, b.times - coalesce(w.times, 0)) where true`;
    return `insert into ${identifier(table.schema, table.name)} (${names}) overriding system value select ${given} ${rows}${partly}${waits}`;
  };
  if (table.livingOnly.length === 0) return [into(columnsOf(table), '')];
  return [
    into([...columnsOf(table), ...othersOf(table)], ' and not b.partly'),
    into(columnsOf(table), ' and b.partly'),
  ];
}

/** Checks that every row became what it should: a trigger or a default may have changed it. */
export function verifyRows(patch: PatchTable): string {
  const { table, number } = patch;
  const becomes = temporary('becomes', number);
  const living = relation(table.living);
  const message = `nothing was changed, because rows of ${fullName(table)} did not become what they were: `;
  const hint = 'a trigger may have changed them: make the patch again with --without-triggers';
  if (table.key.length === 0) return refuseIf(otherTimes(table, number, 'becomes'), message, hint);
  return refuseIf(
    `select ${keyText(table, 'b')} as key from ${becomes} b where not exists (select from ${living} t where ${sameKey(table, 't', 'b')} and ${sameContent(table, 't', 'b')})
  union all select ${keyText(table, 'w')} as key from ${temporary('was', number)} w where ${without(patch, 'becomes', 'w')} and exists (select from ${living} t where ${sameKey(table, 't', 'w')})`,
    message,
    hint,
  );
}

/**
 * Checks that nothing but the patch's own rows was written: that no foreign key deleted, emptied or changed another row,
 * in the tables of the patch or in those that refer to them, now and not only when they were compared. The server counts
 * what a transaction writes, by whatever means.
 */
export function verifyWrites(patches: readonly PatchTable[]): string {
  const expected = patches.map(({ table, inserts, updates, deletes }) => {
    const name = literal(identifier(table.schema, table.name));
    return `(${name}::pg_catalog.regclass, ${inserts}, ${updates}, ${deletes})`;
  });
  const tree = (root: string) =>
    `(select ${root}::pg_catalog.oid as oid union select relid from pg_catalog.pg_partition_tree(${root}))`;
  const sum = (what: string) =>
    `coalesce(pg_catalog.sum(pg_catalog.pg_stat_get_xact_tuples_${what}(p.oid)), 0) as ${what}`;
  // An update that moves a row to another partition counts as a deletion and an insertion.
  return refuseIf(
    `with recursive e (relation, inserts, updates, deletes) as (values ${expected.join(', ')}),
  mine as (select distinct p.oid from e, lateral ${tree('e.relation')} p),
  along (oid) as (select oid from mine
    union select p.oid from along join pg_catalog.pg_constraint k on k.confrelid = along.oid and k.contype = 'f' and (k.confdeltype in ('c', 'n', 'd') or k.confupdtype in ('c', 'n', 'd')),
      lateral ${tree('k.conrelid::pg_catalog.regclass')} p),
  counted as (
    select e.relation, e.inserts, e.updates, e.deletes, w.inserted, w.updated, w.deleted from e
      cross join lateral (select ${sum('inserted')}, ${sum('updated')}, ${sum('deleted')} from ${tree('e.relation')} p) w
    union all select p.oid::pg_catalog.regclass, 0, 0, 0, pg_catalog.pg_stat_get_xact_tuples_inserted(p.oid), pg_catalog.pg_stat_get_xact_tuples_updated(p.oid), pg_catalog.pg_stat_get_xact_tuples_deleted(p.oid)
      from along p where p.oid not in (select oid from mine))
  select relation::text || ' (' || inserted || ' inserted, ' || updated || ' changed, ' || deleted || ' deleted)' as key from counted
  where inserted - inserts <> deleted - deletes or inserted - inserts <> updates - updated or inserted < inserts`,
    'nothing was changed, because a foreign key or a trigger would have written other rows too: ',
    'add the tables named here with --table, or decide first what becomes of their rows',
  );
}

/** Moves a sequence on behind the rows that came back, and never back. */
export function sequencesOf({ table, number, inserts, sequences }: PatchTable): string[] {
  if (inserts === 0) return [];
  return sequences.map(({ sequence, column, descending }) => {
    const own = columnsOf(table).find(({ name }) => name === column)!.own;
    const [end, beyond] = descending ? ['min', '<'] : ['max', '>'];
    return step(
      `select pg_catalog.setval(q.seqrelid, back.value) from (select pg_catalog.${end}(${own})::pg_catalog.int8 as value from ${temporary('becomes', number)}) back, ${sequence} s, pg_catalog.pg_sequence q
where q.seqrelid = ${literal(sequence)}::pg_catalog.regclass and back.value between q.seqmin and q.seqmax and (back.value ${beyond} s.last_value or (back.value = s.last_value and not s.is_called))`,
    );
  });
}

/** Disables what fires on these tables and their partitions now, each by itself, and remembers it. */
export function disableTriggers(patches: readonly PatchTable[]): string[] {
  const roots = patches.map(
    ({ table }) => `(${literal(identifier(table.schema, table.name))}::pg_catalog.regclass)`,
  );
  return [
    step(
      `create temporary table understudy_triggers on commit drop as
  select pg_catalog.format('alter table only %s disable trigger %I', g.tgrelid::pg_catalog.regclass, g.tgname) as off,
    pg_catalog.format('alter table only %s enable %s trigger %I', g.tgrelid::pg_catalog.regclass, case g.tgenabled when 'A' then 'always' else '' end, g.tgname) as again
  from (values ${roots.join(', ')}) r (root), lateral (select r.root::pg_catalog.oid as oid union select relid from pg_catalog.pg_partition_tree(r.root)) p
  join pg_catalog.pg_trigger g on g.tgrelid = p.oid
  where g.tgenabled in ('O', 'A') and (not g.tgisinternal or g.tgparentid <> 0)
  and not exists (select from pg_catalog.pg_constraint k where k.oid = g.tgconstraint and k.contype <> 't')`,
    ),
    each('off'),
  ];
}

export const enableTriggers = (): string => each('again');

const each = (column: string) =>
  `for refused in execute 'select ${column} from pg_temp.understudy_triggers' loop execute refused; end loop;`;

/** Foreign keys and triggers must act as for everybody. */
export const ORDINARY_SESSION = refuseIf(
  `select 'session_replication_role is ' || pg_catalog.current_setting('session_replication_role') as key where pg_catalog.current_setting('session_replication_role') <> 'origin'
  union all select 'track_counts is off' where pg_catalog.current_setting('track_counts') <> 'on'`,
  'nothing was changed, because this session does not check what a patch must: ',
  'reset the setting that is named here, and apply the file again',
);
