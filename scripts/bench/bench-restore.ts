import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { childEnvironment, libpqEnvironment } from '../../lib/adapters/engines/postgres/process.ts';
import { findPrograms } from '../../lib/adapters/engines/postgres/programs.ts';
import { restoreOnto } from '../../lib/adapters/engines/postgres/restore/onto.ts';
import type { Cluster } from '../local/cluster.ts';
import { dumpToFile } from './bench-verify.ts';
import {
  BIN,
  credentialsOf,
  formatIncrease,
  formatSpread,
  inTurn,
  MEGABYTES,
  print,
  printTable,
  say,
  withStage,
} from './kit.ts';
import { makeDatabase } from './make-database.ts';

/** A restore into an empty database, without a proof, compared with pg_restore and as many jobs on the same file. */
export async function benchRestore(): Promise<void> {
  await withStage(async (cluster, directory) => {
    say(`an archive of a database of ${MEGABYTES} MB`);
    await makeDatabase(cluster, 'large', MEGABYTES);
    const file = await dumpToFile(cluster, 'large', directory);
    const programs = await findPrograms([BIN]);
    let next = 0;
    const timed = async (work: (database: string) => Promise<unknown>) => {
      const database = `restored_${++next}`;
      await cluster.sql('postgres', `create database ${database}`);
      const began = performance.now();
      await work(database);
      const seconds = (performance.now() - began) / 1000;
      await cluster.sql('postgres', `drop database ${database}`);
      return { seconds };
    };
    const { bare, understudy } = await inTurn({
      bare: () => timed((database) => bareRestore(cluster, database, file)),
      understudy: () =>
        timed((database) =>
          restoreOnto(credentialsOf(cluster, database), programs, {
            archive: file,
            owners: false,
            privileges: false,
            jobs: availableParallelism(),
            phase: () => undefined,
            onRead: () => undefined,
            onArrived: () => undefined,
            signal: new AbortController().signal,
          }),
        ),
    });
    const seconds = ({ seconds }: { seconds: number }) => seconds;
    print(`${availableParallelism()} jobs; both end with ANALYZE.\n`);
    printTable(
      ['', 's', 'against bare'],
      [
        ['`pg_restore --jobs`', formatSpread(bare, seconds, 1), ''],
        ['`restore --to`', formatSpread(understudy, seconds, 1), formatIncrease(understudy, seconds, bare)],
      ],
    );
  });
}

async function bareRestore(cluster: Cluster, database: string, file: string): Promise<void> {
  const env = { ...childEnvironment(), ...(await libpqEnvironment(credentialsOf(cluster, database))) };
  const jobs = `--jobs=${availableParallelism()}`;
  const options = ['--no-owner', '--no-privileges', jobs, `--dbname=${database}`, file];
  await promisify(execFile)(join(BIN, 'pg_restore'), options, { env });
  await cluster.sql(database, 'analyze');
}
