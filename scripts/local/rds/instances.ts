import type {
  CreateDBInstanceMessage,
  DBInstanceAutomatedBackupMessage,
  DBInstanceMessage,
  DescribeDBInstanceAutomatedBackupsMessage,
  DescribeDBInstancesMessage,
} from '@aws-sdk/client-rds';
import { knownSubnetGroup, newInstanceName, sameEngine } from './allowances.ts';
import { comeUp } from './coming-up.ts';
import { refuse } from './errors.ts';
import { findCluster, findInstance } from './find.ts';
import { groupFor, valuesOf } from './groups.ts';
import { plainName } from './names.ts';
import { matching, page } from './pages.ts';
import { restart } from './postgres.ts';
import { addInstance } from './resources.ts';
import { backupArn, showAutomatedBackup, showInstance } from './show.ts';
import type { Call, Cluster, Instance } from './world.ts';

export async function describeDBInstances(
  call: Call,
  input: DescribeDBInstancesMessage,
): Promise<DBInstanceMessage> {
  const { DBInstanceIdentifier: id } = input;
  const all = id ? [findInstance(call, id)] : [...call.region.instances.values()];
  const { items, Marker } = page(matching(all, input.Filters, FILTERS), ({ id }) => id, input);
  return { DBInstances: await Promise.all(items.map((item) => showInstance(call, item))), Marker };
}

const FILTERS: Record<string, (instance: Instance) => string | undefined> = {
  'db-cluster-id': ({ cluster }) => cluster?.id,
  'db-instance-id': ({ id }) => id,
  'dbi-resource-id': ({ resourceId }) => resourceId.toLowerCase(),
  engine: ({ origin }) => origin.engine,
};

/** Only members of a cluster are made this way here. Their settings are the cluster's. */
export async function createDBInstance(call: Call, input: CreateDBInstanceMessage) {
  if (!input.DBClusterIdentifier)
    refuse(
      'InvalidParameterCombination',
      'Instances are made here only as members of a cluster (DBClusterIdentifier).',
    );
  const id = newInstanceName(call, input.DBInstanceIdentifier!);
  const cluster = findCluster(call, input.DBClusterIdentifier);
  for (const name of [
    'MasterUsername',
    'MasterUserPassword',
    'DBName',
    'AllocatedStorage',
    'BackupRetentionPeriod',
  ] as const)
    if (input[name] !== undefined)
      refuse(
        'InvalidParameterCombination',
        `The requested DB Instance will be a member of a DB Cluster. Set ${name} for the DB Cluster.`,
      );
  sameEngine(cluster.origin, input.Engine);
  if (!['available', 'creating', 'backing-up', 'modifying'].includes(cluster.status))
    refuse('InvalidDBClusterStateFault', `The cluster ${cluster.id} is ${cluster.status}.`);
  const { engine, version } = cluster.origin;
  const instance = addInstance(call, {
    id,
    cluster,
    origin: { ...cluster.origin, class: input.DBInstanceClass! },
    store: cluster.store,
    retention: cluster.retention,
    subnetGroup: input.DBSubnetGroupName
      ? knownSubnetGroup(call.region, input.DBSubnetGroupName)
      : cluster.subnetGroup,
    group: groupFor(call, 'db', engine, version, input.DBParameterGroupName),
    wishes: { ...input, VpcSecurityGroupIds: cluster.securityGroups },
  });
  comeUp(call, instance, cluster, () => join(instance, cluster), { ownsData: false });
  return { DBInstance: await showInstance(call, instance) };
}

/** The cluster's data becomes reachable with its first instance, under both their parameter groups. */
export async function join(instance: Instance, cluster: Cluster): Promise<void> {
  await cluster.busy;
  const { server } = cluster.store;
  if (!server || server.open) return;
  server.parameters = valuesOf(cluster.group, instance.group);
  await restart(server, true);
}

export async function describeDBInstanceAutomatedBackups(
  call: Call,
  input: DescribeDBInstanceAutomatedBackupsMessage,
): Promise<DBInstanceAutomatedBackupMessage> {
  const { region } = call;
  const active = [...region.instances.values()].filter(({ cluster, retention }) => !cluster && retention > 0);
  const wanted = [...active, ...region.retained.values()]
    .filter(({ id }) => !input.DBInstanceIdentifier || id === plainName(input.DBInstanceIdentifier))
    .filter(({ resourceId }) => !input.DbiResourceId || resourceId === input.DbiResourceId)
    .filter(
      (instance) =>
        !input.DBInstanceAutomatedBackupsArn || backupArn(instance) === input.DBInstanceAutomatedBackupsArn,
    );
  const { items, Marker } = page(
    matching(wanted, input.Filters, { ...FILTERS, status: statusOf(region.retained) }),
    ({ resourceId }) => resourceId,
    input,
  );
  const shown = items.map((item) => showAutomatedBackup(call, item, statusOf(region.retained)(item)));
  return { DBInstanceAutomatedBackups: await Promise.all(shown), Marker };
}

const statusOf = (retained: Map<string, Instance>) => (instance: Instance) =>
  retained.get(instance.resourceId) === instance ? 'retained' : instance.reachable ? 'active' : 'creating';
