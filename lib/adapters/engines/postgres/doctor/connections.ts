import type { Client } from 'pg';
import type { Symptom } from '../../../../ports/database.ts';
import { rows } from '../connection.ts';
import { identifier } from '../sql.ts';
import { bad, good } from './symptoms.ts';

/** A dump uses four at once: the holder, the lister, the look-out for blocked sessions, and pg_dump's own. */
const NEEDED = 4;
/** What a limit must leave room for: a dump, and other work of Understudy at the same time. */
const WANTED = 8;

type Facts = {
  superuser: boolean;
  role: string;
  role_limit: number;
  role_used: number;
  database: string;
  database_limit: number;
  database_used: number;
  most: number;
  reserved: number;
  for_some: number;
  used: number;
};

/** Do the role, the database and the server each leave a dump enough connections? */
export async function connections(client: Client): Promise<Symptom> {
  const facts = (await rows<Facts>(client, FACTS))[0]!;
  const places = placesOf(facts);
  const said = places.map(({ name, used, limit }) =>
    limit === undefined ? `${name} has no limit` : `${name} has ${used} of ${limit} in use`,
  );
  const message = `a dump needs ${NEEDED}; ${said.join(', ')}`;
  const short = places.filter(({ used, limit }) => limit !== undefined && limit - used < NEEDED);
  return short.length === 0
    ? good('connections', message)
    : bad('connections', message, short.map(({ sql }) => sql).join(' '));
}

function placesOf(facts: Facts): { name: string; used: number; limit: number | undefined; sql: string }[] {
  // Neither limit applies to a superuser.
  const limit = (given: number) => (given < 0 || facts.superuser ? undefined : given);
  const role = identifier(facts.role);
  const database = identifier(facts.database);
  return [
    {
      name: `the role ${facts.role}`,
      used: facts.role_used,
      limit: limit(facts.role_limit),
      sql: `alter role ${role} connection limit ${facts.role_used + WANTED};`,
    },
    {
      name: `the database ${facts.database}`,
      used: facts.database_used,
      limit: limit(facts.database_limit),
      sql: `alter database ${database} connection limit ${facts.database_used + WANTED};`,
    },
    {
      name: 'the server',
      used: facts.used,
      limit: facts.most - facts.reserved - facts.for_some,
      sql:
        facts.for_some > 0
          ? `close idle connections, or: grant pg_use_reserved_connections to ${role};`
          : `close idle connections, or: alter system set max_connections = ${facts.used + facts.reserved + WANTED}; and restart the server`,
    },
  ];
}

/** Without the right to see other sessions, only those with a database can be counted. Understudy's own does not count. */
const FACTS = `
  with session as (
    select datid, usesysid from pg_catalog.pg_stat_activity
    where pid <> pg_catalog.pg_backend_pid() and datid is not null and coalesce(backend_type, 'client backend') = 'client backend')
  select r.rolsuper as superuser, r.rolname as role, r.rolconnlimit as role_limit, d.datname as database, d.datconnlimit as database_limit,
    (select pg_catalog.count(*)::int from session where usesysid = r.oid) as role_used,
    (select pg_catalog.count(*)::int from session where datid = d.oid) as database_used,
    (select pg_catalog.count(*)::int from session) as used,
    pg_catalog.current_setting('max_connections')::int as most,
    case when r.rolsuper then 0 else pg_catalog.current_setting('superuser_reserved_connections')::int end as reserved,
    case when r.rolsuper or exists (select from pg_catalog.pg_roles p where p.rolname = 'pg_use_reserved_connections' and pg_catalog.pg_has_role(r.oid, p.oid, 'usage')) then 0
      else coalesce(pg_catalog.current_setting('reserved_connections', true)::int, 0) end as for_some
  from pg_catalog.pg_roles r, pg_catalog.pg_database d where r.rolname = session_user and d.datname = pg_catalog.current_database()`;
