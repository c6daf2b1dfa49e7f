import type { Client } from 'pg';
import { UnderstudyError } from '../../../domain/errors.ts';
import type { HeartbeatRow } from '../../../domain/proof/heartbeat-proof.ts';
import type { Credentials, Heartbeat } from '../../../ports/database.ts';
import { connectPlainly, rows } from './connection.ts';

const SQL_FILE = 'scripts/sql/heartbeat.sql';
/** Rows are kept for as long as AWS can restore to a moment. */
const KEPT_DAYS = 35;
/** At most so many are deleted at once, so that a long backlog does not delay the next row. */
const TRIMMED_AT_ONCE = 1000;
/** Longer than a statement may take on the server: a network that loses the answer must not take all the time. */
const PATIENCE_SECONDS = 15;

/**
 * Settings of one statement. They end with its transaction, so a transaction pooler has nothing to pass on; by
 * default the heartbeat's role only reads.
 */
const SANELY =
  "set transaction read write; set local statement_timeout = '10s'; set local lock_timeout = '2s'; set local synchronous_commit = on;";

const READ = `
  select pg_catalog.to_char(minute at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as minute,
    pg_catalog.to_char(written_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "writtenAt",
    pg_catalog.to_char(committed_by at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "committedBy"
  from understudy.heartbeat where written_at >= $1 and ($2::timestamptz is null or written_at < $2) order by written_at, minute`;

/** The heartbeat in a PostgreSQL source. */
export function postgresHeartbeat(): Heartbeat {
  return {
    write: (credentials, minute) => connected(credentials, (client) => write(client, minute)),
    rows: (credentials, since) => connected(credentials, (client) => readHeartbeat(client, since)),
  };
}

/**
 * The rows written in [since, until), oldest first; for a restored copy over an open connection. Rejects with
 * `heartbeat-missing` where there is no table.
 */
export async function readHeartbeat(client: Client, since: string, until?: string): Promise<HeartbeatRow[]> {
  const found = await understood(
    rows<{ minute: string; writtenAt: string; committedBy: string | null }>(client, READ, [since, until]),
  );
  return found.map(({ committedBy, ...row }) => (committedBy === null ? row : { ...row, committedBy }));
}

/**
 * Writes the row, and then, in a separate transaction, when it was committed at the latest:
 *
 *   insert … written_at ── commit ── update … committed_by
 *
 * `written_at` is read before the commit and `committed_by` after it, so the commit lies between them whatever the
 * network did. Killed between the two, the row has no upper bound; the next delivery of its minute gives it a later
 * one, which is still true.
 */
async function write(client: Client, minute: string): Promise<'written' | 'there'> {
  const at = client.escapeLiteral(minute);
  const inserted = await once(
    client,
    `insert into understudy.heartbeat (minute) values (${at}::timestamptz) on conflict (minute) do nothing`,
  );
  await once(
    client,
    `update understudy.heartbeat set committed_by = pg_catalog.clock_timestamp() where minute = ${at}::timestamptz and committed_by is null`,
  );
  // Once an hour, by the row's name and not by the time of day: a second delivery does not repeat it.
  if (inserted === 1 && minute.slice(14, 16) === '00') await trim(client);
  return inserted === 1 ? 'written' : 'there';
}

/** Oldest first, so that the remaining rows have no gaps that the deletion made. */
async function trim(client: Client): Promise<void> {
  await once(
    client,
    `delete from understudy.heartbeat where minute in (select minute from understudy.heartbeat
      where written_at < pg_catalog.now() - interval '${KEPT_DAYS} days' order by written_at limit ${TRIMMED_AT_ONCE})`,
  );
}

/** One statement with its settings, committed when it answers: the server runs them as one transaction. */
async function once(client: Client, statement: string): Promise<number> {
  const results = (await understood(client.query(`${SANELY} ${statement}`))) as unknown as {
    rowCount: number;
  }[];
  return results.at(-1)!.rowCount;
}

async function connected<T>(credentials: Credentials, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connectPlainly(credentials, PATIENCE_SECONDS);
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

const MEANINGS: Record<string, { code: string; message: string; hint: string }> = {
  '42P01': missing(),
  '3F000': missing(),
  '42501': {
    code: 'heartbeat-denied',
    message: 'the role has no right to read and write understudy.heartbeat',
    hint: `run ${SQL_FILE} in the source again: it grants the rights`,
  },
  '25006': standby(),
  '0A000': standby(),
};

function missing() {
  return {
    code: 'heartbeat-missing',
    message: 'there is no table understudy.heartbeat',
    hint: `run ${SQL_FILE} in the source, or remove \`heartbeat: true\` from the target`,
  };
}

function standby() {
  return {
    code: 'heartbeat-read-only',
    message: 'the server accepts no writes',
    hint: 'set the writer’s host, not a replica’s, in the secret or connection.host',
  };
}

/** Returns the server's answer, or an error that tells the owner of the heartbeat what to do. */
async function understood<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const meaning = MEANINGS[code ?? ''];
    if (!meaning) throw error;
    throw new UnderstudyError(meaning.code, `${meaning.message}: ${message}`, {
      hint: meaning.hint,
      cause: error,
    });
  }
}
