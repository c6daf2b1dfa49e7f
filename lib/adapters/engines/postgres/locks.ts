import type { Client } from 'pg';
import { Refusal, UnderstudyError } from '../../../domain/errors.ts';
import type { WriteCounters } from '../../../domain/proof/manifest.ts';
import { utc } from '../../../domain/time.ts';
import { execute, identifier, rows } from './connection.ts';
import { ours } from './facts/ours.ts';
import { type DataTable, dataTables } from './facts/tables.ts';
import { writeCounters } from './facts/writes.ts';

const ATTEMPTS = 5;

/** An exported snapshot, when it was taken, and how often each table had been written a moment before. */
export type Snapshot = {
  id: string;
  takenAt: string;
  writes: Map<string, WriteCounters>;
  /** The tables whose rows are dumped. */
  tables: DataTable[];
};

/**
 * Locks every table ACCESS SHARE in the holder's transaction, and then takes its snapshot. `side` is a connection
 * outside of it.
 */
export async function lockThenSnapshot(
  holder: Client,
  side: Client,
  lockTimeoutSeconds: number,
): Promise<Snapshot> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { names: locked } = await tablesToLock(side);
    await holder.query('begin isolation level repeatable read read only');
    // Neither SET nor LOCK takes the transaction's snapshot; the SELECT below does.
    await holder.query(`set local lock_timeout = ${lockTimeoutSeconds * 1000}`);
    const outcome = await lock(holder, locked);
    if (outcome === 'locked') {
      // Before the snapshot: what is written between the two counts as written since, never as unwritten.
      const writes = await writeCounters(side);
      const [snapshot] = await rows<{ id: string; at: Date | string }>(
        holder,
        'select pg_catalog.pg_export_snapshot() as id, pg_catalog.statement_timestamp() as at',
      );
      await holder.query('set local lock_timeout = 0');
      const inside = await tablesToLock(holder);
      const isLocked = new Set(locked);
      if (inside.names.every((name) => isLocked.has(name)))
        return { id: snapshot!.id, takenAt: utc(new Date(snapshot!.at)), writes, tables: inside.tables };
    }
    // A table appeared or vanished between the list and the locks: all of it again, or it would be unprotected.
    await holder.query('rollback');
  }
  throw new UnderstudyError(
    'tables-changing',
    `tables were created or dropped during ${ATTEMPTS} attempts to lock them all`,
    {
      hint: 'a job creates and drops tables all the time; move the dump to a quieter hour',
    },
  );
}

async function lock(holder: Client, tables: string[]): Promise<'locked' | 'vanished'> {
  try {
    for (let start = 0; start < tables.length; start += 500) {
      await execute(
        holder,
        `lock table only ${tables.slice(start, start + 500).join(', only ')} in access share mode`,
      );
    }
    return 'locked';
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code === '42P01' || code === '3F000') return 'vanished';
    if (code === '55P03') {
      throw new Refusal('lock-timeout', `the dump could not lock a table for reading: ${message}`, {
        hint: 'a session holds an exclusive lock (a migration, VACUUM FULL); `./understudy doctor` names it. Raise dump.lockTimeout, or dump later',
      });
    }
    throw error;
  }
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
