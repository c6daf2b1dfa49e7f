import type { Client } from 'pg';
import { hintOf, reasonOf } from '../../domain/errors.ts';
import type { Policy } from '../../domain/policy.ts';
import type { Credentials, Symptom } from '../../ports/database.ts';
import { connect, rows } from './connection.ts';
import { clientFor, type Programs } from './programs.ts';
import { refuseUndumpable } from './refusals.ts';

/** What a person asks before trusting a connection, one symptom a question. Reads only. */
export async function doctor(
  credentials: Credentials,
  policy: Policy,
  programs: readonly Programs[],
): Promise<Symptom[]> {
  let client: Client;
  try {
    client = await connect(credentials);
  } catch (error) {
    return [bad('connection', error)];
  }
  try {
    const [server] = await rows<{
      version: string;
      number: string;
      standby: boolean;
      bytes: string;
      database: string;
    }>(
      client,
      `
      select pg_catalog.current_setting('server_version') as version, pg_catalog.current_setting('server_version_num') as number,
        pg_catalog.pg_is_in_recovery() as standby, pg_catalog.current_database() as database,
        pg_catalog.pg_database_size(pg_catalog.current_database())::text as bytes`,
    );
    const { version, number, standby, bytes, database } = server!;
    return [
      good(
        'connection',
        `${credentials.user} reaches ${database} at ${credentials.host}:${credentials.port}${standby ? ', a standby' : ''}`,
      ),
      await judge(
        'client version',
        () =>
          `pg_dump ${clientFor(programs, Math.floor(Number(number) / 10_000), policy.dump.client).version} for server ${version}`,
      ),
      await judge('permissions', async () => {
        await refuseUndumpable(client, credentials);
        return 'every table, sequence and large object is readable, no rows are hidden, no pooler is between';
      }),
      await sessions(client, credentials.user, policy),
      await connections(client),
      await locks(client),
      await longTransactions(client),
      disk(Number(bytes)),
    ];
  } finally {
    await client.end();
  }
}

async function judge(check: string, question: () => string | Promise<string>): Promise<Symptom> {
  try {
    return good(check, await question());
  } catch (error) {
    return bad(check, error);
  }
}

/** Without the right to it, what other sessions do reads as nothing. */
async function sessions(client: Client, user: string, { schedules }: Policy): Promise<Symptom> {
  const [row] = await rows<{ seen: boolean }>(
    client,
    `select pg_catalog.pg_has_role('pg_read_all_stats', 'usage') as seen`,
  );
  if (row!.seen) return good('sessions', `${user} sees what other sessions do`);
  if (!schedules['rehearse-snapshot'] && !schedules['rehearse-moment'])
    return good('sessions', `${user} does not see what other sessions do, which no dump needs`);
  return {
    check: 'sessions',
    state: 'bad',
    message: `${user} does not see what other sessions do: long transactions stay hidden, and rehearsals of snapshots and moments prove no more than that they restore`,
    next: `grant pg_read_all_stats to ${user}, or pg_monitor, which contains it`,
  };
}

async function connections(client: Client): Promise<Symptom> {
  const [row] = await rows<{ used: number; allowed: number }>(
    client,
    `
    select (select pg_catalog.count(*)::int from pg_catalog.pg_stat_activity where backend_type = 'client backend') as used,
      pg_catalog.current_setting('max_connections')::int - pg_catalog.current_setting('superuser_reserved_connections')::int as allowed`,
  );
  const { used, allowed } = row!;
  // A dump needs four: holder, lister, the look-out for blocked sessions, and pg_dump's own.
  if (allowed - used >= 4) return good('active connections', `${used} of ${allowed} in use`);
  return {
    check: 'active connections',
    state: 'bad',
    message: `${used} of ${allowed} in use; a dump needs 4`,
    next: 'close idle connections or raise max_connections',
  };
}

async function locks(client: Client): Promise<Symptom> {
  const held = await rows<{ pid: number; user: string; relation: string; granted: boolean }>(
    client,
    `
    select l.pid, coalesce(a.usename, '?') as user, l.relation::pg_catalog.regclass::text as relation, l.granted
    from pg_catalog.pg_locks l left join pg_catalog.pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock' and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
    order by l.pid limit 5`,
  );
  if (held.length === 0) return good('locks', 'nobody holds or awaits an exclusive lock');
  const named = held.map(
    (lock) =>
      `backend ${lock.pid} (${lock.user}) ${lock.granted ? 'holds' : 'awaits'} one on ${lock.relation}`,
  );
  return {
    check: 'locks',
    state: 'bad',
    message: `exclusive locks: ${named.join('; ')}`,
    next: 'a dump would wait for it; let the migration end first',
  };
}

async function longTransactions(client: Client): Promise<Symptom> {
  const [row] = await rows<{ pid: number; minutes: number }>(
    client,
    `
    select pid, (pg_catalog.date_part('epoch', pg_catalog.now() - xact_start) / 60)::int as minutes from pg_catalog.pg_stat_activity
    where xact_start < pg_catalog.now() - interval '1 hour' and pid <> pg_catalog.pg_backend_pid() order by xact_start limit 1`,
  );
  if (!row) return good('long transactions', 'none is older than an hour');
  return {
    check: 'long transactions',
    state: 'bad',
    message: `backend ${row.pid} has had one open for ${row.minutes} minutes`,
    next: 'it keeps vacuum from cleaning up; ask its owner whether it is alive',
  };
}

/** What a function may have at most where it restores, in bytes. */
const LARGEST_SCRATCH = 10_240 * 1_048_576;
/** What a rehearsal takes of it for each byte of the source: the copy and its log, and an archive of a good third. */
const SCRATCH_TAKES = 1.7;

/** Measured against the largest scratch there is: this function's own /tmp is not where a rehearsal restores. */
function disk(sourceBytes: number): Symptom {
  const needed = SCRATCH_TAKES * sourceBytes;
  const said = `the database has ${(sourceBytes / 1e9).toFixed(2)} GB; a rehearsal inside a function has room for about ${(LARGEST_SCRATCH / SCRATCH_TAKES / 1e9).toFixed(0)} GB`;
  if (needed < LARGEST_SCRATCH) return good('disk', said);
  return {
    check: 'disk',
    state: 'bad',
    message: said,
    next: 'run the image on Fargate for this target; dumps and verification need no disk',
  };
}

function good(check: string, message: string): Symptom {
  return { check, state: 'good', message };
}

function bad(check: string, error: unknown): Symptom {
  const next = hintOf(error);
  return { check, state: 'bad', message: reasonOf(error), ...(next ? { next } : {}) };
}
