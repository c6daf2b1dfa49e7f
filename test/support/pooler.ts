import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Credentials } from '../../lib/ports/database.ts';
import { freePort } from '../../scripts/local/free-port.ts';

/** A real PgBouncer in front of the test server. */
export async function startPooler(
  source: Credentials,
  mode: 'transaction' | 'session',
): Promise<{ port: number; stop(): Promise<void> }> {
  const program = process.env['PGBOUNCER'];
  if (!program) throw new Error('there is no PgBouncer; bash scripts/prepare/prepare.sh --tests installs it');
  const directory = mkdtempSync(join(tmpdir(), 'us-pool-'));
  const port = await freePort();
  const ini = join(directory, 'pgbouncer.ini');
  const users = join(directory, 'users.txt');
  writeFileSync(users, `"${source.user}" "${source.password}"\n`);
  writeFileSync(
    ini,
    `[databases]\n* = host=${source.host} port=${source.port}\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=${port}\nunix_socket_dir=\nauth_type=plain\nauth_file=${users}\npool_mode=${mode}\nignore_startup_parameters=extra_float_digits,options\nlogfile=${join(directory, 'log')}\n`,
  );
  const identity = lend(directory, [ini, users]);
  const child = spawn(program, [ini], { stdio: 'ignore', ...identity });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  for (let attempt = 0; ; attempt++) {
    const client = new Client({ ...source, port, ssl: false });
    const up = await client.connect().then(
      () => client.end().then(() => true),
      () => false,
    );
    if (up) break;
    if (attempt > 2400 || child.exitCode !== null) throw new Error('PgBouncer did not come up');
    await sleep(50);
  }
  return {
    port,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** PgBouncer refuses root, as PostgreSQL does. */
function lend(directory: string, files: string[]): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const account = process.env['UNDERSTUDY_PG_USER'] || 'postgres';
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number(execFileSync('id', [flag, account], { encoding: 'utf8' })),
  );
  chmodSync(directory, 0o755);
  for (const path of [directory, ...files]) chownSync(path, uid!, gid!);
  return { uid: uid!, gid: gid! };
}
