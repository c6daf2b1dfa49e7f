import type { Client } from 'pg';
import { rows } from '../connection.ts';
import type { ActingKey, FedSequence } from './patch-sql.ts';

/** A foreign key: `from` refers to `to`, both as `schema.name`. */
export type ForeignKey = ActingKey & { from: string; to: string; acts: boolean };

/** The foreign keys of a database, those of partitions through the tables above them. */
export async function foreignKeys(client: Client): Promise<ForeignKey[]> {
  return rows<ForeignKey>(
    client,
    `select n.nspname as schema, c.relname as name, c.relkind = 'p' as partitioned,
      n.nspname || '.' || c.relname as "from", fn.nspname || '.' || f.relname as "to", k.confdeltype in ('c', 'n', 'd') as acts,
      (select pg_catalog.json_agg(a.attname order by u.position) from pg_catalog.unnest(k.conkey) with ordinality u (number, position) join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.number) as columns,
      (select pg_catalog.json_agg(a.attname order by u.position) from pg_catalog.unnest(k.confkey) with ordinality u (number, position) join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.number) as refers
     from pg_catalog.pg_constraint k
     join pg_catalog.pg_class c on c.oid = k.conrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     join pg_catalog.pg_class f on f.oid = k.confrelid join pg_catalog.pg_namespace fn on fn.oid = f.relnamespace
     where k.contype = 'f' and k.conparentid = 0
     order by 1, 2, k.conname`,
  );
}

/** By table, as `schema.name`: the sequences that its columns of integers draw from, owned or only by default. */
export async function feedingSequences(client: Client): Promise<Map<string, FedSequence[]>> {
  const found = await rows<FedSequence & { table: string }>(
    client,
    `select distinct n.nspname || '.' || c.relname as "table", pg_catalog.format('%I.%I', sn.nspname, s.relname) as sequence, a.attname as "column", q.seqincrement < 0 as descending
     from pg_catalog.pg_depend d
     join pg_catalog.pg_class s on s.relkind = 'S'
     join pg_catalog.pg_sequence q on q.seqrelid = s.oid
     join pg_catalog.pg_namespace sn on sn.oid = s.relnamespace
     left join pg_catalog.pg_attrdef def on d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and def.oid = d.objid
     join pg_catalog.pg_class c on c.oid = coalesce(def.adrelid, d.refobjid) and c.relkind in ('r', 'p')
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = coalesce(def.adnum, d.refobjsubid)
     where a.atttypid in ('int2'::pg_catalog.regtype, 'int4'::pg_catalog.regtype, 'int8'::pg_catalog.regtype) and (
       d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = s.oid and d.deptype in ('a', 'i') and d.refobjsubid > 0
       or def.oid is not null and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid = s.oid)`,
  );
  const byTable = new Map<string, FedSequence[]>();
  for (const { table, ...sequence } of found) byTable.set(table, [...(byTable.get(table) ?? []), sequence]);
  return byTable;
}

/**
 * The names in an order in which each stands after those that it refers to; names that refer to each other stand
 * together (Tarjan's strongly connected components).
 */
export function inOrderOfReference(
  names: readonly string[],
  keys: readonly Pick<ForeignKey, 'from' | 'to'>[],
): string[][] {
  const refers = (name: string) =>
    keys.filter(({ from, to }) => from === name && names.includes(to)).map(({ to }) => to);
  const indices = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const groups: string[][] = [];
  const visit = (name: string) => {
    indices.set(name, indices.size);
    low.set(name, indices.get(name)!);
    stack.push(name);
    for (const next of refers(name)) {
      if (!indices.has(next)) visit(next);
      if (stack.includes(next)) low.set(name, Math.min(low.get(name)!, low.get(next)!));
    }
    if (low.get(name) !== indices.get(name)) return;
    groups.push(stack.splice(stack.indexOf(name)).reverse());
  };
  for (const name of names) if (!indices.has(name)) visit(name);
  return groups;
}
