import type { Client } from 'pg';
import type { Symptom } from '../../../../ports/database.ts';
import { rows } from '../connection.ts';
import { bad, good } from './symptoms.ts';

type Held = { who: string; granted: boolean; relation: string; ends: string };

/**
 * Sessions that hold or await an exclusive lock that a dump would wait for. Tables that a dump does not see are not
 * in its way: temporary ones, and those of a transaction that has not committed.
 */
export async function locks(client: Client): Promise<Symptom> {
  const held = await rows<Held>(
    client,
    `
    select coalesce('backend ' || l.pid || ' (' || coalesce(a.usename, '?') || ')', 'the prepared transaction ' || pg_catalog.quote_literal(p.gid), 'a prepared transaction') as who,
      l.granted, pg_catalog.format('%I.%I', n.nspname, c.relname) as relation,
      coalesce('select pg_terminate_backend(' || l.pid || ');', 'rollback prepared ' || pg_catalog.quote_literal(p.gid) || ';', 'select gid from pg_prepared_xacts;') as ends
    from pg_catalog.pg_locks l
    join pg_catalog.pg_class c on c.oid = l.relation and c.relpersistence <> 't'
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_stat_activity a on a.pid = l.pid
    left join pg_catalog.pg_locks x on l.pid is null and x.pid is null and x.locktype = 'transactionid' and x.virtualtransaction = l.virtualtransaction
    left join pg_catalog.pg_prepared_xacts p on p.transaction = x.transactionid
    where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock'
      and l.database in (0, (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))
    order by l.pid, 3 limit 5`,
  );
  if (held.length === 0) return good('locks', 'no session holds or waits for an exclusive lock');
  const named = held.map(
    ({ who, granted, relation }) => `${who} ${granted ? 'holds' : 'awaits'} one on ${relation}`,
  );
  return bad(
    'locks',
    `a dump would wait for these exclusive locks: ${named.join('; ')}`,
    `wait for it to end, or end it: ${[...new Set(held.map(({ ends }) => ends))].join(' ')}`,
  );
}
