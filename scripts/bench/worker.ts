import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { s3, sns, sqs } from '../../lib/adapters/aws/clients.ts';
import { jobMessages } from '../../lib/adapters/aws/job-messages.ts';
import { s3Vault } from '../../lib/adapters/aws/s3-vault.ts';
import { postgres } from '../../lib/adapters/engines/postgres/engine.ts';
import type { Plan, Policy, Target } from '../../lib/domain/plan/policy.ts';
import type { DumpPoint } from '../../lib/domain/points/recovery-point.ts';
import type { Manifest } from '../../lib/domain/proof/manifest.ts';
import { checkArchive } from '../../lib/points/artifact.ts';
import type { Credentials } from '../../lib/ports/database.ts';
import { dispatch } from '../../lib/workflows/dispatch/dispatch.ts';

/**
 * The measured work, each in a fresh process: takes a job as JSON, prints one line of JSON. measure.ts bundles it
 * with the options of the handlers, so that the deployed code is measured. Loading does not count; everything else
 * does.
 */
export type WorkerJob =
  | {
      kind: 'dump';
      bin: string;
      credentials: Credentials;
      policy: Policy;
      depth: 'fingerprints' | 'counts';
    }
  | { kind: 'verify' | 'list'; bin: string; manifest: Manifest }
  | { kind: 'dispatch'; targets: number }
  | { kind: 'program'; program: string; args: string[]; environment: Record<string, string> };
type Job<Kind> = Extract<WorkerJob, { kind: Kind }>;

export type Measurement = {
  seconds: number;
  /** CPU seconds of this process, and of the programs that it started. */
  cpu: { own: number; programs: number };
  /** Largest resident size of this process, in MB (10⁶ bytes). */
  peak: number;
  result: Record<string, unknown>;
};

const never = new AbortController().signal;
const vault = () => s3Vault(s3({ pathStyle: true }), { bucket: 'vault' });

/** As lib/workflows/dump/dump.ts does it: the end of the stream waits for the facts. */
async function dump(job: Job<'dump'>): Promise<Record<string, unknown>> {
  const source = await postgres({ binDirectories: () => [job.bin], scratchDirectory: tmpdir() }).hold(
    job.credentials,
    job.policy,
    never,
  );
  try {
    const archive = source.archive();
    const content = source.content(job.depth, []);
    content.catch((error) => archive.kill(error));
    async function* whole(): AsyncGenerator<Buffer> {
      yield* archive.stream;
      await Promise.all([content, archive.toc]);
    }
    const stored = await vault().stream(whole(), {
      key: 'bench/archive.dump',
      contentType: 'application/octet-stream',
      tags: { 'understudy:target': 'bench' },
      expectedBytes: source.facts.bytes,
    });
    return { bytes: stored.bytes, databaseBytes: source.facts.bytes };
  } finally {
    await source.release();
  }
}

async function verify({ bin, manifest }: Job<'verify' | 'list'>): Promise<Record<string, unknown>> {
  const subject = {
    target: { id: 'bench' } as Target,
    point: { id: 'bench' } as DumpPoint,
    vault: vault(),
  };
  const engine = postgres({ binDirectories: () => [bin], scratchDirectory: tmpdir() });
  const findings = await checkArchive(subject, manifest, 'full', engine, never);
  if (findings.length > 0) throw new Error(findings.map((each) => each.message).join('; '));
  return {};
}

/** A manifest's entry for an archive's table of contents. */
async function list({ bin, manifest }: Job<'verify' | 'list'>): Promise<Record<string, unknown>> {
  const archive = await vault().read(manifest.dump);
  const major = Number.parseInt(manifest.client.version, 10);
  const { toc, problem } = await postgres({
    binDirectories: () => [bin],
    scratchDirectory: tmpdir(),
  }).inspect(archive, major, 'readable', never);
  if (!toc) throw new Error(problem);
  return { entries: toc.entries.length, sha256: toc.sha256 };
}

function dispatchAll({ targets }: Job<'dispatch'>): Promise<Record<string, unknown>> {
  const policy = { name: 'production' } as Policy;
  const plan: Plan = {
    schemaVersion: 1,
    policies: [policy],
    targets: Array.from({ length: targets }, (_, index) => ({ id: `customer-${index}`, policy }) as Target),
  };
  const topic = 'arn:aws:sns:eu-central-1:000000000000:jobs';
  const nothing = () => undefined;
  return dispatch(
    { policy: policy.name, job: 'dump', scheduledFor: '2026-11-20T01:00:00Z' },
    {
      plan,
      messages: jobMessages(sns(), sqs(), topic, {}),
      metrics: { count: nothing },
      log: { info: nothing, warn: nothing, error: nothing },
    },
  );
}

/** The yardstick: the bare program, whose output the kernel discards. */
async function program({ program, args, environment }: Job<'program'>): Promise<Record<string, unknown>> {
  const child = spawn(program, args, { env: environment, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
  return {};
}

function work(job: WorkerJob): Promise<Record<string, unknown>> {
  switch (job.kind) {
    case 'dump':
      return dump(job);
    case 'verify':
      return verify(job);
    case 'list':
      return list(job);
    case 'dispatch':
      return dispatchAll(job);
    case 'program':
      return program(job);
  }
}

async function main(): Promise<void> {
  const job = JSON.parse(process.argv[2]!) as WorkerJob;
  const before = process.cpuUsage();
  const began = performance.now();
  const result = await work(job);
  const seconds = (performance.now() - began) / 1000;
  const cpu = process.cpuUsage(before);
  // Fields 16 and 17 of proc(5)'s stat: the time of children that have ended, in hundredths of a second.
  const stat = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ');
  const measured: Measurement = {
    seconds,
    cpu: { own: (cpu.user + cpu.system) / 1e6, programs: (Number(stat[13]) + Number(stat[14])) / 100 },
    peak: (process.resourceUsage().maxRSS * 1024) / 1e6,
    result,
  };
  process.stdout.write(`${JSON.stringify(measured)}\n`, () => process.exit(0));
}

main().catch((error: Error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
