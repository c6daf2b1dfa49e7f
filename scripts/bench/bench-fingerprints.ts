import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../lib/adapters/engines/postgres/connection.ts';
import { type DataTable, dataTables } from '../../lib/adapters/engines/postgres/facts/data-tables.ts';
import { tableFacts } from '../../lib/adapters/engines/postgres/facts/read-tables.ts';
import type { Cluster } from '../local/cluster.ts';
import {
  credentialsOf,
  formatSpread,
  inTurn,
  MEGABYTES,
  middle,
  print,
  printTable,
  say,
  withStage,
} from './kit.ts';
import { makeDatabase } from './make-database.ts';
import { backendSeconds } from './measure.ts';

/** The time of a table's content fingerprint and of counting its rows, per million rows. */
export async function benchFingerprints(): Promise<void> {
  await withStage(async (cluster) => {
    say(`a database of ${MEGABYTES} MB`);
    await makeDatabase(cluster, 'large', MEGABYTES);
    const client = await connect(credentialsOf(cluster, 'large'));
    const tables = await dataTables(client);
    await client.end();
    const rows: string[][] = [];
    for (const each of tables) {
      const { counts, fingerprints } = await inTurn({
        counts: () => timed(cluster, each, 'counts'),
        fingerprints: () => timed(cluster, each, 'fingerprints'),
      });
      const { rows: count } = counts[0]!;
      const [size] = await cluster.sql(
        'large',
        `select pg_relation_size('public.${each.name}')::float8 as bytes`,
      );
      const bytes = Number(size!['bytes']);
      const perMillion = (runs: Timed[], figure: 'seconds' | 'cpu' = 'seconds') =>
        formatSpread(runs, (one) => (one[figure] * 1e6) / count);
      rows.push([
        each.name,
        count.toLocaleString('en'),
        Math.round(bytes / count).toString(),
        perMillion(counts),
        perMillion(fingerprints),
        perMillion(fingerprints, 'cpu'),
        Math.round(bytes / 1e6 / middle(fingerprints.map((one) => one.seconds))).toString(),
      ]);
    }
    print('Seconds are per million rows.\n');
    printTable(['table', 'rows', 'bytes a row', '`count(*)`', 'fingerprint', 'its CPU', 'MB/s'], rows);
  });
}

type Timed = { rows: number; seconds: number; cpu: number };

/** One backend for each measurement: its CPU time is known when it has ended. */
async function timed(cluster: Cluster, one: DataTable, depth: 'counts' | 'fingerprints'): Promise<Timed> {
  const before = backendSeconds(cluster);
  const client = await connect(credentialsOf(cluster, 'large'));
  const began = performance.now();
  const facts = await tableFacts(client, one, depth);
  const seconds = (performance.now() - began) / 1000;
  await client.end();
  await sleep(200);
  return { rows: Number(facts.rows), seconds, cpu: backendSeconds(cluster) - before };
}
