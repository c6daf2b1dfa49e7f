import { refuse } from './errors.ts';
import { plainName } from './names.ts';
import type { Call, Cluster, Instance } from './world.ts';

export function findInstance({ region }: Call, given: string): Instance {
  const id = plainName(given);
  return region.instances.get(id) ?? refuse('DBInstanceNotFound', `DBInstance ${id} not found.`);
}

export function findCluster({ region }: Call, given: string): Cluster {
  const id = plainName(given);
  return region.clusters.get(id) ?? refuse('DBClusterNotFoundFault', `DBCluster ${id} not found.`);
}

export const membersOf = ({ region }: Call, cluster: Cluster): Instance[] =>
  [...region.instances.values()].filter((instance) => instance.cluster === cluster);

/** States in which RDS lets an instance be changed or backed up. */
const WORKING = ['available', 'storage-optimization', 'storage-initialization'];
export const isWorking = ({ status }: { status: string }) => WORKING.includes(status);

export function mustWork(instance: Instance): void {
  if (!isWorking(instance))
    refuse(
      'InvalidDBInstanceState',
      `Instance ${instance.id} is not in available state. It is ${instance.status}.`,
    );
}

export function mustWorkAsCluster(cluster: Cluster): void {
  if (!isWorking(cluster))
    refuse(
      'InvalidDBClusterStateFault',
      `Cluster ${cluster.id} is not in available state. It is ${cluster.status}.`,
    );
}
