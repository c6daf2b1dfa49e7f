import { setTimeout as sleep } from 'node:timers/promises';
import { CLUSTER, INSTANCE } from './kinds.ts';
import { callIn } from './regions.ts';
import { addSnapshot, fill } from './snapshots.ts';
import type { World } from './world.ts';

/** The nightly backup, named `rds:ID-YYYY-MM-DD-HH-MM`. It is also what restoring to a later moment begins from. */
export async function automatedSnapshot(world: World, id: string, regionName: string): Promise<string> {
  const call = callIn(world, regionName);
  const { DBInstance, DBCluster, DBSnapshot, DBClusterSnapshot } = call.region;
  const source = DBInstance.get(id) ?? DBCluster.get(id);
  if (!source) throw new Error(`there is no ${id} in ${regionName}`);
  while (source.status !== 'available') {
    if (!PASSING.includes(source.status))
      throw new Error(`no backup is taken of ${id} while it is ${source.status}`);
    await sleep(20);
  }
  let at = new Date();
  const isTaken = (name: string) => DBSnapshot.has(name) || DBClusterSnapshot.has(name);
  while (isTaken(nameOf(id, at))) at = new Date(at.getTime() + 60_000);
  const kind = source.noun === 'DBInstance' ? INSTANCE : CLUSTER;
  const snapshot = addSnapshot(call, kind, { id: nameOf(id, at), source, type: 'automated' });
  await world.background.start(`the snapshot ${snapshot.id}`, () => fill(call, snapshot));
  if (snapshot.backup && source.shown.BackupRetentionPeriod > 0) source.store.bases.push(snapshot.backup);
  return snapshot.id;
}

const PASSING = ['creating', 'backing-up', 'modifying', 'resetting-master-credentials'];

const nameOf = (id: string, at: Date) =>
  `rds:${id}-${at.toISOString().slice(0, 16).replace('T', '-').replace(':', '-')}`;
