import type { Client } from 'pg';
import type { Symptom } from '../../../../ports/database.ts';
import { rows } from '../connection.ts';
import { DUMPED } from '../rights.ts';
import { bad, good } from './symptoms.ts';

/** Catalog locks of the holder and pg_dump, with room for the indexes of one table; measured on 15 to 18. */
const CATALOGS = 400;
/** How many sequences are read in one statement. */
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
 * Do a dump's locks fit into the server's lock table? The holder locks every table, and pg_dump locks it again. The
 * table is sure to take max_locks_per_transaction for each session that the server allows. It may take up to three
 * times that, from shared memory that other transactions may use up: between the two the answer is unknown.
 */
export async function lockTable(client: Client): Promise<Symptom> {
  const { version, tables, sequences, views, others, each, backends } = (
    await rows<Facts>(client, FACTS)
  )[0]!;
  // PostgreSQL 18 reads sequences without a lock each, and 17 views; but other sequences are read while pg_dump runs.
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
