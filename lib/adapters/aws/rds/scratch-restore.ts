import { randomBytes } from 'node:crypto';
import {
  CreateDBClusterCommand,
  CreateDBInstanceCommand,
  type RDSClient,
  RestoreDBClusterFromSnapshotCommand,
  RestoreDBClusterToPointInTimeCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
  RestoreDBInstanceToPointInTimeCommand,
} from '@aws-sdk/client-rds';
import type { EmptyOrder, ScratchOrder } from '../../../ports/platform.ts';
import { tagList } from './snapshots.ts';

/** Begins a restore in quarantine: its network, its parameters, and nothing that costs beyond its hours. */
export async function restore(client: RDSClient, order: ScratchOrder): Promise<void> {
  if (order.kind === 'aurora') return restoreCluster(client, order);
  const common = {
    DBInstanceClass: order.instanceClass,
    DBSubnetGroupName: order.subnetGroup,
    VpcSecurityGroupIds: order.securityGroups,
    DBParameterGroupName: order.parameterGroup,
    OptionGroupName: order.optionGroup,
    // Without these a restored instance may be public, protected, or busy with its own backup for hours.
    PubliclyAccessible: false,
    MultiAZ: false,
    DeletionProtection: false,
    BackupRetentionPeriod: order.backupDays ?? 0,
    AutoMinorVersionUpgrade: false,
    CopyTagsToSnapshot: false,
    Tags: tagList(order.tags),
  };
  if ('snapshot' in order.from) {
    await client.send(
      new RestoreDBInstanceFromDBSnapshotCommand({
        DBInstanceIdentifier: order.name,
        DBSnapshotIdentifier: order.from.snapshot,
        ...common,
      }),
    );
    return;
  }
  if ('empty' in order.from) {
    const { bytes } = order.from.empty;
    const AllocatedStorage = Math.max(LEAST_GIB, Math.ceil(bytes / GIB));
    await client.send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: order.name,
        ...common,
        ...emptyOf(order, order.from.empty),
        ...{ AllocatedStorage, StorageType: 'gp3' },
      }),
    );
    return;
  }
  const { source, moment } = order.from;
  await client.send(
    new RestoreDBInstanceToPointInTimeCommand({
      SourceDBInstanceIdentifier: source,
      TargetDBInstanceIdentifier: order.name,
      ...(moment ? { RestoreTime: new Date(moment) } : { UseLatestRestorableTime: true }),
      ...common,
    }),
  );
}

async function restoreCluster(client: RDSClient, order: ScratchOrder): Promise<void> {
  const common = {
    DBClusterIdentifier: order.name,
    DBSubnetGroupName: order.subnetGroup,
    VpcSecurityGroupIds: order.securityGroups,
    DBClusterParameterGroupName: order.parameterGroup,
    DeletionProtection: false,
    // One is the least that RDS accepts for a cluster.
    BackupRetentionPeriod: Math.max(1, order.backupDays ?? 0),
    CopyTagsToSnapshot: false,
    ...(order.serverless
      ? {
          ServerlessV2ScalingConfiguration: {
            MinCapacity: order.serverless.min,
            MaxCapacity: order.serverless.max,
          },
        }
      : {}),
    Tags: tagList(order.tags),
  };
  if ('snapshot' in order.from) {
    await client.send(
      new RestoreDBClusterFromSnapshotCommand({
        SnapshotIdentifier: order.from.snapshot,
        Engine: order.engine,
        EngineVersion: order.engineVersion,
        ...common,
      }),
    );
    return;
  }
  if ('empty' in order.from) {
    await client.send(new CreateDBClusterCommand({ ...common, ...emptyOf(order, order.from.empty) }));
    return;
  }
  const { source, moment } = order.from;
  await client.send(
    new RestoreDBClusterToPointInTimeCommand({
      SourceDBClusterIdentifier: source,
      ...(moment ? { RestoreToTime: new Date(moment) } : { UseLatestRestorableTime: true }),
      ...common,
    }),
  );
}

const GIB = 2 ** 30;
/** The least that RDS accepts for gp3. */
const LEAST_GIB = 20;

/** The password is replaced when the instance is up, and known to no one until then. */
function emptyOf({ engine, engineVersion }: ScratchOrder, { masterUser, kmsKey, port }: EmptyOrder) {
  return {
    Engine: engine,
    EngineVersion: engineVersion,
    MasterUsername: masterUser,
    MasterUserPassword: randomBytes(24).toString('base64url'),
    StorageEncrypted: true,
    KmsKeyId: kmsKey,
    Port: port,
  };
}
