import { placedId, vaultKeys } from '../../lib/domain/names.ts';
import { type PlatformSnapshot, TAGS } from '../../lib/domain/points/platform-source.ts';
import type { DumpPoint, PointState, SnapshotPoint } from '../../lib/domain/points/recovery-point.ts';
import type { ExpireJob } from '../../lib/domain/runs/job.ts';
import { utc } from '../../lib/domain/time.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import type { Vault } from '../../lib/ports/vault.ts';
import type { ExpireDeps } from '../../lib/workflows/expire/expire.ts';
import { HOME, platformSnapshot, platformSource, snapshotPoint } from './builders.ts';
import { memoryAlerts } from './doubles/alerts.ts';
import { memoryCatalog } from './doubles/catalog/catalog.ts';
import { manualClock } from './doubles/clock.ts';
import { memoryMessages } from './doubles/job-messages.ts';
import { recordingLog } from './doubles/log.ts';
import { recordingMetrics } from './doubles/metrics.ts';
import { type MemoryPlatform, memoryPlatform } from './doubles/platform.ts';
import { type MemoryVault, memoryVault } from './doubles/vault.ts';
import { planWith } from './plan.ts';

export const NOW = '2026-11-20T05:00:00Z';
const DAY = 86_400_000;

/** A target with a verified dump of each of the last days, in a vault and catalog that count what is done to them. */
export async function world(days: number, policy = 'retention: { all: 7d }') {
  const clock = manualClock(NOW);
  const vault = memoryVault(clock);
  const platform = memoryPlatform({ clock, home: HOME, sources: [platformSource()] });
  const catalog = memoryCatalog(clock, HOME);
  const points: DumpPoint[] = [];
  for (let day = days; day >= 1; day--) {
    points.push(await stored(vault, catalog, daysAgo(day - 1)));
  }
  const deps = {
    catalog,
    vault,
    platform,
    home: HOME,
    clock,
    plan: planWith({ policy }),
    alerts: memoryAlerts(),
    metrics: recordingMetrics(),
    log: recordingLog(),
    messages: memoryMessages(),
    stage: 'test',
    secondsLeft: () => 900,
  } satisfies ExpireDeps;
  const job: ExpireJob = {
    job: 'expire',
    target: 'crm',
    scheduledFor: NOW,
    requestedBy: 'schedule',
    dryRun: false,
  };
  return { clock, vault, platform, catalog, points, deps, job };
}

/** Puts a verified dump into a vault and the catalog; with a place its replica, for which nobody holds a claim. */
export async function stored(
  vault: MemoryVault,
  catalog: Catalog,
  scheduledFor: string,
  place: DumpPoint['place'] = 'vault',
): Promise<DumpPoint> {
  const keys = vaultKeys('crm', scheduledFor, 1);
  const put = (key: string) => vault.put(Buffer.from(key), { key, contentType: 'x', tags: {} });
  const [dump, roles, manifest] = [await put(keys.dump), await put(keys.roles), await put(keys.manifest)];
  const id = `${scheduledFor.replace(/[-:]/g, '')}-1`;
  const point: DumpPoint = {
    id: place === 'vault' ? id : placedId(id, place),
    target: 'crm',
    kind: 'dump',
    place,
    state: 'verified',
    scheduledFor,
    keys,
    snapshotAt: scheduledFor,
    availableAt: scheduledFor,
    verifiedAt: scheduledFor,
    dump,
    roles,
    manifest,
  };
  await catalog.adoptPoint(point);
  return point;
}

/** Puts a snapshot where it says it lies, with our tags if it is ours, and into the catalog. */
export async function snapped(
  platform: MemoryPlatform,
  catalog: Catalog,
  scheduledFor: string,
  changes: Parameters<typeof snapshotPoint>[1] = {},
): Promise<SnapshotPoint> {
  const point = snapshotPoint(scheduledFor, changes);
  const type: PlatformSnapshot['type'] = point.kind === 'automated' ? 'automated' : 'manual';
  const { id, of, arn } = point.snapshot;
  const tags = point.kind === 'snapshot' ? tagsOfOurs(scheduledFor) : {};
  platform.putSnapshot(platformSnapshot({ id, of, arn, type, takenAt: scheduledFor, tags }), point.place);
  await catalog.adoptPoint(point);
  return point;
}

export const tagsOfOurs = (scheduledFor: string): Record<string, string> => ({
  [TAGS.run]: `snapshot/crm/${scheduledFor}`,
  [TAGS.stage]: 'test',
});

/** So many days before now, at one o'clock. */
export const daysAgo = (days: number) => utc(new Date(new Date(NOW).getTime() - days * DAY - 4 * 3_600_000));

export const keysLeft = async (vault: Vault) => {
  const keys: string[] = [];
  for await (const { key } of vault.list('crm/')) keys.push(key);
  return keys;
};

export const inState = async (catalog: Catalog, ...states: PointState[]) =>
  (await catalog.points('crm', { states })).map(({ id }) => id).sort();
