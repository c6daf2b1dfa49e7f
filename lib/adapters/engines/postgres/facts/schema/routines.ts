import { notOfExtension, ours } from '../ours.ts';
import {
  collationOf,
  type FactQueries,
  lines,
  named,
  OPERATOR,
  RELATION,
  SIGNATURE,
} from './fact-queries.ts';

/** Objects that an initdb makes have lower numbers than this. */
const MADE = (oid: string) => `${oid} >= 16384`;

const AGGREGATE = `(select concat_ws(',', g.aggkind, g.aggnumdirectargs, g.aggtransfn::text, g.aggfinalfn::text, g.aggcombinefn::text, g.aggserialfn::text, g.aggdeserialfn::text,
    g.aggmtransfn::text, g.aggminvtransfn::text, g.aggmfinalfn::text, g.aggfinalextra, g.aggmfinalextra, g.aggfinalmodify, g.aggmfinalmodify, g.aggsortop::regoperator::text,
    p.proparallel, format_type(g.aggtranstype, null), g.aggtransspace, format_type(g.aggmtranstype, null), g.aggmtransspace, 'initial', g.agginitval, 'moving', g.aggminitval)
  from pg_aggregate g where g.aggfnoid = p.oid)`;

/** The definition without argument defaults and without a parsed body, which are separate. */
const ROUTINE = `replace(replace(pg_get_functiondef(p.oid), '(' || pg_get_function_arguments(p.oid) || ')', '(' || pg_get_function_identity_arguments(p.oid) || ')'), coalesce(pg_get_function_sqlbody(p.oid), ''), '')`;

export const ROUTINES: FactQueries = {
  function: `select ${SIGNATURE} as name, case when p.prokind = 'a' then ${AGGREGATE} else ${ROUTINE} end as plain,
      array_remove(array[pg_get_expr(p.proargdefaults, 0), pg_get_function_sqlbody(p.oid)], null) as expressions
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where ${ours('n')} and ${notOfExtension('pg_proc', 'p.oid')}`,

  cast: `select format('%s as %s', format_type(c.castsource, null), format_type(c.casttarget, null)) as name, concat_ws(',', c.castfunc::regprocedure::text, c.castcontext, c.castmethod) as plain
    from pg_cast c where ${MADE('c.oid')} and ${notOfExtension('pg_cast', 'c.oid')}`,

  transform: `select format('%s %s', format_type(t.trftype, null), l.lanname) as name, concat_ws(',', t.trffromsql::regprocedure::text, t.trftosql::regprocedure::text) as plain
    from pg_transform t join pg_language l on l.oid = t.trflang where ${notOfExtension('pg_transform', 't.oid')}`,

  // A shell operator, which another operator named before it existed, is in no dump.
  operator: `select ${OPERATOR} as name, concat_ws(',', o.oprcode::text, o.oprcanhash, o.oprcanmerge, o.oprrest::text, o.oprjoin::text, o.oprcom::regoperator::text, o.oprnegate::regoperator::text) as plain
    from pg_operator o join pg_namespace n on n.oid = o.oprnamespace where o.oprcode <> 0 and ${ours('n')} and ${notOfExtension('pg_operator', 'o.oid')}`,

  'operator class': `select ${named('o.opcname')} || ' using ' || am.amname as name, concat_ws(' ', format_type(o.opcintype, null), o.opcdefault, case when o.opckeytype <> 0 then format_type(o.opckeytype, null) end, f.opfname) as plain
    from pg_opclass o join pg_am am on am.oid = o.opcmethod join pg_opfamily f on f.oid = o.opcfamily join pg_namespace n on n.oid = o.opcnamespace where ${ours('n')} and ${notOfExtension('pg_opclass', 'o.oid')}`,

  'operator family': `select ${named('f.opfname')} || ' using ' || am.amname as name,
      ${lines("select concat_ws(' ', 'operator', o.amopstrategy, o.amopopr::regoperator::text, o.amoppurpose) as line from pg_amop o where o.amopfamily = f.oid union all select concat_ws(' ', 'function', p.amprocnum, format_type(p.amproclefttype, null), format_type(p.amprocrighttype, null), p.amproc::regprocedure::text) from pg_amproc p where p.amprocfamily = f.oid")} as plain
    from pg_opfamily f join pg_am am on am.oid = f.opfmethod join pg_namespace n on n.oid = f.opfnamespace where ${ours('n')} and ${notOfExtension('pg_opfamily', 'f.oid')}`,

  conversion: `select ${named('c.conname')} as name, concat_ws(',', pg_encoding_to_char(c.conforencoding), pg_encoding_to_char(c.contoencoding), c.conproc::regprocedure::text, c.condefault) as plain
    from pg_conversion c join pg_namespace n on n.oid = c.connamespace where ${ours('n')} and ${notOfExtension('pg_conversion', 'c.oid')}`,

  language: `select quote_ident(l.lanname) as name, concat_ws(',', l.lanpltrusted, nullif(l.lanplcallfoid, 0)::regprocedure::text, nullif(l.laninline, 0)::regprocedure::text, nullif(l.lanvalidator, 0)::regprocedure::text) as plain
    from pg_language l where ${MADE('l.oid')} and ${notOfExtension('pg_language', 'l.oid')}`,

  'access method': `select quote_ident(a.amname) as name, concat_ws(',', a.amtype, a.amhandler::text) as plain from pg_am a where ${MADE('a.oid')} and ${notOfExtension('pg_am', 'a.oid')}`,

  type: `select ${named('t.typname')} as name, concat_ws(E'\\n', t.typtype,
      (select string_agg(e.enumlabel, E'\\n' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
      case when t.typtype = 'd' then concat_ws(',', format_type(t.typbasetype, t.typtypmod), t.typnotnull, ${collationOf('t.typcollation')}) end,
      case when t.typtype = 'b' then concat_ws(',', t.typinput::text, t.typoutput::text, t.typreceive::text, t.typsend::text, t.typlen, t.typbyval, t.typalign, t.typstorage, t.typcategory, t.typispreferred, t.typdelim, t.typdefault, t.typisdefined) end,
      (select concat_ws(',', format_type(r.rngsubtype, null), o.opcname, ${collationOf('r.rngcollation')}, r.rngsubdiff::text, r.rngcanonical::text, format_type((to_jsonb(r) ->> 'rngmultitypid')::oid, null)) from pg_range r join pg_opclass o on o.oid = r.rngsubopc where r.rngtypid = t.oid)) as plain,
      case when t.typdefaultbin is not null then array[pg_get_expr(t.typdefaultbin, 0)] end as expressions
    from pg_type t join pg_namespace n on n.oid = t.typnamespace where ${ours('n')} and ${notOfExtension('pg_type', 't.oid')}
      and (t.typtype in ('e', 'd', 'r', 'p') or (t.typtype = 'b' and not exists (select from pg_type element where element.typarray = t.oid)))
    union all select ${named('c.relname')}, 'composite', null ${RELATION} and c.relkind = 'c'`,
};
