import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Policy } from '../../lib/domain/policy.ts';
import type { Credentials } from '../../lib/ports/database.ts';
import { type Cluster, startCluster } from '../local/cluster.ts';
import { LOCAL_CREDENTIALS } from '../local/moto.ts';
import { tool } from '../local/tools.ts';
import type { Measured, WorkerJob } from './worker.ts';

export const PROGRAMS = tool('PG_BIN');
/** Runs with an even number of pairs measured, after one that is not. */
export const PAIRS = Number(process.env['BENCH_PAIRS'] ?? 7);

/** Prints on stderr how far it is; figures go to stdout. */
export const say = (text: string) => process.stderr.write(`${text}\n`);
export const print = (text = '') => process.stdout.write(`${text}\n`);

/** Runs with a server of its own, which is gone afterwards. */
export async function withCluster<T>(work: (cluster: Cluster) => Promise<T>): Promise<T> {
  const cluster = await startCluster({ settings: ['autovacuum=off', 'max_wal_size=8GB'] });
  try {
    return await work(cluster);
  } finally {
    await cluster.stop();
  }
}

export type Service = {
  endpoint: string;
  calls(): Promise<{ calls: number; messages: number; cpuSeconds: number }>;
  stop(): Promise<void>;
};

/** Starts one of servers.ts in a process of its own. */
export async function serve(...args: string[]): Promise<Service> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'servers.ts'), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  const endpoint = `http://127.0.0.1:${String(port).trim()}`;
  return {
    endpoint,
    calls: async () => (await (await fetch(`${endpoint}/-/calls`)).json()) as never,
    async stop() {
      const ended = once(child, 'close');
      child.stdin.end();
      await ended;
    },
  };
}

export function credentialsOf(cluster: Cluster, database: string): Credentials {
  const { port, user, password } = cluster;
  return { host: '127.0.0.1', port, database, user, password, sslmode: 'disable' };
}

export type Run = Measured & {
  /** Largest sum of the resident sizes of the process and its descendants, in MB; 0 unless watched. */
  treePeak: number;
  /** CPU seconds of the database server's backends. */
  server: number;
};

/** One job in a fresh process. `watch` samples the memory of the whole tree, which takes a little CPU. */
export async function measure(
  job: WorkerJob,
  options: { endpoint?: string; cluster?: Cluster; watch?: boolean; worker?: string } = {},
): Promise<Run> {
  const before = options.cluster ? backendSeconds(options.cluster) : 0;
  const worker = options.worker ?? join(import.meta.dirname, 'worker.ts');
  const child = spawn(process.execPath, [worker, JSON.stringify(job)], {
    env: {
      PATH: process.env['PATH'] ?? '',
      ...LOCAL_CREDENTIALS,
      ...(options.endpoint ? { AWS_ENDPOINT_URL: options.endpoint } : {}),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const ended = once(child, 'close');
  let treePeak = 0;
  while (options.watch && child.exitCode === null && child.signalCode === null) {
    treePeak = Math.max(treePeak, residentOf(child.pid!));
    await Promise.race([ended, sleep(10)]);
  }
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`the measured process ended with ${code}`);
  // Backends are gone, and their time is counted, a moment after their clients.
  if (options.cluster) await sleep(300);
  const server = options.cluster ? backendSeconds(options.cluster) - before : 0;
  return { ...(JSON.parse(text) as Measured), treePeak, server };
}

/** A and B in turn, after one run of each that is not counted: what drifts on the machine meets both alike. */
export async function inTurn<T>(
  pairs: number,
  runs: Record<string, () => Promise<T>>,
): Promise<Record<string, T[]>> {
  const found: Record<string, T[]> = Object.fromEntries(Object.keys(runs).map((name) => [name, []]));
  for (let round = 0; round <= pairs; round++) {
    for (const [name, run] of Object.entries(runs)) {
      const one = await run();
      if (round > 0) found[name]!.push(one);
    }
    if (round > 0) say(`  round ${round} of ${pairs}`);
  }
  return found;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** `1.23 (1.20–1.31)`: the median, the least and the most. */
export function spread(values: readonly number[], digits = 2): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
}

/** How much more A took than B: `+4.1 %` of the medians. */
export function more(a: readonly number[], b: readonly number[]): string {
  const percent = (median(a) / median(b) - 1) * 100;
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(1)} %`;
}

/** A table as docs/benchmarks.md has it. */
export function table(head: string[], rows: string[][]): void {
  print(`| ${head.join(' | ')} |`);
  print(`|${head.map((_, index) => (index === 0 ? '---' : '---:')).join('|')}|`);
  for (const row of rows) print(`| ${row.join(' | ')} |`);
  print();
}

export function machine(): string {
  const versions = execFileSync(join(PROGRAMS, 'postgres'), ['--version'], { encoding: 'utf8' });
  const postgres = /\d+\.\d+/.exec(versions)?.[0];
  return `${cpus().length} × ${cpus()[0]?.model.trim()}, Linux, Node ${process.version}, PostgreSQL ${postgres}`;
}

/** The policy of the benchmarks: what understudy.yml gives when it says nothing. */
export function policyWith(compression: Policy['dump']['compression']): Policy {
  const dump = { compression, client: 'same-major', lockTimeout: 5, whenBlocking: 'report' };
  return { dump } as unknown as Policy;
}

/** CPU seconds of the postmaster's children that have ended. */
function backendSeconds(cluster: Cluster): number {
  const pid = readFileSync(join(cluster.directory, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]!;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(stat[13]) + Number(stat[14])) / 100;
}

/** The resident sizes of a process and all its descendants, in MB. What they share is counted each time. */
function residentOf(root: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]!.split(' ');
      parents.set(Number(name), Number(stat[1]));
    } catch {
      // it ended meanwhile
    }
  }
  const isOurs = (pid: number): boolean => pid === root || (parents.has(pid) && isOurs(parents.get(pid)!));
  let pages = 0;
  for (const pid of parents.keys()) {
    if (!isOurs(pid)) continue;
    try {
      pages += Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    } catch {
      // it ended meanwhile
    }
  }
  return (pages * 4096) / 1e6;
}
