import type { Client } from 'pg';
import { rows } from '../connection.ts';
import { keyOf } from '../facts/writes.ts';
import type { FedSequence } from './patch-sql.ts';

/** A foreign key of one table to another; `acts`: it deletes or empties rows that refer to a deleted one. */
export type ForeignKey = { from: TableName; to: TableName; acts: boolean };
type TableName = { schema: string; name: string };

/** The foreign keys of a database, those of partitions through the tables above them. */
export async function foreignKeys(client: Client): Promise<ForeignKey[]> {
  return rows<ForeignKey>(
    client,
    `select pg_catalog.json_build_object('schema', n.nspname, 'name', c.relname) as "from",
      pg_catalog.json_build_object('schema', fn.nspname, 'name', f.relname) as "to", k.confdeltype in ('c', 'n', 'd') as acts
     from pg_catalog.pg_constraint k
     join pg_catalog.pg_class c on c.oid = k.conrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     join pg_catalog.pg_class f on f.oid = k.confrelid join pg_catalog.pg_namespace fn on fn.oid = f.relnamespace
     where k.contype = 'f' and k.conparentid = 0
     order by n.nspname, c.relname, k.conname`,
  );
}

/** By table, in the form of `keyOf`: the sequences that its columns of integers draw from, owned or only by default. */
export async function feedingSequences(client: Client): Promise<Map<string, FedSequence[]>> {
  const found = await rows<FedSequence & TableName>(
    client,
    `select distinct n.nspname as schema, c.relname as name, pg_catalog.format('%I.%I', sn.nspname, s.relname) as sequence, a.attname as "column", q.seqincrement < 0 as descending
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
  for (const { schema, name, ...sequence } of found) {
    const key = keyOf(schema, name);
    byTable.set(key, [...(byTable.get(key) ?? []), sequence]);
  }
  return byTable;
}
