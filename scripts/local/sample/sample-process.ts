import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UnderstudyError } from '../../../lib/domain/errors.ts';
import { endProcess, isAlive, processesWriting } from '../local-state.ts';
import { ROOT, tools } from '../tools.ts';
import { forgetSample, recordedSample, runningSample, SAMPLE_LOG, type Sample } from './sample-state.ts';

const TRIES = 1200;

/** Starts the sample as a process that outlives this one; resolves when its instance is available. */
export async function beginSample(
  environment: Record<string, string>,
  { empty }: { empty: boolean },
): Promise<Sample> {
  mkdirSync(dirname(SAMPLE_LOG), { recursive: true });
  const log = openSync(SAMPLE_LOG, 'a');
  const { PATH = '', HOME = '/tmp', TMPDIR = '/tmp', UNDERSTUDY_LOCAL } = process.env;
  const main = join(ROOT, 'scripts/local/sample/main.ts');
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', main, ...(empty ? ['--empty'] : [])],
    {
      cwd: ROOT,
      detached: true,
      env: {
        ...{ PATH, HOME, TMPDIR, ...tools(), ...environment },
        ...(UNDERSTUDY_LOCAL ? { UNDERSTUDY_LOCAL } : {}),
      },
      stdio: ['ignore', log, log],
    },
  );
  child.unref();
  // Until it is on record no other command could find it.
  const stopNow = () => process.kill(child.pid!, 'SIGTERM');
  process.once('exit', stopNow);
  for (let attempt = 0; attempt < TRIES && child.exitCode === null; attempt++) {
    const sample = runningSample();
    if (sample && sample.pid === child.pid) {
      process.off('exit', stopNow);
      return sample;
    }
    await sleep(100);
  }
  throw new UnderstudyError('local-rds-failed', 'the local RDS did not come up', {
    hint: `its log says why: ${SAMPLE_LOG}`,
  });
}

/** Ends the sample, and servers that a killed one left. Returns whether there was anything to end. */
export async function endSample(): Promise<boolean> {
  const known = recordedSample();
  const processes = new Set([...(known ? [known.pid] : []), ...processesWriting(SAMPLE_LOG)].filter(isAlive));
  for (const pid of processes) await endProcess(pid, 'SIGTERM');
  const left = known ? await endServers(known.directory) : 0;
  forgetSample();
  return processes.size + left > 0;
}

/** Ends the PostgreSQL servers whose data lies in this directory, then removes it. */
async function endServers(directory: string): Promise<number> {
  if (!existsSync(directory)) return 0;
  const servers = readdirSync(directory).flatMap((name) => serverOf(join(directory, name, 'data')));
  for (const pid of servers) await endProcess(pid, 'SIGQUIT');
  rmSync(directory, { recursive: true, force: true });
  return servers.length;
}

/** The server of a data directory, if it runs. A number in an old file may be another program's by now. */
function serverOf(data: string): number[] {
  try {
    const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(data) ? [pid] : [];
  } catch {
    return [];
  }
}
