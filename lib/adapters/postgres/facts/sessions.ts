import type { Client } from 'pg';
import { rows } from '../connection.ts';

type Session = { pid: number; role: string | null; hidden: boolean; since: string | null };

/**
 * Why the counters may lack what was committed before a moment; undefined when they lack nothing. A session reports when
 * it comes to rest: not within a CALL that commits as it goes, and not while a transaction is open that followed at once
 * on another. Between two reports lies up to a minute. Before PostgreSQL 15 one that went idle within half a second of
 * its last report keeps the rest until its next command; if it has been idle since before the first reading, all it
 * keeps is from before that. Our own sessions only read, the ledger's excepted, which ends at once.
 *
 * Source: pgstat_report_stat in PostgreSQL's src/backend (postmaster/pgstat.c, since 15 utils/activity/pgstat.c).
 */
export async function unreported(
  client: Client,
  moment: string,
  firstReading: string,
): Promise<string | undefined> {
  const [settings] = await rows<{ counts: string }>(
    client,
    `select pg_catalog.current_setting('track_counts') as counts`,
  );
  if (settings?.counts !== 'on')
    return 'the source counts no writes: set track_counts = on in its parameter group';
  const sessions = await rows<Session>(
    client,
    `select pid, usename as role, hidden, pg_catalog.to_char(since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since
    from (
      select *, query = '<insufficient privilege>' or state = 'disabled' as hidden,
        case when state = 'idle' then state_change else least(xact_start, query_start) end as since
      from pg_catalog.pg_stat_activity
      where datname = pg_catalog.current_database() and pid <> pg_catalog.pg_backend_pid()
        and not (usename = current_user and application_name like 'understudy%')
        and coalesce(backend_type, '') not in ('walsender', 'autovacuum worker', 'parallel worker')) session
    where hidden or (since <= $1::timestamptz + interval '1 minute' and (
      state <> 'idle'
      or (pg_catalog.current_setting('server_version_num')::int < 150000 and since >= $2::timestamptz - interval '1 minute')))
    order by since, pid limit 20`,
    [moment, firstReading],
  );
  const [first] = sessions;
  if (!first) return undefined;
  const more =
    sessions.length > 1 ? ` and ${sessions.length === 20 ? 'many' : sessions.length - 1} more` : '';
  if (sessions.every(({ hidden }) => hidden))
    return `what session ${first.pid}${more} of the source may have written cannot be seen: grant pg_read_all_stats to the role`;
  const { pid, role, since } = sessions.find(({ hidden }) => !hidden)!;
  return `session ${pid} of ${role ?? 'nobody'}${more} has been at work in the source since ${since}, and may have written what is not counted yet: rehearse again when it has come to rest`;
}
