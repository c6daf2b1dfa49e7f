import {
  type DBInstance,
  paginateDescribeDBClusters,
  paginateDescribeDBInstances,
  type RDSClient,
} from '@aws-sdk/client-rds';
import { UnderstudyError } from '../../../domain/errors.ts';
import { SCRATCH_PREFIX } from '../../../domain/names.ts';
import type { ScratchInstances, ScratchState } from '../../../ports/platform.ts';
import { copies } from './copies.ts';
import { strayParameters } from './scratch-parameters.ts';
import { removeCluster, removeInstance } from './scratch-removal.ts';
import { scratchCluster, scratchInstance } from './scratch-state.ts';

/** Scratch instances and clusters of RDS. Every call that changes something checks the name first. */
export function rdsScratch(client: RDSClient): ScratchInstances {
  return {
    ...copies(client, scratchOnly, { backups: 'off' }),
    strayParameters: (known) => strayParameters(client, (name) => isScratch(name) && !known.has(name)),
    async remove(kind, name) {
      scratchOnly(name);
      return kind === 'aurora' ? removeCluster(client, name) : removeInstance(client, name);
    },
    async list() {
      const found: ScratchState[] = [];
      const members = new Map<string, DBInstance>();
      for await (const page of paginateDescribeDBInstances({ client }, {})) {
        for (const instance of page.DBInstances ?? []) {
          if (!isScratch(instance.DBInstanceIdentifier)) continue;
          if (instance.DBClusterIdentifier) members.set(instance.DBClusterIdentifier, instance);
          else found.push(scratchInstance(instance));
        }
      }
      for await (const page of paginateDescribeDBClusters({ client }, {})) {
        for (const cluster of page.DBClusters ?? [])
          if (isScratch(cluster.DBClusterIdentifier))
            found.push(scratchCluster(cluster, members.get(cluster.DBClusterIdentifier)));
      }
      return found;
    },
  };
}

const isScratch = (name?: string): name is string => name?.startsWith(SCRATCH_PREFIX) === true;

/** A mistake anywhere else must end in this refusal, not in a deleted database. */
function scratchOnly(name: string): string {
  if (isScratch(name)) return name;
  throw new UnderstudyError('not-scratch', `${name} is not a scratch instance; Understudy leaves it alone`);
}
