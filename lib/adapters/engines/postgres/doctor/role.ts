import type { Client } from 'pg';
import type { Policy } from '../../../../domain/plan/policy.ts';
import type { Symptom } from '../../../../ports/database.ts';
import { rows } from '../connection.ts';
import { DUMPED, missingRights } from '../rights.ts';
import { identifier } from '../sql.ts';
import { bad, good } from './symptoms.ts';

/** Every right that a dump needs and the role lacks, each with its SQL. */
export async function permissions(client: Client): Promise<Symptom[]> {
  const missing = await missingRights(client);
  if (missing.length === 0)
    return [
      good('permissions', 'every table, sequence and large object is readable, and no rows are hidden'),
    ];
  return missing.map(({ message, sql }) => bad('permissions', message, sql));
}

/** A role that may write is reported; it does not prevent a dump. */
export async function power(client: Client): Promise<Symptom> {
  const [found] = await rows<{ role: string; superuser: boolean; writable: number; example: string }>(
    client,
    `
    with writable as (
      select pg_catalog.format('%I.%I', n.nspname, c.relname) as name from ${DUMPED}
        and c.relkind <> 'S' and pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'))
    select current_user as role, r.rolsuper as superuser, (select pg_catalog.count(*)::int from writable) as writable, (select min(name) from writable) as example
    from pg_catalog.pg_roles r where r.rolname = current_user`,
  );
  const { role, superuser, writable, example } = found!;
  const remedy = 'use a role that only reads; docs/deploy.md, step 1, has its SQL';
  if (superuser) return good('role', `${role} is a superuser`, remedy);
  if (writable === 0) return good('role', `${role} reads only`);
  const tables = writable === 1 ? example : `${writable} tables, ${example} among them`;
  return good('role', `${role} may write ${tables}`, remedy);
}

/** Without this right, the activity of other sessions reads as nothing. */
export async function sessions(client: Client, { schedules }: Policy): Promise<Symptom> {
  const [row] = await rows<{ seen: boolean; role: string }>(
    client,
    `select pg_catalog.pg_has_role('pg_read_all_stats', 'usage') as seen, current_user as role`,
  );
  const { seen, role } = row!;
  if (seen) return good('sessions', `${role} sees what other sessions do`);
  if (!schedules['rehearse-snapshot'] && !schedules['rehearse-moment'])
    return good('sessions', `${role} does not see what other sessions do, which a dump does not need`);
  return bad(
    'sessions',
    `${role} does not see what other sessions do: long transactions stay hidden, and rehearsals of snapshots and moments prove only that they restore`,
    `grant pg_read_all_stats to ${identifier(role)};`,
  );
}
