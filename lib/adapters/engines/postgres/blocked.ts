import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Credentials } from '../../../ports/database.ts';
import { connect, rows } from './connection.ts';

/** Time between two looks for waiting sessions, in milliseconds. */
const LOOK_EVERY = 2000;

/**
 * Looks every few seconds for sessions that wait behind the dump's shared locks for an exclusive one: every later
 * session waits too, readers included. Reports each session once. Ends when the signal aborts; a failed look is
 * repeated by the next one.
 */
export async function watchForBlocked(
  credentials: Credentials,
  holders: readonly number[],
  name: string,
  onBlocked: (what: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const client = await connect(credentials);
  const said = new Set<number>();
  try {
    while (!signal.aborted) {
      for (const waiter of await waiters(client, holders, name)) {
        if (said.has(waiter.pid)) continue;
        said.add(waiter.pid);
        onBlocked(`backend ${waiter.pid} (${waiter.user}) waits for ${waiter.mode} on ${waiter.relation}`);
      }
      await sleep(LOOK_EVERY, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    await client.end().catch(() => undefined);
  }
}

type Waiter = { pid: number; user: string; mode: string; relation: string };

async function waiters(client: Client, holders: readonly number[], name: string): Promise<Waiter[]> {
  // The statement itself is not read: it may contain customer data.
  return rows<Waiter>(
    client,
    `select l.pid, coalesce(a.usename, '?') as user, l.mode, l.relation::pg_catalog.regclass::text as relation
    from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid
    where not l.granted and l.locktype = 'relation' and l.mode = 'AccessExclusiveLock'
      and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
      and pg_catalog.pg_blocking_pids(l.pid) && (select pg_catalog.array_agg(ours.pid) from pg_catalog.pg_stat_activity ours where ours.pid = any ($1) or ours.application_name = $2)`,
    [holders, name],
  ).catch(() => []);
}
