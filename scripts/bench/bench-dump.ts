import { join } from 'node:path';
import { childEnvironment, libpqEnvironment } from '../../lib/adapters/engines/postgres/process.ts';
import type { Policy } from '../../lib/domain/plan/policy.ts';
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
  withService,
  withStage,
} from './kit.ts';
import { makeDatabase } from './make-database.ts';
import { type MeasuredRun, measure } from './measure.ts';

/** The defaults of understudy.yml, except for the compression. */
export function policyWith(compression: Policy['dump']['compression']): Policy {
  return {
    dump: { compression, lockTimeout: 5, whenBlocking: 'report' },
  } as unknown as Policy;
}

/** From the held source into a store that discards everything, compared with pg_dump alone with the same options. */
export async function benchDump(): Promise<void> {
  await withStage((cluster) =>
    withService(['s3'], async ({ endpoint, calls }) => {
      say(`a database of ${MEGABYTES} MB`);
      await makeDatabase(cluster, 'large', MEGABYTES);
      const credentials = credentialsOf(cluster, 'large');
      const environment = { ...childEnvironment(), ...(await libpqEnvironment(credentials)) };
      const bare = (level: string) =>
        measure(
          {
            kind: 'program',
            program: join(BIN, 'pg_dump'),
            args: ['--format=custom', `--compress=${level}`, '--no-password', '--lock-wait-timeout=5000'],
            environment,
          },
          { cluster },
        );
      const ours = (compression: Policy['dump']['compression'], depth: 'fingerprints' | 'counts') =>
        measure(
          { kind: 'dump', bin: BIN, credentials, policy: policyWith(compression), depth },
          { endpoint, cluster },
        );

      const gzip = await inTurn({
        bare: () => bare('1'),
        counts: () => ours('gzip', 'counts'),
        fingerprints: () => ours('gzip', 'fingerprints'),
      });
      const none = await inTurn({ bare: () => bare('0'), counts: () => ours('none', 'counts') });
      const store = await calls();
      const { bytes, databaseBytes } = gzip.counts[0]!.result as { bytes: number; databaseBytes: number };
      print(
        `Database ${mb(databaseBytes)} MB, archive ${mb(bytes)} MB with gzip:1, ${mb(Number(none.counts[0]!.result['bytes']))} MB without compression.`,
      );
      print(
        `The store took ${(store.cpuSeconds / (3 * (gzip.bare.length + 1))).toFixed(1)} s of CPU a dump.\n`,
      );
      printTable(
        ['', 's', 'against bare', 'CPU here, s', 'against bare', 'of which node', 'CPU of the server, s'],
        [
          row('`pg_dump`, gzip:1', gzip.bare, gzip.bare),
          row('dump, counts only', gzip.counts, gzip.bare),
          row('dump, fingerprints', gzip.fingerprints, gzip.bare),
          row('`pg_dump`, no compression', none.bare, none.bare),
          row('dump, counts only, no compression', none.counts, none.bare),
        ],
      );
    }),
  );
}

const mb = (bytes: number) => Math.round(bytes / 1e6);

function row(name: string, runs: MeasuredRun[], bare: MeasuredRun[]): string[] {
  const yardstick = runs === bare;
  const seconds = (each: MeasuredRun) => each.seconds;
  // A node process starts the yardstick too, and does not count.
  const cpu = (each: MeasuredRun) => each.cpu.programs + (yardstick ? 0 : each.cpu.own);
  return [
    name,
    formatSpread(runs, seconds, 1),
    yardstick ? '' : formatIncrease(runs, seconds, bare),
    formatSpread(runs, cpu, 1),
    yardstick ? '' : formatIncrease(runs, cpu, bare, (each) => each.cpu.programs),
    yardstick ? '' : formatSpread(runs, (each) => each.cpu.own),
    formatSpread(runs, (each) => each.server, 1),
  ];
}
