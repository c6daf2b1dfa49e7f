import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/**
 * Ends every process with a working directory in or below a directory: a server whose owner died, and its programs.
 * The server is asked first, because it frees its shared memory and ends its own processes.
 */
export async function endProcessesIn(directory: string): Promise<void> {
  const postmaster = await postmasterOf(directory);
  const found = await processesIn(directory, postmaster);
  if (postmaster !== undefined && found.includes(postmaster)) {
    signal(postmaster, 'SIGQUIT');
    await gone(directory, postmaster);
  }
  for (const pid of await processesIn(directory, postmaster)) signal(pid, 'SIGKILL');
  await gone(directory, postmaster);
}

async function gone(directory: string, postmaster: number | undefined): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if ((await processesIn(directory, postmaster)).length === 0) return;
    await sleep(100);
  }
}

async function postmasterOf(directory: string): Promise<number | undefined> {
  const text = await readFile(join(directory, 'data', 'postmaster.pid'), 'utf8').catch(() => '');
  // initdb's own server writes its process id as a negative number.
  const pid = Math.abs(Number.parseInt(text, 10));
  return pid > 1 ? pid : undefined;
}

/** By working directory. Where the system does not show it, only the server, by its command line. */
async function processesIn(directory: string, postmaster: number | undefined): Promise<number[]> {
  if (!existsSync('/proc/self/cwd')) {
    const command = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(postmaster ?? 0)]).then(
      ({ stdout }) => stdout,
      () => '',
    );
    return postmaster !== undefined && command.includes(directory) ? [postmaster] : [];
  }
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (Number(pid) !== process.pid && (cwd === directory || cwd.startsWith(`${directory}/`)))
      found.push(Number(pid));
  }
  return found;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has already ended.
  }
}
