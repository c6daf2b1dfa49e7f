import type { Client } from 'pg';
import { InputError } from '../../../../domain/errors.ts';
import { didYouMean } from '../../../../domain/nearest.ts';
import { rows } from '../connection.ts';
import { notOfExtension, ours } from '../facts/ours.ts';
import { identifier } from '../sql.ts';

/** A table as one side has it; partitions belong to the table above them. */
export type SideTable = {
  schema: string;
  name: string;
  /** Does it have partitions? Otherwise only its own rows count, not those of tables that inherit from it. */
  partitioned: boolean;
  columns: SideColumn[];
  /** Unique keys without NULL, conditions and expressions; the primary key first. */
  keys: string[][];
  /** The tables that hold its rows: itself, or its partitions. */
  leaves: { schema: string; name: string }[];
  triggers: { name: string; always: boolean }[];
  rules: string[];
};

type SideColumn = {
  name: string;
  /** With its schema, as SQL. */
  type: string;
  /** How its values are written so that equal ones are the same text; absent where that is not possible. */
  canonical: string | null;
  /** Of the integers from smallint to bigint. */
  integer: boolean;
  uuid: boolean;
  generated: boolean;
  /** GENERATED ALWAYS AS IDENTITY. */
  always: boolean;
};

/** A table that both sides have, and how its rows are told apart. */
export type ComparableTable = {
  schema: string;
  name: string;
  partitioned: boolean;
  columns: string[];
  types: string[];
  /** Column names; empty: by whole rows. */
  key: string[];
  /** SQL of the key as text. */
  keyText: string;
  /** SQL of the single integer that is its key. */
  integerKey?: string;
  /** SQL of a hash of its key. */
  keyHash: string;
  living: SideTable;
  notes: string[];
};

/** The tables of a session's database, without those of extensions, of Understudy, and of rows that it put aside. */
export async function sideTables(client: Client): Promise<SideTable[]> {
  const found = await rows<{ table: SideTable }>(client, TABLES);
  return found.map(({ table }) => table);
}

/** Values of these types are equal exactly when their texts are; NULL stands for other expressions below. */
const TABLES = `
  with kinds as (
    select t.oid, coalesce(base.oid, t.oid) as base, coalesce(base.typname, t.typname) as name, coalesce(base.typtype, t.typtype) as kind,
      coalesce(base.typnamespace, t.typnamespace) = 'pg_catalog'::pg_catalog.regnamespace as builtin
    from pg_catalog.pg_type t left join pg_catalog.pg_type base on t.typtype = 'd' and base.oid = t.typbasetype),
  columns as (
    select a.attrelid, a.attnum, a.attnotnull, a.attname, a.attgenerated <> '' as generated, a.attidentity = 'a' as always,
      pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
      k.builtin and k.name in ('int2', 'int4', 'int8') as integer, k.builtin and k.name = 'uuid' as uuid,
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
    select i.indrelid, i.indisprimary, pg_catalog.json_agg(c.attname order by k.position) as columns, i.indexrelid
    from pg_catalog.pg_index i, lateral pg_catalog.unnest(i.indkey::int2[]) with ordinality k (number, position), columns c
    where i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null and k.position <= i.indnkeyatts
      and c.attrelid = i.indrelid and c.attnum = k.number
    group by i.indrelid, i.indexrelid, i.indisprimary, i.indnkeyatts
    having pg_catalog.count(*) = i.indnkeyatts and pg_catalog.bool_and(c.attnotnull and c.canonical is not null and not c.generated))
  select pg_catalog.json_build_object(
    'schema', n.nspname, 'name', c.relname, 'partitioned', c.relkind = 'p',
    'columns', coalesce((select pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname, 'type', a.type, 'canonical', a.canonical, 'integer', a.integer, 'uuid', a.uuid, 'generated', a.generated, 'always', a.always) order by a.attname collate "C")
      from columns a where a.attrelid = c.oid), '[]'),
    'keys', coalesce((select pg_catalog.json_agg(k.columns order by k.indisprimary desc, k.indexrelid) from keys k where k.indrelid = c.oid), '[]'),
    'leaves', case when c.relkind = 'p' then coalesce((select pg_catalog.json_agg(pg_catalog.json_build_object('schema', ln.nspname, 'name', l.relname))
        from pg_catalog.pg_partition_tree(c.oid) tree join pg_catalog.pg_class l on l.oid = tree.relid join pg_catalog.pg_namespace ln on ln.oid = l.relnamespace where tree.isleaf and l.relkind = 'r'), '[]')
      else pg_catalog.json_build_array(pg_catalog.json_build_object('schema', n.nspname, 'name', c.relname)) end,
    'triggers', coalesce((select pg_catalog.json_agg(pg_catalog.json_build_object('name', t.tgname, 'always', t.tgenabled = 'A') order by t.tgname)
      from pg_catalog.pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal and t.tgenabled in ('O', 'A')), '[]'),
    'rules', coalesce((select pg_catalog.json_agg(r.rulename) from pg_catalog.pg_rewrite r where r.ev_class = c.oid and r.ev_enabled in ('O', 'A')), '[]')) as "table"
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and c.relpersistence <> 't' and not c.relispartition
    and ${ours('n')} and n.nspname <> 'understudy' and n.nspname not like 'understudy\\_restored\\_%' and ${notOfExtension('pg_class', 'c.oid')}
  order by n.nspname collate "C", c.relname collate "C"`;

/** The tables whose names were given, or all. Rejects with every unknown one. */
export function chosenTables<T extends SideTable>(
  all: readonly T[],
  names: readonly string[] | undefined,
): T[] {
  if (names === undefined) return [...all];
  const mistakes: string[] = [];
  const chosen = names.flatMap((name) => {
    const found = all.filter((table) => spellings(table).includes(name));
    if (found.length === 1) return found;
    mistakes.push(whyNotOne(name, found, all));
    return [];
  });
  if (mistakes.length > 0) throw new InputError('these tables cannot be chosen:', mistakes);
  return [...new Set(chosen)];
}

function spellings({ schema, name }: SideTable): string[] {
  return [`${schema}.${name}`, identifier(schema, name), name];
}

function whyNotOne(name: string, found: readonly SideTable[], all: readonly SideTable[]): string {
  if (found.length > 1)
    return `${name}: it is in several schemas; write ${found.map(({ schema }) => `${schema}.${name}`).join(' or ')}`;
  const above = all.find(
    ({ partitioned, leaves }) =>
      partitioned && leaves.some((leaf) => leaf.name === name || `${leaf.schema}.${leaf.name}` === name),
  );
  if (above) return `${name} is a partition; write ${above.schema}.${above.name}`;
  const near = didYouMean(
    name,
    all.map((table) => `${table.schema}.${table.name}`),
  );
  return `${name}: the recovery point has no such table${near ? ` (${near})` : ''}`;
}

/** How the rows of a table that both sides have are compared. */
export function comparable(copy: SideTable, living: SideTable): ComparableTable {
  const notes: string[] = [];
  const columnsOf = ({ columns }: SideTable) => columns.filter(({ generated }) => !generated);
  const here = new Map(columnsOf(living).map((column) => [column.name, column]));
  const both = columnsOf(copy).filter(({ name }) => here.has(name));
  const names = new Set(both.map(({ name }) => name));
  const onlyIn = (side: SideTable) => columnsOf(side).filter(({ name }) => !names.has(name));
  for (const [where, side] of [
    ['the copy', copy],
    ['the living table', living],
  ] as const) {
    const only = onlyIn(side).map(({ name }) => name);
    if (only.length > 0) notes.push(`not compared, because only ${where} has it: ${only.join(', ')}`);
  }
  for (const { name, type } of both)
    if (here.get(name)!.type !== type)
      notes.push(`${name} is ${type} in the copy and ${here.get(name)!.type} in the living table`);
  const usable = living.keys.find((key) =>
    key.every((name) => both.some((column) => column.name === name && column.type === here.get(name)!.type)),
  );
  const key = usable ?? [];
  if (key.length === 0)
    notes.push(
      'it has no unique key that can be compared, so whole rows are counted: a changed row is one missing and one extra',
    );
  const texts = key.map((name) => here.get(name)!.canonical!.replace('%s', () => identifier(name)));
  const columns = both.map(({ name }) => name);
  const whole = rowText(columns);
  const keyText =
    texts.length === 0 ? whole : texts.length === 1 ? texts[0]! : `row(${texts.join(', ')})::text`;
  const only = key.length === 1 ? here.get(key[0]!)! : undefined;
  return {
    schema: copy.schema,
    name: copy.name,
    partitioned: living.partitioned,
    columns,
    types: both.map(({ name }) => here.get(name)!.type),
    key,
    keyText,
    // The same on both sides, and faster than that of a text.
    keyHash: only?.uuid
      ? `pg_catalog.uuid_hash_extended(${identifier(only.name)}, 0)`
      : `pg_catalog.hashtextextended(${keyText}, 0)`,
    ...(only?.integer ? { integerKey: identifier(only.name) } : {}),
    living,
    notes,
  };
}

/** SQL of a row's content as text: columns in the order of their names, NULL and '' distinct. */
export function rowText(columns: readonly string[], of = ''): string {
  const from = of === '' ? '' : `${of}.`;
  return `row(${columns.map((column) => `${from}${identifier(column)}`).join(', ')})::text collate "C"`;
}

/** The FROM item of a table. */
export function relation({
  schema,
  name,
  partitioned,
}: Pick<SideTable, 'schema' | 'name' | 'partitioned'>): string {
  return `${partitioned ? '' : 'only '}${identifier(schema, name)}`;
}
