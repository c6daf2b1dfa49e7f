import { restart } from './postgres.ts';
import { regionOf } from './regions.ts';
import type { Flags, Region, Resource, World } from './world.ts';

export type Changes = Flags & {
  /** `stopped` closes the port, `available` opens it again; in other states than these the server goes on. */
  status?: string;
  /** Of snapshots: when it was taken. */
  createdAt?: Date;
  tags?: Record<string, string>;
};

export async function change(world: World, id: string, changes: Changes, regionName: string): Promise<void> {
  const { status, createdAt, tags, ...flags } = changes;
  if (id === '*') return void Object.assign(world.flags, flags);
  const region = regionOf(world, regionName);
  const resource = region.DBInstance.get(id) ?? region.DBCluster.get(id);
  const found = resource ?? region.DBSnapshot.get(id) ?? region.DBClusterSnapshot.get(id);
  if (!found) throw new Error(`there is no ${id} in ${regionName}`);
  Object.assign(found.flags, flags);
  if (tags) found.tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  if (createdAt) Object.assign(found, { createdAt, originalAt: createdAt });
  if (status !== undefined) found.status = status;
  if (status !== undefined && resource && !resource.cluster) await takeState(region, resource, status);
}

/** No backups are taken of what is stopped or full, so its latest moment stays where it is. */
async function takeState(region: Region, { store }: Resource, status: string): Promise<void> {
  store.frozen = ['stopped', 'stopping', 'storage-full'].includes(status);
  await store.looking;
  const instances = [...region.DBInstance.values()];
  const isReached = instances.some((instance) => instance.store === store && instance.reachable);
  if (store.server && status === 'stopped') await restart(store.server, false);
  if (store.server && status === 'available') await restart(store.server, isReached);
}
