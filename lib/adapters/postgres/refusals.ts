import type { Client } from 'pg';
import { Refusal } from '../../domain/errors.ts';
import type { Credentials } from '../../ports/database.ts';
import { connect, rows } from './connection.ts';
import { notOfExtension, ours } from './facts/ours.ts';

/** Refuses what cannot be dumped truthfully, before anything is uploaded. Each refusal has its own code and hint. */
export async function refuseUndumpable(client: Client, credentials: Credentials): Promise<void> {
  await refusePooler(client, credentials);
  await refuseUnreadable(client);
  await refuseHiddenRows(client);
}

/**
 * A transaction pooler gives one server connection to several clients in turn, so the transaction that holds the
 * snapshot and pg_dump's own would not be what they seem. A client that meets another backend, or another client's,
 * proves one; a host name can say it before.
 */
async function refusePooler(client: Client, credentials: Credentials): Promise<void> {
  refusePoolerHost(credentials);

  const others = await Promise.all([connect(credentials), connect(credentials)]);
  try {
    const pid = async (of: Client) =>
      (await rows<{ pid: number }>(of, 'select pg_catalog.pg_backend_pid() as pid'))[0]!.pid;
    const seen: number[] = [];
    for (let round = 0; round < 4; round++)
      for (const each of [client, ...others]) seen.push(await pid(each));
    // Each of three clients has one backend of its own, every time it is asked.
    const own = seen.every((found, index) => found === seen[index % 3]) && new Set(seen).size === 3;
    if (!own)
      throw pooler(
        `${credentials.host}:${credentials.port} is a transaction pooler`,
        'the database’s own host and port',
      );
  } finally {
    await Promise.allSettled(others.map((each) => each.end()));
  }
}

/** Neon names its poolers; the direct host is the name without `-pooler`. */
export function refusePoolerHost({ host }: Pick<Credentials, 'host'>): void {
  if (/^[^.]+-pooler\./.test(host))
    throw pooler(`the host ${host} is a pooler`, host.replace('-pooler.', '.'));
}

function pooler(what: string, direct: string): Refusal {
  return new Refusal('pooler-refused', `${what}: it cannot hold one snapshot for the dump and its facts`, {
    hint: `connect to ${direct} instead`,
  });
}

/** pg_dump needs SELECT on every table and sequence, and USAGE on their schemas. */
async function refuseUnreadable(client: Client): Promise<void> {
  const unreadable = await rows<{ name: string }>(
    client,
    `
    select pg_catalog.format('%I.%I', n.nspname, c.relname) as name
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'S') and c.relpersistence <> 't' and ${ours('n')} and ${notOfExtension('pg_class', 'c.oid')}
      and not (pg_catalog.has_schema_privilege(n.oid, 'USAGE') and pg_catalog.has_table_privilege(c.oid, 'SELECT'))
    order by 1`,
  );
  const lobs = await rows<{ name: string }>(
    client,
    `
    select 'large object ' || m.oid as name from pg_catalog.pg_largeobject_metadata m
    where not (pg_catalog.pg_has_role(m.lomowner, 'USAGE')
      or exists (select from pg_catalog.aclexplode(m.lomacl) a where a.privilege_type = 'SELECT' and (a.grantee = 0 or pg_catalog.pg_has_role(a.grantee, 'USAGE')))
      or exists (select from pg_catalog.pg_roles r where r.rolname = current_user and r.rolsuper))
    order by m.oid`,
  );
  const names = [...unreadable, ...lobs].map((row) => row.name);
  if (names.length === 0) return;
  throw new Refusal('tables-unreadable', `the dump role cannot read ${listed(names)}`, {
    hint: 'grant pg_read_all_data to it (PostgreSQL 14 and newer), and SELECT on large objects; the README has the SQL',
  });
}

/** Under row-level security a role sees only some rows, and the dump would silently be less than the table. */
async function refuseHiddenRows(client: Client): Promise<void> {
  const candidates = await rows<{ oid: number; name: string }>(
    client,
    `
    select c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) as name
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relrowsecurity and c.relkind = 'r' order by 2`,
  );
  // row_security_active() would be wrong under row_security = off, which this session has; ask under the default.
  await client.query('set row_security = on');
  try {
    const hidden: string[] = [];
    for (const { oid, name } of candidates) {
      const [row] = await rows<{ active: boolean }>(
        client,
        'select pg_catalog.row_security_active($1::oid) as active',
        [oid],
      );
      if (row!.active) hidden.push(name);
    }
    if (hidden.length === 0) return;
    throw new Refusal(
      'rows-hidden',
      `row-level security hides rows of ${listed(hidden)} from the dump role`,
      {
        hint: 'alter role … bypassrls; where that is not allowed, dump as the owner of those tables, and without FORCE ROW LEVEL SECURITY',
      },
    );
  } finally {
    await client.query('set row_security = off');
  }
}

function listed(names: string[]): string {
  return names.length > 10
    ? `${names.slice(0, 10).join(', ')} and ${names.length - 10} more`
    : names.join(', ');
}
