import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, writeFile } from 'node:fs/promises';
import { availableParallelism, freemem, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { UnderstudyError } from '../../../domain/errors.ts';
import { connectLocally } from './connection.ts';
import { childEnvironment, type Ending, formatEnding, start } from './process.ts';
import type { Programs } from './programs.ts';

/** Name of the scratch server's own superuser. It is partly random, so no source has a role of this name. */
export const SUPERUSER = `understudy_scratch_${randomBytes(6).toString('hex')}`;

export type ScratchServer = {
  directory: string;
  /** Environment of programs that connect to it: only its socket, nothing of this process. */
  environment: (user: string, database: string) => Record<string, string>;
  identity: { uid?: number; gid?: number };
  connect(user: string, database: string): Promise<Client>;
  /** How it ended, once it has. */
  hasEnded(): Ending | undefined;
  /** SQLSTATEs of the errors in its log since it was last cleared. */
  reported(): Set<string>;
  stop(): Promise<void>;
};

/**
 * Starts a PostgreSQL server that only this process can reach: a socket in its own directory and no TCP, no preloaded
 * libraries, no logical replication workers, nothing of this process's environment. Its data is temporary, so it
 * never waits for a disk.
 */
export async function startScratchServer(
  directory: string,
  programs: Programs,
  owner: string | undefined,
  signal: AbortSignal,
): Promise<ScratchServer> {
  const identity = await lendDirectory(directory, owner);
  const data = join(directory, 'data');
  const account = await accountEnvironment(directory);
  const base = childEnvironment({ HOME: directory, ...account });

  const initdb = start(
    join(programs.bin, 'initdb'),
    ['-D', data, '-U', SUPERUSER, '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
    base,
    { ...identity, cwd: directory },
  );
  const made = await initdb.ended;
  if (made.code !== 0)
    throw new UnderstudyError('scratch-failed', formatEnding('initdb', made), {
      hint: 'see the log above for what this machine lacks',
    });

  const server = start(
    join(programs.bin, 'postgres'),
    ['-D', data, ...settings(directory, programs.major).flatMap((setting) => ['-c', setting])],
    base,
    { ...identity, cwd: directory, stdout: 'ignore' },
  );
  let ended: Ending | undefined;
  void server.ended.then((ending) => (ended = ending));
  const reported = sqlStates(server.child.stderr!);
  const kill = () => void server.child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });

  const scratch: ScratchServer = {
    directory,
    identity,
    environment: (user, database) => ({
      ...base,
      PGHOST: directory,
      PGPORT: '5432',
      PGUSER: user,
      PGDATABASE: database,
      PGAPPNAME: 'understudy',
    }),
    connect: (user, database) => connectLocally({ host: directory, port: 5432, user, database }),
    hasEnded: () => ended,
    reported: () => reported,
    async stop() {
      signal.removeEventListener('abort', kill);
      server.child.kill('SIGQUIT');
      const gone = await Promise.race([server.ended.then(() => true), sleep(10_000, false, { ref: false })]);
      if (!gone) server.child.kill('SIGKILL');
      await server.ended;
    },
  };
  for (let attempt = 0; attempt < 300; attempt++) {
    const died = await Promise.race([server.ended, sleep(100, undefined)]);
    if (died) throw new UnderstudyError('scratch-failed', formatEnding('the scratch server', died));
    const client = await scratch.connect(SUPERUSER, 'postgres').catch(() => undefined);
    if (!client) continue;
    await client.end();
    reported.clear();
    return scratch;
  }
  await scratch.stop();
  throw new UnderstudyError('scratch-failed', 'the scratch server did not start within 30 seconds');
}

/** Collects the SQLSTATEs of a server's log. Further lines of a message begin with a tab. */
function sqlStates(log: Readable): Set<string> {
  const found = new Set<string>();
  let rest = '';
  log.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!.slice(0, 1000);
    for (const line of lines) {
      const state = /^([0-9A-Z]{5}) (?:ERROR|FATAL|PANIC): /.exec(line)?.[1];
      if (state) found.add(state);
    }
  });
  return found;
}

function settings(directory: string, major: number): string[] {
  const megabytes = Math.floor(freemem() / 1_048_576);
  return [
    'listen_addresses=',
    `unix_socket_directories=${directory}`,
    'unix_socket_permissions=0700',
    'dynamic_shared_memory_type=mmap',
    'shared_preload_libraries=',
    'max_logical_replication_workers=0',
    'wal_level=minimal',
    'max_wal_senders=0',
    'max_wal_size=1GB',
    'fsync=off',
    'synchronous_commit=off',
    'full_page_writes=off',
    'autovacuum=off',
    'jit=off',
    `shared_buffers=${Math.max(32, Math.min(1024, Math.floor(megabytes / 8)))}MB`,
    `maintenance_work_mem=${Math.max(64, Math.min(1024, Math.floor(megabytes / 8)))}MB`,
    `max_parallel_maintenance_workers=${availableParallelism()}`,
    'logging_collector=off',
    // Only the SQLSTATEs are read (see trouble.ts). Quoted rows and statements are discarded.
    'log_min_messages=error',
    'log_error_verbosity=terse',
    'log_line_prefix=%e ',
    // A backend that dies ends the server, so that its death is noticed.
    'restart_after_crash=off',
    // From 17 on an event trigger can fire at a login, and it would run as the superuser.
    ...(major >= 17 ? ['event_triggers=off'] : []),
    'log_statement=none',
    'log_min_error_statement=panic',
  ];
}

/** PostgreSQL refuses to run as root, so root gives the directory to another account. */
async function lendDirectory(
  directory: string,
  owner: string | undefined,
): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const account = owner ?? 'postgres';
  try {
    const [uid, gid] = ['-u', '-g'].map((flag) =>
      Number(execFileSync('id', [flag, account], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })),
    );
    await chown(directory, uid!, gid!);
    return { uid: uid!, gid: gid! };
  } catch (cause) {
    throw new UnderstudyError(
      'scratch-failed',
      `PostgreSQL cannot run as root, and there is no account "${account}" to run it`,
      {
        hint: 'set UNDERSTUDY_PG_USER to an account that may run it, or do not use root',
        cause,
      },
    );
  }
}

const NSS_WRAPPER = [
  '/usr/lib/x86_64-linux-gnu/libnss_wrapper.so',
  '/usr/lib/aarch64-linux-gnu/libnss_wrapper.so',
];

/** A function runs as a uid without an account, and initdb then refuses: a passwd file of its own helps. */
async function accountEnvironment(directory: string): Promise<Record<string, string>> {
  try {
    userInfo();
    return {};
  } catch {
    const library = NSS_WRAPPER.find(existsSync);
    if (!library)
      throw new UnderstudyError(
        'scratch-failed',
        `uid ${process.getuid?.()} has no account, and libnss_wrapper is not installed`,
        { hint: 'install libnss-wrapper' },
      );
    const passwd = join(directory, 'passwd');
    const group = join(directory, 'group');
    await writeFile(
      passwd,
      `understudy:x:${process.getuid!()}:${process.getgid!()}:understudy:${directory}:/bin/false\n`,
    );
    await writeFile(group, `understudy:x:${process.getgid!()}:\n`);
    return { LD_PRELOAD: library, NSS_WRAPPER_PASSWD: passwd, NSS_WRAPPER_GROUP: group };
  }
}
