import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { Refusal, UnderstudyError } from '../../domain/errors.ts';
import type { ContentFacts, ExtensionFacts, SourceFacts, WriteCounters } from '../../domain/manifest.ts';
import type { Policy } from '../../domain/policy.ts';
import { utc } from '../../domain/time.ts';
import type { Credentials, HeldSource, Sequence } from '../../ports/database.ts';
import { startArchive } from './archive.ts';
import { watchForBlocked } from './blocked.ts';
import { connect, rows } from './connection.ts';
import { changedDefinitions, definitionsNow } from './facts/definitions.ts';
import { largeObjectFacts } from './facts/large-objects.ts';
import { schemaFacts } from './facts/schema.ts';
import { columnMaximum, sequenceValues } from './facts/sequences.ts';
import { dataTables, tableFacts } from './facts/tables.ts';
import { definitionsStamp, keyOf, writeCounters } from './facts/writes.ts';
import { preflight, tablesToLock } from './preflight.ts';
import { clientFor, type Programs } from './programs.ts';
import { dumpRoles } from './roles.ts';
import { dataLine } from './toc.ts';

const ATTEMPTS = 5;

/**
 * Holds a source still: locks every table ACCESS SHARE, and only then takes the snapshot that pg_dump and all facts
 * share. The order matters. A snapshot alone keeps nobody from rewriting a table (ALTER … TYPE, TRUNCATE) before it is
 * first read, and then the holder and pg_dump both see it empty and agree with each other.
 */
export async function hold(
  credentials: Credentials,
  policy: Policy,
  programs: readonly Programs[],
  signal: AbortSignal,
): Promise<HeldSource> {
  const side = await connect(credentials);
  try {
    await preflight(side, credentials);
    const [server] = await rows<{ number: string }>(
      side,
      `select pg_catalog.current_setting('server_version_num') as number`,
    );
    const client = clientFor(programs, Math.floor(Number(server!.number) / 10_000), policy.dump.client);
    const holder = await connect(credentials);
    try {
      const snapshot = await lockThenSnapshot(holder, side, policy.dump.lockTimeout);
      return await heldSource(holder, side, snapshot, client, credentials, policy, signal);
    } catch (error) {
      await holder.end().catch(() => undefined);
      throw error;
    }
  } catch (error) {
    await side.end().catch(() => undefined);
    throw error;
  }
}

type Snapshot = { id: string; takenAt: string; writes: Map<string, WriteCounters> };

async function lockThenSnapshot(holder: Client, side: Client, lockTimeoutSeconds: number): Promise<Snapshot> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const locked = await tablesToLock(side);
    await holder.query('begin isolation level repeatable read read only');
    // Neither SET nor LOCK takes the transaction's snapshot; the SELECT below does.
    await holder.query(`set local lock_timeout = ${lockTimeoutSeconds * 1000}`);
    const outcome = await lock(holder, locked);
    if (outcome === 'locked') {
      // Before the snapshot: what is written between the two counts as written since, never as unwritten.
      const writes = await writeCounters(side);
      const [snapshot] = await rows<{ id: string; at: Date }>(
        holder,
        'select pg_catalog.pg_export_snapshot() as id, pg_catalog.statement_timestamp() as at',
      );
      await holder.query('set local lock_timeout = 0');
      const inside = await tablesToLock(holder);
      if (inside.every((name) => locked.includes(name)))
        return { id: snapshot!.id, takenAt: utc(snapshot!.at), writes };
    }
    // A table appeared or vanished between the list and the locks: all of it again, or it would be unprotected.
    await holder.query('rollback');
  }
  throw new UnderstudyError(
    'tables-changing',
    `tables came and went during ${ATTEMPTS} attempts to lock them all`,
    {
      hint: 'a job that creates and drops tables all the time is running; move the dump to a quieter hour',
    },
  );
}

async function lock(holder: Client, tables: string[]): Promise<'locked' | 'vanished'> {
  try {
    for (let start = 0; start < tables.length; start += 500) {
      await holder.query(
        `lock table only ${tables.slice(start, start + 500).join(', only ')} in access share mode`,
      );
    }
    return 'locked';
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code === '42P01' || code === '3F000') return 'vanished';
    if (code === '55P03') {
      throw new Refusal('lock-timeout', `a table could not be locked for reading: ${message}`, {
        hint: 'somebody holds an exclusive lock (a migration, VACUUM FULL); `./understudy doctor` names it. Raise dump.lockTimeout or dump later',
      });
    }
    throw error;
  }
}

async function heldSource(
  holder: Client,
  side: Client,
  snapshot: Snapshot,
  programs: Programs,
  credentials: Credentials,
  policy: Policy,
  signal: AbortSignal,
): Promise<HeldSource> {
  const name = `understudy ${randomUUID().slice(0, 8)}`;
  const [{ pid } = { pid: 0 }] = await rows<{ pid: number }>(
    holder,
    'select pg_catalog.pg_backend_pid() as pid',
  );
  const definitions = await definitionsNow(holder);
  return {
    facts: await sourceFacts(holder, snapshot.takenAt),
    extensions: await extensionFacts(holder),
    parameters: await parameterFacts(holder),
    content: (depth) => contentFacts(holder, depth, snapshot.writes, signal),
    dataLines: async () => (await dataTables(holder)).map(dataLine),
    async unchanged() {
      const changed = changedDefinitions(definitions, await definitionsNow(side));
      if (changed.length === 0) return;
      throw new UnderstudyError(
        'schema-changing',
        `definitions changed while they were dumped: ${changed.slice(0, 5).join(', ')}`,
        {
          hint: 'pg_dump reads some of them outside its snapshot, so the dump may be of neither state; it is tried again',
        },
      );
    },
    archive: () => startArchive(programs, credentials, { snapshot: snapshot.id, name }, policy, signal),
    roles: () => dumpRoles(programs, credentials),
    sequences: () => sequenceValues(side),
    columnMaxima: (sequences) => withMaxima(holder, sequences),
    watchForBlocked: (onBlocked, ends) => watchForBlocked(credentials, [pid], name, onBlocked, ends),
    async release() {
      // A closed connection ends a session only when its query is done, and until then it holds every lock.
      await endSessions(credentials, side, pid, name).catch(() => undefined);
      await Promise.allSettled([holder.end(), side.end()]);
    },
  };
}

/** Ends the holder's session and pg_dump's, which is known by its name. */
async function endSessions(
  credentials: Credentials,
  side: Client,
  holder: number,
  name: string,
): Promise<void> {
  const sql =
    'select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where (pid = $1 or application_name = $2) and usename = current_user and pid <> pg_catalog.pg_backend_pid()';
  try {
    await side.query(sql, [holder, name]);
  } catch {
    const fresh = await connect(credentials);
    await fresh.query(sql, [holder, name]).finally(() => fresh.end());
  }
}

async function withMaxima(client: Client, sequences: readonly Sequence[]): Promise<Sequence[]> {
  const found: Sequence[] = [];
  for (const sequence of sequences) {
    const maximum = sequence.column && (await columnMaximum(client, sequence.column));
    found.push(
      sequence.column && maximum !== undefined
        ? { ...sequence, column: { ...sequence.column, maximum } }
        : sequence,
    );
  }
  return found;
}

async function contentFacts(
  client: Client,
  depth: 'fingerprints' | 'counts',
  writes: Map<string, WriteCounters>,
  signal: AbortSignal,
): Promise<ContentFacts> {
  const schema = await schemaFacts(client);
  const tables = [];
  for (const table of await dataTables(client)) {
    signal.throwIfAborted();
    const counted = writes.get(keyOf(table.schema, table.name));
    tables.push({ ...(await tableFacts(client, table, depth)), ...(counted ? { writes: counted } : {}) });
  }
  const definitions = definitionsStamp(writes);
  return {
    schema,
    tables,
    largeObjects: await largeObjectFacts(client, depth),
    ...(definitions ? { definitions } : {}),
  };
}

async function sourceFacts(client: Client, snapshotAt: string): Promise<SourceFacts> {
  const [row] = await rows<
    Omit<SourceFacts, 'serverMajor' | 'bytes' | 'snapshotAt'> & { number: string; bytes: string }
  >(
    client,
    `
    select pg_catalog.current_setting('server_version') as "serverVersion", pg_catalog.current_setting('server_version_num') as number,
      d.datname as database, pg_catalog.pg_get_userbyid(d.datdba) as owner, pg_catalog.pg_encoding_to_char(d.encoding) as encoding,
      d.datcollate as collate, d.datctype as ctype,
      coalesce(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c') as "localeProvider", coalesce(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale') as locale, pg_catalog.pg_database_size(d.oid)::text as bytes,
      pg_catalog.pg_is_in_recovery() as standby,
      case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_replay_lsn() else pg_catalog.pg_current_wal_lsn() end::text as position
    from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()`,
  );
  const { number, bytes, locale, ...rest } = row!;
  return {
    ...rest,
    ...(locale ? { locale } : {}),
    serverMajor: Math.floor(Number(number) / 10_000),
    bytes: Number(bytes),
    snapshotAt,
  };
}

async function extensionFacts(client: Client): Promise<ExtensionFacts[]> {
  return rows<ExtensionFacts>(
    client,
    `
    select e.extname as name, e.extversion as version, n.nspname as schema
    from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname <> 'plpgsql' order by 1`,
  );
}

async function parameterFacts(client: Client): Promise<string[]> {
  const found = await rows<{ name: string }>(
    client,
    `select distinct pg_catalog.split_part(setting, '=', 1) as name from pg_catalog.pg_proc p, pg_catalog.unnest(p.proconfig) setting where p.oid >= 16384 order by 1`,
  );
  return found.map(({ name }) => name);
}
