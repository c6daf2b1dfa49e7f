import { ElastiCacheClient } from '@aws-sdk/client-elasticache';
import { UnderstudyError } from '../../../domain/errors.ts';
import type { PlatformSnapshot } from '../../../domain/points/platform.ts';
import type { Place, Platform, SnapshotTags } from '../../../ports/platform.ts';
import { findCache } from './caches.ts';
import { deleteSnapshot, listSnapshots, readSnapshot, tagsOf, takeSnapshot } from './snapshots.ts';

export const elasticacheClient = (region: string) => new ElastiCacheClient({ region, maxAttempts: 6 });

/**
 * Caches of ElastiCache: replication groups, clusters and serverless caches. Their snapshots lie in `home` and nowhere
 * else: ElastiCache copies none to another Region or account, and does not say how many there may be.
 */
export function elasticachePlatform(client: ElastiCacheClient, home: Place): Platform {
  const isHome = (place: Place) => place.name === home.name;
  const known = new Map<string, SnapshotTags>();
  return {
    source: async ({ id }) => (await findCache(client, id))?.source,
    async snapshots({ id }, place) {
      if (!isHome(place)) return [];
      const found: PlatformSnapshot[] = [];
      for (const each of await listSnapshots(client, id)) {
        // A request each: the tags of a snapshot are asked for once. AWS's own have none of ours.
        const name = `${each.arn} ${each.takenAt}`;
        const tags = each.type === 'manual' ? (known.get(name) ?? (await tagsOf(client, each.arn))) : {};
        if (!tags) continue;
        known.set(name, tags);
        found.push({ ...each, tags });
      }
      return found;
    },
    async snapshot(_of, id, place) {
      const found = isHome(place) ? await readSnapshot(client, id) : undefined;
      const tags = found && (await tagsOf(client, found.arn));
      return found && tags && { ...found, tags };
    },
    takeSnapshot: (ref, id, tags) => takeSnapshot(client, ref.id, id, tags),
    copySnapshot: async (from, to) => {
      throw impossible(`copying ${from.arn} to ${to.place.name}`);
    },
    share: async (_of, id, _place, account) => {
      throw impossible(`sharing the snapshot ${id} with account ${account}`);
    },
    deleteSnapshot: async (_of, id, place) => {
      if (isHome(place)) await deleteSnapshot(client, id);
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
