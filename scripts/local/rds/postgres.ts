import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { freePort } from '../ports.ts';
import { copyDirectory, ENVIRONMENT, type Machine, makeDirectory, newDirectory, run } from './machine.ts';
import { archiveOf, settingsOf } from './settings.ts';

export type Rows = Record<string, unknown>[];

/** A PostgreSQL server with its data, its port, and the archive its WAL goes to. */
export type Server = {
  machine: Machine;
  directory: string;
  port: number;
  /** Values of a parameter group, given to the server as they are. */
  parameters: Record<string, string>;
  process?: ChildProcess | undefined;
  /** Has it come up, and not been stopped since? */
  ready: boolean;
  /** Does it listen on its port, or only on the socket that rdsadmin uses? */
  open: boolean;
};

export const dataOf = (server: Server) => join(server.directory, 'data');

/** A new, empty cluster of the superuser `rdsadmin`, not started. */
export async function newServer(machine: Machine): Promise<Server> {
  const server = await emptyServer(machine);
  const passwordFile = join(server.directory, 'password');
  await run(machine, '/bin/sh', ['-c', 'umask 077; printf %s "$PGPASSWORD" > "$0"', passwordFile]);
  await run(machine, 'initdb', [
    ...['-D', dataOf(server), '-U', 'rdsadmin', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
    ...['--no-sync', '--data-checksums', '--wal-segsize=1', '--encoding=UTF8', '--locale=C.UTF-8'],
  ]);
  return server;
}

/** Copies a base backup, and the WAL that it may be replayed with. */
export async function fillServer(server: Server, backup: string, archive?: string): Promise<void> {
  await copyDirectory(server.machine, backup, dataOf(server));
  if (archive) await copyDirectory(server.machine, archive, join(server.directory, 'source-wal'));
}

export async function emptyServer(machine: Machine): Promise<Server> {
  const directory = newDirectory(machine);
  const server = { machine, directory, port: await freePort(), parameters: {}, ready: false, open: true };
  makeDirectory(machine, archiveOf(server));
  return server;
}

/** Resolves when the server takes writes: recovery is over then. */
export async function start(server: Server, options: { open: boolean; settings?: string[] }): Promise<void> {
  const { machine, directory } = server;
  server.open = options.open;
  const log = openSync(join(directory, 'log'), 'a');
  const settings = [...settingsOf(server), ...(options.settings ?? [])];
  const child = spawn(
    join(machine.bin, 'postgres'),
    ['-D', dataOf(server), ...settings.flatMap((setting) => ['-c', setting])],
    { ...machine.identity, env: ENVIRONMENT, cwd: directory, stdio: ['ignore', log, log] },
  );
  server.process = child;
  machine.children.add(child);
  child.on('close', () => machine.children.delete(child));
  for (let attempt = 0; !(await isWritable(server)); attempt++) {
    if (child.exitCode !== null || attempt > 6000)
      throw new Error(`PostgreSQL did not come up: ${lastWords(server)}`);
    await sleep(20);
  }
  server.ready = true;
}

/** `fast` writes a checkpoint and lets the archiver finish; `immediate` is for what is thrown away. */
export async function stop(server: Server, how: 'fast' | 'immediate'): Promise<void> {
  const child = server.process;
  server.process = undefined;
  server.ready = false;
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  child.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT');
  await ended;
}

/** Opens or closes the port by starting again; what rdsadmin does goes over the socket and works either way. */
export async function restart(server: Server, open: boolean): Promise<void> {
  if (server.process && server.open === open) return;
  await stop(server, 'fast');
  await start(server, { open });
}

/** Runs SQL as rdsadmin; several statements at once are fine, the last one's rows come back. */
export async function sql(server: Server, database: string, text: string): Promise<Rows> {
  const client = new Client(connection(server, database));
  client.on('error', () => undefined);
  await client.connect();
  try {
    const result = (await client.query(text)) as unknown as { rows: Rows } | { rows: Rows }[];
    return (Array.isArray(result) ? result.at(-1)?.rows : result.rows) ?? [];
  } finally {
    await client.end().catch(() => undefined);
  }
}

const connection = ({ directory, port, machine }: Server, database: string) => ({
  host: directory,
  port,
  database,
  user: 'rdsadmin',
  password: machine.password,
});

async function isWritable(server: Server): Promise<boolean> {
  try {
    const [row] = await sql(server, 'postgres', 'select pg_is_in_recovery() as recovering');
    return row?.['recovering'] === false;
  } catch {
    return false;
  }
}

const lastWords = ({ directory }: Server) => readFileSync(join(directory, 'log'), 'utf8').slice(-1500);
