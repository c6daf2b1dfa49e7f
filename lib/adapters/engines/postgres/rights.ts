import type { Client } from 'pg';
import { rows } from './connection.ts';
import { notOfExtension, ours } from './facts/ours.ts';
import { identifier } from './sql.ts';

/** A right that the dump role lacks, and the SQL that grants it to this role. */
export type Missing = { code: 'tables-unreadable' | 'rows-hidden'; message: string; sql: string };

/**
 * What pg_dump locks or reads: tables and sequences, partitioned parents too. Of an extension's only those that it
 * declares as configuration; views and foreign tables need no right.
 */
export const DUMPED = `pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relpersistence <> 't' and (
    c.relkind in ('r', 'p', 'S') and ${ours('n')} and ${notOfExtension('pg_class', 'c.oid')}
    or c.relkind in ('r', 'S') and exists (select from pg_catalog.pg_extension e where c.oid = any (e.extconfig)))`;

/** Everything that the dump role lacks; tested against what pg_dump itself refuses. */
export async function missingRights(client: Client): Promise<Missing[]> {
  const [who] = await rows<{ role: string; number: string }>(
    client,
    `select current_user as role, pg_catalog.current_setting('server_version_num') as number`,
  );
  const { role, number } = who!;
  const found = [
    await unreadable(client, role, Number(number)),
    await unreadableObjects(client, role, Number(number)),
    await hidden(client, role),
  ];
  return found.filter((missing) => missing !== undefined);
}

/** SELECT on every table and sequence, and USAGE on their schemas. */
async function unreadable(client: Client, role: string, version: number): Promise<Missing | undefined> {
  const found = await rows<{ schema: string; name: string }>(
    client,
    `select n.nspname as schema, pg_catalog.format('%I.%I', n.nspname, c.relname) as name from ${DUMPED}
      and not (pg_catalog.has_schema_privilege(n.oid, 'USAGE') and pg_catalog.has_table_privilege(c.oid, 'SELECT'))
    order by 2`,
  );
  if (found.length === 0) return undefined;
  const to = identifier(role);
  const schemas = [...new Set(found.map(({ schema }) => identifier(schema)))].join(', ');
  return {
    code: 'tables-unreadable',
    message: `the dump role cannot read ${listed(found.map(({ name }) => name))}`,
    sql:
      version >= 140_000
        ? `grant pg_read_all_data to ${to};`
        : `grant usage on schema ${schemas} to ${to}; grant select on all tables in schema ${schemas} to ${to}; grant select on all sequences in schema ${schemas} to ${to};`,
  };
}

async function unreadableObjects(
  client: Client,
  role: string,
  version: number,
): Promise<Missing | undefined> {
  const found = await rows<{ oid: string; owner: string }>(
    client,
    `
    select m.oid::text as oid, pg_catalog.pg_get_userbyid(m.lomowner) as owner from pg_catalog.pg_largeobject_metadata m
    where pg_catalog.current_setting('lo_compat_privileges') = 'off'
      and not (pg_catalog.pg_has_role(m.lomowner, 'USAGE')
      or exists (select from pg_catalog.aclexplode(m.lomacl) a where a.privilege_type = 'SELECT' and (a.grantee = 0 or pg_catalog.pg_has_role(a.grantee, 'USAGE')))
      or exists (select from pg_catalog.pg_roles r where r.rolname = current_user and r.rolsuper))
    order by m.oid`,
  );
  if (found.length === 0) return undefined;
  const owners = [...new Set(found.map(({ owner }) => identifier(owner)))].join(', ');
  let tag = '$grant$';
  while (role.includes(tag)) tag = `$_${tag.slice(1)}`;
  const loop = `do ${tag} declare lob oid; begin for lob in select oid from pg_largeobject_metadata loop execute format('grant select on large object %s to %I', lob, '${role.replaceAll("'", "''")}'); end loop; end ${tag};`;
  const later = ` alter default privileges for role ${owners} grant select on large objects to ${identifier(role)};`;
  return {
    code: 'tables-unreadable',
    message: `the dump role cannot read ${listed(found.map(({ oid }) => `large object ${oid}`))}`,
    sql: version >= 180_000 ? loop + later : loop,
  };
}

/** Under row-level security a role sees only some rows, and pg_dump fails. Only the policies of a table itself count. */
async function hidden(client: Client, role: string): Promise<Missing | undefined> {
  const found = await rows<{ name: string }>(
    client,
    `select pg_catalog.format('%I.%I', n.nspname, c.relname) as name from ${DUMPED}
      and c.relkind = 'r' and c.relrowsecurity and pg_catalog.row_security_active(c.oid)
    order by 1`,
  );
  if (found.length === 0) return undefined;
  return {
    code: 'rows-hidden',
    message: `row-level security hides rows of ${listed(found.map(({ name }) => name))} from the dump role`,
    sql: `alter role ${identifier(role)} bypassrls;`,
  };
}

function listed(names: string[]): string {
  return names.length > 10
    ? `${names.slice(0, 10).join(', ')} and ${names.length - 10} more`
    : names.join(', ');
}
