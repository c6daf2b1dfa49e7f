import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { childEnvironment, libpqEnvironment } from '../../lib/adapters/engines/postgres/process.ts';
import type { Manifest } from '../../lib/domain/proof/manifest.ts';
import type { Cluster } from '../local/cluster.ts';
import { makeDatabase } from './database.ts';
import {
  BIN,
  credentialsOf,
  inTurn,
  measure,
  more,
  print,
  type Run,
  say,
  spread,
  table,
  withService,
  withStage,
} from './kit.ts';

const MEGABYTES = Number(process.env['BENCH_MEGABYTES'] || 1000);

/** A full verification of an archive that comes by HTTP, against pg_restore alone reading it from a file. */
export async function run(): Promise<void> {
  await withStage(async (cluster, directory) => {
    say(`an archive of a database of ${MEGABYTES} MB`);
    await makeDatabase(cluster, 'large', MEGABYTES);
    const file = archiveOf(cluster, 'large', directory);
    await withService(['s3', file], async ({ endpoint }) => {
      const manifest = await manifestOf(file, endpoint);
      const environment = childEnvironment();
      const program = join(BIN, 'pg_restore');
      const { bare, verify } = await inTurn({
        bare: () => measure({ kind: 'program', program, args: ['--file=/dev/null', file], environment }),
        verify: () => measure({ kind: 'verify', bin: BIN, manifest }, { endpoint }),
      });
      const seconds = (each: Run) => each.seconds;
      const own = (each: Run) => each.cpu.own;
      const programs = (each: Run) => each.cpu.programs;
      const cpu = (each: Run) => own(each) + programs(each);
      print(`Archive ${Math.round(manifest.dump.bytes / 1e6)} MB, gzip:1.\n`);
      table(
        ['', 's', 'against bare', 'CPU, s', 'against bare', 'of which node'],
        [
          [
            '`pg_restore -f /dev/null`',
            spread(bare.map(seconds), 1),
            '',
            spread(bare.map(programs), 1),
            '',
            '',
          ],
          [
            'verify, full',
            spread(verify.map(seconds), 1),
            more(verify.map(seconds), bare.map(seconds)),
            spread(verify.map(cpu), 1),
            more(verify.map(cpu), bare.map(programs)),
            spread(verify.map(own)),
          ],
        ],
      );
    });
  });
}

/** Dumps a database into a file of the directory; its path. */
export function archiveOf(cluster: Cluster, database: string, directory: string): string {
  const file = join(directory, `${database}.dump`);
  const environment = { ...childEnvironment(), ...libpqEnvironment(credentialsOf(cluster, database)) };
  execFileSync(join(BIN, 'pg_dump'), ['--format=custom', '--compress=1', `--file=${file}`], {
    env: environment,
  });
  return file;
}

/** As much of a manifest as verifying the archive takes; `endpoint` serves the file. */
export async function manifestOf(file: string, endpoint: string): Promise<Manifest> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  const version = execFileSync(join(BIN, 'pg_dump'), ['--version'], { encoding: 'utf8' });
  const dump = {
    key: 'bench/a.dump',
    versionId: 'v1',
    bytes: statSync(file).size,
    sha256: hash.digest('hex'),
  };
  const known = { client: { version: /\d+\.\d+/.exec(version)?.[0], compression: '1' }, dump };
  const { result } = await measure({ kind: 'list', bin: BIN, manifest: known as Manifest }, { endpoint });
  return { ...known, toc: result } as Manifest;
}
