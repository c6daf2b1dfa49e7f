import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { freePort } from './free-port.ts';
import { connectTo, type Rows, runSql } from './run-sql.ts';
import { tool, tools } from './tools.ts';

export type Cluster = {
  port: number;
  user: string;
  password: string;
  directory: string;
  url(database: string): string;
  /** Runs SQL in a database, several statements at once if need be. */
  sql(database: string, text: string): Promise<Rows>;
  connect(database: string): Promise<Client>;
  stop(): Promise<void>;
};

/** The whole environment of a server: nothing of this process's own. */
export const SERVER_ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC' };

/** Starts a separate PostgreSQL server on loopback, with password logins, that ends with this process. */
export async function startCluster(options: { settings?: string[] } = {}): Promise<Cluster> {
  const bin = tool('PG_BIN');
  const directory = mkdtempSync(join(tmpdir(), 'us-pg-'));
  const identity = account(directory);
  const password = 'local-only';
  const data = join(directory, 'data');
  const passwordFile = join(directory, 'password');
  execFileSync('sh', ['-c', 'umask 077; printf %s "$1" > "$2"', 'sh', password, passwordFile], identity);
  execFileSync(
    join(bin, 'initdb'),
    [
      ...['-D', data, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`],
      ...['--no-sync', '--encoding=UTF8', '--locale=C.UTF-8'],
    ],
    { ...identity, env: SERVER_ENVIRONMENT, cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] },
  );

  const port = await freePort();
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    `unix_socket_directories=${directory}`,
    'fsync=off',
    'wal_level=logical',
    'max_connections=60',
    'autovacuum_naptime=5s',
    ...(options.settings ?? []),
  ];
  const log = openSync(join(directory, 'log'), 'a');
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
    { ...identity, env: SERVER_ENVIRONMENT, cwd: directory, stdio: ['ignore', log, log] },
  );
  const ended = new Promise<void>((resolve) => server.on('close', () => resolve()));
  const stopNow = () => void server.kill('SIGQUIT');
  process.once('exit', stopNow);

  const config = (database: string) => ({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password,
    database,
    ssl: false,
  });
  const connect = (database: string) => connectTo(config(database));
  const cluster: Cluster = {
    port,
    user: 'postgres',
    password,
    directory,
    connect,
    url: (database) => `postgresql://postgres:${password}@127.0.0.1:${port}/${database}`,
    sql: (database, text) => runSql(config(database), text),
    async stop() {
      process.off('exit', stopNow);
      server.kill('SIGQUIT');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
  for (let attempt = 0; ; attempt++) {
    const up = await connect('postgres').then(
      (client) => client.end().then(() => true),
      () => false,
    );
    if (up) return cluster;
    if (attempt > 2400 || server.exitCode !== null)
      throw new Error(`PostgreSQL did not come up; see ${join(directory, 'log')}`);
    await sleep(50);
  }
}

/** PostgreSQL refuses to run as root, so root gives the directory to another account. */
export function account(directory: string): { uid?: number; gid?: number } {
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, 0o755);
  if (process.getuid?.() !== 0) return {};
  const user = tools()['UNDERSTUDY_PG_USER'] || 'postgres';
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number(execFileSync('id', [flag, user], { encoding: 'utf8' })),
  );
  chownSync(directory, uid!, gid!);
  return { uid: uid!, gid: gid! };
}
