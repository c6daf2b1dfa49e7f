import {
  type RDSClient,
  RestoreDBClusterFromSnapshotCommand,
  RestoreDBClusterToPointInTimeCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
  RestoreDBInstanceToPointInTimeCommand,
} from '@aws-sdk/client-rds';
import type { ScratchOrder } from '../../../ports/platform.ts';
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
  const { source, moment } = order.from;
  await client.send(
    new RestoreDBClusterToPointInTimeCommand({
      SourceDBClusterIdentifier: source,
      ...(moment ? { RestoreToTime: new Date(moment) } : { UseLatestRestorableTime: true }),
      ...common,
    }),
  );
}
