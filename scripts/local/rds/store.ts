import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../free-port.ts';
import { copyDirectory, type Machine, newDirectory, runProgram } from './machine.ts';
import {
  dataDirectoryOf,
  emptyServer,
  runAsAdmin,
  type Server,
  startServer,
  stopServer,
  walArchiveOf,
} from './postgres.ts';

type Values = Server['parameters'];

/** The data of an instance or a cluster, and its automated backups. Engines other than PostgreSQL have no server. */
export type Store = {
  port: number;
  server?: Server;
  bases: Backup[];
  latest?: Date | undefined;
  /** No new moments: AWS does not back up a stopped or full instance. */
  frozen: boolean;
  lookedAt: number;
  looking?: Promise<void> | undefined;
};

/** A base backup: everything committed before `beganAt` is in it, and it can be replayed to any moment after `endedAt`. */
export type Backup = { directory: string; beganAt: Date; endedAt: Date };

export const storeOf = async (server?: Server): Promise<Store> => ({
  ...{ port: server?.port ?? (await freePort()), bases: [], frozen: false, lookedAt: 0 },
  ...(server && { server }),
});

export async function baseBackup({ server }: Store, machine: Machine): Promise<Backup> {
  const directory = join(newDirectory(machine), 'data');
  const beganAt = new Date();
  if (server)
    await runProgram(machine, 'pg_basebackup', [
      ...['-h', server.directory, '-p', String(server.port), '-U', 'rdsadmin', '-w', '-D', directory],
      ...['-X', 'stream', '-c', 'fast', '--no-sync', '--no-manifest'],
    ]);
  return { directory, beganAt, endedAt: new Date() };
}

/**
 * The store of a restored resource, and the copying of its data: from a base backup, with the source's WAL for a
 * later moment. After the copying, backup and source may be deleted.
 */
export async function restoredStore(machine: Machine, backup: Backup, values: Values, source?: Store) {
  const { directory } = backup;
  if (!existsSync(directory)) return { store: await storeOf(), filled: async () => undefined };
  const server = await emptyServer(machine, values);
  const filled = async () => {
    await copyDirectory(machine, directory, dataDirectoryOf(server));
    if (source?.server) await copyDirectory(machine, walArchiveOf(source.server), copyOfArchive(server));
  };
  return { store: await storeOf(server), filled };
}

/** Replays the WAL that was copied with the backup up to the last commit at or before the moment. */
export async function startAt(server: Server, moment: Date, open: boolean): Promise<void> {
  await runProgram(server.machine, '/usr/bin/touch', [join(dataDirectoryOf(server), 'recovery.signal')]);
  const archive = copyOfArchive(server);
  await startServer(server, open, [
    `restore_command=cp "${archive}/%f" "%p"`,
    // Its parser refuses a trailing Z.
    `recovery_target_time=${moment.toISOString().replace('T', ' ').replace('Z', '+00')}`,
    'recovery_target_action=promote',
  ]);
  rmSync(archive, { recursive: true, force: true });
}

const copyOfArchive = ({ directory }: Server) => join(directory, 'source-wal');

/** The newest backup that had ended by then. */
export const baseBefore = (store: Store, moment: Date): Backup | undefined =>
  store.bases.findLast((base) => base.endedAt.getTime() <= moment.getTime());

export const earliestOf = ({ bases: [first] }: Store): Date | undefined =>
  first && wholeSecond(first.endedAt.getTime() + 999);

/**
 * The last second that a restore can reach, advanced at most once in `pace` milliseconds. PostgreSQL stops at the
 * first commit after the target, so a moment is offered only once a later commit is in the archive.
 */
export async function latestRestorable(store: Store, pace: number): Promise<Date | undefined> {
  const earliest = earliestOf(store);
  if (!earliest) return undefined;
  if (!store.frozen && Date.now() - store.lookedAt >= pace)
    store.looking ??= moveOn(store).finally(() => {
      store.looking = undefined;
    });
  await store.looking;
  return store.latest && store.latest >= earliest ? store.latest : undefined;
}

async function moveOn(store: Store): Promise<void> {
  const at = Date.now();
  if (store.server && !(await commitAndArchive(store.server))) return;
  Object.assign(store, { latest: wholeSecond(at), lookedAt: Date.now() });
}

/** Commits, and waits until the archive has it; false if the server was not up all the time. */
async function commitAndArchive(server: Server): Promise<boolean> {
  const { process } = server;
  if (!server.ready) return false;
  try {
    const text = 'begin; select txid_current(); commit; select pg_walfile_name(pg_switch_wal()) as segment';
    const [row] = await runAsAdmin(server, 'postgres', text);
    const segment = join(walArchiveOf(server), String(row?.['segment']));
    for (let attempt = 0; !existsSync(segment); attempt++) {
      if (attempt > 12_000) throw new Error(`${segment} was not archived`);
      await sleep(10);
    }
    return true;
  } catch (error) {
    if (!server.ready || server.process !== process) return false;
    throw error;
  }
}

export const wholeSecond = (milliseconds: number) => new Date(Math.floor(milliseconds / 1000) * 1000);

/** A copy of a backup that outlives its original. */
export async function copyBackup(machine: Machine, backup: Backup): Promise<Backup> {
  const directory = join(newDirectory(machine), 'data');
  if (existsSync(backup.directory)) await copyDirectory(machine, backup.directory, directory);
  return { ...backup, directory };
}

export function dropBackup({ directory }: Backup): void {
  rmSync(join(directory, '..'), { recursive: true, force: true });
}

export async function dropStore(store: Store): Promise<void> {
  store.frozen = true;
  await store.looking?.catch(() => undefined);
  store.bases.forEach(dropBackup);
  if (!store.server) return;
  await stopServer(store.server, 'immediate');
  rmSync(store.server.directory, { recursive: true, force: true });
}
