import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { childEnvironment, libpqEnvironment } from '../../lib/adapters/engines/postgres/process.ts';
import type { Manifest } from '../../lib/domain/proof/manifest.ts';
import type { Cluster } from '../local/cluster.ts';
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

/** A full verification of an archive over HTTP, compared with pg_restore alone reading it from a file. */
export async function benchVerify(): Promise<void> {
  await withStage(async (cluster, directory) => {
    say(`an archive of a database of ${MEGABYTES} MB`);
    await makeDatabase(cluster, 'large', MEGABYTES);
    const file = await dumpToFile(cluster, 'large', directory);
    await withService(['s3', file], async ({ endpoint }) => {
      const manifest = await manifestOfFile(file, endpoint);
      const environment = childEnvironment();
      const program = join(BIN, 'pg_restore');
      const { bare, verify } = await inTurn({
        bare: () => measure({ kind: 'program', program, args: ['--file=/dev/null', file], environment }),
        verify: () => measure({ kind: 'verify', bin: BIN, manifest }, { endpoint }),
      });
      const seconds = (each: MeasuredRun) => each.seconds;
      const own = (each: MeasuredRun) => each.cpu.own;
      const programs = (each: MeasuredRun) => each.cpu.programs;
      const cpu = (each: MeasuredRun) => own(each) + programs(each);
      print(`Archive ${Math.round(manifest.dump.bytes / 1e6)} MB, gzip:1.\n`);
      printTable(
        ['', 's', 'against bare', 'CPU, s', 'against bare', 'of which node'],
        [
          [
            '`pg_restore -f /dev/null`',
            formatSpread(bare, seconds, 1),
            '',
            formatSpread(bare, programs, 1),
            '',
            '',
          ],
          [
            'verify, full',
            formatSpread(verify, seconds, 1),
            formatIncrease(verify, seconds, bare),
            formatSpread(verify, cpu, 1),
            formatIncrease(verify, cpu, bare, programs),
            formatSpread(verify, own),
          ],
        ],
      );
    });
  });
}

/** Dumps a database into a file of the directory; returns its path. */
export async function dumpToFile(cluster: Cluster, database: string, directory: string): Promise<string> {
  const file = join(directory, `${database}.dump`);
  const environment = {
    ...childEnvironment(),
    ...(await libpqEnvironment(credentialsOf(cluster, database))),
  };
  execFileSync(join(BIN, 'pg_dump'), ['--format=custom', '--compress=1', `--file=${file}`], {
    env: environment,
  });
  return file;
}

/** The part of a manifest that verifying the archive needs; `endpoint` serves the file. */
export async function manifestOfFile(file: string, endpoint: string): Promise<Manifest> {
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
