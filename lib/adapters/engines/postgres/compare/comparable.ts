import type { Client } from 'pg';
import { InputError } from '../../../../domain/errors.ts';
import { didYouMean } from '../../../../domain/nearest.ts';
import { rows } from '../connection.ts';
import { notOfExtension, ours } from '../facts/ours.ts';
import { keyOf } from '../facts/writes.ts';
import { identifier } from '../sql.ts';

/** A table as one side has it; partitions belong to the table above them. */
export type SideTable = {
  schema: string;
  name: string;
  /** Does it have partitions? Otherwise only its own rows count, not those of tables that inherit from it. */
  partitioned: boolean;
  /** Is it a partition itself? */
  partition: boolean;
  columns: SideColumn[];
  /** Unique keys without NULL, conditions and expressions; the primary key first. */
  keys: string[][];
  /** The tables that hold its rows: itself, or its partitions. */
  leaves: { schema: string; name: string; foreign: boolean }[];
  rules: string[];
};

export type SideColumn = {
  name: string;
  /** With its schema, as SQL. */
  type: string;
  /** How its values are written so that equal ones are the same text; absent where that is not possible. */
  canonical: string | null;
  /** Are equal values always written alike? Then a row with this key has exactly this key. */
  exact: boolean;
  /** Of the integers from smallint to bigint. */
  integer: boolean;
  uuid: boolean;
  notNull: boolean;
  hasDefault: boolean;
  generated: boolean;
  /** GENERATED ALWAYS AS IDENTITY. */
  always: boolean;
};

export type Side = 'copy' | 'living';

/** A table that both sides have, and how its rows are told apart. */
export type ComparableTable = {
  schema: string;
  name: string;
  columns: string[];
  /** Columns that only the living table has. */
  livingOnly: SideColumn[];
  /** Column names; empty: by whole rows. */
  key: string[];
  /** Is the same key always written alike on both sides? */
  exactKey: boolean;
  /** SQL of the key as text. */
  keyText: string;
  /** SQL of the single integer that is its key. */
  integerKey?: string;
  /** SQL of a hash of its key. */
  keyHash: string;
  copy: SideTable;
  living: SideTable;
  /** Why a patch could write other values than those of the copy. */
  retyped: string[];
  notes: string[];
};

/** The tables of a session's database, without those of extensions, of Understudy, and of rows that it put aside. */
export async function sideTables(client: Client): Promise<SideTable[]> {
  const found = await rows<{ table: SideTable }>(client, TABLES);
  return found.map(({ table }) => table);
}

const TABLES = `
  with kinds as (
    select t.oid, coalesce(base.typname, t.typname) as name, coalesce(base.typtype, t.typtype) as kind,
      coalesce(base.typnamespace, t.typnamespace) = 'pg_catalog'::pg_catalog.regnamespace as builtin
    from pg_catalog.pg_type t left join pg_catalog.pg_type base on t.typtype = 'd' and base.oid = t.typbasetype),
  columns as (
    select a.attrelid, a.attnum, a.attnotnull and not exists (select from pg_catalog.pg_constraint v where v.conrelid = a.attrelid and v.contype = 'n' and v.conkey = array[a.attnum] and not v.convalidated) as "notNull", a.attname as name, a.attgenerated <> '' as generated, a.attidentity = 'a' as always,
      a.atthasdef or a.attidentity <> '' as "hasDefault",
      pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
      k.builtin and k.name in ('int2', 'int4', 'int8') as integer, k.builtin and k.name = 'uuid' as uuid,
      not (k.builtin and k.name in ('numeric', 'float4', 'float8', 'bpchar')) as exact,
      case
        when a.attcollation <> 0 and not coalesce(l.collisdeterministic, true) then null
        when k.builtin and k.name in ('int2', 'int4', 'int8', 'oid', 'uuid', 'text', 'varchar', 'bpchar', 'name', 'char', 'bool', 'date', 'time', 'timestamp', 'timestamptz', 'bytea', 'inet', 'cidr', 'macaddr', 'macaddr8', 'bit', 'varbit')
          or k.kind = 'e' then '%s::text'
        when k.builtin and k.name = 'numeric' then 'pg_catalog.trim_scale(%s::pg_catalog.numeric)::text'
        when k.builtin and k.name in ('float4', 'float8') then '(%s + 0)::text'
      end as canonical
    from pg_catalog.pg_attribute a
    join kinds k on k.oid = a.atttypid
    left join pg_catalog.pg_collation l on l.oid = a.attcollation
    where a.attnum > 0 and not a.attisdropped),
  keys as (
    select i.indrelid, i.indisprimary, pg_catalog.json_agg(c.name order by k.position) as columns, i.indexrelid
    from pg_catalog.pg_index i, lateral pg_catalog.unnest(i.indkey::int2[]) with ordinality k (number, position), columns c
    where i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null and k.position <= i.indnkeyatts
      and c.attrelid = i.indrelid and c.attnum = k.number
    group by i.indrelid, i.indexrelid, i.indisprimary, i.indnkeyatts
    having pg_catalog.count(*) = i.indnkeyatts and pg_catalog.bool_and(c."notNull" and c.canonical is not null and not c.generated)),
  trees as (
    select c.oid as root, tree.relid as oid, tree.isleaf
    from pg_catalog.pg_class c, pg_catalog.pg_partition_tree(c.oid) tree where c.relkind = 'p'
    union all select c.oid, c.oid, true from pg_catalog.pg_class c where c.relkind = 'r')
  select pg_catalog.json_build_object(
    'schema', n.nspname, 'name', c.relname, 'partitioned', c.relkind = 'p', 'partition', c.relispartition,
    'columns', coalesce((select pg_catalog.json_agg(pg_catalog.to_json(a.*) order by a.name collate "C") from columns a where a.attrelid = c.oid), '[]'),
    'keys', coalesce((select pg_catalog.json_agg(k.columns order by k.indisprimary desc, k.indexrelid) from keys k where k.indrelid = c.oid), '[]'),
    'leaves', coalesce((select pg_catalog.json_agg(pg_catalog.json_build_object('schema', ln.nspname, 'name', l.relname, 'foreign', l.relkind = 'f'))
      from trees t join pg_catalog.pg_class l on l.oid = t.oid join pg_catalog.pg_namespace ln on ln.oid = l.relnamespace where t.root = c.oid and t.isleaf and l.relkind in ('r', 'f')), '[]'),
    'rules', coalesce((select pg_catalog.json_agg(r.rulename) from pg_catalog.pg_rewrite r where r.ev_class = c.oid and r.ev_enabled in ('O', 'A')), '[]')) as "table"
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and c.relpersistence <> 't'
    and ${ours('n')} and n.nspname <> 'understudy' and n.nspname not like 'understudy\\_restored\\_%' and ${notOfExtension('pg_class', 'c.oid')}
  order by n.nspname collate "C", c.relname collate "C"`;

/** The tables whose names were given, or all that are no partitions. Rejects with every unknown one. */
export function chosenTables(all: readonly SideTable[], names: readonly string[] | undefined): SideTable[] {
  const whole = all.filter(({ partition }) => !partition);
  if (names === undefined) return whole;
  const mistakes: string[] = [];
  const chosen = names.flatMap((name) => {
    const found = whole.filter((table) => spellings(table).includes(name));
    if (found.length === 1) return found;
    mistakes.push(whyNotOne(name, found, all));
    return [];
  });
  if (mistakes.length > 0) throw new InputError('these tables cannot be chosen:', mistakes);
  return [...new Set(chosen)];
}

function spellings({ schema, name }: Pick<SideTable, 'schema' | 'name'>): string[] {
  return [`${schema}.${name}`, identifier(schema, name), name];
}

function whyNotOne(name: string, found: readonly SideTable[], all: readonly SideTable[]): string {
  if (found.length > 1)
    return `${name}: it is in several schemas; write ${found.map(({ schema }) => `${schema}.${name}`).join(' or ')}`;
  const above = all.find(
    ({ partitioned, partition, leaves }) =>
      partitioned && !partition && leaves.some((leaf) => spellings(leaf).includes(name)),
  );
  if (above) return `${name} is a partition; write ${above.schema}.${above.name}`;
  const near = didYouMean(
    name,
    all.map((table) => `${table.schema}.${table.name}`),
  );
  return `${name}: the recovery point has no such table${near ? ` (${near})` : ''}`;
}

/** The table of the same name on the other side; a partition, if it has become one. */
export function sameTable(table: SideTable, others: readonly SideTable[]): SideTable | undefined {
  return others.find((other) => keyOf(other.schema, other.name) === keyOf(table.schema, table.name));
}

/** How the rows of a table that both sides have are compared. */
export function comparable(copy: SideTable, living: SideTable): ComparableTable {
  const generated = new Set(
    [...copy.columns, ...living.columns].filter((each) => each.generated).map(({ name }) => name),
  );
  const stored = ({ columns }: SideTable) => columns.filter(({ name }) => !generated.has(name));
  const here = new Map(stored(living).map((column) => [column.name, column]));
  const there = new Map(stored(copy).map((column) => [column.name, column]));
  const both = stored(copy).filter(({ name }) => here.has(name));
  const livingOnly = stored(living).filter(({ name }) => !there.has(name));
  const columns = both.map(({ name }) => name);
  const otherType = both.filter(({ name, type }) => here.get(name)!.type !== type);
  const formatTypes = ({ name, type }: SideColumn) =>
    `${name} is ${type} in the copy and ${here.get(name)!.type} in the living table`;
  const key =
    living.keys.find((each) => each.every((name) => isSameKey(there.get(name), here.get(name)!))) ?? [];
  const whole = rowText(columns);
  const texts = key.map((name) => here.get(name)!.canonical!.replace('%s', () => identifier(name)));
  const keyText =
    texts.length === 0 ? whole : texts.length === 1 ? texts[0]! : `row(${texts.join(', ')})::text`;
  const only = key.length === 1 ? here.get(key[0]!)! : undefined;
  return {
    schema: copy.schema,
    name: copy.name,
    columns,
    livingOnly,
    key,
    exactKey: key.every((name) => here.get(name)!.exact),
    keyText,
    // The same on both sides, and faster than that of a text.
    keyHash: only?.uuid
      ? `pg_catalog.uuid_hash_extended(${identifier(only.name)}, 0)`
      : `pg_catalog.hashtextextended(${keyText}, 0)`,
    ...(only?.integer ? { integerKey: identifier(only.name) } : {}),
    copy,
    living,
    retyped: otherType.filter((column) => !isWider(column, here.get(column.name)!)).map(formatTypes),
    notes: [
      ...onlyIn(
        'the copy',
        stored(copy).filter(({ name }) => !here.has(name)),
      ),
      ...onlyIn('the living table', livingOnly),
      ...otherType.map(formatTypes),
      ...(key.length > 0
        ? []
        : [
            'it has no unique key that can be compared, so whole rows are counted: a changed row is one missing and one extra',
          ]),
    ],
  };
}

const onlyIn = (where: string, columns: readonly SideColumn[]) =>
  columns.length === 0
    ? []
    : [`not compared, because only ${where} has it: ${columns.map(({ name }) => name).join(', ')}`];

/** Integers are written alike whatever their size, and so are texts. A copy's column without NOT NULL may have NULLs. */
function isSameKey(copy: SideColumn | undefined, living: SideColumn): boolean {
  if (!copy?.notNull || copy.canonical !== living.canonical) return false;
  return copy.type === living.type || (copy.integer && living.integer) || (isText(copy) && isText(living));
}

const isText = ({ type }: SideColumn) => /^(?:text|character varying(?:\(\d+\))?)$/.test(type);
const SIZES = ['smallint', 'integer', 'bigint'];

/** Does every value of the copy stay itself in the living table's type? */
function isWider(copy: SideColumn, living: SideColumn): boolean {
  if (isText(copy) && isText(living)) return true; // one that is too long is an error
  return SIZES.includes(copy.type) && SIZES.indexOf(copy.type) <= SIZES.indexOf(living.type);
}

/** SQL of a row's content as text: columns in the order of their names, NULL and '' distinct. */
export function rowText(columns: readonly string[], of = ''): string {
  const from = of === '' ? '' : `${of}.`;
  return `row(${columns.map((column) => `${from}${identifier(column)}`).join(', ')})::text collate "C"`;
}

/** The FROM item of a table of one side. */
export function relation({
  schema,
  name,
  partitioned,
}: Pick<SideTable, 'schema' | 'name' | 'partitioned'>): string {
  return `${partitioned ? '' : 'only '}${identifier(schema, name)}`;
}

/** For messages, and as SQL if it needs no quotation marks. */
export const fullName = ({ schema, name }: { schema: string; name: string }) => `${schema}.${name}`;
