import {
  CopyDBClusterSnapshotCommand,
  CopyDBSnapshotCommand,
  CreateDBClusterSnapshotCommand,
  CreateDBSnapshotCommand,
  type DBClusterSnapshot,
  type DBSnapshot,
  DeleteDBClusterSnapshotCommand,
  DeleteDBSnapshotCommand,
  ModifyDBClusterSnapshotAttributeCommand,
  ModifyDBSnapshotAttributeCommand,
  paginateDescribeDBClusterSnapshots,
  paginateDescribeDBSnapshots,
  type RDSClient,
  type Tag,
} from '@aws-sdk/client-rds';
import type { PlatformRef, PlatformSnapshot } from '../../../domain/points/platform-source.ts';
import { utc } from '../../../domain/time.ts';
import type { Platform } from '../../../ports/platform.ts';
import { snapshotState } from '../states.ts';
import { asking, ifThere } from './rds-errors.ts';
import { isEncrypted, keyOfAws } from './sources.ts';

const GIB = 1024 ** 3;
const NOT_THERE = /SnapshotNotFound/;

/** Snapshots of one source in the client's Region, by any creator. */
export async function listSnapshots(client: RDSClient, ref: PlatformRef): Promise<PlatformSnapshot[]> {
  return asking(`listing the snapshots of ${ref.id}`, () =>
    ref.kind === 'aurora'
      ? clusterSnapshots(client, { DBClusterIdentifier: ref.id })
      : instanceSnapshots(client, { DBInstanceIdentifier: ref.id }),
  );
}

export async function readSnapshot(
  client: RDSClient,
  of: PlatformRef['kind'],
  id: string,
): Promise<PlatformSnapshot | undefined> {
  const found = await ifThere(`looking at the snapshot ${id}`, NOT_THERE, () =>
    of === 'aurora'
      ? clusterSnapshots(client, { DBClusterSnapshotIdentifier: id, ...typeFor(id) })
      : instanceSnapshots(client, { DBSnapshotIdentifier: id, ...typeFor(id) }),
  );
  return found?.[0];
}

/** RDS requires the type together with the name of an automated snapshot. */
const typeFor = (id: string) => (id.startsWith('rds:') ? { SnapshotType: 'automated' } : {});

export async function takeSnapshot(
  client: RDSClient,
  ref: PlatformRef,
  id: string,
  tags: Record<string, string>,
): Promise<void> {
  await asking(`taking the snapshot ${id} of ${ref.id}`, async () => {
    if (ref.kind === 'aurora') {
      await client.send(
        new CreateDBClusterSnapshotCommand({
          DBClusterIdentifier: ref.id,
          DBClusterSnapshotIdentifier: id,
          Tags: tagList(tags),
        }),
      );
    } else {
      await client.send(
        new CreateDBSnapshotCommand({
          DBInstanceIdentifier: ref.id,
          DBSnapshotIdentifier: id,
          Tags: tagList(tags),
        }),
      );
    }
  });
}

/** Requested in the destination. The source's Region is in its ARN, and the SDK signs the request to it. */
export async function copySnapshot(
  client: RDSClient,
  from: Parameters<Platform['copySnapshot']>[0],
  to: Parameters<Platform['copySnapshot']>[1],
): Promise<void> {
  const common = {
    Tags: tagList(to.tags),
    CopyTags: false,
    KmsKeyId: to.kmsKey,
  };
  await asking(`copying ${from.arn} to ${to.place.name}`, async () => {
    if (from.of === 'aurora') {
      await client.send(
        new CopyDBClusterSnapshotCommand({
          SourceDBClusterSnapshotIdentifier: from.arn,
          TargetDBClusterSnapshotIdentifier: to.id,
          ...common,
        }),
      );
    } else {
      await client.send(
        new CopyDBSnapshotCommand({
          SourceDBSnapshotIdentifier: from.arn,
          TargetDBSnapshotIdentifier: to.id,
          ...common,
        }),
      );
    }
  });
}

export async function shareSnapshot(
  client: RDSClient,
  of: PlatformRef['kind'],
  id: string,
  account: string,
): Promise<void> {
  const attribute = { AttributeName: 'restore', ValuesToAdd: [account] };
  await asking(`sharing the snapshot ${id} with account ${account}`, async () => {
    if (of === 'aurora')
      await client.send(
        new ModifyDBClusterSnapshotAttributeCommand({ DBClusterSnapshotIdentifier: id, ...attribute }),
      );
    else await client.send(new ModifyDBSnapshotAttributeCommand({ DBSnapshotIdentifier: id, ...attribute }));
  });
}

export async function deleteSnapshot(client: RDSClient, of: PlatformRef['kind'], id: string): Promise<void> {
  await ifThere(`deleting the snapshot ${id}`, NOT_THERE, async () => {
    if (of === 'aurora')
      await client.send(new DeleteDBClusterSnapshotCommand({ DBClusterSnapshotIdentifier: id }));
    else await client.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: id }));
  });
}

async function instanceSnapshots(
  client: RDSClient,
  which: { DBInstanceIdentifier?: string; DBSnapshotIdentifier?: string; SnapshotType?: string },
): Promise<PlatformSnapshot[]> {
  const found: PlatformSnapshot[] = [];
  for await (const page of paginateDescribeDBSnapshots({ client }, which))
    found.push(...(page.DBSnapshots ?? []).map(fromInstanceSnapshot));
  return found;
}

async function clusterSnapshots(
  client: RDSClient,
  which: { DBClusterIdentifier?: string; DBClusterSnapshotIdentifier?: string; SnapshotType?: string },
): Promise<PlatformSnapshot[]> {
  const found: PlatformSnapshot[] = [];
  for await (const page of paginateDescribeDBClusterSnapshots({ client }, which))
    found.push(...(page.DBClusterSnapshots ?? []).map(fromClusterSnapshot));
  return found;
}

function fromInstanceSnapshot(snapshot: DBSnapshot): PlatformSnapshot {
  const taken = snapshot.OriginalSnapshotCreateTime ?? snapshot.SnapshotCreateTime;
  return {
    of: 'rds',
    id: snapshot.DBSnapshotIdentifier!,
    arn: snapshot.DBSnapshotArn ?? '',
    sourceId: snapshot.DBInstanceIdentifier ?? '',
    resourceId: snapshot.DbiResourceId,
    type: typeOf(snapshot.SnapshotType),
    state: snapshotState(snapshot.Status ?? 'unknown'),
    status: snapshot.Status ?? 'unknown',
    ...(snapshot.SnapshotCreateTime ? { createdAt: utc(snapshot.SnapshotCreateTime) } : {}),
    ...(taken ? { takenAt: utc(taken) } : {}),
    ...(snapshot.PercentProgress === undefined ? {} : { progress: snapshot.PercentProgress }),
    engine: snapshot.Engine ?? '',
    engineVersion: snapshot.EngineVersion ?? '',
    encrypted: isEncrypted(snapshot.Encrypted, snapshot.StorageEncryptionType),
    ...keyOfAws(snapshot.StorageEncryptionType),
    kmsKey: snapshot.KmsKeyId,
    bytes: (snapshot.AllocatedStorage ?? 0) * GIB,
    masterUser: snapshot.MasterUsername,
    tags: tagMap(snapshot.TagList),
  };
}

/** A cluster snapshot does not report when its original was taken: only Understudy's tags and names date a copy. */
function fromClusterSnapshot(snapshot: DBClusterSnapshot): PlatformSnapshot {
  return {
    of: 'aurora',
    id: snapshot.DBClusterSnapshotIdentifier!,
    arn: snapshot.DBClusterSnapshotArn ?? '',
    sourceId: snapshot.DBClusterIdentifier ?? '',
    resourceId: snapshot.DbClusterResourceId,
    type: typeOf(snapshot.SnapshotType),
    state: snapshotState(snapshot.Status ?? 'unknown'),
    status: snapshot.Status ?? 'unknown',
    ...(snapshot.SnapshotCreateTime
      ? {
          createdAt: utc(snapshot.SnapshotCreateTime),
          // For a copy this is the copy's own time; RDS does not report the age of its data.
          ...(snapshot.SourceDBClusterSnapshotArn ? {} : { takenAt: utc(snapshot.SnapshotCreateTime) }),
        }
      : {}),
    ...(snapshot.PercentProgress === undefined ? {} : { progress: snapshot.PercentProgress }),
    engine: snapshot.Engine ?? '',
    engineVersion: snapshot.EngineVersion ?? '',
    encrypted: isEncrypted(snapshot.StorageEncrypted, snapshot.StorageEncryptionType),
    ...keyOfAws(snapshot.StorageEncryptionType),
    kmsKey: snapshot.KmsKeyId,
    bytes: (snapshot.AllocatedStorage ?? 0) * GIB,
    masterUser: snapshot.MasterUsername,
    tags: tagMap(snapshot.TagList),
  };
}

function typeOf(type: string | undefined): PlatformSnapshot['type'] {
  if (type === 'manual' || type === 'shared') return type;
  // Snapshots of AWS Backup and of RDS itself count as AWS's own.
  return 'automated';
}

export function tagList(tags: Record<string, string>): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

export function tagMap(tags: readonly Tag[] | undefined): Record<string, string> {
  return Object.fromEntries((tags ?? []).flatMap(({ Key, Value }) => (Key ? [[Key, Value ?? '']] : [])));
}
