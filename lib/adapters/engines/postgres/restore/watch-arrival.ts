import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Arrived } from '../../../../ports/destination.ts';
import { rows } from '../connection.ts';
import { ours } from '../facts/ours.ts';

/** How often the server is asked, in milliseconds. */
const EVERY = 3000;
const PATIENCE = 1000;

/** Rows of finished tables are in the statistics, those of a running COPY in its progress. */
const ASK = `select pg_catalog.current_setting('track_counts')::bool as counts,
  (select coalesce(pg_catalog.sum(n_tup_ins), 0)::float8 from pg_catalog.pg_stat_user_tables)
    + (select coalesce(pg_catalog.sum(tuples_processed), 0)::float8 from pg_catalog.pg_stat_progress_copy
       where datname = pg_catalog.current_database()) as rows,
  (select pg_catalog.count(*)::int from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace where ${ours('n')}) as indexes,
  pg_catalog.pg_database_size(pg_catalog.current_database())::float8 as bytes`;

type Asked = { counts: boolean; rows: number; indexes: number; bytes: number };

/**
 * Reports what has arrived in a database since now, until it is told to stop. It is for the eyes alone: a server that
 * does not answer ends the reports, and never the restore.
 */
export async function watchArrival(
  connect: () => Promise<Client>,
  of: { rows?: number | undefined; indexes: number },
  onArrived: (seen: Arrived) => void,
  every = EVERY,
): Promise<{ stop: () => Promise<void> }> {
  const stopped = new AbortController();
  const client = await connect().catch(() => undefined);
  if (!client) return { stop: async () => undefined };
  const watching = watch(client, of, onArrived, every, stopped.signal).catch(() => undefined);
  return {
    stop: async () => {
      stopped.abort();
      // A server that hangs must not keep the restore from ending.
      await Promise.race([watching, sleep(PATIENCE, undefined, { ref: false })]);
      await Promise.race([client.end().catch(() => undefined), sleep(PATIENCE, undefined, { ref: false })]);
    },
  };
}

async function watch(
  client: Client,
  of: { rows?: number | undefined; indexes: number },
  onArrived: (seen: Arrived) => void,
  every: number,
  signal: AbortSignal,
): Promise<void> {
  const [before] = await rows<Asked>(client, ASK);
  let most = 0;
  for (let now = before!; ; now = (await rows<Asked>(client, ASK))[0]!) {
    // Between the end of a COPY and its statistics its rows are in neither.
    most = Math.max(most, now.rows - before!.rows);
    onArrived({
      ...(now.counts ? { rows: most, ofRows: of.rows } : { rows: 0 }),
      indexes: Math.max(0, now.indexes - before!.indexes),
      ofIndexes: of.indexes,
      bytes: Math.max(0, now.bytes - before!.bytes),
    });
    await sleep(every, undefined, { signal });
  }
}
