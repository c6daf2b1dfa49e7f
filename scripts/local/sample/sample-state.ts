import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, LOCAL } from '../local-state.ts';
import { ROOT } from '../tools.ts';

/** The RDS instance of `local up --rds`, as its own process puts it on record. */
export type Sample = {
  pid: number;
  /** Contains every server and its data. */
  directory: string;
  /** Of RDS's API. */
  endpoint: string;
  instance: string;
  /** The instance’s own. */
  port: number;
  /** The application's address; absent where it was left out. */
  application?: string;
};

const FILE = join(LOCAL, 'rds.json');
export const SAMPLE_LOG = join(LOCAL, 'rds.log');
export const SAMPLE_CONFIG = join(ROOT, 'scripts/local/sample/understudy.yml');

/** Written to another file and renamed: whoever finds it finds all of it. */
export function recordSample(sample: Sample): void {
  mkdirSync(LOCAL, { recursive: true });
  writeFileSync(`${FILE}.new`, `${JSON.stringify(sample, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${FILE}.new`, FILE);
}

/** The sample on record, also one whose process has died. */
export function recordedSample(): Sample | undefined {
  try {
    return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Sample) : undefined;
  } catch {
    return undefined;
  }
}

export function runningSample(): Sample | undefined {
  const sample = recordedSample();
  return sample && isAlive(sample.pid) ? sample : undefined;
}

export function forgetSample(): void {
  rmSync(FILE, { force: true });
}

/** What functions in this process need to reach it, and to wait for seconds where AWS takes minutes. */
export const sampleEnvironment = ({ endpoint }: Sample): Record<string, string> => ({
  AWS_ENDPOINT_URL_RDS: endpoint,
  UNDERSTUDY_SCRATCH_SUBNET_GROUP: 'default',
  UNDERSTUDY_SCRATCH_SECURITY_GROUP: 'sg-scratch',
  UNDERSTUDY_PACE: '1',
});
