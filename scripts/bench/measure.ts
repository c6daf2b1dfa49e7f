import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import type { Cluster } from '../local/cluster.ts';
import { LOCAL_CREDENTIALS } from '../local/moto.ts';
import { ROOT } from '../local/tools.ts';
import type { Measurement, WorkerJob } from './worker.ts';

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
