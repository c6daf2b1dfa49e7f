import { notOfExtension, ours } from '../ours.ts';
import { type FactQueries, lines, named, privileges, sorted } from './fact-queries.ts';

/**
 * Without tables of extensions. Columns by name, since inheritance can number them differently, and the filter as the
 * server writes it.
 */
const PUBLISHED = lines(
  `select concat_ws(' ', quote_ident(t.schemaname), quote_ident(t.tablename), (select string_agg(quote_ident(a), ',' order by a::text collate "C") from unnest(t.attnames) a)) as line from pg_publication_tables t join pg_namespace n on n.nspname = t.schemaname join pg_class c on c.relnamespace = n.oid and c.relname = t.tablename where t.pubname = p.pubname and ${notOfExtension('pg_class', 'c.oid')}`,
);

/** User mappings whose options this role may see. For every other role pg_user_mappings shows none, and pg_dump writes none. */
const VISIBLE = `(select rolsuper from pg_roles where rolname = current_user) or (m.umuser = 0 and pg_has_role(s.srvowner, 'USAGE'))
  or (m.umuser <> 0 and m.usename = current_user and (pg_has_role(s.srvowner, 'USAGE') or has_server_privilege(s.oid, 'USAGE')))`;

export const OTHERS: FactQueries = {
  schema: `select quote_ident(n.nspname) as name, '' as plain from pg_namespace n where ${ours('n')} and ${notOfExtension('pg_namespace', 'n.oid')}`,

  extension: `select e.extname as name, n.nspname as plain from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname <> 'plpgsql'`,

  collation: `select ${named('c.collname')} as name, concat_ws(',', c.collprovider, c.collisdeterministic, c.collcollate, c.collctype, to_jsonb(c) ->> 'colliculocale', to_jsonb(c) ->> 'colllocale', 'rules ' || (to_jsonb(c) ->> 'collicurules')) as plain
    from pg_collation c join pg_namespace n on n.oid = c.collnamespace where ${ours('n')} and ${notOfExtension('pg_collation', 'c.oid')}`,

  'text search configuration': `select ${named('t.cfgname')} as name, concat_ws(E'\\n', t.cfgparser::regclass::text, (select string_agg(concat_ws(' ', m.maptokentype, m.mapseqno, m.mapdict::regdictionary), ',' order by m.maptokentype, m.mapseqno) from pg_ts_config_map m where m.mapcfg = t.oid)) as plain
    from pg_ts_config t join pg_namespace n on n.oid = t.cfgnamespace where ${ours('n')} and ${notOfExtension('pg_ts_config', 't.oid')}`,

  'text search dictionary': `select ${named('t.dictname')} as name, concat_ws(',', t.dictinitoption, pg_get_userbyid(t.dictowner), (select format('%I.%I', tn.nspname, m.tmplname) from pg_ts_template m join pg_namespace tn on tn.oid = m.tmplnamespace where m.oid = t.dicttemplate)) as plain
    from pg_ts_dict t join pg_namespace n on n.oid = t.dictnamespace where ${ours('n')} and ${notOfExtension('pg_ts_dict', 't.oid')}`,

  'text search parser': `select ${named('t.prsname')} as name, concat_ws(',', t.prsstart::text, t.prstoken::text, t.prsend::text, t.prsheadline::text, t.prslextype::text) as plain
    from pg_ts_parser t join pg_namespace n on n.oid = t.prsnamespace where ${ours('n')} and ${notOfExtension('pg_ts_parser', 't.oid')}`,

  'text search template': `select ${named('t.tmplname')} as name, concat_ws(',', t.tmplinit::text, t.tmpllexize::text) as plain
    from pg_ts_template t join pg_namespace n on n.oid = t.tmplnamespace where ${ours('n')} and ${notOfExtension('pg_ts_template', 't.oid')}`,

  'foreign-data wrapper': `select quote_ident(w.fdwname) as name, concat_ws(',', nullif(w.fdwhandler, 0)::regprocedure::text, nullif(w.fdwvalidator, 0)::regprocedure::text, ${sorted('w.fdwoptions')}, ${privileges('w.fdwacl', 'F', 'w.fdwowner')}) as plain
    from pg_foreign_data_wrapper w where ${notOfExtension('pg_foreign_data_wrapper', 'w.oid')}`,

  'foreign server': `select s.srvname as name, concat_ws(',', w.fdwname, s.srvtype, s.srvversion, pg_get_userbyid(s.srvowner), ${sorted('s.srvoptions')}, ${privileges('s.srvacl', 'S', 's.srvowner')}) as plain
    from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw where ${notOfExtension('pg_foreign_server', 's.oid')}`,

  'user mapping': `select m.srvname || ' ' || m.usename as name, ${sorted('m.umoptions')} as plain, not (${VISIBLE}) as hidden from pg_user_mappings m join pg_foreign_server s on s.oid = m.srvid`,

  publication: `select p.pubname as name, concat_ws(',', p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot, to_jsonb(p) ->> 'pubgencols', ${PUBLISHED},
      ${lines('select quote_ident(n.nspname) as line from pg_publication_namespace s join pg_namespace n on n.oid = s.pnnspid where s.pnpubid = p.oid')}) as plain,
      (select array_agg(pg_get_expr(r.prqual, r.prrelid) order by r.prrelid::regclass::text collate "C") from pg_publication_rel r where r.prpubid = p.oid and r.prqual is not null) as expressions
    from pg_publication p`,

  'event trigger': `select e.evtname as name, concat_ws(',', e.evtevent, e.evtfoid::regprocedure::text, e.evtenabled, ${sorted('e.evttags')}) as plain from pg_event_trigger e where ${notOfExtension('pg_event_trigger', 'e.oid')}`,

  'security label': `select l.provider || ' on ' || i.type || ' ' || i.identity as name, l.label as plain from pg_seclabel l, lateral pg_identify_object(l.classoid, l.objoid, l.objsubid) i where l.objoid >= 16384`,

  'extension dependency': `select e.extname || ': ' || i.type || ' ' || i.identity as name, '' as plain from pg_depend d join pg_extension e on e.oid = d.refobjid, lateral pg_identify_object(d.classid, d.objid, 0) i
    where d.refclassid = 'pg_extension'::regclass and d.deptype = 'x'`,

  // Excludes what a copy omits on purpose (subscriptions), what the server clones from a parent or a table
  // only inherits (a CHECK), and what belongs to a table of an extension.
  comment: `select i.type || ' ' || i.identity as name, d.description as plain from pg_description d, lateral pg_identify_object(d.classoid, d.objoid, d.objsubid) i
    where d.objoid >= 16384 and i.type not in ('extension', 'subscription') and i.schema is distinct from 'information_schema'
    and coalesce(i.schema, '') !~ '^pg_' and i.identity !~ '\\mpg_temp_\\d+\\.'
    and not exists (select from pg_depend x where x.classid = d.classoid and x.objid = d.objoid and x.deptype = 'e')
    and not exists (select from pg_depend o join pg_depend x on x.classid = 'pg_class'::regclass and x.objid = o.refobjid and x.deptype = 'e'
      where o.classid = d.classoid and o.objid = d.objoid and o.refclassid = 'pg_class'::regclass and o.deptype in ('a', 'i'))
    and not exists (select from pg_constraint k where d.classoid = 'pg_constraint'::regclass and k.oid = d.objoid
      and (k.contype = 'f' and k.conparentid <> 0 or k.contype = 'c' and k.conrelid <> 0 and not k.conislocal))
    and not exists (select from pg_trigger t where d.classoid = 'pg_trigger'::regclass and t.oid = d.objoid and to_jsonb(t) ->> 'tgparentid' <> '0')`,
};
