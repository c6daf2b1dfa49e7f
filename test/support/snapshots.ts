import { snapshotName } from '../../lib/domain/names.ts';
import type { CopyTo, Plan, Policy, Target } from '../../lib/domain/plan/policy.ts';
import { type PlatformSnapshot, type PlatformSource, TAGS } from '../../lib/domain/points/platform-source.ts';
import type { SnapshotPoint } from '../../lib/domain/points/recovery-point.ts';
import type { CopyJob, SnapshotJob } from '../../lib/domain/runs/job.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { copy } from '../../lib/workflows/copy/copy.ts';
import type { CopyDeps } from '../../lib/workflows/copy/plan-copy.ts';
import { snapshot } from '../../lib/workflows/snapshot/snapshot.ts';
import { HOME, HOUR, platformSnapshot, platformSource, policy, snapshotPoint, target } from './builders.ts';
import { manualClock } from './doubles/clock.ts';
import { memoryDeps } from './doubles/deps.ts';
import { type MemoryPlatform, memoryPlatform } from './doubles/platform.ts';
import { executions } from './executions.ts';
import { openIn } from './records.ts';

export const AT = '2026-11-20T01:00:00Z';
export const ID = '20261120T010000Z-snapshot@eu-central-1';
export const NAME = snapshotName('test', 'crm', AT);
export const tagsAt = (at: string) => ({
  [TAGS.run]: `snapshot/crm/${at}`,
  [TAGS.target]: 'crm',
  [TAGS.policy]: 'production',
  [TAGS.stage]: 'test',
});
export const OURS = tagsAt(AT);
/** The snapshot that the target's run of that moment takes, as RDS shows it. */
export const ownSnapshot = (changes: Partial<PlatformSnapshot> = {}, at = AT) =>
  platformSnapshot({
    id: snapshotName('test', 'crm', at),
    tags: tagsAt(at),
    createdAt: at,
    takenAt: at,
    ...changes,
  });
/** Puts a good snapshot of that moment on the platform and into the catalog. */
export async function putGood(
  { platform, catalog }: { platform: MemoryPlatform; catalog: Catalog },
  at = AT,
  changes: Partial<PlatformSnapshot> = {},
  place = HOME,
): Promise<SnapshotPoint> {
  const taken = ownSnapshot(changes, at);
  platform.putSnapshot(taken, place);
  const point = snapshotPoint(at, { place, snapshot: { id: taken.id } });
  await catalog.adoptPoint(point);
  return point;
}
export const ABROAD: CopyTo = {
  region: 'eu-west-1',
  kmsKey: 'arn:aws:kms:eu-west-1:111122223333:key/abroad',
};
export const ROLE = 'arn:aws:iam::444455556666:role/understudy-copies';
export const VAULTED: CopyTo = {
  region: 'eu-west-1',
  account: '444455556666',
  role: ROLE,
  kmsKey: 'arn:aws:kms:eu-west-1:444455556666:key/vaulted',
};
export const VAULTED_PLACE = 'eu-west-1/444455556666';

const COMMON = { target: 'crm', scheduledFor: AT, requestedBy: 'schedule' };
export const SNAPSHOT: SnapshotJob = { job: 'snapshot', ...COMMON };
export const copyTo = (to: string, point = ID): CopyJob => ({ job: 'copy', ...COMMON, point, to });

export function planOf(options: { policy?: Partial<Policy>; target?: Partial<Target> } = {}): Plan {
  const made = policy({
    objectives: { rpo: { snapshot: 26 * HOUR, pitr: HOUR / 4 }, rto: HOUR },
    schedules: { snapshot: { cron: '0 1 * * *', timezone: 'UTC' } },
    ...options.policy,
  });
  const of = target({ policy: made, platform: { kind: 'rds', id: 'crm-db' }, ...options.target });
  return { schemaVersion: 1, policies: [made], targets: [of] };
}

export const snapshotOptions = (changes: Partial<Policy['snapshot']>): Partial<Policy> => ({
  snapshot: { ...policy().snapshot, ...changes },
});
export const copiesTo = (...copies: CopyTo[]) => snapshotOptions({ copies });

/** A source whose snapshots are taken and copied a few seconds after their hour; time passes in pauses only. */
export function snapshotWorld(
  options: {
    policy?: Partial<Policy>;
    target?: Partial<Target>;
    source?: Partial<PlatformSource>;
    looks?: number;
  } = {},
) {
  const clock = manualClock('2026-11-20T01:00:20Z');
  const sources = [platformSource(options.source)];
  const platform = memoryPlatform({ clock, home: HOME, looks: options.looks ?? 1, sources });
  const deps = {
    ...memoryDeps(clock),
    platform,
    pace: { first: 30, most: 300 },
    plan: planOf(options),
    keyState: async (): Promise<'usable' | 'unusable' | 'unknown'> => 'usable',
    isDefaultKey: (async () => false) as CopyDeps['isDefaultKey'],
  } satisfies CopyDeps;
  const { alerts, catalog, messages } = deps;
  const { execution, whilePaused, whole } = executions(clock);
  return {
    deps,
    clock,
    alerts,
    messages,
    catalog,
    platform,
    execution,
    whilePaused,
    told: alerts.told,
    take: (job: Partial<SnapshotJob> = {}) =>
      whole((durable) => snapshot({ ...SNAPSHOT, ...job }, durable, deps)),
    copy: (to: string, point?: string) => whole((durable) => copy(copyTo(to, point), durable, deps)),
    point: async (id = ID) => (await catalog.point('crm', id)) as SnapshotPoint | undefined,
    run: (job = 'snapshot', scheduledFor = AT) => catalog.run({ job, target: 'crm', scheduledFor }),
    open: () => openIn(catalog),
  };
}
export type SnapshotWorld = ReturnType<typeof snapshotWorld>;
