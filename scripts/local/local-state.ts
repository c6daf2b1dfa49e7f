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
import { inspect } from 'node:util';
import { UnderstudyError } from '../../lib/domain/errors.ts';
import type { LocalStack } from './stack.ts';
import { STATE } from './tools.ts';

/** What `local up` started and made, for later commands. */
type LocalState = LocalStack & { pid: number; endpoint: string };

const DIRECTORY = join(STATE, 'local');
const FILE = join(DIRECTORY, 'state.json');
const FUNCTIONS_LOG = join(DIRECTORY, 'functions.log');
export const UP_LOCK = join(DIRECTORY, 'up.lock');
export const MOTO_LOG = join(DIRECTORY, 'moto.log');

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
  mkdirSync(DIRECTORY, { recursive: true });
  writeFileSync(`${FILE}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${FILE}.new`, FILE);
}

/** Processes that write moto's log: those of the local cloud, even without a state file. */
export function motoProcesses(): number[] {
  if (!existsSync('/proc/self/fd')) return [];
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && writesTo(pid, MOTO_LOG));
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

/** Does that process exist, and is it ours to signal? */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Functions in this process log to a file: stdout belongs to the command's answer. */
export function logToFile(file = FUNCTIONS_LOG): void {
  mkdirSync(DIRECTORY, { recursive: true });
  process.env['POWERTOOLS_DEV'] = 'true';
  const write = (...parts: unknown[]) =>
    appendFileSync(
      file,
      `${parts.map((part) => (typeof part === 'string' ? part : inspect(part))).join(' ')}\n`,
    );
  for (const level of ['log', 'info', 'warn', 'error', 'debug'] as const) console[level] = write;
}
