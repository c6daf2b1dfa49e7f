import { refuse } from './errors.ts';
import { parseArn, plainName } from './names.ts';
import { regionOf } from './regions.ts';
import type { Call, Quotas, Region, Snapshot } from './world.ts';

/** Snapshots of instances and of clusters are one thing under two sets of names. */
export type SnapshotKind = {
  arn: 'snapshot' | 'cluster-snapshot';
  parameter: string;
  store: 'snapshots' | 'clusterSnapshots';
  quota: keyof Quotas & ('snapshots' | 'clusterSnapshots');
  notFound: string;
  exists: string;
  invalidState: string;
};

export const OF_INSTANCE: SnapshotKind = {
  arn: 'snapshot',
  parameter: 'DBSnapshotIdentifier',
  store: 'snapshots',
  quota: 'snapshots',
  notFound: 'DBSnapshotNotFound',
  exists: 'DBSnapshotAlreadyExists',
  invalidState: 'InvalidDBSnapshotState',
};

export const OF_CLUSTER: SnapshotKind = {
  arn: 'cluster-snapshot',
  parameter: 'DBClusterSnapshotIdentifier',
  store: 'clusterSnapshots',
  quota: 'clusterSnapshots',
  notFound: 'DBClusterSnapshotNotFoundFault',
  exists: 'DBClusterSnapshotAlreadyExistsFault',
  invalidState: 'InvalidDBClusterSnapshotStateFault',
};

export const snapshotsOf = (region: Region, kind: SnapshotKind): Map<string, Snapshot> => region[kind.store];

/** One of this Region, by its name or its ARN. */
export function findSnapshot(call: Call, kind: SnapshotKind, given: string): Snapshot {
  const arn = parseArn(given);
  const elsewhere = arn && (arn.region !== call.region.name || arn.kind !== kind.arn);
  const found = elsewhere ? undefined : snapshotsOf(call.region, kind).get(plainName(given));
  return found ?? refuse(kind.notFound, `${given} not found.`);
}

/** The source of a copy, which may lie in another Region if it is named by its ARN. */
export function findAnywhere(call: Call, kind: SnapshotKind, given: string): Snapshot {
  const arn = parseArn(given);
  const region = arn ? regionOf(call.world, arn.region) : call.region;
  return findSnapshot({ ...call, region }, kind, given);
}

export function mustBeAvailable(kind: SnapshotKind, snapshot: Snapshot): void {
  if (snapshot.status !== 'available')
    refuse(kind.invalidState, `The snapshot ${snapshot.id} is not available. It is ${snapshot.status}.`);
}
