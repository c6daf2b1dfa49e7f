import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import type { Credentials } from '../../lib/ports/database.ts';
import { type Cluster, startCluster } from '../local/cluster.ts';
import { LOCAL_CREDENTIALS } from '../local/moto.ts';
import { ROOT, tool } from '../local/tools.ts';
import type { Measurement, WorkerJob } from './worker.ts';

/** Where the programs of PostgreSQL are. */
export const BIN = tool('PG_BIN');
/** How often each thing is measured, after one run that does not count. */
export const ROUNDS = Number(process.env['BENCH_ROUNDS'] || 5);

/** Progress goes to stderr, figures go to stdout. */
export const say = (text: string) => process.stderr.write(`${text}\n`);
export const print = (text = '') => process.stdout.write(`${text}\n`);

/** Runs with a directory and a database server, and removes both afterwards. */
export async function withStage<T>(work: (cluster: Cluster, directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'us-bench-'));
  const cluster = await startCluster({ settings: ['autovacuum=off', 'max_wal_size=8GB'] });
  try {
    return await work(cluster, directory);
  } finally {
    await cluster.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

export type Service = {
  endpoint: string;
  calls(): Promise<{ calls: number; messages: number; cpuSeconds: number }>;
};

/** Runs with one of stub-services.ts in a separate process. */
export async function withService<T>(args: string[], work: (service: Service) => Promise<T>): Promise<T> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'stub-services.ts'), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  const endpoint = `http://127.0.0.1:${String(port).trim()}`;
  const calls = async () => (await (await fetch(`${endpoint}/-/calls`)).json()) as never;
  try {
    return await work({ endpoint, calls });
  } finally {
    const ended = once(child, 'close');
    child.stdin.end();
    await ended;
  }
}

export function credentialsOf(cluster: Cluster, database: string): Credentials {
  const { port, user, password } = cluster;
  return { host: '127.0.0.1', port, database, user, password, sslmode: 'disable' };
}

export type MeasuredRun = Measurement & {
  /** CPU seconds of the database server. */
  server: number;
  /** Largest sum of the resident sizes of the process and its programs, in MB; 0 unless it was watched. */
  treePeak: number;
};

/** Does one job in a fresh process. Watching the memory of the whole tree takes a little time itself. */
export async function measure(
  job: WorkerJob,
  { endpoint, cluster, watch = false }: { endpoint?: string; cluster?: Cluster; watch?: boolean } = {},
): Promise<MeasuredRun> {
  const before = cluster ? backendSeconds(cluster) : 0;
  const child = spawn(process.execPath, [await bundledWorker(), JSON.stringify(job)], {
    env: {
      PATH: process.env['PATH'] ?? '',
      ...LOCAL_CREDENTIALS,
      ...(endpoint ? { AWS_ENDPOINT_URL: endpoint } : {}),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const ended = once(child, 'close');
  let treePeak = 0;
  while (watch && child.exitCode === null && child.signalCode === null) {
    treePeak = Math.max(treePeak, residentSize(child.pid!));
    await Promise.race([ended, sleep(20)]);
  }
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`the measured process ended with ${code}`);
  // A backend ends, and its time is counted, a moment after its client.
  if (cluster) await sleep(300);
  const server = cluster ? backendSeconds(cluster) - before : 0;
  return { ...(JSON.parse(text) as Measurement), server, treePeak };
}

/**
 * Runs each in turn, for several rounds, the first of which does not count: a slow moment of the machine affects all
 * alike.
 */
export async function inTurn<Name extends string, T>(
  runs: Record<Name, () => Promise<T>>,
  rounds = ROUNDS,
): Promise<Record<Name, T[]>> {
  const names = Object.keys(runs) as Name[];
  const found = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<Name, T[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const one = await runs[name]();
      if (round > 0) found[name].push(one);
    }
    say(`  round ${round} of ${rounds}`);
  }
  return found;
}

export function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** `1.23 (1.20–1.31)`: the median, the least and the most. */
export function formatSpread(values: readonly number[], digits = 2): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${middle(values).toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
}

/** How much more A took than B, by their medians: `+4.1 %`. */
export function formatIncrease(a: readonly number[], b: readonly number[]): string {
  const percent = (middle(a) / middle(b) - 1) * 100;
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(1)} %`;
}

/** Prints a table as in docs/benchmarks.md. */
export function printTable(head: string[], rows: string[][]): void {
  print(`| ${head.join(' | ')} |`);
  print(`|${head.map((_, index) => (index === 0 ? '---' : '---:')).join('|')}|`);
  for (const row of rows) print(`| ${row.join(' | ')} |`);
  print();
}

export function describeMachine(): string {
  const version = execFileSync(join(BIN, 'postgres'), ['--version'], { encoding: 'utf8' });
  const [cpu] = cpus();
  return `${cpus().length} × ${cpu?.model.trim()}, ${process.platform} ${process.arch}, Node ${process.version}, PostgreSQL ${/\d+\.\d+/.exec(version)?.[0]}`;
}

let worker: Promise<string> | undefined;

/** Bundles worker.ts once, with the options of the packaged handlers. */
function bundledWorker(): Promise<string> {
  worker ??= (async () => {
    const directory = mkdtempSync(join(tmpdir(), 'us-bench-worker-'));
    process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
    const { outputFileExtension, exclude, concurrency, zipConcurrency, ...options } = createRequire(
      import.meta.url,
    )('../serverless/esbuild.cjs');
    const outfile = join(directory, `worker${outputFileExtension}`);
    await build({
      ...options,
      absWorkingDir: ROOT,
      entryPoints: [join(import.meta.dirname, 'worker.ts')],
      outfile,
      external: exclude,
      logLevel: 'warning',
    });
    return outfile;
  })();
  return worker;
}

/** CPU seconds of the server's processes that have ended. */
export function backendSeconds(cluster: Cluster): number {
  const pid = readFileSync(join(cluster.directory, 'data', 'postmaster.pid'), 'utf8').split('\n')[0];
  const stat = statOf(pid!);
  return (Number(stat[13]) + Number(stat[14])) / 100;
}

/** The resident sizes of a process and its descendants, in MB. Shared memory is counted for each. */
function residentSize(root: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each)))
    ignoringTheDead(() => parents.set(Number(name), Number(statOf(name)[1])));
  const isOurs = (pid: number | undefined): boolean =>
    pid === root || (pid !== undefined && parents.has(pid) && isOurs(parents.get(pid)));
  let pages = 0;
  for (const pid of [...parents.keys()].filter(isOurs))
    ignoringTheDead(() => {
      pages += Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    });
  return (pages * 4096) / 1e6;
}

/** The fields of proc(5)'s stat after the name, which may contain blanks: state, parent, … */
function statOf(pid: string): string[] {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
}

function ignoringTheDead(look: () => void): void {
  try {
    look();
  } catch {
    // it ended during the look
  }
}
