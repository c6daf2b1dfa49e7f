import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SERVER_ENVIRONMENT } from '../cluster.ts';
import { freePort } from '../free-port.ts';
import { type Rows, runSql } from '../run-sql.ts';
import { type Machine, newDirectory, runProgram } from './machine.ts';

/** A PostgreSQL server with its data, its port, and its WAL archive. */
export type Server = {
  machine: Machine;
  directory: string;
  port: number;
  /** Does it listen on its port, or only on rdsadmin's socket? */
  open: boolean;
  /** Values of a parameter group, passed to the server as they are. */
  parameters: Record<string, string>;
  process?: ChildProcess | undefined;
  /** Is it up, and not stopped since? */
  ready: boolean;
};

export const dataDirectoryOf = ({ directory }: { directory: string }) => join(directory, 'data');
export const walArchiveOf = ({ directory }: { directory: string }) => join(directory, 'wal');

/** A new, empty cluster of the superuser `rdsadmin`, not started. */
export async function newServer(machine: Machine, parameters: Server['parameters']): Promise<Server> {
  const server = await emptyServer(machine, parameters);
  const passwordFile = join(server.directory, 'password');
  await runProgram(machine, '/bin/sh', ['-c', 'umask 077; printf %s "$PGPASSWORD" > "$0"', passwordFile]);
  await runProgram(machine, 'initdb', [
    ...['-D', dataDirectoryOf(server), '-U', 'rdsadmin', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
    ...['--no-sync', '--data-checksums', '--wal-segsize=1', '--encoding=UTF8', '--locale=C.UTF-8'],
  ]);
  return server;
}

export async function emptyServer(machine: Machine, parameters: Server['parameters']): Promise<Server> {
  const directory = newDirectory(machine);
  const server = { machine, directory, port: await freePort(), parameters, ready: false, open: true };
  newDirectory(machine, walArchiveOf(server));
  return server;
}

/** Resolves when the server accepts writes, so recovery is over. */
export async function startServer(server: Server, open: boolean, more: string[] = []): Promise<void> {
  const { machine, directory } = server;
  server.open = open;
  const log = openSync(join(directory, 'log'), 'a');
  const settings = [...settingsOf(server), ...more].flatMap((setting) => ['-c', setting]);
  const child = spawn(join(machine.bin, 'postgres'), ['-D', dataDirectoryOf(server), ...settings], {
    ...{ ...machine.identity, env: SERVER_ENVIRONMENT, cwd: directory, stdio: ['ignore', log, log] },
  });
  server.process = child;
  machine.children.add(child);
  child.on('close', () => machine.children.delete(child));
  for (let attempt = 0; !(await isWritable(server)); attempt++) {
    const said = () => readFileSync(join(directory, 'log'), 'utf8').slice(-1500);
    if (child.exitCode !== null || attempt > 6000) throw new Error(`PostgreSQL did not start: ${said()}`);
    await sleep(20);
  }
  server.ready = true;
}

/** `fast` writes a checkpoint and lets the archiver finish; `immediate` is for servers that are deleted. */
export async function stopServer(server: Server, how: 'fast' | 'immediate'): Promise<void> {
  const child = server.process;
  server.process = undefined;
  server.ready = false;
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  child.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT');
  await ended;
}

/** Opens or closes the port by a restart; rdsadmin uses the socket, which works either way. */
export async function restartServer(server: Server, open: boolean): Promise<void> {
  if (server.process && server.open === open) return;
  await stopServer(server, 'fast');
  await startServer(server, open);
}

/** Runs SQL as rdsadmin. */
export function runAsAdmin(server: Server, database: string, text: string): Promise<Rows> {
  const { directory: host, port, machine } = server;
  return runSql({ host, port, database, user: 'rdsadmin', password: machine.password }, text);
}

async function isWritable(server: Server): Promise<boolean> {
  const asked = runAsAdmin(server, 'postgres', 'select pg_is_in_recovery() as recovering');
  return (await asked.catch(() => []))[0]?.['recovering'] === false;
}

/** Later ones win: a parameter group over the defaults, and the local RDS's own over both. */
export function settingsOf(server: Server): string[] {
  const { machine, directory, parameters, open, port } = server;
  const archive = walArchiveOf(server);
  const isHere = (library: string) => machine.hasLibrary(library.trim());
  const libraries = (value: string) => value.split(',').filter(isHere).join(',');
  return [
    ...['max_connections=60', 'shared_buffers=16MB', 'max_wal_size=128MB', 'autovacuum_naptime=15s'],
    // A value for another machine (a formula, a missing library, a setting only RDS has) would stop the server.
    ...Object.entries(parameters)
      .filter(([name, value]) => (name.includes('.') || machine.parameters.has(name)) && !value.includes('{'))
      .map(([name, value]) => `${name}=${name === 'shared_preload_libraries' ? libraries(value) : value}`),
    `listen_addresses=${open ? '127.0.0.1' : ''}`,
    `port=${port}`,
    `unix_socket_directories=${directory}`,
    ...['fsync=off', 'wal_level=logical', 'archive_mode=on'],
    // The archive contains only whole segments, because it is copied while others are added.
    `archive_command=cp "%p" "${archive}.part" && mv "${archive}.part" "${archive}/%f"`,
    // No connection is accepted before recovery has ended, and a standby's minimum settings do not apply.
    'hot_standby=off',
  ];
}

/** The databases and roles of a new instance. `rds_superuser` is RDS's replacement for a superuser. */
export async function createInitialRoles(
  server: Server,
  of: { database: string; user: string; password: string },
) {
  const run = (text: string) => runAsAdmin(server, 'postgres', text);
  const user = quoteName(of.user);
  await run(ROLES);
  for (const database of ['template1', 'postgres']) await runAsAdmin(server, database, AMCHECK);
  const may = 'login createdb createrole in role rds_superuser';
  await run(`create role ${user} password ${quote(of.password)} ${may}`);
  if (of.database !== 'postgres') await run(`create database ${quoteName(of.database)}`);
  await run(`alter database ${quoteName(of.database)} owner to ${user}`);
}

export async function changePassword(server: Server, user: string, password: string): Promise<void> {
  await runAsAdmin(server, 'postgres', `alter role ${quoteName(user)} password ${quote(password)}`);
}

const ROLES = `
  create role rds_superuser nologin;
  grant pg_read_all_data, pg_monitor, pg_signal_backend to rds_superuser with admin option;
  do $$ begin
    if to_regrole('pg_checkpoint') is not null then
      grant pg_checkpoint to rds_superuser with admin option;
    end if;
  end $$;`;

/** rds_superuser may create this extension on RDS, which PostgreSQL allows only superusers. */
const AMCHECK = `
  create extension amcheck;
  grant execute on all functions in schema public to rds_superuser;`;

const quoteName = (name: string) => `"${name.replaceAll('"', '""')}"`;
const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
