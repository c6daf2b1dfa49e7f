import type {
  CopyDBClusterSnapshotMessage,
  CreateDBClusterSnapshotMessage,
  DBClusterSnapshotAttributesResult,
  DBClusterSnapshotMessage,
  DeleteDBClusterSnapshotMessage,
  DescribeDBClusterSnapshotAttributesMessage,
  DescribeDBClusterSnapshotsMessage,
  ModifyDBClusterSnapshotAttributeMessage,
} from '@aws-sdk/client-rds';
import { findCluster, mustWorkAsCluster } from './find.ts';
import { plainName } from './names.ts';
import { matching, page } from './pages.ts';
import { showClusterSnapshot } from './show-snapshots.ts';
import { copySnapshot } from './snapshot-copies.ts';
import { deleteSnapshot } from './snapshot-deletion.ts';
import { findSnapshot, OF_CLUSTER } from './snapshot-kinds.ts';
import { changeSharing, ofType } from './snapshot-sharing.ts';
import { newSnapshotName, takeSnapshot } from './snapshots.ts';
import type { Call, Snapshot } from './world.ts';

export function createDBClusterSnapshot(call: Call, input: CreateDBClusterSnapshotMessage) {
  const source = findCluster(call, input.DBClusterIdentifier!);
  // A request that is sent again hears of the name before it hears of the state that it caused itself.
  const id = newSnapshotName(call, OF_CLUSTER, input.DBClusterSnapshotIdentifier!);
  mustWorkAsCluster(source);
  const snapshot = takeSnapshot(call, OF_CLUSTER, {
    id,
    source,
    tags: input.Tags,
  });
  return { DBClusterSnapshot: showClusterSnapshot(snapshot) };
}

export function describeDBClusterSnapshots(
  call: Call,
  input: DescribeDBClusterSnapshotsMessage,
): DBClusterSnapshotMessage {
  const {
    DBClusterSnapshotIdentifier: id,
    DBClusterIdentifier: cluster,
    DbClusterResourceId: resource,
  } = input;
  const all = id ? [findSnapshot(call, OF_CLUSTER, id)] : [...call.region.clusterSnapshots.values()];
  const wanted = all
    .filter((snapshot) => !cluster || snapshot.sourceId === plainName(cluster))
    .filter((snapshot) => !resource || snapshot.sourceResourceId === resource)
    .filter(ofType(input.SnapshotType));
  const { items, Marker } = page(matching(wanted, input.Filters, FILTERS), ({ id }) => id, input);
  return { DBClusterSnapshots: items.map(showClusterSnapshot), Marker };
}

const FILTERS: Record<string, (snapshot: Snapshot) => string | undefined> = {
  'db-cluster-id': ({ sourceId }) => sourceId,
  'db-cluster-snapshot-id': ({ id }) => id,
  'snapshot-type': ({ type }) => type,
  engine: ({ origin }) => origin.engine,
};

export function deleteDBClusterSnapshot(call: Call, input: DeleteDBClusterSnapshotMessage) {
  return {
    DBClusterSnapshot: showClusterSnapshot(
      deleteSnapshot(call, OF_CLUSTER, input.DBClusterSnapshotIdentifier!),
    ),
  };
}

export async function copyDBClusterSnapshot(call: Call, input: CopyDBClusterSnapshotMessage) {
  const {
    SourceDBClusterSnapshotIdentifier: source,
    TargetDBClusterSnapshotIdentifier: target,
    ...wishes
  } = input;
  const copy = await copySnapshot(call, OF_CLUSTER, { source: source!, target: target!, ...wishes });
  return { DBClusterSnapshot: showClusterSnapshot(copy) };
}

export function modifyDBClusterSnapshotAttribute(call: Call, input: ModifyDBClusterSnapshotAttributeMessage) {
  const snapshot = findSnapshot(call, OF_CLUSTER, input.DBClusterSnapshotIdentifier!);
  changeSharing(OF_CLUSTER, snapshot, input);
  return { DBClusterSnapshotAttributesResult: attributes(snapshot) };
}

export function describeDBClusterSnapshotAttributes(
  call: Call,
  input: DescribeDBClusterSnapshotAttributesMessage,
) {
  return {
    DBClusterSnapshotAttributesResult: attributes(
      findSnapshot(call, OF_CLUSTER, input.DBClusterSnapshotIdentifier!),
    ),
  };
}

const attributes = ({ id, sharedWith }: Snapshot): DBClusterSnapshotAttributesResult => ({
  DBClusterSnapshotIdentifier: id,
  DBClusterSnapshotAttributes: [{ AttributeName: 'restore', AttributeValues: [...sharedWith] }],
});
