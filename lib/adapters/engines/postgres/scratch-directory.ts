import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir, realpath, rename, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { UnderstudyError } from '../../../domain/errors.ts';
import { endProcessesIn } from './processes-in.ts';

/** Directories of runs, and those that were not locked yet. Nothing else in the base is touched. */
const OURS = /^us-run-[0-9a-f]{8}(\.new)?$/;
const LOCK = 'owner';
const SOCKET = '.s.PGSQL.5432';
/** The longest path of a Unix socket that every system allows, in bytes: Linux allows 107, macOS 103. */
const LONGEST = 103;
const NOT_LOCKED_AFTER_MS = 600_000;

export type RunDirectory = { path: string; release(): Promise<void> };

/**
 * Makes a directory for one run below `base`. Other runs leave it alone as long as this process lives: a socket in it
 * listens, and the kernel closes it however the process ends.
 *
 *   NAME.new ── listen on NAME.new/owner ── rename to NAME ── the run ── removed by its owner, or by a later sweep
 */
export async function makeRunDirectory(base: string): Promise<RunDirectory> {
  await makeBase(base);
  const path = join(await realpath(base), `us-run-${randomBytes(4).toString('hex')}`);
  if (Buffer.byteLength(join(path, SOCKET)) > LONGEST)
    throw new UnderstudyError('scratch-failed', `the path ${path} is too long for PostgreSQL’s socket`, {
      hint: 'set UNDERSTUDY_SCRATCH_DIRECTORY to a shorter path',
    });
  const unlocked = `${path}.new`;
  await mkdir(unlocked, { mode: 0o700 });
  const lock = await listen(join(unlocked, LOCK));
  await rename(unlocked, path);
  // A process that exits in the middle of a run leaves no copy of production's rows behind.
  const removeNow = () => {
    try {
      rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    } catch {
      // The next run removes it.
    }
  };
  process.once('exit', removeNow);
  return {
    path,
    async release() {
      process.off('exit', removeNow);
      try {
        await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
      } finally {
        lock.close();
      }
    },
  };
}

/**
 * Removes what dead runs left below `base`, and first ends the PostgreSQL servers still running in it. What cannot be
 * removed stays, and takes space.
 */
export async function sweepRunDirectories(base: string): Promise<void> {
  await makeBase(base);
  const root = await realpath(base);
  for (const name of (await readdir(root)).filter((each) => OURS.test(each))) {
    const path = join(root, name);
    if (await inUse(path)) continue;
    await endProcessesIn(path);
    await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }).catch(() => undefined);
  }
}

/** Another account could replace the content of a directory that it owns, so the base must belong to this account or to root. */
async function makeBase(base: string): Promise<void> {
  const made = await mkdir(base, { recursive: true });
  // PostgreSQL's account must be able to enter the run's own directory.
  if (made !== undefined) await chmod(base, 0o711);
  const { uid } = await lstat(await realpath(base));
  if (uid === 0 || uid === process.getuid?.()) return;
  throw new UnderstudyError('scratch-failed', `the scratch directory ${base} belongs to another account`, {
    hint: 'set UNDERSTUDY_SCRATCH_DIRECTORY to a directory that you own',
  });
}

async function inUse(path: string): Promise<boolean> {
  // Between its creation and its lock a directory has no owner for a moment.
  const { mtimeMs } = await lstat(path).catch(() => ({ mtimeMs: 0 }));
  if (path.endsWith('.new') && Date.now() - mtimeMs < NOT_LOCKED_AFTER_MS) return true;
  return new Promise((resolve) => {
    const socket = createConnection(join(path, LOCK));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'),
    );
  });
}

function listen(path: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy()).unref();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve(server));
  });
}
