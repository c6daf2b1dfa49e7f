/**
 * Pieces of SQL that say what belongs to the source, so that dump, proof and doctor mean the same by it. `namespace` and
 * `relation` are aliases of the query they stand in, `oid` is an expression of it.
 */

/** In a schema that somebody made: neither PostgreSQL's own nor a session's temporary one. */
export const ours = (namespace: string) =>
  `${namespace}.nspname <> 'information_schema' and ${namespace}.nspname !~ '^pg_'`;

/**
 * No member of an extension, which brings it along. Of functions neither those that come with another object by
 * themselves (a range type's constructors).
 */
export function notOfExtension(catalog: string, oid: string): string {
  const belongs = catalog === 'pg_proc' ? "d.deptype in ('e', 'i')" : "d.deptype = 'e'";
  return `not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass and d.objid = ${oid} and ${belongs})`;
}

/**
 * Of all values of a text expression, whatever their order: the exact sums of two 64-bit hashes with different seeds.
 * Manifests hold it; another formula is another fingerprint.
 */
export function fingerprintOf(text: string): string {
  const sum = (seed: number) => `coalesce(sum(pg_catalog.hashtextextended(${text}, ${seed})), 0)::text`;
  return `${sum(0)} || ':' || ${sum(7919)}`;
}
