import {
  CreateDBInstanceCommand,
  type DBCluster,
  type DBInstance,
  DeleteDBClusterCommand,
  DeleteDBInstanceCommand,
  ModifyDBClusterCommand,
  ModifyDBInstanceCommand,
  paginateDescribeDBClusters,
  paginateDescribeDBInstances,
  type RDSClient,
  RestoreDBClusterFromSnapshotCommand,
  RestoreDBClusterToPointInTimeCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
  RestoreDBInstanceToPointInTimeCommand,
} from '@aws-sdk/client-rds';
import { UnderstudyError } from '../../../domain/errors.ts';
import { SCRATCH_PREFIX } from '../../../domain/names.ts';
import { TAGS } from '../../../domain/platform.ts';
import type { ScratchInstances, ScratchOrder, ScratchState } from '../../../ports/platform.ts';
import { asking, ifThere } from './errors.ts';
import { quarantineParameters, removeParameters } from './scratch-parameters.ts';
import { tagList, tagMap } from './snapshots.ts';
import { describeCluster, describeInstance } from './sources.ts';

/** The only instance of a scratch cluster. */
const memberOf = (name: string) => `${name}-1`;

/** Scratch instances and clusters of RDS. Every call that changes something first looks at the name. */
export function rdsScratch(client: RDSClient): ScratchInstances {
  const look: ScratchInstances['look'] = async (kind, name) => {
    if (kind === 'rds') {
      const instance = await describeInstance(client, name);
      return instance && fromInstance(instance);
    }
    const cluster = await describeCluster(client, name);
    if (!cluster) return undefined;
    const member = await describeInstance(client, memberOf(name));
    return fromCluster(cluster, member);
  };
  return {
    look,
    quarantineParameters: (kind, sourceGroup, name, tags) =>
      quarantineParameters(client, kind, sourceGroup, scratchOnly(name), tags),
    removeParameters: (kind, name) => removeParameters(client, kind, scratchOnly(name)),
    async begin(order) {
      scratchOnly(order.name);
      const there = await look(order.kind, order.name);
      if (there) return adopt(order, there);
      await asking(`restoring onto ${order.name}`, () => restore(client, order));
    },
    async addMember(order) {
      const member = memberOf(scratchOnly(order.name));
      if (await describeInstance(client, member)) return;
      await asking(`adding an instance to ${order.name}`, () =>
        client.send(
          new CreateDBInstanceCommand({
            DBInstanceIdentifier: member,
            DBClusterIdentifier: order.name,
            DBInstanceClass: order.instanceClass,
            Engine: order.engine,
            PubliclyAccessible: false,
            Tags: tagList(order.tags),
          }),
        ),
      );
    },
    async secure(kind, name, password) {
      scratchOnly(name);
      await asking(`giving ${name} a password of its own`, async () => {
        if (kind === 'aurora')
          await client.send(
            new ModifyDBClusterCommand({
              DBClusterIdentifier: name,
              MasterUserPassword: password,
              // A cluster's least: it cannot be without.
              BackupRetentionPeriod: 1,
              ApplyImmediately: true,
            }),
          );
        else
          await client.send(
            new ModifyDBInstanceCommand({
              DBInstanceIdentifier: name,
              MasterUserPassword: password,
              BackupRetentionPeriod: 0,
              ApplyImmediately: true,
            }),
          );
      });
    },
    async remove(kind, name) {
      scratchOnly(name);
      return kind === 'aurora' ? removeCluster(client, name) : removeInstance(client, name);
    },
    async list() {
      const found: ScratchState[] = [];
      const members = new Map<string, DBInstance>();
      for await (const page of paginateDescribeDBInstances({ client }, {})) {
        for (const instance of page.DBInstances ?? []) {
          if (!instance.DBInstanceIdentifier?.startsWith(SCRATCH_PREFIX)) continue;
          if (instance.DBClusterIdentifier) members.set(instance.DBClusterIdentifier, instance);
          else found.push(fromInstance(instance));
        }
      }
      for await (const page of paginateDescribeDBClusters({ client }, {})) {
        for (const cluster of page.DBClusters ?? [])
          if (cluster.DBClusterIdentifier?.startsWith(SCRATCH_PREFIX))
            found.push(fromCluster(cluster, members.get(cluster.DBClusterIdentifier)));
      }
      return found;
    },
  };
}

/** A mistake anywhere else must end here and not in a deleted database. */
function scratchOnly(name: string): string {
  if (name.startsWith(SCRATCH_PREFIX)) return name;
  throw new UnderstudyError('not-scratch', `${name} is no scratch instance, and is not touched`);
}

function adopt(order: ScratchOrder, there: ScratchState): void {
  if (there.tags[TAGS.run] === order.tags[TAGS.run]) return;
  throw new UnderstudyError(
    'instance-exists',
    `there is an instance ${order.name} already, and it does not belong to ${order.tags[TAGS.run]}`,
    { hint: 'delete it, if nobody needs it; then rehearse again' },
  );
}

async function restore(client: RDSClient, order: ScratchOrder): Promise<void> {
  if (order.kind === 'aurora') return restoreCluster(client, order);
  const common = {
    DBInstanceClass: order.instanceClass,
    DBSubnetGroupName: order.subnetGroup,
    VpcSecurityGroupIds: order.securityGroups,
    ...(order.parameterGroup ? { DBParameterGroupName: order.parameterGroup } : {}),
    ...(order.optionGroup ? { OptionGroupName: order.optionGroup } : {}),
    // Without these a restored instance may be open to the world, protected, or busy with a backup of its own for hours.
    PubliclyAccessible: false,
    MultiAZ: false,
    DeletionProtection: false,
    BackupRetentionPeriod: 0,
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
    ...(order.parameterGroup ? { DBClusterParameterGroupName: order.parameterGroup } : {}),
    DeletionProtection: false,
    CopyTagsToSnapshot: false,
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

async function removeInstance(client: RDSClient, name: string): Promise<'removing' | 'gone'> {
  const instance = await describeInstance(client, name);
  if (!instance) return 'gone';
  if (instance.DBInstanceStatus === 'deleting') return 'removing';
  if (instance.DeletionProtection) await unprotect(client, name);
  await ifThere(`deleting ${name}`, /DBInstanceNotFound|InvalidDBInstanceState/, () =>
    client.send(
      new DeleteDBInstanceCommand({
        DBInstanceIdentifier: name,
        SkipFinalSnapshot: true,
        DeleteAutomatedBackups: true,
      }),
    ),
  );
  return 'removing';
}

/** Somebody may have protected it meanwhile, by hand or by a rule of the account. It is scratch all the same. */
async function unprotect(client: RDSClient, name: string): Promise<void> {
  await asking(`taking the deletion protection from ${name}`, () =>
    client.send(
      new ModifyDBInstanceCommand({
        DBInstanceIdentifier: name,
        DeletionProtection: false,
        ApplyImmediately: true,
      }),
    ),
  );
}

/** The members go first: a cluster with members cannot be deleted. */
async function removeCluster(client: RDSClient, name: string): Promise<'removing' | 'gone'> {
  const member = await describeInstance(client, memberOf(name));
  const cluster = await describeCluster(client, name);
  if (!cluster) return member ? 'removing' : 'gone';
  if (member && member.DBInstanceStatus !== 'deleting') {
    await ifThere(`deleting ${memberOf(name)}`, /DBInstanceNotFound|InvalidDBInstanceState/, () =>
      client.send(
        new DeleteDBInstanceCommand({ DBInstanceIdentifier: memberOf(name), SkipFinalSnapshot: true }),
      ),
    );
    return 'removing';
  }
  if (member || cluster.Status === 'deleting') return 'removing';
  if (cluster.DeletionProtection) {
    await asking(`taking the deletion protection from ${name}`, () =>
      client.send(
        new ModifyDBClusterCommand({
          DBClusterIdentifier: name,
          DeletionProtection: false,
          ApplyImmediately: true,
        }),
      ),
    );
  }
  await ifThere(`deleting ${name}`, /DBClusterNotFound|InvalidDBClusterState/, () =>
    client.send(
      new DeleteDBClusterCommand({
        DBClusterIdentifier: name,
        SkipFinalSnapshot: true,
        DeleteAutomatedBackups: true,
      }),
    ),
  );
  return 'removing';
}

function fromInstance(instance: DBInstance): ScratchState {
  return {
    kind: 'rds',
    name: instance.DBInstanceIdentifier!,
    resourceId: instance.DbiResourceId ?? '',
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
function fromCluster(cluster: DBCluster, member: DBInstance | undefined): ScratchState {
  return {
    kind: 'aurora',
    name: cluster.DBClusterIdentifier!,
    resourceId: cluster.DbClusterResourceId ?? '',
    status: cluster.Status ?? 'unknown',
    ...(cluster.Endpoint && cluster.Port ? { endpoint: { host: cluster.Endpoint, port: cluster.Port } } : {}),
    pending: Object.keys(cluster.PendingModifiedValues ?? {}).length > 0,
    tags: tagMap(cluster.TagList),
    members: member
      ? [
          {
            name: member.DBInstanceIdentifier!,
            status: member.DBInstanceStatus ?? 'unknown',
            resourceId: member.DbiResourceId ?? '',
          },
        ]
      : [],
  };
}
