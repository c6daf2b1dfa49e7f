import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../ports.ts';
import { copyDirectory, type Machine, newDirectory, run } from './machine.ts';
import { dataOf, emptyServer, fillServer, type Server, sql, start, stop } from './postgres.ts';
import { archiveOf } from './settings.ts';

/** The data of an instance or a cluster, and its automated backups. Other engines than PostgreSQL have no server. */
export type Store = {
  port: number;
  server?: Server;
  bases: Backup[];
  latest?: Date | undefined;
  /** No new moments: backups are not taken of a stopped or full instance. */
  frozen: boolean;
  lookedAt: number;
  looking?: Promise<void> | undefined;
};

/** A base backup: everything committed before `beganAt` is in it, and it can be replayed to any moment after `endedAt`. */
export type Backup = { directory: string; beganAt: Date; endedAt: Date };

export const emptyStore = (port: number): Store => ({ port, bases: [], frozen: false, lookedAt: 0 });
export const storeOf = (server: Server): Store => ({ ...emptyStore(server.port), server });

export async function baseBackup(store: Store, machine: Machine): Promise<Backup> {
  const directory = join(newDirectory(machine), 'data');
  const beganAt = new Date();
  if (store.server) await copyOf(store.server, directory);
  return { directory, beganAt, endedAt: new Date() };
}

async function copyOf(server: Server, directory: string): Promise<void> {
  await run(server.machine, 'pg_basebackup', [
    ...['-h', server.directory, '-p', String(server.port), '-U', 'rdsadmin', '-w', '-D', directory],
    ...['-X', 'stream', '-c', 'fast', '--no-sync', '--no-manifest'],
  ]);
}

/**
 * The store of something restored, and the copying of its data: from a base backup, with the WAL of the source for a
 * moment after it. Once copied, backup and source may be deleted.
 */
export async function restoredStore(
  machine: Machine,
  backup: Backup,
  source: Store | undefined,
  parameters: Record<string, string>,
): Promise<{ store: Store; filled: () => Promise<void> }> {
  if (!existsSync(backup.directory))
    return { store: emptyStore(await freePort()), filled: async () => undefined };
  const server = await emptyServer(machine);
  server.parameters = parameters;
  return {
    store: storeOf(server),
    filled: () => fillServer(server, backup.directory, source?.server && archiveOf(source.server)),
  };
}

/** Replays the WAL that was copied with the backup up to the last commit at or before the moment. */
export async function startAt(server: Server, moment: Date, open: boolean): Promise<void> {
  await run(server.machine, '/usr/bin/touch', [join(dataOf(server), 'recovery.signal')]);
  const archive = join(server.directory, 'source-wal');
  await start(server, {
    open,
    settings: [
      `restore_command=cp "${archive}/%f" "%p"`,
      // Its parser refuses a trailing Z.
      `recovery_target_time=${moment.toISOString().replace('T', ' ').replace('Z', '+00')}`,
      'recovery_target_action=promote',
    ],
  });
  rmSync(archive, { recursive: true, force: true });
}

/** The newest backup that had ended by then. */
export const baseBefore = (store: Store, moment: Date): Backup | undefined =>
  store.bases.findLast((base) => base.endedAt.getTime() <= moment.getTime());

export const earliestOf = (store: Store): Date | undefined =>
  store.bases[0] && wholeSecond(store.bases[0].endedAt.getTime() + 999);

/**
 * The last second that a restore can reach, moved on at most once in `pace` milliseconds. PostgreSQL stops at the
 * first commit after the target, so a moment is offered only once a later commit lies in the archive.
 */
export async function latestRestorable(store: Store, pace: number): Promise<Date | undefined> {
  const earliest = earliestOf(store);
  if (!earliest) return undefined;
  if (!store.frozen && Date.now() - store.lookedAt >= pace) {
    store.looking ??= moveOn(store).finally(() => {
      store.looking = undefined;
    });
    await store.looking;
  }
  return store.latest && store.latest >= earliest ? store.latest : undefined;
}

async function moveOn(store: Store): Promise<void> {
  const { server } = store;
  const at = Date.now();
  if (server && !(await commitAndArchive(server))) return;
  store.latest = wholeSecond(at);
  store.lookedAt = Date.now();
}

/** Did it, that is: was the server there all the while? */
async function commitAndArchive(server: Server): Promise<boolean> {
  const { process } = server;
  if (!server.ready) return false;
  try {
    const text = 'begin; select txid_current(); commit; select pg_walfile_name(pg_switch_wal()) as segment';
    const [row] = await sql(server, 'postgres', text);
    await archived(server, String(row?.['segment']));
    return true;
  } catch (error) {
    if (!server.ready || server.process !== process) return false;
    throw error;
  }
}

async function archived(server: Server, segment: string): Promise<void> {
  for (let attempt = 0; !existsSync(join(archiveOf(server), segment)); attempt++) {
    if (attempt > 12_000) throw new Error(`the segment ${segment} was not archived`);
    await sleep(10);
  }
}

export const wholeSecond = (milliseconds: number) => new Date(Math.floor(milliseconds / 1000) * 1000);

/** A copy of a backup that outlives its original. */
export async function copyBackup(machine: Machine, backup: Backup): Promise<Backup> {
  const directory = join(newDirectory(machine), 'data');
  if (existsSync(backup.directory)) await copyDirectory(machine, backup.directory, directory);
  return { ...backup, directory };
}

export function dropBackup(backup: Backup): void {
  rmSync(join(backup.directory, '..'), { recursive: true, force: true });
}

export async function dropStore(store: Store): Promise<void> {
  store.frozen = true;
  await store.looking?.catch(() => undefined);
  for (const base of store.bases) dropBackup(base);
  if (!store.server) return;
  await stop(store.server, 'immediate');
  rmSync(store.server.directory, { recursive: true, force: true });
}
