import {
  AddTagsToResourceCommand,
  type DBCluster,
  type DBInstance,
  ModifyDBClusterCommand,
  ModifyDBInstanceCommand,
  type RDSClient,
  type Tag,
} from '@aws-sdk/client-rds';
import type { MissingSetting } from '../../../ports/platform.ts';
import { asking } from './rds-errors.ts';
import { memberOf } from './scratch-state.ts';
import { describeCluster, describeInstance } from './sources.ts';

/** A setting that one request gives: by its name for people, where it stands in an answer, and in the request. */
type Setting<Shown, Request> = {
  what: string;
  of: (shown: Shown) => unknown;
  give: (old: Shown) => Partial<Request>;
};
type OfInstance = Setting<DBInstance, Record<string, unknown>>;
type OfCluster = Setting<DBCluster, Record<string, unknown>>;

/** The same name in both. */
const same = <Shown>(
  what: string,
  ...names: (keyof Shown & string)[]
): Setting<Shown, Record<string, unknown>> => ({
  what,
  of: (shown) => names.map((name) => shown[name]),
  give: (old) => Object.fromEntries(names.map((name) => [name, old[name]])),
});

const logsOf = (logs: string[] | undefined) => [...(logs ?? [])].sort();

/**
 * What a restored instance does not inherit, or has by its engine's default, as far as it may be set before the
 * quarantine ends. Source: RDS user guide, "Restoring to a DB instance", and the parameters of ModifyDBInstance.
 */
const OF_INSTANCE: readonly OfInstance[] = [
  same('Multi-AZ', 'MultiAZ'),
  same('storage type', 'StorageType'),
  same('provisioned IOPS', 'Iops'),
  same('storage throughput', 'StorageThroughput'),
  same('storage autoscaling', 'MaxAllocatedStorage'),
  same('backup retention', 'BackupRetentionPeriod'),
  same('backup window', 'PreferredBackupWindow'),
  same('maintenance window', 'PreferredMaintenanceWindow'),
  same('minor version upgrades', 'AutoMinorVersionUpgrade'),
  same('tags on snapshots', 'CopyTagsToSnapshot'),
  same('public access', 'PubliclyAccessible'),
  same('certificate authority', 'CACertificateIdentifier'),
  {
    what: 'IAM authentication',
    of: ({ IAMDatabaseAuthenticationEnabled: on }) => on,
    give: ({ IAMDatabaseAuthenticationEnabled: on }) => ({ EnableIAMDatabaseAuthentication: on }),
  },
  {
    what: 'Performance Insights',
    of: ({ PerformanceInsightsEnabled: on = false, PerformanceInsightsRetentionPeriod: days }) => [
      on,
      on ? days : 0,
    ],
    give: ({
      PerformanceInsightsEnabled: on,
      PerformanceInsightsRetentionPeriod,
      PerformanceInsightsKMSKeyId,
    }) => ({
      EnablePerformanceInsights: on,
      ...(on ? { PerformanceInsightsRetentionPeriod, PerformanceInsightsKMSKeyId } : {}),
    }),
  },
  {
    what: 'log exports',
    of: ({ EnabledCloudwatchLogsExports: logs }) => logsOf(logs),
    give: ({ EnabledCloudwatchLogsExports: logs }) => ({
      CloudwatchLogsExportConfiguration: { EnableLogTypes: logsOf(logs) },
    }),
  },
  {
    what: 'option group',
    of: ({ OptionGroupMemberships }) => OptionGroupMemberships?.[0]?.OptionGroupName,
    give: ({ OptionGroupMemberships }) => ({ OptionGroupName: OptionGroupMemberships?.[0]?.OptionGroupName }),
  },
];

const OF_CLUSTER: readonly OfCluster[] = [
  same('backup retention', 'BackupRetentionPeriod'),
  same('backup window', 'PreferredBackupWindow'),
  same('maintenance window', 'PreferredMaintenanceWindow'),
  same('tags on snapshots', 'CopyTagsToSnapshot'),
  {
    what: 'IAM authentication',
    of: ({ IAMDatabaseAuthenticationEnabled: on }) => on,
    give: ({ IAMDatabaseAuthenticationEnabled: on }) => ({ EnableIAMDatabaseAuthentication: on }),
  },
  {
    what: 'log exports',
    of: ({ EnabledCloudwatchLogsExports: logs }) => logsOf(logs),
    give: ({ EnabledCloudwatchLogsExports: logs }) => ({
      CloudwatchLogsExportConfiguration: { EnableLogTypes: logsOf(logs) },
    }),
  },
];

/**
 * Compares a restored instance or cluster with the one that it replaces, and asks for what is missing, protection from
 * deletion first of all. Resolves with what is not yet there, and with what no request of this function can give: each
 * with the command that does.
 */
export async function completeSettings(
  client: RDSClient,
  kind: 'rds' | 'aurora',
  oldName: string,
  name: string,
): Promise<MissingSetting[]> {
  return kind === 'aurora' ? completeCluster(client, oldName, name) : completeInstance(client, oldName, name);
}

async function completeInstance(client: RDSClient, oldName: string, name: string): Promise<MissingSetting[]> {
  const [old, now] = [await describeInstance(client, oldName), await describeInstance(client, name)];
  if (!old || !now) return [];
  const missing = OF_INSTANCE.filter(({ of }) => differs(of(old), of(now)));
  const unprotected = now.DeletionProtection !== true;
  const isReady =
    now.DBInstanceStatus === 'available' && Object.keys(now.PendingModifiedValues ?? {}).length === 0;
  if (isReady && (missing.length > 0 || unprotected))
    await asking(`completing ${name}`, () =>
      client.send(
        new ModifyDBInstanceCommand({
          DBInstanceIdentifier: name,
          DeletionProtection: true,
          ApplyImmediately: true,
          ...Object.assign({}, ...missing.map(({ give }) => give(old))),
        }),
      ),
    );
  await completeTags(client, old.TagList, now.TagList, now.DBInstanceArn);
  return [
    ...missing.map(({ what }) => ({ what })),
    ...(unprotected ? [{ what: 'deletion protection' }] : []),
    ...byHandOfInstance(old, now),
  ];
}

async function completeCluster(client: RDSClient, oldName: string, name: string): Promise<MissingSetting[]> {
  const [old, now] = [await describeCluster(client, oldName), await describeCluster(client, name)];
  if (!old || !now) return [];
  const missing = OF_CLUSTER.filter(({ of }) => differs(of(old), of(now)));
  const unprotected = now.DeletionProtection !== true;
  const isReady = now.Status === 'available' && Object.keys(now.PendingModifiedValues ?? {}).length === 0;
  if (isReady && (missing.length > 0 || unprotected))
    await asking(`completing ${name}`, () =>
      client.send(
        new ModifyDBClusterCommand({
          DBClusterIdentifier: name,
          DeletionProtection: true,
          ApplyImmediately: true,
          ...Object.assign({}, ...missing.map(({ give }) => give(old))),
        }),
      ),
    );
  await completeTags(client, old.TagList, now.TagList, now.DBClusterArn);
  const readers = (old.DBClusterMembers ?? []).filter(({ IsClusterWriter }) => !IsClusterWriter).length;
  return [
    ...missing.map(({ what }) => ({ what })),
    ...(unprotected ? [{ what: 'deletion protection' }] : []),
    ...(readers === 0
      ? []
      : [
          {
            what: `${readers} reader${readers === 1 ? '' : 's'}`,
            command: `aws rds create-db-instance --db-cluster-identifier ${name} --db-instance-identifier ${name}-2 --engine ${old.Engine} --db-instance-class …`,
          },
        ]),
    ...rolesByHand('cluster', name, old.AssociatedRoles, now.AssociatedRoles),
    ...(await memberByHand(client, old, name)),
  ];
}

async function memberByHand(client: RDSClient, old: DBCluster, name: string): Promise<MissingSetting[]> {
  const writer = old.DBClusterMembers?.find(({ IsClusterWriter }) => IsClusterWriter)?.DBInstanceIdentifier;
  const was = writer ? await describeInstance(client, writer) : undefined;
  const now = await describeInstance(client, memberOf(name));
  return was && now ? byHandOfInstance(was, now) : [];
}

/** What needs a right to pass roles, or belongs to other services: named with its command. */
function byHandOfInstance(old: DBInstance, now: DBInstance): MissingSetting[] {
  const name = now.DBInstanceIdentifier!;
  const modify = `aws rds modify-db-instance --db-instance-identifier ${name} --apply-immediately`;
  const secret = old.MasterUserSecret && !now.MasterUserSecret;
  return [
    ...(old.MonitoringInterval && old.MonitoringRoleArn && !now.MonitoringInterval
      ? [
          {
            what: 'enhanced monitoring',
            command: `${modify} --monitoring-interval ${old.MonitoringInterval} --monitoring-role-arn ${old.MonitoringRoleArn}`,
          },
        ]
      : []),
    ...(secret
      ? [{ what: 'the master password managed by RDS', command: `${modify} --manage-master-user-password` }]
      : []),
    ...rolesByHand('instance', name, old.AssociatedRoles, now.AssociatedRoles),
    ...(old.ReadReplicaDBInstanceIdentifiers ?? []).map((replica) => ({
      what: `the read replica ${replica}, which follows the old instance`,
      command: `aws rds create-db-instance-read-replica --source-db-instance-identifier ${name} --db-instance-identifier ${replica}-new`,
    })),
    ...((old.DBInstanceAutomatedBackupsReplications ?? []).length > 0
      ? [
          {
            what: 'the replication of automated backups to another Region',
            command: `aws rds start-db-instance-automated-backups-replication --region … --source-db-instance-arn ${now.DBInstanceArn}`,
          },
        ]
      : []),
  ];
}

type AssociatedRole = { RoleArn?: string | undefined; FeatureName?: string | undefined };

function rolesByHand(
  of: 'instance' | 'cluster',
  name: string,
  old: readonly AssociatedRole[] = [],
  now: readonly AssociatedRole[] = [],
): MissingSetting[] {
  return old
    .filter(({ RoleArn }) => !now.some((each) => each.RoleArn === RoleArn))
    .map(({ RoleArn, FeatureName }) => ({
      what: `the role ${RoleArn}${FeatureName ? ` for ${FeatureName}` : ''}`,
      command: `aws rds add-role-to-db-${of} --db-${of}-identifier ${name} --role-arn ${RoleArn}${FeatureName ? ` --feature-name ${FeatureName}` : ''}`,
    }));
}

async function completeTags(
  client: RDSClient,
  old: readonly Tag[] = [],
  now: readonly Tag[] = [],
  arn: string | undefined,
): Promise<void> {
  const missing = old.filter(
    ({ Key = '', Value }) =>
      !/^(aws|understudy):/.test(Key) && !now.some((tag) => tag.Key === Key && tag.Value === Value),
  );
  if (missing.length === 0 || !arn) return;
  await asking(`tagging ${arn}`, () =>
    client.send(new AddTagsToResourceCommand({ ResourceName: arn, Tags: [...missing] })),
  );
}

/** What the old one does not have, it cannot give. */
const differs = (old: unknown, now: unknown) =>
  old !== undefined && JSON.stringify(old) !== JSON.stringify(now) && !isNothing(old);
const isNothing = (value: unknown) => Array.isArray(value) && value.every((each) => each === undefined);
