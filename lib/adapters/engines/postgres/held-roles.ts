import type { Client } from 'pg';
import { rows } from './connection.ts';
import { rolesIn } from './restore/role-statements.ts';
import { identifier } from './sql.ts';

/** A role that owns or may use something in the database, as the snapshot has it. Texts are bytes, decoded as latin1. */
export type HeldRole = {
  oid: string;
  name: string;
  create: string;
  /** Its memberships, one GRANT a line. */
  grants: string;
};

/** Role names may have another encoding than the database has, so they travel as bytes. */
const hex = (text: string) =>
  `pg_catalog.encode(pg_catalog.convert_to(${text}, pg_catalog.getdatabaseencoding()), 'hex')`;
const latin1 = (text: string) => Buffer.from(text, 'hex').toString('latin1');

const ATTRIBUTES = [
  ['super', 'SUPERUSER'],
  ['inherit', 'INHERIT'],
  ['createrole', 'CREATEROLE'],
  ['createdb', 'CREATEDB'],
  ['canlogin', 'LOGIN'],
  ['replication', 'REPLICATION'],
  ['bypassrls', 'BYPASSRLS'],
]
  .map(([column, word]) => `case when r.rol${column} then '${word}' else 'NO${word}' end`)
  .join(', ');

/** Reads the roles of this database in the holder's snapshot; all roles where their uses may not be read. */
export async function heldRoles(holder: Client): Promise<HeldRole[]> {
  const [may] = await rows<{ read: boolean }>(
    holder,
    "select pg_catalog.has_table_privilege('pg_catalog.pg_shdepend', 'select') as read",
  );
  const used = may?.read
    ? `r.oid in (select d.refobjid from pg_catalog.pg_shdepend d where d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
        and d.dbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))`
    : 'r.oid >= 16384';
  const found = await rows<HeldRole>(
    holder,
    `select r.oid::text as oid, ${hex('r.rolname::pg_catalog.text')} as name,
      ${hex(`pg_catalog.format(E'CREATE ROLE %1$I;\\nALTER ROLE %1$I WITH %2$s;\\n', r.rolname, pg_catalog.concat_ws(' ', ${ATTRIBUTES}))`)} as create,
      ${hex(`coalesce((select pg_catalog.string_agg(pg_catalog.format(E'GRANT %I TO %I;\\n', g.rolname, r.rolname), '')
        from pg_catalog.pg_auth_members m join pg_catalog.pg_roles g on g.oid = m.roleid where m.member = r.oid), '')`)} as grants
    from pg_catalog.pg_roles r where r.rolname !~ '^pg_' and ${used}`,
  );
  return found.map(({ oid, name, create, grants }) => ({
    oid,
    name: latin1(name),
    create: latin1(create),
    grants: latin1(grants),
  }));
}

/** Those of the roles that are gone by now, or have another name. */
export async function changedRoles(held: readonly HeldRole[], side: Client): Promise<string[]> {
  const found = await rows<{ oid: string; name: string }>(
    side,
    `select r.oid::text as oid, ${hex('r.rolname::pg_catalog.text')} as name from pg_catalog.pg_roles r`,
  );
  const now = new Map(found.map(({ oid, name }) => [oid, latin1(name)]));
  return held
    .filter(({ oid, name }) => now.get(oid) !== name)
    .map(({ name }) => Buffer.from(name, 'latin1').toString('utf8'));
}

/**
 * The output of pg_dumpall, completed by the roles that it lacks: it runs outside the snapshot, after the archive. The
 * archive may name a role that was dropped or renamed since, and pg_dumpall itself a member that was created between two
 * of its queries.
 */
export function withHeldRoles(sql: string, held: readonly HeldRole[]): string {
  const { created, granted } = rolesIn(sql);
  const missing = held.filter(({ name }) => !created.has(name));
  const known = new Set([...created, ...missing.map(({ name }) => name)]);
  const unknown = [...granted].filter((name) => !known.has(name) && !name.startsWith('pg_'));
  if (missing.length + unknown.length === 0) return sql;
  const first = sql.indexOf('\nCREATE ROLE ') + 1;
  const at = first > 0 ? first : sql.length;
  const creates = [
    ...missing.map(({ create }) => create),
    ...unknown.map((name) => `CREATE ROLE ${identifier(name)};\n`),
  ];
  const grants = missing.map((role) => role.grants);
  return `${sql.slice(0, at)}${creates.join('')}${sql.slice(at)}\n${grants.join('')}`;
}
