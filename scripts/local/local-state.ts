import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { UnderstudyError } from '../../lib/domain/errors.ts';
import type { LocalStack } from './stack.ts';
import { STATE } from './tools.ts';

/** What `local up` started and made, for later commands. */
export type LocalState = LocalStack & { pid: number; endpoint: string };

/** Where everything of the local cloud is kept. Another place for another one beside it. */
export const LOCAL = process.env['UNDERSTUDY_LOCAL'] || join(STATE, 'local');
const FILE = join(LOCAL, 'state.json');
const FUNCTIONS_LOG = join(LOCAL, 'functions.log');
export const UP_LOCK = join(LOCAL, 'up.lock');
export const MOTO_LOG = join(LOCAL, 'moto.log');

export function readState(): LocalState | undefined {
  if (!existsSync(FILE)) return undefined;
  try {
    const state = JSON.parse(readFileSync(FILE, 'utf8')) as LocalState;
    if (Number.isInteger(state.pid) && typeof state.environment === 'object') return state;
  } catch {
    // Reported below.
  }
  throw new UnderstudyError('state-damaged', `${FILE} is damaged, so the local cloud cannot be used`, {
    hint: './understudy local down clears it away; then ./understudy local up',
  });
}

export function noLocalCloud(): UnderstudyError {
  return new UnderstudyError('no-local-cloud', 'there is no local cloud', {
    hint: 'start one: ./understudy local up',
  });
}

/** Written to another file and renamed: an interruption leaves the old or the new one. */
export function writeState(state: LocalState): void {
  mkdirSync(LOCAL, { recursive: true });
  writeFileSync(`${FILE}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${FILE}.new`, FILE);
}

/** Processes that write this log: those of the local cloud, even without a state file. */
export function processesWriting(log: string): number[] {
  if (!existsSync('/proc/self/fd')) return [];
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && writesTo(pid, log));
}

function writesTo(pid: number, file: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/fd/1`) === file;
  } catch {
    return false;
  }
}

export function removeState(): void {
  rmSync(FILE, { force: true });
}

/** Does that process run, and is it ours to signal? */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !isZombie(pid);
}

/** Ends a process and waits for that; after half a minute it is killed. */
export async function endProcess(pid: number, signal: NodeJS.Signals): Promise<void> {
  process.kill(pid, signal);
  for (let attempt = 0; isAlive(pid); attempt++) {
    if (attempt === 300) process.kill(pid, 'SIGKILL');
    if (attempt > 330) return;
    await sleep(100);
  }
}

/** It has ended, and nobody has asked how: in a container, maybe nobody will. */
function isZombie(pid: number): boolean {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Functions in this process log to a file: stdout belongs to the command's answer. */
export function logToFile(file = FUNCTIONS_LOG): void {
  mkdirSync(LOCAL, { recursive: true });
  process.env['POWERTOOLS_DEV'] = 'true';
  const write = (...parts: unknown[]) =>
    appendFileSync(
      file,
      `${parts.map((part) => (typeof part === 'string' ? part : inspect(part))).join(' ')}\n`,
    );
  for (const level of ['log', 'info', 'warn', 'error', 'debug'] as const) console[level] = write;
}
