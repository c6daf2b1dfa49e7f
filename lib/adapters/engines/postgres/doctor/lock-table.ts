import type { Client } from 'pg';
import type { Symptom } from '../../../../ports/database.ts';
import { rows } from '../connection.ts';
import { DUMPED } from '../rights.ts';
import { bad, good } from './symptoms.ts';

/** What the holder and pg_dump lock of the catalogs, with room for the indexes of one table; measured on 15 to 18. */
const CATALOGS = 400;
/** Sequences are read by so many at once. */
const SEQUENCES_AT_ONCE = 200;

type Facts = {
  version: number;
  tables: number;
  sequences: number;
  views: number;
  others: number;
  each: number;
  backends: number;
};

/**
 * Whether the locks of a dump fit into the server's lock table: the holder locks every table, and pg_dump once more.
 * The table is sure to take max_locks_per_transaction for each session that the server is made for. It may take up to
 * three times that, from memory that is free since the start and that other transactions may use up: then it is unknown.
 */
export async function lockTable(client: Client): Promise<Symptom> {
  const { version, tables, sequences, views, others, each, backends } = (
    await rows<Facts>(client, FACTS)
  )[0]!;
  // PostgreSQL 18 reads sequences without a lock each, and 17 views; but sequences are read beside pg_dump too.
  const objects =
    tables +
    (version < 180_000 ? sequences : Math.min(sequences, SEQUENCES_AT_ONCE)) +
    (version < 170_000 ? views : 0);
  const needed = 2 * objects + CATALOGS + others;
  const room = each * backends;
  const message = `a dump takes up to ${needed} locks, including those of other sessions (${others}); the server has room for at least ${room}`;
  if (needed <= room) return good('lock table', message);
  const next = `alter system set max_locks_per_transaction = ${Math.ceil((needed * 1.2) / backends)}; and restart the server (it is ${each} now)`;
  return needed > 2 * room
    ? bad('lock table', `${message}: the dump would end with “out of shared memory”`, next)
    : {
        check: 'lock table',
        state: 'unknown',
        message: `${message}: the dump may end with “out of shared memory”`,
        next,
      };
}

const FACTS = `
  select pg_catalog.current_setting('server_version_num')::int as version,
    (select pg_catalog.count(*)::int from ${DUMPED} and c.relkind <> 'S') as tables,
    (select pg_catalog.count(*)::int from ${DUMPED} and c.relkind = 'S') as sequences,
    (select pg_catalog.count(*)::int from pg_catalog.pg_class where relkind in ('v', 'm') and oid >= 16384) as views,
    (select greatest(pg_catalog.count(*), 2 * pg_catalog.count(distinct (locktype, database, relation, page, tuple, virtualxid, transactionid::text, classid, objid)))::int
      from pg_catalog.pg_locks where not fastpath and pid is distinct from pg_catalog.pg_backend_pid()) as others,
    pg_catalog.current_setting('max_locks_per_transaction')::int as each,
    (select pg_catalog.sum(setting::int)::int + 1 from pg_catalog.pg_settings where name in ('max_connections', 'max_prepared_transactions', 'max_worker_processes', 'max_wal_senders')
      or name = case when pg_catalog.current_setting('autovacuum_worker_slots', true) is null then 'autovacuum_max_workers' else 'autovacuum_worker_slots' end) as backends`;
