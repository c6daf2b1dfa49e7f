import type { Client } from 'pg';
import { Refusal, UnderstudyError } from '../../../domain/errors.ts';
import type { WriteCounters } from '../../../domain/proof/manifest.ts';
import { utc } from '../../../domain/time.ts';
import { execute, identifier, rows } from './connection.ts';
import { type DataTable, dataTables } from './facts/data-tables.ts';
import { ours } from './facts/ours.ts';
import { writeCounters } from './facts/writes.ts';

const ATTEMPTS = 5;

/** An exported snapshot, when it was taken, and the write counters of each table from just before it. */
export type Snapshot = {
  id: string;
  takenAt: string;
  writes: Map<string, WriteCounters>;
  /** The tables whose rows are dumped. */
  tables: DataTable[];
};

/**
 * Locks every table ACCESS SHARE in the holder's transaction, and takes its snapshot. `side` is a connection outside
 * of it. A table that is created in between is locked after the snapshot, and must then still be what the snapshot
 * sees.
 */
export async function lockThenSnapshot(
  holder: Client,
  side: Client,
  lockTimeoutSeconds: number,
): Promise<Snapshot> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    await holder.query('begin isolation level repeatable read read only');
    // Neither SET, SAVEPOINT nor LOCK takes the transaction's snapshot; the SELECT below does.
    await holder.query(`set local lock_timeout = ${lockTimeoutSeconds * 1000}`);
    const locked = new Set<string>();
    await lockStanding(holder, (await tablesToLock(side)).names, locked);
    // Before the snapshot: a write between the two counts as written since, never as unwritten.
    const writes = await writeCounters(side);
    const [snapshot] = await rows<{ id: string; at: Date | string }>(
      holder,
      'select pg_catalog.pg_export_snapshot() as id, pg_catalog.statement_timestamp() as at',
    );
    const inside = await tablesToLock(holder);
    const late = inside.names.filter((name) => !locked.has(name));
    if (await lockUnchanged(holder, side, late)) {
      await holder.query('set local lock_timeout = 0');
      return { id: snapshot!.id, takenAt: utc(new Date(snapshot!.at)), writes, tables: inside.tables };
    }
    await holder.query('rollback');
  }
  throw new UnderstudyError(
    'tables-changing',
    `in each of ${ATTEMPTS} attempts, a table was dropped or altered right after it was created, before it could be locked`,
    {
      hint: 'a job creates and drops tables all the time; move the dump to a quieter hour',
    },
  );
}

/** Locks the tables of a list, and adds them to `locked`; skips those that were dropped since the list was read. */
async function lockStanding(holder: Client, names: string[], locked: Set<string>): Promise<void> {
  for (const some of chunks(names, 500)) {
    await holder.query('savepoint unlocked');
    const outcome = await lock(holder, some);
    if (outcome === 'locked') for (const name of some) locked.add(name);
    else await holder.query('rollback to savepoint unlocked');
    await holder.query('release savepoint unlocked');
    if (outcome === 'vanished' && some.length > 1)
      for (const half of chunks(some, Math.ceil(some.length / 2))) await lockStanding(holder, half, locked);
  }
}

/** Locks tables that the holder's snapshot sees; false when one has been dropped or is no longer the same. */
async function lockUnchanged(holder: Client, side: Client, names: string[]): Promise<boolean> {
  if (names.length === 0) return true;
  const seen = await versions(holder);
  for (const some of chunks(names, 500)) if ((await lock(holder, some)) === 'vanished') return false;
  const now = await versions(side);
  return names.every((name) => seen.has(name) && seen.get(name) === now.get(name));
}

function chunks<T>(all: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size));
}

/** Errors of an outdated list of tables: no longer a table, or dropped. */
const VANISHED = ['42P01', '3F000', '42809'];

async function lock(holder: Client, tables: string[]): Promise<'locked' | 'vanished'> {
  try {
    await execute(holder, `lock table only ${tables.join(', only ')} in access share mode`);
    return 'locked';
  } catch (error) {
    const { code = '', message } = error as { code?: string; message: string };
    if (VANISHED.includes(code)) return 'vanished';
    if (code === '55P03') {
      throw new Refusal('lock-timeout', `the dump could not lock a table for reading: ${message}`, {
        hint: 'a session holds an exclusive lock (a migration, VACUUM FULL); `./understudy doctor` names it. Raise dump.lockTimeout, or dump later',
      });
    }
    throw error;
  }
}

/** Values that change when a table is rewritten, altered, or dropped and created again; by its name. */
async function versions(client: Client): Promise<Map<string, string>> {
  const found = await rows<{ schema: string; name: string; version: string }>(
    client,
    `
    select n.nspname as schema, c.relname as name,
      pg_catalog.concat_ws(' ', c.oid, c.xmin, c.relfilenode, pg_catalog.array_agg(pg_catalog.concat_ws(' ', a.attnum, a.xmin) order by a.attnum)) as version
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace left join pg_catalog.pg_attribute a on a.attrelid = c.oid
    where c.relkind in ('r', 'p')
    group by n.nspname, c.oid, c.relname, c.xmin, c.relfilenode`,
  );
  return new Map(found.map(({ schema, name, version }) => [identifier(schema, name), version]));
}

/** The tables that must be locked before the snapshot: those with data, and partitioned parents. */
async function tablesToLock(client: Client): Promise<{ names: string[]; tables: DataTable[] }> {
  const parents = await rows<{ schema: string; name: string }>(
    client,
    `
    select n.nspname as schema, c.relname as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'p' and ${ours('n')}`,
  );
  const tables = await dataTables(client);
  const names = [...parents, ...tables].map(({ schema, name }) => identifier(schema, name));
  return { names: [...new Set(names)].sort(), tables };
}
