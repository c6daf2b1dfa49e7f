import { notOfExtension, ours } from './ours.ts';

/**
 * One query a kind of object; each returns `name` and `definition`. Whatever a dump carries is in here; what belongs to
 * an extension is not (the extension brings it). Orders that a restore may change (columns of inheriting tables,
 * privileges, roles of a policy) are sorted, and versions of extensions stay out: a restore installs the local one.
 */
const RELATION = `from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where ${ours('n')} and ${notOfExtension('pg_class', 'c.oid')}`;
const NAME = "pg_catalog.format('%I.%I', n.nspname, c.relname)";
const SIGNATURE =
  "pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid))";

/**
 * An array of options or settings, in order: a restore sorts them by name. Minor releases since November 2026 keep a
 * `pg_attver` among a column's options, which is bookkeeping: pg_dump leaves it out too.
 */
const SORTED = (options: string) =>
  `(select pg_catalog.string_agg(option, ',' order by option collate "C") from pg_catalog.unnest(${options}) option where option !~ '^pg_attver=')`;

/** Who may do what, one line a grantee, with what is implied when nothing was ever granted. */
const PRIVILEGES = (
  acl: string,
  kind: string,
  owner: string,
) => `(select coalesce(pg_catalog.string_agg(line, E'\\n' order by line), '') from (
  select pg_catalog.format('%s: %s%s', case when a.grantee = 0 then 'PUBLIC' else pg_catalog.pg_get_userbyid(a.grantee) end, a.privilege_type, case when a.is_grantable then ' with grant option' end) as line
  from pg_catalog.aclexplode(coalesce(${acl}, pg_catalog.acldefault('${kind}', ${owner}))) a) granted)`;

/** Every sort of object that has an owner and may have privileges: kind of object, its name, owner and privileges. */
const OWNED = `
  select case c.relkind when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' else 'table' end || ' ' || ${NAME} as name, c.relowner as owner,
    case when c.relkind = 'S' then ${PRIVILEGES('c.relacl', 's', 'c.relowner')} else ${PRIVILEGES('c.relacl', 'r', 'c.relowner')} end as privileges
    ${RELATION} and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  union all select 'schema ' || pg_catalog.quote_ident(n.nspname), n.nspowner, ${PRIVILEGES('n.nspacl', 'n', 'n.nspowner')}
    from pg_catalog.pg_namespace n where ${ours('n')} and ${notOfExtension('pg_namespace', 'n.oid')}
  union all select 'function ' || ${SIGNATURE}, p.proowner, ${PRIVILEGES('p.proacl', 'f', 'p.proowner')}
    from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace where ${ours('n')} and ${notOfExtension('pg_proc', 'p.oid')}
  union all select 'type ' || pg_catalog.format('%I.%I', n.nspname, t.typname), t.typowner, ${PRIVILEGES('t.typacl', 'T', 't.typowner')}
    from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace where ${ours('n')} and ${notOfExtension('pg_type', 't.oid')}
    and t.typtype in ('e', 'd', 'r') or (t.typtype = 'c' and ${ours('n')} and ${notOfExtension('pg_type', 't.oid')} and exists (select from pg_catalog.pg_class c where c.oid = t.typrelid and c.relkind = 'c'))`;

export const SCHEMA_QUERIES: Record<string, string> = {
  schema: `select pg_catalog.quote_ident(n.nspname) as name, '' as definition from pg_catalog.pg_namespace n where ${ours('n')} and ${notOfExtension('pg_namespace', 'n.oid')}`,

  extension: `select e.extname as name, n.nspname as definition from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname <> 'plpgsql'`,

  table: `select ${NAME} as name, pg_catalog.concat_ws(E'\\n', c.relkind, c.relpersistence, c.relreplident, c.relrowsecurity, c.relforcerowsecurity,
      ${SORTED('c.reloptions')},
      (select am.amname from pg_catalog.pg_am am where am.oid = c.relam),
      case when c.relkind = 'p' then pg_catalog.pg_get_partkeydef(c.oid) end, pg_catalog.pg_get_expr(c.relpartbound, c.oid),
      (select pg_catalog.string_agg(i.inhparent::pg_catalog.regclass::text, ',' order by i.inhseqno) from pg_catalog.pg_inherits i where i.inhrelid = c.oid),
      (select pg_catalog.concat_ws(',', s.srvname, ${SORTED('f.ftoptions')}) from pg_catalog.pg_foreign_table f join pg_catalog.pg_foreign_server s on s.oid = f.ftserver where f.ftrelid = c.oid)) as definition
    ${RELATION} and c.relkind in ('r', 'p', 'f')`,

  column: `select ${NAME} || '.' || pg_catalog.quote_ident(a.attname) as name, pg_catalog.concat_ws(E'\\n', pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
      pg_catalog.pg_get_expr(ad.adbin, ad.adrelid), 'identity', a.attidentity, 'generated', a.attgenerated, a.attstorage, a.attislocal, pg_catalog.to_jsonb(a) ->> 'attcompression', pg_catalog.to_jsonb(a) ->> 'attstattarget', ${SORTED('a.attoptions')}, ${SORTED('a.attfdwoptions')},
      (select pg_catalog.format('%I.%I', cn.nspname, co.collname) from pg_catalog.pg_collation co join pg_catalog.pg_namespace cn on cn.oid = co.collnamespace where co.oid = a.attcollation),
      'privileges', (select pg_catalog.string_agg(pg_catalog.format('%s: %s%s', case when x.grantee = 0 then 'PUBLIC' else pg_catalog.pg_get_userbyid(x.grantee) end, x.privilege_type, case when x.is_grantable then ' with grant option' end), ',' order by x.grantee::pg_catalog.regrole::text, x.privilege_type) from pg_catalog.aclexplode(a.attacl) x)) as definition
    from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_attrdef ad on ad.adrelid = a.attrelid and ad.adnum = a.attnum
    where ${ours('n')} and ${notOfExtension('pg_class', 'c.oid')} and c.relkind in ('r', 'p', 'f', 'v', 'm', 'c') and a.attnum > 0 and not a.attisdropped`,

  // Indexes left invalid by a failed CREATE INDEX CONCURRENTLY are in no dump.
  index: `select pg_catalog.format('%I.%I', n.nspname, ic.relname) as name, pg_catalog.concat_ws(E'\\n', pg_catalog.pg_get_indexdef(i.indexrelid), i.indisclustered, i.indisreplident, ${SORTED('ic.reloptions')}) as definition
    from pg_catalog.pg_index i join pg_catalog.pg_class ic on ic.oid = i.indexrelid join pg_catalog.pg_class c on c.oid = i.indrelid join pg_catalog.pg_namespace n on n.oid = ic.relnamespace
    where ${ours('n')} and ${notOfExtension('pg_class', 'c.oid')} and (i.indisvalid or c.relkind = 'p')`,

  constraint: `select case when c.oid is null then pg_catalog.format_type(k.contypid, null) else ${NAME} end || ' ' || pg_catalog.quote_ident(k.conname) as name, pg_catalog.pg_get_constraintdef(k.oid) as definition
    from pg_catalog.pg_constraint k left join pg_catalog.pg_class c on c.oid = k.conrelid join pg_catalog.pg_namespace n on n.oid = k.connamespace
    where ${ours('n')} and k.contype <> 't' and ${notOfExtension('pg_class', 'k.conrelid')} and ${notOfExtension('pg_type', 'k.contypid')}`,

  trigger: `select ${NAME} || ' ' || pg_catalog.quote_ident(t.tgname) as name, pg_catalog.pg_get_triggerdef(t.oid) || E'\\n' || t.tgenabled::text as definition
    from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace where ${ours('n')} and not t.tgisinternal and ${notOfExtension('pg_trigger', 't.oid')}`,

  rule: `select ${NAME} || ' ' || pg_catalog.quote_ident(r.rulename) as name, pg_catalog.pg_get_ruledef(r.oid) || E'\\n' || r.ev_enabled::text as definition
    from pg_catalog.pg_rewrite r join pg_catalog.pg_class c on c.oid = r.ev_class join pg_catalog.pg_namespace n on n.oid = c.relnamespace where ${ours('n')} and r.rulename <> '_RETURN' and ${notOfExtension('pg_class', 'c.oid')}`,

  function: `select ${SIGNATURE} as name, case when p.prokind = 'a' then (select pg_catalog.concat_ws(',', g.aggkind, g.aggtransfn::text, g.aggfinalfn::text, g.aggcombinefn::text, g.aggserialfn::text, g.aggmtransfn::text, g.aggminvtransfn::text, g.aggmfinalfn::text, g.aggsortop::pg_catalog.regoperator::text, p.proparallel, pg_catalog.format_type(g.aggtranstype, null), g.agginitval) from pg_catalog.pg_aggregate g where g.aggfnoid = p.oid) else pg_catalog.pg_get_functiondef(p.oid) end as definition
    from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace where ${ours('n')} and ${notOfExtension('pg_proc', 'p.oid')}`,

  view: `select ${NAME} as name, pg_catalog.concat_ws(E'\\n', pg_catalog.pg_get_viewdef(c.oid), ${SORTED('c.reloptions')}) as definition ${RELATION} and c.relkind = 'v'`,

  'materialized view': `select ${NAME} as name, pg_catalog.concat_ws(E'\\n', pg_catalog.pg_get_viewdef(c.oid), ${SORTED('c.reloptions')}, c.relispopulated) as definition ${RELATION} and c.relkind = 'm'`,

  policy: `select ${NAME} || ' ' || pg_catalog.quote_ident(p.polname) as name, pg_catalog.concat_ws(E'\\n', p.polcmd, p.polpermissive,
      (select pg_catalog.string_agg(case when role = 0 then 'PUBLIC' else pg_catalog.pg_get_userbyid(role) end, ',' order by case when role = 0 then 'PUBLIC' else pg_catalog.pg_get_userbyid(role) end) from pg_catalog.unnest(p.polroles) role),
      'using ' || pg_catalog.pg_get_expr(p.polqual, p.polrelid), 'check ' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)) as definition
    from pg_catalog.pg_policy p join pg_catalog.pg_class c on c.oid = p.polrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace where ${ours('n')}`,

  sequence: `select ${NAME} as name, pg_catalog.concat_ws(',', pg_catalog.format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmax, s.seqmin, s.seqcache, s.seqcycle, c.relpersistence,
      (select d.refobjid::pg_catalog.regclass::text || '.' || a.attname from pg_catalog.pg_depend d join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype in ('a', 'i') and d.refobjsubid > 0)) as definition
    from pg_catalog.pg_sequence s join pg_catalog.pg_class c on c.oid = s.seqrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace where ${ours('n')} and ${notOfExtension('pg_class', 'c.oid')}`,

  type: `select pg_catalog.format('%I.%I', n.nspname, t.typname) as name, pg_catalog.concat_ws(E'\\n', t.typtype,
      (select pg_catalog.string_agg(e.enumlabel, E'\\n' order by e.enumsortorder) from pg_catalog.pg_enum e where e.enumtypid = t.oid),
      case when t.typtype = 'd' then pg_catalog.concat_ws(',', pg_catalog.format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault) end,
      (select pg_catalog.concat_ws(',', pg_catalog.format_type(r.rngsubtype, null), r.rngsubdiff::text, r.rngcanonical::text, pg_catalog.format_type((pg_catalog.to_jsonb(r) ->> 'rngmultitypid')::oid, null)) from pg_catalog.pg_range r where r.rngtypid = t.oid)) as definition
    from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace where ${ours('n')} and ${notOfExtension('pg_type', 't.oid')} and t.typtype in ('e', 'd', 'r')
    union all select pg_catalog.format('%I.%I', n.nspname, c.relname), 'composite' ${RELATION} and c.relkind = 'c'`,

  owner: `select owned.name, pg_catalog.pg_get_userbyid(owned.owner) as definition from (${OWNED}) owned
    union all select 'large object ' || m.oid, pg_catalog.pg_get_userbyid(m.lomowner) from pg_catalog.pg_largeobject_metadata m
    union all select 'statistics ' || pg_catalog.format('%I.%I', n.nspname, s.stxname), pg_catalog.pg_get_userbyid(s.stxowner) from pg_catalog.pg_statistic_ext s join pg_catalog.pg_namespace n on n.oid = s.stxnamespace where ${ours('n')}
    union all select 'collation ' || pg_catalog.format('%I.%I', n.nspname, c.collname), pg_catalog.pg_get_userbyid(c.collowner) from pg_catalog.pg_collation c join pg_catalog.pg_namespace n on n.oid = c.collnamespace where ${ours('n')} and ${notOfExtension('pg_collation', 'c.oid')}
    union all select 'operator ' || pg_catalog.format('%I.%s(%s, %s)', n.nspname, o.oprname, pg_catalog.format_type(o.oprleft, null), pg_catalog.format_type(o.oprright, null)), pg_catalog.pg_get_userbyid(o.oprowner) from pg_catalog.pg_operator o join pg_catalog.pg_namespace n on n.oid = o.oprnamespace where ${ours('n')} and ${notOfExtension('pg_operator', 'o.oid')}
    union all select 'text search configuration ' || pg_catalog.format('%I.%I', n.nspname, t.cfgname), pg_catalog.pg_get_userbyid(t.cfgowner) from pg_catalog.pg_ts_config t join pg_catalog.pg_namespace n on n.oid = t.cfgnamespace where ${ours('n')} and ${notOfExtension('pg_ts_config', 't.oid')}`,
  grant: `select owned.name, owned.privileges as definition from (${OWNED}) owned
    union all select 'large object ' || m.oid, ${PRIVILEGES('m.lomacl', 'L', 'm.lomowner')} from pg_catalog.pg_largeobject_metadata m`,
  'default privilege': `select pg_catalog.concat_ws(' ', pg_catalog.pg_get_userbyid(d.defaclrole), n.nspname, d.defaclobjtype) as name, ${PRIVILEGES('d.defaclacl', 'r', 'd.defaclrole')} as definition
    from pg_catalog.pg_default_acl d left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace`,

  statistics: `select pg_catalog.format('%I.%I', n.nspname, s.stxname) as name, pg_catalog.pg_get_statisticsobjdef(s.oid) || coalesce(pg_catalog.to_jsonb(s) ->> 'stxstattarget', '') as definition from pg_catalog.pg_statistic_ext s join pg_catalog.pg_namespace n on n.oid = s.stxnamespace where ${ours('n')}`,
  collation: `select pg_catalog.format('%I.%I', n.nspname, c.collname) as name, pg_catalog.concat_ws(',', c.collprovider, c.collisdeterministic, c.collcollate, c.collctype, pg_catalog.to_jsonb(c) ->> 'colliculocale', pg_catalog.to_jsonb(c) ->> 'colllocale') as definition from pg_catalog.pg_collation c join pg_catalog.pg_namespace n on n.oid = c.collnamespace where ${ours('n')} and ${notOfExtension('pg_collation', 'c.oid')}`,
  cast: `select pg_catalog.format('%s as %s', pg_catalog.format_type(c.castsource, null), pg_catalog.format_type(c.casttarget, null)) as name, pg_catalog.concat_ws(',', c.castfunc::pg_catalog.regprocedure::text, c.castcontext, c.castmethod) as definition from pg_catalog.pg_cast c where c.oid >= 16384 and ${notOfExtension('pg_cast', 'c.oid')}`,
  operator: `select pg_catalog.format('%I.%s(%s, %s)', n.nspname, o.oprname, pg_catalog.format_type(o.oprleft, null), pg_catalog.format_type(o.oprright, null)) as name, pg_catalog.concat_ws(',', o.oprcode::text, o.oprcanhash, o.oprcanmerge, o.oprrest::text, o.oprjoin::text, o.oprcom::pg_catalog.regoperator::text, o.oprnegate::pg_catalog.regoperator::text) as definition from pg_catalog.pg_operator o join pg_catalog.pg_namespace n on n.oid = o.oprnamespace where ${ours('n')} and ${notOfExtension('pg_operator', 'o.oid')}`,
  'operator class': `select pg_catalog.format('%I.%I using %s', n.nspname, o.opcname, am.amname) as name, pg_catalog.format_type(o.opcintype, null) || ' ' || o.opcdefault as definition from pg_catalog.pg_opclass o join pg_catalog.pg_am am on am.oid = o.opcmethod join pg_catalog.pg_namespace n on n.oid = o.opcnamespace where ${ours('n')} and ${notOfExtension('pg_opclass', 'o.oid')}`,
  'text search configuration': `select pg_catalog.format('%I.%I', n.nspname, t.cfgname) as name, (select pg_catalog.string_agg(pg_catalog.concat_ws(' ', m.maptokentype, m.mapseqno, m.mapdict::pg_catalog.regdictionary), ',' order by m.maptokentype, m.mapseqno) from pg_catalog.pg_ts_config_map m where m.mapcfg = t.oid) as definition from pg_catalog.pg_ts_config t join pg_catalog.pg_namespace n on n.oid = t.cfgnamespace where ${ours('n')} and ${notOfExtension('pg_ts_config', 't.oid')}`,
  'foreign server': `select s.srvname as name, pg_catalog.concat_ws(',', w.fdwname, s.srvtype, s.srvversion, pg_catalog.pg_get_userbyid(s.srvowner), ${SORTED('s.srvoptions')}, ${PRIVILEGES('s.srvacl', 'S', 's.srvowner')}) as definition from pg_catalog.pg_foreign_server s join pg_catalog.pg_foreign_data_wrapper w on w.oid = s.srvfdw where ${notOfExtension('pg_foreign_server', 's.oid')}`,
  publication: `select p.pubname as name, pg_catalog.concat_ws(',', p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot, (select pg_catalog.string_agg(pg_catalog.to_jsonb(t)::text, ',' order by t.schemaname, t.tablename) from pg_catalog.pg_publication_tables t where t.pubname = p.pubname)) as definition from pg_catalog.pg_publication p`,
  'user mapping': `select m.srvname || ' ' || m.usename as name, '' as definition from pg_catalog.pg_user_mappings m`,
  'text search dictionary': `select pg_catalog.format('%I.%I', n.nspname, t.dictname) as name, pg_catalog.concat_ws(',', t.dictinitoption, pg_catalog.pg_get_userbyid(t.dictowner), (select m.tmplname from pg_catalog.pg_ts_template m where m.oid = t.dicttemplate)) as definition from pg_catalog.pg_ts_dict t join pg_catalog.pg_namespace n on n.oid = t.dictnamespace where ${ours('n')} and ${notOfExtension('pg_ts_dict', 't.oid')}`,
  'event trigger': `select e.evtname as name, pg_catalog.concat_ws(',', e.evtevent, e.evtfoid::pg_catalog.regprocedure::text, e.evtenabled, ${SORTED('e.evttags')}) as definition from pg_catalog.pg_event_trigger e where ${notOfExtension('pg_event_trigger', 'e.oid')}`,

  comment: `select i.type || ' ' || i.identity as name, d.description as definition from pg_catalog.pg_description d, lateral pg_catalog.pg_identify_object(d.classoid, d.objoid, d.objsubid) i
    where d.objoid >= 16384 and i.type not in ('extension') and i.schema is distinct from 'information_schema'
    and coalesce(i.schema, '') !~ '^pg_' and i.identity !~ '\\mpg_temp_\\d+\\.'
    and not exists (select from pg_catalog.pg_depend x where x.classid = d.classoid and x.objid = d.objoid and x.deptype = 'e')`,
};
