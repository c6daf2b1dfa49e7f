import type { DBCluster, DBInstance } from '@aws-sdk/client-rds';
import type { ScratchState } from '../../../ports/platform.ts';
import { restoreState } from '../states.ts';
import { tagMap } from './snapshots.ts';

/** Returns the only instance of a scratch cluster. */
export const memberOf = (name: string) => `${name}-1`;

export function scratchInstance(instance: DBInstance): ScratchState {
  return {
    kind: 'rds',
    name: instance.DBInstanceIdentifier!,
    resourceId: instance.DbiResourceId ?? '',
    state: restoreState(instance.DBInstanceStatus ?? 'unknown'),
    status: instance.DBInstanceStatus ?? 'unknown',
    ...(instance.Endpoint?.Address && instance.Endpoint.Port
      ? { endpoint: { host: instance.Endpoint.Address, port: instance.Endpoint.Port } }
      : {}),
    pending: Object.keys(instance.PendingModifiedValues ?? {}).length > 0,
    tags: tagMap(instance.TagList),
    members: [],
  };
}

/** A cluster is as ready as its only member. */
export function scratchCluster(cluster: DBCluster, member: DBInstance | undefined): ScratchState {
  return {
    kind: 'aurora',
    name: cluster.DBClusterIdentifier!,
    resourceId: cluster.DbClusterResourceId ?? '',
    state: restoreState(cluster.Status ?? 'unknown'),
    status: cluster.Status ?? 'unknown',
    ...(cluster.Endpoint && cluster.Port ? { endpoint: { host: cluster.Endpoint, port: cluster.Port } } : {}),
    pending: Object.keys(cluster.PendingModifiedValues ?? {}).length > 0,
    tags: tagMap(cluster.TagList),
    members: member
      ? [
          {
            name: member.DBInstanceIdentifier!,
            state: restoreState(member.DBInstanceStatus ?? 'unknown'),
            status: member.DBInstanceStatus ?? 'unknown',
            resourceId: member.DbiResourceId ?? '',
          },
        ]
      : [],
  };
}
