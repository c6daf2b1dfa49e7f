import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { basename } from 'node:path';
import { UnderstudyError } from '../../../domain/errors.ts';
import type { Credentials } from '../../../ports/database.ts';
import { authoritiesFile } from './authorities.ts';
import { withoutValues } from './error-text.ts';

/** How a finished program ended, and its last output. */
export type Ending = { code: number | null; signal: NodeJS.Signals | null; stderr: string };

/**
 * The whole environment of a child: nothing of this process's own (no AWS_*, no configuration) is passed on. A
 * process whose uid has no account passes `extra` (nss_wrapper's variables). Its home does not exist: libpq would read
 * .pgpass, .pg_service.conf, .psqlrc and certificates there, and a restored copy can write to /tmp.
 */
export function childEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  return {
    PATH: '/usr/bin:/bin',
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    HOME: '/nonexistent',
    ...extra,
  };
}

/** libpq's settings for a source. They go by environment: every process of the machine can read argv. */
export async function libpqEnvironment(credentials: Credentials): Promise<Record<string, string>> {
  return {
    PGHOST: credentials.host,
    PGPORT: String(credentials.port),
    PGDATABASE: credentials.database,
    PGUSER: credentials.user,
    PGPASSWORD: credentials.password,
    PGSSLMODE: credentials.sslmode,
    ...(await trustEnvironment(credentials.sslmode)),
    PGAPPNAME: 'understudy',
    PGCONNECT_TIMEOUT: '15',
  };
}

/** What libpq verifies a server's certificate by, if it is to. */
export async function trustEnvironment(sslmode: Credentials['sslmode']): Promise<Record<string, string>> {
  return sslmode.startsWith('verify-') ? { PGSSLROOTCERT: await authoritiesFile() } : {};
}

/** Starts a program with pipes and its own environment, and returns a promise of how it ended. Never rejects. */
export function start(
  program: string,
  args: readonly string[],
  environment: Record<string, string>,
  options: Pick<SpawnOptions, 'uid' | 'gid' | 'cwd'> & {
    stdin?: 'pipe' | 'ignore';
    stdout?: 'pipe' | 'ignore';
  } = {},
): { child: ChildProcess; ended: Promise<Ending> } {
  const { stdin = 'ignore', stdout = 'pipe', ...rest } = options;
  if (alive.size === 0) process.prependOnceListener('exit', endAll);
  const child = spawn(program, args, { env: environment, stdio: [stdin, stdout, 'pipe'], ...rest });
  // Without a free file descriptor there are no pipes, and the error comes later.
  if (!child.stderr) {
    child.on('error', () => undefined);
    throw new UnderstudyError(
      'program-not-started',
      `${program} could not start: the system has no pipes left`,
    );
  }
  let stderr = '';
  // Only the tail is kept: a program that reports every row must not fill the memory.
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-8000);
  });
  const ended = new Promise<Ending>((resolve) => {
    child.on('error', (error) =>
      resolve({ code: null, signal: null, stderr: `${program}: ${error.message}` }),
    );
    child.on('close', (code, signal) => resolve({ code, signal, stderr: stderr.trim() }));
  });
  alive.add(child);
  void ended.then(() => {
    alive.delete(child);
    if (alive.size === 0) process.off('exit', endAll);
  });
  void ended.then((ending) => noteDeath(program, rest.cwd, ending));
  return { child, ended };
}

/** No program outlives this process, however it ends. */
const alive = new Set<ChildProcess>();

function endAll(): void {
  // A server ends its own processes only if it is asked.
  for (const child of alive) child.kill(basename(child.spawnfile) === 'postgres' ? 'SIGQUIT' : 'SIGKILL');
}

const deaths = new Map<string, string[]>();

/** Programs in a directory that were killed, could not run, or ended without a message of their own. */
export function diedIn(directory: string): readonly string[] {
  return deaths.get(directory) ?? [];
}

/** Removes the entries of a deleted directory. */
export function forgetDeaths(directory: string): void {
  deaths.delete(directory);
}

function noteDeath(program: string, cwd: string | URL | undefined, ending: Ending): void {
  if (ending.code === 0 || typeof cwd !== 'string') return;
  const name = basename(program);
  const spoke = name !== 'pg_restore' || isVerdict(ending);
  if (ending.signal === null && ending.code !== null && spoke) return;
  deaths.set(cwd, [...diedIn(cwd), formatEnding(name, ending)]);
}

/** Did pg_restore judge its input? Otherwise it was killed or could not start, or lacked memory or a library. */
export function isVerdict({ code, signal, stderr }: Ending): boolean {
  // A worker that fails reports why before its parent reports the end; a killed one does not.
  const ownWords = stderr
    .split('\n')
    .filter((line) => line.startsWith('pg_restore: ') && !line.includes('worker process died unexpectedly'));
  // These messages mean that it could not continue, not that its input is bad.
  const ofMachine = /out of memory|cannot allocate memory|resource temporarily unavailable|no space left/i;
  return signal === null && code !== null && ownWords.length > 0 && !ofMachine.test(ownWords.join('\n'));
}

/** `pg_dump exited with 1: pg_dump: error: …` without secrets, statements and rows: it is sent to people, by e-mail too. */
export function formatEnding(program: string, ending: Ending, secret?: string): string {
  const how = ending.signal
    ? `was ended by ${ending.signal}`
    : ending.code === null
      ? 'could not start'
      : `exited with ${ending.code}`;
  const said = withoutContent(withoutValues(ending.stderr.split('\n')))
    .slice(-12)
    .join('\n');
  return withoutSecret(said === '' ? `${program} ${how}` : `${program} ${how}: ${said}`, secret);
}

/** Prefixes of what the server and its programs quote: a statement, which may contain a password, or a row. */
const QUOTES =
  /^(?:pg_\w+: detail: )?Command was:|\bQuery was:|^LINE \d+:|(?:^|\s)(?:DETAIL|CONTEXT|STATEMENT|QUERY):/;
/** Prefixes of a program's own messages, which a statement or a row is unlikely to have. */
const SPEAKS =
  /^(?:pg_dump|pg_dumpall|pg_restore|initdb|psql): (?:error|warning|hint|detail|fatal)|^psql:\S+:\d+: |^HINT: {2}|^\d{4}-\d\d-\d\d .*\b(?:ERROR|FATAL|PANIC|WARNING|LOG|HINT): {2}/;

/** Lines with a program's own messages. */
function withoutContent(lines: readonly string[]): string[] {
  let quoting = false;
  return lines.filter((line) => {
    if (QUOTES.test(line)) quoting = true;
    else if (SPEAKS.test(line)) quoting = false;
    return !quoting;
  });
}

/** Removes a secret, and passwords inside connection URLs, from a text. */
export function withoutSecret(text: string, secret?: string): string {
  const hidden = secret && secret.length > 0 ? text.replaceAll(secret, '***') : text;
  return hidden.replace(/(postgres(?:ql)?:\/\/[^:\s/]+:)\S+@/g, '$1***@');
}
