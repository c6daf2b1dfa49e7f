import type {
  RestoreDBClusterFromSnapshotMessage,
  RestoreDBClusterToPointInTimeMessage,
} from '@aws-sdk/client-rds';
import { backupRetention, keyOfRestore, knownSubnetGroup, newClusterName, sameEngine } from './allowances.ts';
import { comeUp } from './coming-up.ts';
import { refuse } from './errors.ts';
import { findCluster } from './find.ts';
import { groupFor, valuesOf } from './groups.ts';
import { momentOf } from './moments.ts';
import { start } from './postgres.ts';
import { addCluster, type Making } from './resources.ts';
import { showCluster } from './show.ts';
import { findSnapshot, mustBeAvailable, OF_CLUSTER } from './snapshot-kinds.ts';
import { type Backup, restoredStore, startAt } from './store.ts';
import { toTags } from './tags.ts';
import type { Call, Cluster, Origin } from './world.ts';

type Input = RestoreDBClusterFromSnapshotMessage | RestoreDBClusterToPointInTimeMessage;

/** A restored cluster has its data and no instance: nobody can connect until one is made. */
export async function restoreDBClusterFromSnapshot(call: Call, input: RestoreDBClusterFromSnapshotMessage) {
  const snapshot = findSnapshot(call, OF_CLUSTER, input.SnapshotIdentifier!);
  mustBeAvailable(OF_CLUSTER, snapshot);
  sameEngine(snapshot.origin, input.Engine);
  const plan = planOf(call, input, snapshot);
  const wishes = { ...input, Tags: input.Tags ?? toTags(snapshot.tags) };
  const cluster = await make(call, plan, snapshot.backup!, wishes);
  comeUp(call, cluster, snapshot, () => cluster.store.server && start(cluster.store.server, { open: false }));
  return { DBCluster: await showCluster(call, cluster) };
}

export async function restoreDBClusterToPointInTime(call: Call, input: RestoreDBClusterToPointInTimeMessage) {
  if (!input.SourceDBClusterIdentifier)
    refuse('InvalidParameterCombination', 'SourceDBClusterIdentifier must be given.');
  const source = findCluster(call, input.SourceDBClusterIdentifier);
  const plan = planOf(call, input, source);
  const { until, base } = await momentOf(call, source, {
    time: input.RestoreToTime,
    latest: input.UseLatestRestorableTime,
  });
  const cluster = await make(call, plan, base, input, source);
  comeUp(call, cluster, source, () => cluster.store.server && startAt(cluster.store.server, until, false));
  return { DBCluster: await showCluster(call, cluster) };
}

function planOf(call: Call, input: Input, from: { origin: Origin; retention: number }) {
  const { origin } = from;
  const id = newClusterName(call, input.DBClusterIdentifier!);
  return {
    id,
    subnetGroup: knownSubnetGroup(call.region, input.DBSubnetGroupName),
    group: groupFor(call, 'cluster', origin.engine, origin.version, input.DBClusterParameterGroupName),
    retention: backupRetention(input.BackupRetentionPeriod ?? from.retention, 1),
    origin: {
      ...origin,
      key: keyOfRestore(call, origin, input.KmsKeyId),
      backupWindow: input.PreferredBackupWindow ?? origin.backupWindow,
    },
  };
}

async function make(
  call: Call,
  plan: Omit<Making, 'store' | 'wishes'>,
  backup: Backup,
  wishes: Making['wishes'],
  source?: Cluster,
): Promise<Cluster> {
  const { store, filled } = await restoredStore(
    call.world.machine,
    backup,
    source?.store,
    valuesOf(plan.group),
  );
  const cluster = addCluster(call, { ...plan, store, wishes });
  // Whoever deletes it meanwhile waits for that.
  const filling = filled();
  cluster.busy = filling.catch(() => undefined);
  await filling;
  return cluster;
}
