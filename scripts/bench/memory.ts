import { makeDatabase } from './database.ts';
import { policyWith } from './dump.ts';
import {
  BIN,
  credentialsOf,
  inTurn,
  measure,
  type Run,
  say,
  spread,
  table,
  withService,
  withStage,
} from './kit.ts';
import { archiveOf, manifestOf } from './verify.ts';

const SIZES = { small: 150, large: 1500 };
const ROUNDS = 3;

/** Peak memory of a dump and of a verification, at two sizes a factor of ten apart. */
export async function run(): Promise<void> {
  await withStage(async (cluster, directory) => {
    const rows: string[][] = [];
    for (const [name, megabytes] of Object.entries(SIZES)) {
      say(`a database of ${megabytes} MB`);
      await makeDatabase(cluster, name, megabytes);
      const file = archiveOf(cluster, name, directory);
      await withService(['s3', file], async ({ endpoint }) => {
        const credentials = credentialsOf(cluster, name);
        const manifest = await manifestOf(file, endpoint);
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
    table(
      ['', 'node, MB', 'node and its programs, MB'],
      rows.sort((a, b) => a[0]!.localeCompare(b[0]!)),
    );
  });
}

function row(name: string, runs: Run[]): string[] {
  return [
    name,
    spread(
      runs.map((each) => each.peak),
      0,
    ),
    spread(
      runs.map((each) => each.treePeak),
      0,
    ),
  ];
}
