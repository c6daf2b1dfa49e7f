import { notOfExtension, ours } from '../ours.ts';

/**
 * Parts that the schema queries share. Understudy's sessions have an empty search_path, so names resolve in
 * pg_catalog alone. Every list is sorted by "C": a copy's collation can differ.
 */

/** A fact query: each row has `name`, `plain` and, where the kind holds expressions, `expressions` (text[]). */
export type FactQueries = Record<string, string>;

/** Relations of the source, as `c` in schema `n`. */
export const RELATION = `from pg_class c join pg_namespace n on n.oid = c.relnamespace where ${ours('n')} and ${notOfExtension('pg_class', 'c.oid')}`;

/** `schema.relation`, quoted. */
export const NAME = named('c.relname');

/** A name in schema `n`, quoted. */
export function named(name: string): string {
  return `format('%I.%I', n.nspname, ${name})`;
}

export const SIGNATURE =
  "format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))";

export const OPERATOR =
  "format('%I.%s(%s, %s)', n.nspname, o.oprname, format_type(o.oprleft, null), format_type(o.oprright, null))";

/**
 * An array of options or settings, sorted: a restore sorts them by name. Minor releases since November 2026 keep a
 * `pg_attver` among a column's options, which is bookkeeping: pg_dump omits it too.
 */
export function sorted(options: string): string {
  return `(select string_agg(option, ',' order by option collate "C") from unnest(${options}) option where option !~ '^pg_attver=')`;
}

/** The values of a subquery's column `line`, in order. */
export function lines(subquery: string, separator = "E'\\n'"): string {
  return `(select coalesce(string_agg(line, ${separator} order by line collate "C"), '') from (${subquery}) listed)`;
}

/** Grants as lines such as `app: SELECT with grant option`, of an aclitem array. */
export function grantsOf(acl: string): string {
  return lines(
    `select format('%s: %s%s', case when a.grantee = 0 then 'PUBLIC' else pg_get_userbyid(a.grantee) end, a.privilege_type, case when a.is_grantable then ' with grant option' end) as line from aclexplode(${acl}) a`,
  );
}

/** Privileges, with the defaults for an object without any grant. */
export function privileges(acl: string, kind: string, owner: string): string {
  return grantsOf(`coalesce(${acl}, acldefault('${kind}', ${owner}))`);
}

/** A collation by name, or null for none. */
export function collationOf(oid: string): string {
  return `(select format('%I.%I', cn.nspname, co.collname) from pg_collation co join pg_namespace cn on cn.oid = co.collnamespace where co.oid = ${oid})`;
}
