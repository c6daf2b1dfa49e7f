import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { rows } from '../connection.ts';

/** A session that existed before a moment and may not have reported since. */
type Session = { pid: number; role: string | null; hidden: boolean; since: string | null };

/** Time between two looks at the source's sessions, in milliseconds. */
const LOOK_EVERY = 250;

/**
 * Why the counters may lack what was committed before a moment; undefined when they are complete. A session reports
 * when it becomes idle outside of a transaction, and when it ends: not within a CALL that commits as it goes, and not
 * while one transaction follows another at once. So every session from before the moment must be seen idle once,
 * within `patience` seconds. Two reports are up to a minute apart. Before PostgreSQL 15 a session that became idle
 * within half a second of its last report keeps the rest until its next command; if it has been idle since before the
 * first reading, all it keeps is from before that. Understudy's own sessions only read, except the heartbeat's, which
 * ends at once.
 *
 * Source: pgstat_report_stat in PostgreSQL's src/backend (postmaster/pgstat.c, since 15 utils/activity/pgstat.c).
 */
export async function unreported(
  client: Client,
  moment: string,
  firstReading: string,
  patience: number,
): Promise<string | undefined> {
  const [settings] = await rows<{ counts: string; elsewhere: boolean }>(
    client,
    `select pg_catalog.current_setting('track_counts') as counts,
      exists (select from pg_catalog.pg_db_role_setting where setconfig::text ~ 'track_counts=(?!on)')
      or exists (select from pg_catalog.pg_proc where proconfig::text ~ 'track_counts=(?!on)') as elsewhere`,
  );
  if (settings?.counts !== 'on')
    return 'the source counts no writes: set track_counts = on in its parameter group';
  if (settings.elsewhere)
    return 'a role, database or function of the source has track_counts switched off: reset it';
  let working = await sessionsAtWork(client, moment, firstReading);
  for (let waited = 0; working.length > 0 && waited < patience * 1000; waited += LOOK_EVERY) {
    if (working.every(({ hidden }) => hidden)) break;
    await sleep(LOOK_EVERY);
    const still = new Set((await sessionsAtWork(client, moment, firstReading)).map(({ pid }) => pid));
    working = working.filter(({ pid }) => still.has(pid));
  }
  return working.length > 0 ? formatWorking(working) : undefined;
}

async function sessionsAtWork(client: Client, moment: string, firstReading: string): Promise<Session[]> {
  return rows<Session>(
    client,
    `select pid, usename as role, hidden, pg_catalog.to_char(since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since
    from (
      select *, query = '<insufficient privilege>' or state = 'disabled' as hidden,
        case when state = 'idle' then state_change when backend_type = 'client backend' then backend_start else least(xact_start, query_start) end as since
      from pg_catalog.pg_stat_activity
      where datname = pg_catalog.current_database() and pid <> pg_catalog.pg_backend_pid()
        and not (usename = current_user and application_name like 'understudy%')
        and coalesce(backend_type, '') not in ('walsender', 'autovacuum worker', 'parallel worker')) session
    where hidden or (since <= $1::timestamptz + interval '1 minute' and (
      state is distinct from 'idle'
      or (pg_catalog.current_setting('server_version_num')::int < 150000 and since >= $2::timestamptz - interval '1 minute')))
    order by since, pid limit 1000`,
    [moment, firstReading],
  );
}

function formatWorking(sessions: readonly Session[]): string {
  const more = sessions.length > 1 ? ` and ${sessions.length - 1} more` : '';
  const seen = sessions.find(({ hidden }) => !hidden);
  if (!seen)
    return `the dump role cannot see what session ${sessions[0]!.pid}${more} of the source wrote: grant pg_read_all_stats to the role`;
  const { pid, role, since } = seen;
  return `session ${pid} of ${role ?? 'no role'}${more} has been at work in the source since ${since}, and its writes may not be counted yet: rehearse again when it has ended`;
}
