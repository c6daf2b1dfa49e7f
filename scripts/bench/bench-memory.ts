import { policyWith } from './bench-dump.ts';
import { dumpToFile, manifestOfFile } from './bench-verify.ts';
import { BIN, credentialsOf, formatSpread, inTurn, printTable, say, withService, withStage } from './kit.ts';
import { makeDatabase } from './make-database.ts';
import { type MeasuredRun, measure } from './measure.ts';

const SIZES = { small: 150, large: 1500 };
const ROUNDS = 3;

/** Peak memory of a dump and of a verification, at two sizes a factor of ten apart. */
export async function benchMemory(): Promise<void> {
  await withStage(async (cluster, directory) => {
    const rows: string[][] = [];
    for (const [name, megabytes] of Object.entries(SIZES)) {
      say(`a database of ${megabytes} MB`);
      await makeDatabase(cluster, name, megabytes);
      const file = await dumpToFile(cluster, name, directory);
      await withService(['s3', file], async ({ endpoint }) => {
        const credentials = credentialsOf(cluster, name);
        const manifest = await manifestOfFile(file, endpoint);
        const { dump, bulk, verify } = await inTurn(
          {
            dump: () =>
              measure(
                { kind: 'dump', bin: BIN, credentials, policy: policyWith('gzip'), depth: 'fingerprints' },
                { endpoint, watch: true },
              ),
            bulk: () =>
              measure(
                { kind: 'dump', bin: BIN, credentials, policy: policyWith('none'), depth: 'counts' },
                { endpoint, watch: true },
              ),
            verify: () => measure({ kind: 'verify', bin: BIN, manifest }, { endpoint, watch: true }),
          },
          ROUNDS,
        );
        rows.push(row(`dump, ${megabytes} MB, gzip:1`, dump));
        rows.push(row(`dump, ${megabytes} MB, no compression`, bulk));
        rows.push(row(`verify, ${Math.round(manifest.dump.bytes / 1e6)} MB archive`, verify));
      });
    }
    printTable(
      ['', 'node, MB', 'node and its programs, MB'],
      rows.sort((a, b) => a[0]!.localeCompare(b[0]!)),
    );
  });
}

function row(name: string, runs: MeasuredRun[]): string[] {
  return [name, formatSpread(runs, (each) => each.peak, 0), formatSpread(runs, (each) => each.treePeak, 0)];
}
