import { notOfExtension, ours } from '../ours.ts';
import {
  type FactQueries,
  grantsOf,
  lines,
  NAME,
  named,
  OPERATOR,
  privileges,
  RELATION,
  SIGNATURE,
} from './fact-queries.ts';

/** Every sort of object that has an owner and can have privileges: its kind and name, owner and privileges. */
const OWNED = `
  select case c.relkind when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' else 'table' end || ' ' || ${NAME} as name, c.relowner as owner,
    case when c.relkind = 'S' then ${privileges('c.relacl', 's', 'c.relowner')} else ${privileges('c.relacl', 'r', 'c.relowner')} end as privileges
    ${RELATION} and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  union all select 'schema ' || quote_ident(n.nspname), n.nspowner, ${privileges('n.nspacl', 'n', 'n.nspowner')}
    from pg_namespace n where ${ours('n')} and ${notOfExtension('pg_namespace', 'n.oid')}
  union all select 'function ' || ${SIGNATURE}, p.proowner, ${privileges('p.proacl', 'f', 'p.proowner')}
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where ${ours('n')} and ${notOfExtension('pg_proc', 'p.oid')}
  union all select 'type ' || ${named('t.typname')}, t.typowner, ${privileges('t.typacl', 'T', 't.typowner')}
    from pg_type t join pg_namespace n on n.oid = t.typnamespace where ${ours('n')} and ${notOfExtension('pg_type', 't.oid')}
      and (t.typtype in ('e', 'd', 'r') or (t.typtype = 'c' and exists (select from pg_class c where c.oid = t.typrelid and c.relkind = 'c')))
  union all select 'language ' || quote_ident(l.lanname), l.lanowner, ${privileges('l.lanacl', 'l', 'l.lanowner')}
    from pg_language l where l.oid >= 16384 and ${notOfExtension('pg_language', 'l.oid')}
  union all select 'large object ' || m.oid, m.lomowner, ${privileges('m.lomacl', 'L', 'm.lomowner')} from pg_largeobject_metadata m`;

/** Objects that have an owner and no privileges. */
const WITHOUT_PRIVILEGES = `
  select 'statistics ' || ${named('s.stxname')} as name, s.stxowner as owner from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace where ${ours('n')} and ${notOfExtension('pg_statistic_ext', 's.oid')}
  union all select 'collation ' || ${named('c.collname')}, c.collowner from pg_collation c join pg_namespace n on n.oid = c.collnamespace where ${ours('n')} and ${notOfExtension('pg_collation', 'c.oid')}
  union all select 'operator ' || ${OPERATOR}, o.oprowner from pg_operator o join pg_namespace n on n.oid = o.oprnamespace where o.oprcode <> 0 and ${ours('n')} and ${notOfExtension('pg_operator', 'o.oid')}
  union all select 'conversion ' || ${named('c.conname')}, c.conowner from pg_conversion c join pg_namespace n on n.oid = c.connamespace where ${ours('n')} and ${notOfExtension('pg_conversion', 'c.oid')}
  union all select 'text search configuration ' || ${named('t.cfgname')}, t.cfgowner from pg_ts_config t join pg_namespace n on n.oid = t.cfgnamespace where ${ours('n')} and ${notOfExtension('pg_ts_config', 't.oid')}`;

/** A sort of object; `system` selects the catalog rows whose privileges pg_dump dumps. */
type SystemObject = Record<'object' | 'catalog' | 'identity' | 'kind' | 'prefix' | 'system', string>;

/**
 * Grants and revokes on objects of PostgreSQL or an extension. pg_dump writes the difference from pg_init_privs. The
 * owner's rights are excluded: the owner is the role that installs it.
 */
function systemGrants({ object, catalog, identity, kind, prefix, system }: SystemObject): string {
  const baseline = `coalesce(i.initprivs, acldefault('${kind}', x.${prefix}owner))`;
  const beyond = (some: string, others: string) =>
    lines(
      `select format('%s: %s%s', case when a.grantee = 0 then 'PUBLIC' else pg_get_userbyid(a.grantee) end, a.privilege_type, case when a.is_grantable then ' with grant option' end) as line
      from aclexplode(${some}) a where a.grantee <> x.${prefix}owner and not exists (select from aclexplode(${others}) b where b.grantee = a.grantee and b.privilege_type = a.privilege_type and b.is_grantable = a.is_grantable)`,
      "','",
    );
  return `select concat(e.extname || ': ', '${object} ', ${identity}) as name, ${beyond(`x.${prefix}acl`, baseline)} as granted, ${beyond(baseline, `x.${prefix}acl`)} as revoked
    from ${catalog} x
    left join pg_depend d on d.classid = '${catalog}'::regclass and d.objid = x.oid and d.deptype = 'e' left join pg_extension e on e.oid = d.refobjid
    left join pg_init_privs i on i.classoid = '${catalog}'::regclass and i.objoid = x.oid and i.objsubid = 0
    where x.${prefix}acl is not null and (e.oid is not null or (x.oid < 16384 and ${system}))`;
}

const SYSTEM = [
  {
    object: 'relation',
    catalog: 'pg_class',
    identity: 'x.oid::regclass::text',
    kind: 'r',
    prefix: 'rel',
    system: "x.relnamespace = 'pg_catalog'::regnamespace",
  },
  {
    object: 'function',
    catalog: 'pg_proc',
    identity: 'x.oid::regprocedure::text',
    kind: 'f',
    prefix: 'pro',
    system: "x.pronamespace = 'pg_catalog'::regnamespace",
  },
  {
    object: 'schema',
    catalog: 'pg_namespace',
    identity: 'quote_ident(x.nspname)',
    kind: 'n',
    prefix: 'nsp',
    system: "x.nspname = 'pg_catalog'",
  },
  {
    object: 'language',
    catalog: 'pg_language',
    identity: 'quote_ident(x.lanname)',
    kind: 'l',
    prefix: 'lan',
    system: 'true',
  },
]
  .map(systemGrants)
  .join(' union all ');

export const ACCESS: FactQueries = {
  owner: `select owned.name, pg_get_userbyid(owned.owner) as plain from (select name, owner from (${OWNED}) o union all ${WITHOUT_PRIVILEGES}) owned`,
  grant: `select owned.name, owned.privileges as plain from (${OWNED}) owned`,
  'default privilege': `select concat_ws(' ', pg_get_userbyid(d.defaclrole), n.nspname, d.defaclobjtype) as name, ${grantsOf('d.defaclacl')} as plain
    from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace`,
  'system grant': `select name, concat_ws(' revoked ', granted, revoked) as plain from (${SYSTEM}) changed where granted <> '' or revoked <> ''`,
};
