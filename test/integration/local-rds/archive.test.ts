import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Machine } from '../../../scripts/local/rds/machine.ts';
import { settingsOf, walArchiveOf } from '../../../scripts/local/rds/postgres.ts';
import { until } from './support.ts';

test('the archive of the local RDS has a WAL segment only after it was copied whole', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'us-archive-'));
  try {
    const machine = { parameters: new Map() } as unknown as Machine;
    const server = { machine, directory, port: 1, open: false, parameters: {}, ready: false };
    mkdirSync(walArchiveOf(server));
    const segment = join(directory, 'segment');
    execFileSync('mkfifo', [segment]);
    const command = settingsOf(server)
      .findLast((setting) => setting.startsWith('archive_command='))!
      .slice('archive_command='.length)
      .replaceAll('%p', segment)
      .replaceAll('%f', '000000010000000000000014');
    const archiving = promisify(execFile)('/bin/sh', ['-c', command]);
    // Opens once `cp` reads, and `cp` goes on for as long as it is open.
    const half = await open(segment, 'w');
    await half.write('the first half, ');
    await until('it to be written somewhere', async () =>
      readdirSync(directory, { recursive: true, withFileTypes: true }).some(
        (file) => file.isFile() && readFileSync(join(file.parentPath, file.name), 'utf8') !== '',
      ),
    );
    expect(readdirSync(walArchiveOf(server))).toEqual([]);
    await half.write('and the second');
    await half.close();
    await archiving;
    expect(readdirSync(walArchiveOf(server))).toEqual(['000000010000000000000014']);
    expect(readFileSync(join(walArchiveOf(server), '000000010000000000000014'), 'utf8')).toBe(
      'the first half, and the second',
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
