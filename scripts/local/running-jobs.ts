import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, LOCAL } from './local-state.ts';

const DIRECTORY = join(LOCAL, 'jobs');

type RunningJob = { pid: number; job: string; target: string };

/** Records, while this process lives, which job it does, so that another command can end it. */
export function registerJob(job: string, target: string): void {
  mkdirSync(DIRECTORY, { recursive: true });
  const file = join(DIRECTORY, `${process.pid}.json`);
  writeFileSync(file, JSON.stringify({ pid: process.pid, job, target } satisfies RunningJob));
  process.once('exit', () => rmSync(file, { force: true }));
}

/** Asks this machine's processes with a job to end it cleanly, as Ctrl-C does. Returns their number. */
export function endJobs(job: string, target: string): number {
  const found = readJobs().filter((each) => each.job === job && each.target === target);
  for (const { pid } of found) process.kill(pid, 'SIGTERM');
  return found.length;
}

function readJobs(): RunningJob[] {
  try {
    return readdirSync(DIRECTORY)
      .map((name) => JSON.parse(readFileSync(join(DIRECTORY, name), 'utf8')) as RunningJob)
      .filter(({ pid }) => isAlive(pid));
  } catch {
    // No directory, or a file that its process has just removed.
    return [];
  }
}
