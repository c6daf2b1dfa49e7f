import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { LocalStack } from './stack.ts';
import { STATE } from './tools.ts';

/** What `local up` started and made, for the commands that come after it. */
export type LocalState = LocalStack & { pid: number; endpoint: string };

const DIRECTORY = join(STATE, 'local');
const FILE = join(DIRECTORY, 'state.json');
export const FUNCTIONS_LOG = join(DIRECTORY, 'functions.log');
export const MOTO_LOG = join(DIRECTORY, 'moto.log');

export function readState(): LocalState | undefined {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as LocalState) : undefined;
}

export function writeState(state: LocalState): void {
  mkdirSync(DIRECTORY, { recursive: true });
  writeFileSync(FILE, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
}

export function removeState(): void {
  rmSync(FILE, { force: true });
}

/** Is that process still there, and ours? */
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
