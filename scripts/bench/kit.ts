import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Credentials } from '../../lib/ports/database.ts';
import { type Cluster, startCluster } from '../local/cluster.ts';
import { tool } from '../local/tools.ts';

/** Where the programs of PostgreSQL are. */
export const BIN = tool('PG_BIN');
/** Size of the database of dump, verify and fingerprints. */
export const MEGABYTES = Number(process.env['BENCH_MEGABYTES'] || 1000);
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

/** Runs each in turn, for several rounds, the first of which does not count: a slow moment of the machine affects all alike. */
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
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

type Figure<T> = (run: T) => number;

/** `1.23 (1.20–1.31)`: the median of a figure, the least and the most. */
export function formatSpread<T>(runs: readonly T[], figure: Figure<T>, digits = 2): string {
  const values = runs.map(figure);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${middle(values).toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
}

/** How much more A took than B, by their medians: `+4.1 %`. */
export function formatIncrease<T>(
  a: readonly T[],
  figure: Figure<T>,
  b: readonly T[],
  other = figure,
): string {
  const percent = (middle(a.map(figure)) / middle(b.map(other)) - 1) * 100;
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
