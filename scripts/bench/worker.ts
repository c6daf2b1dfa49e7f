import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { s3, sns, sqs } from '../../lib/adapters/aws/clients.ts';
import { jobMessages } from '../../lib/adapters/aws/job-messages.ts';
import { s3Vault } from '../../lib/adapters/aws/s3-vault.ts';
import { postgresEngine } from '../../lib/adapters/postgres/engine.ts';
import { checkArchive } from '../../lib/checks/artifact.ts';
import type { Manifest } from '../../lib/domain/manifest.ts';
import type { Plan, Policy, Target } from '../../lib/domain/policy.ts';
import type { RecoveryPoint } from '../../lib/domain/recovery-point.ts';
import type { Credentials } from '../../lib/ports/database.ts';
import { dispatch } from '../../lib/workflows/dispatch.ts';

/**
 * What is measured, each in a fresh process: `node scripts/bench/worker.ts '<job as JSON>'` prints one line of JSON.
 * Imports are not in the time; connecting to the database and to the vault is.
 */
export type WorkerJob =
  | {
      kind: 'dump';
      bin: string;
      credentials: Credentials;
      policy: Policy;
      depth: 'fingerprints' | 'counts' | 'none';
    }
  | { kind: 'verify'; bin: string; manifest: Manifest }
  | { kind: 'inspect'; bin: string; manifest: Manifest }
  | { kind: 'dispatch'; plan: Plan; policy: string }
  | { kind: 'program'; program: string; args: string[]; environment: Record<string, string> };

export type Measured = {
  seconds: number;
  /** CPU seconds of this process, and of the programs that it started. */
  cpu: { own: number; programs: number };
  /** Largest resident size of this process, in MB (10⁶ bytes). */
  peak: number;
  result: Record<string, unknown>;
};

let began = 0;
const never = new AbortController().signal;

async function dump(job: WorkerJob & { kind: 'dump' }): Promise<Record<string, unknown>> {
  const source = await postgresEngine(() => [job.bin]).hold(job.credentials, job.policy, never);
  try {
    const held = performance.now() - began;
    const archive = source.archive();
    const content = job.depth === 'none' ? Promise.resolve(undefined) : source.content(job.depth);
    content.catch((error) => archive.kill(error));
    async function* whole() {
      yield* archive.stream;
      await Promise.all([content, archive.toc]);
    }
    const stored = await s3Vault(s3({ pathStyle: true }), { bucket: 'vault' }).stream(whole(), {
      key: 'bench/archive.dump',
      contentType: 'application/octet-stream',
      tags: { 'understudy:target': 'bench' },
      expectedBytes: source.facts.bytes,
    });
    return { bytes: stored.bytes, databaseBytes: source.facts.bytes, heldSeconds: held / 1000 };
  } finally {
    await source.release();
  }
}

async function verify(job: WorkerJob & { kind: 'verify' }): Promise<Record<string, unknown>> {
  const subject = {
    target: { id: 'bench' } as Target,
    point: { id: 'bench' } as RecoveryPoint,
    vault: s3Vault(s3({ pathStyle: true }), { bucket: 'vault' }),
  };
  const engine = postgresEngine(() => [job.bin]);
  return { findings: await checkArchive(subject, job.manifest, 'full', engine, never) };
}

async function inspect(job: WorkerJob & { kind: 'inspect' }): Promise<Record<string, unknown>> {
  const archive = await s3Vault(s3({ pathStyle: true }), { bucket: 'vault' }).read(job.manifest.dump);
  const major = Number.parseInt(job.manifest.client.version, 10);
  const found = await postgresEngine(() => [job.bin]).inspect(archive, major, 'full', never);
  return { problem: found.problem, toc: { entries: found.toc?.entries.length, sha256: found.toc?.sha256 } };
}

async function dispatchAll(job: WorkerJob & { kind: 'dispatch' }): Promise<Record<string, unknown>> {
  const nothing = { info: () => {}, warn: () => {}, error: () => {} };
  return dispatch(
    { policy: job.policy, job: 'dump', scheduledFor: '2026-11-20T01:00:00Z' },
    {
      plan: job.plan,
      messages: jobMessages(sns(), sqs(), 'arn:aws:sns:eu-central-1:000000000000:jobs', {}),
      metrics: { count: () => {}, flush: () => {} },
      log: nothing,
    },
  );
}

/** The yardstick: the bare program, whose output the kernel throws away. */
async function program(job: WorkerJob & { kind: 'program' }): Promise<Record<string, unknown>> {
  const child = spawn(job.program, job.args, {
    env: job.environment,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${job.program} ended with ${code}`);
  return {};
}

function work(job: WorkerJob): Promise<Record<string, unknown>> {
  switch (job.kind) {
    case 'dump':
      return dump(job);
    case 'verify':
      return verify(job);
    case 'inspect':
      return inspect(job);
    case 'dispatch':
      return dispatchAll(job);
    case 'program':
      return program(job);
  }
}

async function main() {
  const asked = JSON.parse(process.argv[2]!) as WorkerJob;
  const cpuBefore = process.cpuUsage();
  began = performance.now();
  const result = await work(asked);
  const seconds = (performance.now() - began) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const stat = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ');
  const measured: Measured = {
    seconds,
    cpu: { own: (cpu.user + cpu.system) / 1e6, programs: (Number(stat[13]) + Number(stat[14])) / 100 },
    peak: (process.resourceUsage().maxRSS / 1000) * 1.024,
    result,
  };
  process.stdout.write(`${JSON.stringify(measured)}\n`);
  process.exit(0);
}
main();
