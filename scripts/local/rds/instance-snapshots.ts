import type {
  CopyDBSnapshotMessage,
  CreateDBSnapshotMessage,
  DBSnapshotAttributesResult,
  DBSnapshotMessage,
  DeleteDBSnapshotMessage,
  DescribeDBSnapshotAttributesMessage,
  DescribeDBSnapshotsMessage,
  ModifyDBSnapshotAttributeMessage,
} from '@aws-sdk/client-rds';
import { refuse } from './errors.ts';
import { findInstance, mustWork } from './find.ts';
import { plainName } from './names.ts';
import { matching, page } from './pages.ts';
import { showSnapshot } from './show-snapshots.ts';
import { copySnapshot } from './snapshot-copies.ts';
import { deleteSnapshot } from './snapshot-deletion.ts';
import { findSnapshot, OF_INSTANCE } from './snapshot-kinds.ts';
import { changeSharing, ofType } from './snapshot-sharing.ts';
import { newSnapshotName, takeSnapshot } from './snapshots.ts';
import type { Call, Snapshot } from './world.ts';

export function createDBSnapshot(call: Call, input: CreateDBSnapshotMessage) {
  const source = findInstance(call, input.DBInstanceIdentifier!);
  if (source.cluster)
    refuse(
      'InvalidParameterValue',
      'The specified instance is a member of a cluster and a snapshot cannot be created directly. Please use the CreateDBClusterSnapshot API instead.',
    );
  // A request that is sent again hears of the name before it hears of the state that it caused itself.
  const id = newSnapshotName(call, OF_INSTANCE, input.DBSnapshotIdentifier!);
  mustWork(source);
  const snapshot = takeSnapshot(call, OF_INSTANCE, {
    id,
    source,
    tags: input.Tags,
  });
  return { DBSnapshot: showSnapshot(snapshot) };
}

export function describeDBSnapshots(call: Call, input: DescribeDBSnapshotsMessage): DBSnapshotMessage {
  const { DBSnapshotIdentifier: id, DBInstanceIdentifier: instance, DbiResourceId: resource } = input;
  const all = id ? [findSnapshot(call, OF_INSTANCE, id)] : [...call.region.snapshots.values()];
  const wanted = all
    .filter((snapshot) => !instance || snapshot.sourceId === plainName(instance))
    .filter((snapshot) => !resource || snapshot.sourceResourceId === resource)
    .filter(ofType(input.SnapshotType));
  const { items, Marker } = page(matching(wanted, input.Filters, FILTERS), ({ id }) => id, input);
  return { DBSnapshots: items.map(showSnapshot), Marker };
}

const FILTERS: Record<string, (snapshot: Snapshot) => string | undefined> = {
  'db-instance-id': ({ sourceId }) => sourceId,
  'db-snapshot-id': ({ id }) => id,
  'dbi-resource-id': ({ sourceResourceId }) => sourceResourceId,
  'snapshot-type': ({ type }) => type,
  engine: ({ origin }) => origin.engine,
};

export function deleteDBSnapshot(call: Call, input: DeleteDBSnapshotMessage) {
  return { DBSnapshot: showSnapshot(deleteSnapshot(call, OF_INSTANCE, input.DBSnapshotIdentifier!)) };
}

export async function copyDBSnapshot(call: Call, input: CopyDBSnapshotMessage) {
  const { SourceDBSnapshotIdentifier: source, TargetDBSnapshotIdentifier: target, ...wishes } = input;
  const copy = await copySnapshot(call, OF_INSTANCE, { source: source!, target: target!, ...wishes });
  return { DBSnapshot: showSnapshot(copy) };
}

export function modifyDBSnapshotAttribute(call: Call, input: ModifyDBSnapshotAttributeMessage) {
  const snapshot = findSnapshot(call, OF_INSTANCE, input.DBSnapshotIdentifier!);
  changeSharing(OF_INSTANCE, snapshot, input);
  return { DBSnapshotAttributesResult: attributes(snapshot) };
}

export function describeDBSnapshotAttributes(call: Call, input: DescribeDBSnapshotAttributesMessage) {
  return {
    DBSnapshotAttributesResult: attributes(findSnapshot(call, OF_INSTANCE, input.DBSnapshotIdentifier!)),
  };
}

const attributes = ({ id, sharedWith }: Snapshot): DBSnapshotAttributesResult => ({
  DBSnapshotIdentifier: id,
  DBSnapshotAttributes: [{ AttributeName: 'restore', AttributeValues: [...sharedWith] }],
});
