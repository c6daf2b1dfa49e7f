import { ElastiCacheClient } from '@aws-sdk/client-elasticache';
import { UnderstudyError } from '../../../domain/errors.ts';
import type { PlatformSnapshot } from '../../../domain/points/platform-source.ts';
import type { Place, Platform, SnapshotTags } from '../../../ports/platform.ts';
import { findCache } from './caches.ts';
import {
  cacheTags,
  deleteCacheSnapshot,
  listCacheSnapshots,
  readCacheSnapshot,
  takeCacheSnapshot,
} from './snapshots.ts';

export const elasticacheClient = (region: string) => new ElastiCacheClient({ region, maxAttempts: 6 });

/**
 * Caches of ElastiCache: replication groups, clusters and serverless caches. All their snapshots lie in `home`:
 * ElastiCache copies none to another Region or account, and publishes no snapshot quota.
 */
export function elasticachePlatform(client: ElastiCacheClient, home: Place): Platform {
  const isHome = (place: Place) => place.name === home.name;
  const known = new Map<string, SnapshotTags>();
  return {
    source: async ({ id }) => (await findCache(client, id))?.source,
    async snapshots({ id }, place) {
      if (!isHome(place)) return [];
      const found: PlatformSnapshot[] = [];
      for (const each of await listCacheSnapshots(client, id)) {
        // The tags of a snapshot take a request each, so they are read once. Automated snapshots have no tags
        // of Understudy's.
        const name = `${each.arn} ${each.takenAt}`;
        const tags = each.type === 'manual' ? (known.get(name) ?? (await cacheTags(client, each.arn))) : {};
        if (!tags) continue;
        known.set(name, tags);
        found.push({ ...each, tags });
      }
      return found;
    },
    async snapshot(_of, id, place) {
      const found = isHome(place) ? await readCacheSnapshot(client, id) : undefined;
      const tags = found && (await cacheTags(client, found.arn));
      return found && tags && { ...found, tags };
    },
    takeSnapshot: (ref, id, tags) => takeCacheSnapshot(client, ref.id, id, tags),
    copySnapshot: async (from, to) => {
      throw impossible(`copying ${from.arn} to ${to.place.name}`);
    },
    share: async (_of, id, _place, account) => {
      throw impossible(`sharing the snapshot ${id} with account ${account}`);
    },
    deleteSnapshot: async (_of, id, place) => {
      if (isHome(place)) await deleteCacheSnapshot(client, id);
    },
    family: () => Promise.reject(impossible('restoring a cache onto an instance')),
    quotas: async () => ({}),
  };
}

function impossible(what: string): UnderstudyError {
  return new UnderstudyError(
    'copy-impossible',
    `${what}: ElastiCache cannot copy snapshots to another place`,
    {
      hint: 'remove snapshot.copies from the target’s policy; you can export a snapshot to S3 by hand',
    },
  );
}
