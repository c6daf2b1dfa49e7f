import { notOfExtension, ours } from '../ours.ts';
import {
  collationOf,
  type FactQueries,
  grantsOf,
  lines,
  NAME,
  named,
  RELATION,
  sorted,
} from './fact-queries.ts';

/** Options of a relation and of its TOAST table. */
const RELOPTIONS = `${sorted('c.reloptions')}, 'toast', (select ${sorted('t.reloptions')} from pg_class t where t.oid = c.reltoastrelid)`;

/** Columns of an inheriting table may return in another order; those of a partition keep theirs. */
const POSITION = `case when c.relispartition or not exists (select from pg_inherits i where i.inhrelid = c.oid)
    then (select count(*) from pg_attribute b where b.attrelid = c.oid and b.attnum > 0 and b.attnum <= a.attnum and not b.attisdropped) end`;

/**
 * pg_dump writes DEFAULT NULL for a child without its parent's default, and PostgreSQL keeps that as `NULL::type`
 * where the type has a modifier. It means no default, except for a domain, which may have its own, and in a view,
 * where it overrides the default of the table below.
 */
const DEFAULT = `case when c.relkind <> 'v' and t.typtype <> 'd' and a.attgenerated = '' and pg_get_expr(ad.adbin, ad.adrelid) ~ '^\\(*NULL(::|\\)|$)' then null else pg_get_expr(ad.adbin, ad.adrelid) end`;

/**
 * From 17 on a partition has its parent's identity and pg_dump writes none for it. With two levels a restore attaches
 * the lower one first, and PostgreSQL then passes the identity down one level only.
 */
const IDENTITY = `case when c.relispartition and current_setting('server_version_num')::int >= 170000 then '' else a.attidentity end`;

/** A statistics target that was never set is -1 before PostgreSQL 17 and NULL since. */
const target = (row: string, key: string) => `nullif(to_jsonb(${row}) ->> '${key}', '-1')`;

/**
 * pg_dump writes no constraint that is only inherited, so a copy's is as valid as the parent's. But it writes a valid
 * NOT NULL (PostgreSQL 18) whose parent's is not valid as the child's own, which keeps it valid.
 */
const KEEPS_VALIDITY = "(k.conislocal or k.contype = 'n')";
const CONSTRAINT = `case when ${KEEPS_VALIDITY} then pg_get_constraintdef(k.oid) else regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') end`;

/**
 * PostgreSQL 18 generates a name for a NOT NULL, and numbers one that another table of the schema has (by LIKE).
 * pg_dump does not write a generated name, so a faithful copy may have another number or none.
 */
const CHOSEN = `coalesce(c.relname || '_' || (select a.attname from pg_attribute a where a.attrelid = k.conrelid and a.attnum = k.conkey[1]),
      (select t.typname from pg_type t where t.oid = k.contypid)) || '_not_null'`;
const CONSTRAINT_NAME = `case when k.contype = 'n' and rtrim(k.conname, '0123456789') = ${CHOSEN} then ${CHOSEN} else k.conname end`;

export const TABLES: FactQueries = {
  table: `select ${NAME} as name,
      concat_ws(E'\\n', c.relkind, c.relpersistence, c.relreplident, c.relrowsecurity, c.relforcerowsecurity, ${RELOPTIONS},
        'access method', (select am.amname from pg_am am where am.oid = c.relam),
        'of', case when c.reloftype <> 0 then format_type(c.reloftype, null) end,
        'inherits', (select string_agg(i.inhparent::regclass::text, ',' order by i.inhseqno) from pg_inherits i where i.inhrelid = c.oid),
        'foreign', (select concat_ws(',', s.srvname, ${sorted('f.ftoptions')}) from pg_foreign_table f join pg_foreign_server s on s.oid = f.ftserver where f.ftrelid = c.oid)) as plain,
      array_remove(array[case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end, pg_get_expr(c.relpartbound, c.oid)], null) as expressions
    ${RELATION} and c.relkind in ('r', 'p', 'f')`,

  column: `select ${NAME} || '.' || quote_ident(a.attname) as name,
      concat_ws(E'\\n', ${POSITION}, format_type(a.atttypid, a.atttypmod), a.attnotnull, 'identity', ${IDENTITY}, 'generated', a.attgenerated,
        a.attstorage, a.attislocal, 'compression', to_jsonb(a) ->> 'attcompression', 'statistics', ${target('a', 'attstattarget')},
        ${sorted('a.attoptions')}, ${sorted('a.attfdwoptions')}, ${collationOf('a.attcollation')}, 'privileges', ${grantsOf('a.attacl')}) as plain,
      array_remove(array[${DEFAULT}], null) as expressions
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace join pg_type t on t.oid = a.atttypid
    left join pg_attrdef ad on ad.adrelid = a.attrelid and ad.adnum = a.attnum
    where ${ours('n')} and ${notOfExtension('pg_class', 'c.oid')} and c.relkind in ('r', 'p', 'f', 'v', 'm', 'c') and a.attnum > 0 and not a.attisdropped`,

  // Indexes left invalid by a failed CREATE INDEX CONCURRENTLY are in no dump.
  index: `select ${named('ic.relname')} as name,
      concat_ws(E'\\n', i.indisclustered, i.indisreplident, ${sorted('ic.reloptions')},
        'of', (select h.inhparent::regclass::text from pg_inherits h where h.inhrelid = ic.oid),
        'statistics', (select string_agg(a.attnum || ':' || ${target('a', 'attstattarget')}, ',' order by a.attnum) from pg_attribute a where a.attrelid = ic.oid and a.attnum > 0),
        case when i.indexprs is null and i.indpred is null then pg_get_indexdef(i.indexrelid) end) as plain,
      case when i.indexprs is not null or i.indpred is not null then array[pg_get_indexdef(i.indexrelid)] end as expressions
    from pg_index i join pg_class ic on ic.oid = i.indexrelid join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = ic.relnamespace
    where ${ours('n')} and ${notOfExtension('pg_class', 'c.oid')} and (i.indisvalid or c.relkind = 'p')`,

  // The server keeps clones of foreign keys to and on partitioned tables, under generated names.
  constraint: `select case when c.oid is null then format_type(k.contypid, null) else ${NAME} end || ' ' || quote_ident(${CONSTRAINT_NAME}) as name,
      concat_ws(E'\\n', k.contype, case when ${KEEPS_VALIDITY} then k.convalidated end, case when k.contype not in ('c', 'x') then ${CONSTRAINT} end) as plain,
      case when k.contype in ('c', 'x') then array[${CONSTRAINT}] end as expressions
    from pg_constraint k left join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = k.connamespace
    where ${ours('n')} and k.contype <> 't' and not (k.contype = 'f' and k.conparentid <> 0)
      and ${notOfExtension('pg_class', 'k.conrelid')} and ${notOfExtension('pg_type', 'k.contypid')}`,

  trigger: `select ${NAME} || ' ' || quote_ident(t.tgname) as name, t.tgenabled::text || case when t.tgqual is null then pg_get_triggerdef(t.oid) else '' end as plain,
      case when t.tgqual is not null then array[pg_get_triggerdef(t.oid)] end as expressions
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace where ${ours('n')} and not t.tgisinternal and ${notOfExtension('pg_trigger', 't.oid')} and ${notOfExtension('pg_class', 'c.oid')}`,

  rule: `select ${NAME} || ' ' || quote_ident(r.rulename) as name, r.ev_enabled::text as plain, array[pg_get_ruledef(r.oid)] as expressions
    from pg_rewrite r join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace where ${ours('n')} and r.rulename <> '_RETURN' and ${notOfExtension('pg_class', 'c.oid')}`,

  policy: `select ${NAME} || ' ' || quote_ident(p.polname) as name,
      concat_ws(E'\\n', p.polcmd, p.polpermissive, p.polqual is null, p.polwithcheck is null, ${lines("select case when role = 0 then 'PUBLIC' else pg_get_userbyid(role) end as line from unnest(p.polroles) role", "','")}) as plain,
      array_remove(array[pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)], null) as expressions
    from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace where ${ours('n')} and ${notOfExtension('pg_class', 'c.oid')}`,

  view: `select ${NAME} as name, ${sorted('c.reloptions')} as plain, array[rtrim(pg_get_viewdef(c.oid), ';')] as expressions ${RELATION} and c.relkind = 'v'`,

  'materialized view': `select ${NAME} as name, concat_ws(E'\\n', ${RELOPTIONS}, c.relispopulated, (select am.amname from pg_am am where am.oid = c.relam)) as plain,
      array[rtrim(pg_get_viewdef(c.oid), ';')] as expressions ${RELATION} and c.relkind = 'm'`,

  // pg_dump writes no type for the sequence of an identity column, which gets its column's.
  sequence: `select ${NAME} as name, concat_ws(',', case when not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'i') then format_type(s.seqtypid, null) end, s.seqstart, s.seqincrement, s.seqmax, s.seqmin, s.seqcache, s.seqcycle, c.relpersistence,
      (select d.deptype::text || d.refobjid::regclass::text || '.' || a.attname from pg_depend d join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i') and d.refobjsubid > 0)) as plain
    from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace where ${ours('n')} and ${notOfExtension('pg_class', 'c.oid')}`,

  // The columns by name: inheritance can number them differently, and their order has no meaning.
  statistics: `select ${named('s.stxname')} as name,
      concat_ws(E'\\n', s.stxrelid::regclass::text, (select string_agg(k::text, '' order by k::text collate "C") from unnest(s.stxkind) k), ${target('s', 'stxstattarget')},
        ${lines('select quote_ident(a.attname) as line from pg_attribute a where a.attrelid = s.stxrelid and a.attnum = any (s.stxkeys::int2[])', "','")}) as plain,
      pg_get_statisticsobjdef_expressions(s.oid) as expressions
    from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace where ${ours('n')} and ${notOfExtension('pg_statistic_ext', 's.oid')}`,
};
