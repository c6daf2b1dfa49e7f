import { restart } from './postgres.ts';
import { regionOf } from './regions.ts';
import type { Flags, Region, Resource, Snapshot, World } from './world.ts';

export type Changes = Flags & {
  /** `stopped` closes the port, `available` opens it again; in other states than these the server goes on. */
  status?: string;
  /** The moment that DescribeDBInstances shows from now on; `undefined` lets it move again. */
  latestRestorableTime?: Date | undefined;
  /** Of snapshots: when it was taken. */
  createdAt?: Date;
  tags?: Record<string, string>;
};

export async function change(world: World, id: string, changes: Changes, regionName: string): Promise<void> {
  const { status, latestRestorableTime, createdAt, tags, ...flags } = changes;
  if (id === '*') return void Object.assign(world.flags, flags);
  const region = regionOf(world, regionName);
  const resource = region.instances.get(id) ?? region.clusters.get(id);
  const found = resource ?? region.snapshots.get(id) ?? region.clusterSnapshots.get(id);
  if (!found) throw new Error(`there is no ${id} in ${regionName}`);
  Object.assign(found.flags, flags);
  if (tags) found.tags = new Map(Object.entries(tags));
  if (createdAt) found.createdAt = createdAt;
  if (status !== undefined) found.status = status;
  if (!resource) return createdAt && void Object.assign(found as Snapshot, { originalAt: createdAt });
  if (status !== undefined) await takeState(region, resource, status);
  if ('latestRestorableTime' in changes) {
    resource.store.frozen = latestRestorableTime !== undefined;
    resource.store.latest = latestRestorableTime ?? resource.store.latest;
  }
}

/** No backups are taken of what is stopped or full, so its latest moment stays where it is. A member's data is its cluster's. */
async function takeState(region: Region, resource: Resource, status: string): Promise<void> {
  const { store } = resource;
  const instances = [...region.instances.values()];
  if (instances.some((instance) => instance === resource && instance.cluster)) return;
  store.frozen = ['stopped', 'stopping', 'storage-full'].includes(status);
  await store.looking;
  const isReached = instances.some((instance) => instance.store === store && instance.reachable);
  if (store.server && status === 'stopped') await restart(store.server, false);
  if (store.server && status === 'available') await restart(store.server, isReached);
}
