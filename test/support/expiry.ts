import { placedId, vaultKeys } from '../../lib/domain/names.ts';
import type { Plan, Policy } from '../../lib/domain/plan/policy.ts';
import type { PlatformSnapshot } from '../../lib/domain/points/platform-source.ts';
import type { DumpPoint, PointState, SnapshotPoint } from '../../lib/domain/points/recovery-point.ts';
import type { ExpireJob } from '../../lib/domain/runs/job.ts';
import { utc } from '../../lib/domain/time.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import type { Vault } from '../../lib/ports/vault.ts';
import { type ExpireDeps, expire } from '../../lib/workflows/expire/expire.ts';
import { DAY, HOME, HOUR, platformSnapshot, platformSource, point, snapshotPoint } from './builders.ts';
import { manualClock } from './doubles/clock.ts';
import { memoryDeps } from './doubles/deps.ts';
import { memoryPlatform } from './doubles/platform.ts';
import { type MemoryVault, memoryVault } from './doubles/vault.ts';
import { planWith } from './plan.ts';
import { tagsAt } from './snapshots.ts';

export const NOW = '2026-11-20T05:00:00Z';
/** A later expiry of the same day. */
export const LATER = { scheduledFor: '2026-11-20T05:10:00Z' };

/** A target with a verified dump of each of the last days, which stay for a week. */
export async function expiryWorld(days: number, policy = 'retention: { all: 7d }') {
  const clock = manualClock(NOW);
  const vault = memoryVault(clock);
  const platform = memoryPlatform({ clock, home: HOME, sources: [platformSource()] });
  const base = memoryDeps(clock);
  const { catalog } = base;
  const points: DumpPoint[] = [];
  for (let day = days; day >= 1; day--) points.push(await stored(vault, catalog, daysAgo(day - 1)));
  const deps: ExpireDeps & typeof base = {
    ...base,
    vault,
    platform,
    plan: planWith({ policy }),
    secondsLeft: () => 900,
  };
  return {
    ...base,
    vault,
    platform,
    points,
    deps,
    expire: (changes: Partial<ExpireJob> = {}) =>
      expire(
        {
          job: 'expire',
          target: 'crm',
          scheduledFor: NOW,
          requestedBy: 'schedule',
          dryRun: false,
          ...changes,
        },
        deps,
      ),
    /** Puts a snapshot on the platform and into the catalog, with the tags of its job if that took it. */
    async snapped(at: string, changes: Parameters<typeof snapshotPoint>[1] = {}): Promise<SnapshotPoint> {
      const snapshot = snapshotPoint(at, changes);
      const { id, of, arn } = snapshot.snapshot;
      const type: PlatformSnapshot['type'] = snapshot.kind === 'automated' ? 'automated' : 'manual';
      const tags = snapshot.kind === 'snapshot' ? tagsAt(at) : {};
      platform.putSnapshot(platformSnapshot({ id, of, arn, type, takenAt: at, tags }), snapshot.place);
      await catalog.adoptPoint(snapshot);
      return snapshot;
    },
    /** The ids of the points in these states. */
    inState: async (...states: PointState[]) =>
      (await catalog.points('crm', { states })).map(({ id }) => id).sort(),
  };
}

/** Puts a verified dump into a vault and the catalog; with a place its replica. */
export async function stored(
  vault: MemoryVault,
  catalog: Catalog,
  scheduledFor: string,
  place: DumpPoint['place'] = 'vault',
): Promise<DumpPoint> {
  const keys = vaultKeys('crm', scheduledFor, 1);
  const put = (key: string) => vault.put(Buffer.from(key), { key, contentType: 'x', tags: {} });
  const [dump, roles, manifest] = [await put(keys.dump), await put(keys.roles), await put(keys.manifest)];
  const made = point(scheduledFor, { place, verifiedAt: scheduledFor, dump, roles, manifest });
  if (place !== 'vault') made.id = placedId(made.id, place);
  await catalog.adoptPoint(made);
  return made;
}

/** The plan with an instance behind its target, and this in its policy. */
export const withPolicy = (plan: Plan, changes: Partial<Policy>): Plan => ({
  ...plan,
  targets: plan.targets.map((target) => ({
    ...target,
    platform: { kind: 'rds', id: 'crm-db' },
    policy: { ...target.policy, ...changes },
  })),
});

/** So many days before now, at one o'clock. */
export const daysAgo = (days: number) =>
  utc(new Date(new Date(NOW).getTime() - (days * DAY + 4 * HOUR) * 1000));

export async function keysLeft(vault: Vault): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of vault.list('crm/')) keys.push(key);
  return keys;
}
