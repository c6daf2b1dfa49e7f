import { setTimeout as sleep } from 'node:timers/promises';
import { regionOf } from './regions.ts';
import { OF_CLUSTER, OF_INSTANCE, snapshotsOf } from './snapshot-kinds.ts';
import { addSnapshot, fill } from './snapshots.ts';
import type { World } from './world.ts';

/** The nightly backup, named `rds:ID-YYYY-MM-DD-HH-MM`. It is also what restoring to a later moment begins from. */
export async function automatedSnapshot(world: World, id: string, regionName: string): Promise<string> {
  const region = regionOf(world, regionName);
  const instance = region.instances.get(id);
  const source = instance ?? region.clusters.get(id);
  if (!source) throw new Error(`there is no ${id} in ${regionName}`);
  const kind = instance ? OF_INSTANCE : OF_CLUSTER;
  const call = { world, region };
  while (source.status !== 'available') {
    if (!PASSING.includes(source.status))
      throw new Error(`no backup is taken of ${id} while it is ${source.status}`);
    await sleep(20);
  }
  let at = new Date();
  while (snapshotsOf(region, kind).has(nameOf(id, at))) at = new Date(at.getTime() + 60_000);
  const snapshot = addSnapshot(call, kind, { id: nameOf(id, at), source, type: 'automated' });
  snapshot.tags = new Map(source.copyTags ? source.tags : []);
  snapshot.busy = world.background.start(`the snapshot ${snapshot.id}`, () => fill(call, snapshot, source));
  await snapshot.busy;
  if (snapshot.backup && source.retention > 0) source.store.bases.push(snapshot.backup);
  return snapshot.id;
}

const PASSING = ['creating', 'backing-up', 'modifying', 'resetting-master-credentials'];

const nameOf = (id: string, at: Date) =>
  `rds:${id}-${at.toISOString().slice(0, 16).replace('T', '-').replace(':', '-')}`;
