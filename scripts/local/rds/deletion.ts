import type { DeleteDBClusterMessage, DeleteDBInstanceMessage } from '@aws-sdk/client-rds';
import { refuse } from './errors.ts';
import { findCluster, findInstance, membersOf, mustWork, mustWorkAsCluster } from './find.ts';
import { restart, stop } from './postgres.ts';
import { showCluster, showInstance } from './show.ts';
import { dropAutomatedSnapshots } from './snapshot-deletion.ts';
import { OF_CLUSTER, OF_INSTANCE, type SnapshotKind } from './snapshot-kinds.ts';
import { addSnapshot, fill, newSnapshotName } from './snapshots.ts';
import { dropStore } from './store.ts';
import type { Call, Cluster, Instance, Resource, Snapshot } from './world.ts';

export async function deleteDBInstance(call: Call, input: DeleteDBInstanceMessage) {
  const instance = findInstance(call, input.DBInstanceIdentifier!);
  if (instance.status === 'deleting')
    refuse('InvalidDBInstanceState', `Instance ${instance.id} is already being deleted.`);
  mustBeUnprotected(instance, 'DB Instance');
  const final = instance.cluster ? undefined : finalSnapshot(call, OF_INSTANCE, instance, input, mustWork);
  instance.status = 'deleting';
  goAway(call, instance, final, async () => {
    if (instance.cluster) await leave(call, instance, instance.cluster);
    else if (input.DeleteAutomatedBackups === false && instance.retention > 0) await retain(call, instance);
    else {
      dropAutomatedSnapshots(call, OF_INSTANCE, instance.resourceId);
      await dropStore(instance.store);
    }
    call.region.instances.delete(instance.id);
  });
  return { DBInstance: await showInstance(call, instance) };
}

export async function deleteDBCluster(call: Call, input: DeleteDBClusterMessage) {
  const cluster = findCluster(call, input.DBClusterIdentifier!);
  if (cluster.status === 'deleting')
    refuse('InvalidDBClusterStateFault', `Cluster ${cluster.id} is already being deleted.`);
  mustBeUnprotected(cluster, 'Cluster');
  const members = membersOf(call, cluster);
  if (members.some(({ status }) => status !== 'deleting'))
    refuse(
      'InvalidDBClusterStateFault',
      'Cluster cannot be deleted, it still contains DB instances in non-deleting state.',
    );
  const final = finalSnapshot(call, OF_CLUSTER, cluster, input, mustWorkAsCluster);
  cluster.status = 'deleting';
  goAway(call, cluster, final, async () => {
    await Promise.all(members.map(({ busy }) => busy));
    dropAutomatedSnapshots(call, OF_CLUSTER, cluster.resourceId);
    await dropStore(cluster.store);
    call.region.clusters.delete(cluster.id);
  });
  return { DBCluster: await showCluster(call, cluster) };
}

function mustBeUnprotected({ deletionProtection }: Resource, what: string): void {
  if (deletionProtection)
    refuse(
      'InvalidParameterCombination',
      `Cannot delete protected ${what}, please disable deletion protection and try again.`,
    );
}

/** A last snapshot must be named or refused in so many words, and can only be taken of what works. */
function finalSnapshot<T extends Resource>(
  call: Call,
  kind: SnapshotKind,
  source: T,
  input: { SkipFinalSnapshot?: boolean | undefined; FinalDBSnapshotIdentifier?: string | undefined },
  mustWork: (source: T) => void,
): Snapshot | undefined {
  const { SkipFinalSnapshot: skipped = false, FinalDBSnapshotIdentifier: name } = input;
  if (skipped && name)
    refuse(
      'InvalidParameterCombination',
      'FinalDBSnapshotIdentifier can not be specified when SkipFinalSnapshot is.',
    );
  if (skipped) return undefined;
  if (!name)
    refuse(
      'InvalidParameterCombination',
      'FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.',
    );
  mustWork(source);
  return addSnapshot(call, kind, { id: newSnapshotName(call, kind, name), source, type: 'manual' });
}

/** Whatever still goes on with it comes to its end first. */
function goAway(call: Call, resource: Resource, final: Snapshot | undefined, go: () => Promise<void>): void {
  const { background } = call.world;
  const before = resource.busy;
  resource.busy = background.start(`the deletion of ${resource.id}`, async () => {
    await before;
    if (final) await fill(call, final, resource);
    await background.lasting();
    await go();
  });
}

/** Without a member nobody can connect to a cluster. */
async function leave(call: Call, instance: Instance, cluster: Cluster): Promise<void> {
  const others = membersOf(call, cluster).filter((member) => member !== instance && member.reachable);
  const { server } = cluster.store;
  if (others.length === 0 && cluster.status !== 'deleting' && server?.ready) await restart(server, false);
}

/** The automated backups stay when that was asked for. */
async function retain(call: Call, instance: Instance): Promise<void> {
  const { store } = instance;
  store.frozen = true;
  await store.looking;
  if (store.server) await stop(store.server, 'immediate');
  call.region.retained.set(instance.resourceId, instance);
}
