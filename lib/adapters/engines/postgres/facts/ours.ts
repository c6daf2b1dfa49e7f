/**
 * SQL that selects what belongs to the source, so that dump, proof and doctor agree. `namespace` and `relation` are
 * aliases in the surrounding query, `oid` is an expression of it.
 */

/** In a schema of the source: neither PostgreSQL's own nor a session's temporary one. */
export const ours = (namespace: string) =>
  `${namespace}.nspname <> 'information_schema' and ${namespace}.nspname !~ '^pg_'`;

/** No member of an extension, which creates it. Nor a function that another object creates (a range type's constructors). */
export function notOfExtension(catalog: string, oid: string): string {
  const belongs = catalog === 'pg_proc' ? "d.deptype in ('e', 'i')" : "d.deptype = 'e'";
  return `not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass and d.objid = ${oid} and ${belongs})`;
}

/**
 * Over all values of a text expression, in any order: the exact sums of two 64-bit hashes with different seeds.
 * Manifests store it; another formula gives another fingerprint.
 */
export function fingerprintOf(text: string): string {
  const sum = (seed: number) => `coalesce(sum(pg_catalog.hashtextextended(${text}, ${seed})), 0)::text`;
  return `${sum(0)} || ':' || ${sum(7919)}`;
}
