import { S3 } from '@aws-sdk/client-s3';
import { type DumpPoint, isDump } from '../../lib/domain/points/recovery-point.ts';
import type { Run } from '../../lib/domain/runs/run.ts';
import { catalog } from '../../lib/runtime/compose.ts';
import { readInbox } from '../../scripts/local/drain-queues.ts';
import { invokeLocally } from '../../scripts/local/invoke-locally.ts';
import type { Stage } from './stage.ts';

let minute = 0;

/** A message as a schedule would cause it, each for a moment of its own. */
export function message<Job extends string>(job: Job, more: object = {}) {
  const scheduledFor = new Date(Date.UTC(2026, 10, 20, 1, minute++)).toISOString().replace('.000', '');
  return { job, target: 'crm', scheduledFor, requestedBy: 'schedule', ...more };
}

/** Delivers a message to its function as its queue would. */
export function deliver<T = unknown>(job: 'dump' | 'verify' | 'expire', body: object): Promise<T> {
  return invokeLocally(job, { Records: [{ body: JSON.stringify(body) }] }) as Promise<T>;
}

const vault = () => {
  const s3 = new S3({ forcePathStyle: true });
  return { s3, Bucket: process.env['UNDERSTUDY_VAULT']! };
};

/** Everything in the vault as it is billed: every version, marker and open upload. */
export async function billed(): Promise<string[]> {
  const { s3, Bucket } = vault();
  const { Versions = [], DeleteMarkers = [] } = await s3.listObjectVersions({ Bucket });
  const { Uploads = [] } = await s3.listMultipartUploads({ Bucket });
  return [
    ...Versions.map((each) => each.Key!),
    ...DeleteMarkers.map((each) => `${each.Key} (marker)`),
    ...Uploads.map((each) => `${each.Key} (open upload)`),
  ].sort();
}

export async function lastRun(job = 'dump'): Promise<Run | undefined> {
  return (await catalog().runs('crm', job, 1))[0];
}

/** The newest dump. */
export async function lastPoint(): Promise<DumpPoint | undefined> {
  return (await catalog().points('crm')).find(isDump);
}

/** What a topic's subscribers were told since the last time: `opened P1 job-failed dump`. */
export async function told(stage: Stage, topic: 'alerts' | 'pages' = 'alerts'): Promise<string[]> {
  return (await readInbox(stage.inbox[topic])).map(({ finding }) =>
    ['occasion', 'severity', 'code', 'subject'].map((field) => finding[field]).join(' '),
  );
}

/** Empties the vault, locks or not, so that the next test counts from nothing. */
export async function wipe(): Promise<void> {
  const { s3, Bucket } = vault();
  const { Versions = [], DeleteMarkers = [] } = await s3.listObjectVersions({ Bucket });
  for (const { Key, VersionId } of [...Versions, ...DeleteMarkers])
    await s3.deleteObject({ Bucket, Key, VersionId, BypassGovernanceRetention: true });
}
