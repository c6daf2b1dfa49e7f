import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { freePort } from '../ports.ts';
import { copyDirectory, ENVIRONMENT, type Machine, makeDirectory, newDirectory, run } from './machine.ts';

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
export const archiveOf = (server: Server) => join(server.directory, 'wal');

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
  const settings = [
    ...DEFAULTS,
    ...groupSettings(server),
    ...ownSettings(server),
    ...(options.settings ?? []),
  ];
  const child = spawn(
    join(machine.bin, 'postgres'),
    ['-D', dataOf(server), ...settings.flatMap((setting) => ['-c', setting])],
    { ...machine.identity, env: ENVIRONMENT, cwd: directory, stdio: ['ignore', log, log] },
  );
  const pid = child.pid!;
  server.process = child;
  machine.pids.add(pid);
  child.on('close', () => machine.pids.delete(pid));
  for (let attempt = 0; !(await isWritable(server)); attempt++) {
    if (child.exitCode !== null || attempt > 1500)
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

/** What a parameter group may change. */
const DEFAULTS = [
  'max_connections=60',
  'shared_buffers=16MB',
  'max_wal_size=128MB',
  'autovacuum_naptime=15s',
];

/** A value for another machine (a formula, a library that is not here, a setting only RDS has) would stop the server. */
function groupSettings({ parameters, machine }: Server): string[] {
  return Object.entries(parameters)
    .filter(([name, value]) => (name.includes('.') || machine.parameters.has(name)) && !value.includes('{'))
    .map(
      ([name, value]) => `${name}=${name === 'shared_preload_libraries' ? installed(machine, value) : value}`,
    );
}

/** What makes it a server of ours, whatever the parameter group says. */
function ownSettings(server: Server): string[] {
  const archive = archiveOf(server);
  return [
    `listen_addresses=${server.open ? '127.0.0.1' : ''}`,
    `port=${server.port}`,
    `unix_socket_directories=${server.directory}`,
    'fsync=off',
    'wal_level=logical',
    'archive_mode=on',
    // A segment appears under its name when it is complete.
    `archive_command=cp "%p" "${archive}/%f.part" && mv "${archive}/%f.part" "${archive}/%f"`,
    // Nobody may connect before recovery has ended; a standby's minimum settings are not asked for either.
    'hot_standby=off',
  ];
}

function installed(machine: Machine, value: string): string {
  return value
    .split(',')
    .map((library) => library.trim())
    .filter((library) => library && machine.hasLibrary(library))
    .join(',');
}
