import {
  AddTagsToResourceCommand,
  type DBCluster,
  type DBInstance,
  ModifyDBClusterCommand,
  ModifyDBInstanceCommand,
  type RDSClient,
  type Tag,
} from '@aws-sdk/client-rds';
import { codeOf, reasonOf } from '../../../domain/errors.ts';
import type { MissingSetting } from '../../../ports/platform.ts';
import { sourceState } from '../states.ts';
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

type OfBoth = Setting<DBInstance | DBCluster, Record<string, unknown>>;
const IAM_AUTHENTICATION: OfBoth = {
  what: 'IAM authentication',
  of: ({ IAMDatabaseAuthenticationEnabled: on }) => on,
  give: ({ IAMDatabaseAuthenticationEnabled: on }) => ({ EnableIAMDatabaseAuthentication: on }),
};
const LOG_EXPORTS: OfBoth = {
  what: 'log exports',
  of: ({ EnabledCloudwatchLogsExports: logs }) => logsOf(logs),
  give: ({ EnabledCloudwatchLogsExports: logs }) => ({
    CloudwatchLogsExportConfiguration: { EnableLogTypes: logsOf(logs) },
  }),
};

/**
 * What a restored instance does not inherit, or has by its engine's default, as far as it may be set before the
 * quarantine ends. Source: RDS user guide, "Restoring to a DB instance", and the parameters of ModifyDBInstance.
 */
const OF_INSTANCE: readonly OfInstance[] = [
  same('Multi-AZ', 'MultiAZ'),
  same('storage type, IOPS and throughput', 'StorageType', 'Iops', 'StorageThroughput'),
  same('storage autoscaling', 'MaxAllocatedStorage'),
  same('backup retention', 'BackupRetentionPeriod'),
  same('backup window', 'PreferredBackupWindow'),
  same('maintenance window', 'PreferredMaintenanceWindow'),
  same('minor version upgrades', 'AutoMinorVersionUpgrade'),
  same('tags on snapshots', 'CopyTagsToSnapshot'),
  same('public access', 'PubliclyAccessible'),
  same('certificate authority', 'CACertificateIdentifier'),
  IAM_AUTHENTICATION,
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
  LOG_EXPORTS,
  {
    what: 'option group',
    of: ({ OptionGroupMemberships }) => OptionGroupMemberships?.[0]?.OptionGroupName,
    give: ({ OptionGroupMemberships }) => ({ OptionGroupName: OptionGroupMemberships?.[0]?.OptionGroupName }),
  },
];

const OF_CLUSTER: readonly OfCluster[] = [
  same('storage type', 'StorageType'),
  same('backup retention', 'BackupRetentionPeriod'),
  same('backup window', 'PreferredBackupWindow'),
  same('maintenance window', 'PreferredMaintenanceWindow'),
  same('tags on snapshots', 'CopyTagsToSnapshot'),
  IAM_AUTHENTICATION,
  LOG_EXPORTS,
];

/**
 * Compares a restored instance or cluster with the one that it replaces, and asks for what is missing. Resolves with
 * what is not yet there, and with what no request of this function can give: each with the command that does.
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
  const settings = OF_INSTANCE.filter(({ what }) => what !== 'option group' || majorOf(old) === majorOf(now));
  const missing = await give({
    name,
    isReady: isReady(now.DBInstanceStatus, now.PendingModifiedValues),
    isProtected: now.DeletionProtection === true,
    missing: settings
      .filter(({ of }) => differs(of(old), of(now)))
      .map(({ what, give }) => ({ what, request: give(old) })),
    modify: (request) =>
      client.send(
        new ModifyDBInstanceCommand({ DBInstanceIdentifier: name, ApplyImmediately: true, ...request }),
      ),
  });
  return [
    ...missing,
    ...(await completeTags(client, old.TagList, now.TagList, now.DBInstanceArn)),
    ...byHandOfInstance(old, now),
  ];
}

async function completeCluster(client: RDSClient, oldName: string, name: string): Promise<MissingSetting[]> {
  const [old, now] = [await describeCluster(client, oldName), await describeCluster(client, name)];
  if (!old || !now) return [];
  const missing = await give({
    name,
    isReady: isReady(now.Status, now.PendingModifiedValues),
    isProtected: now.DeletionProtection === true,
    missing: OF_CLUSTER.filter(({ of }) => differs(of(old), of(now))).map(({ what, give }) => ({
      what,
      request: give(old),
    })),
    modify: (request) =>
      client.send(
        new ModifyDBClusterCommand({ DBClusterIdentifier: name, ApplyImmediately: true, ...request }),
      ),
  });
  const readers = (old.DBClusterMembers ?? []).filter(({ IsClusterWriter }) => !IsClusterWriter).length;
  return [
    ...missing,
    ...(await completeTags(client, old.TagList, now.TagList, now.DBClusterArn)),
    ...(readers === 0
      ? []
      : [
          {
            what: `${readers} reader${readers === 1 ? '' : 's'}`,
            command: `aws rds create-db-instance --db-cluster-identifier ${name} --db-instance-identifier ${name}-2 --engine ${old.Engine} --db-instance-class …`,
          },
        ]),
    ...(old.ReadReplicaIdentifiers ?? []).map((replica) => ({
      what: `the replica ${replica}, which follows the old cluster`,
      command: `aws rds create-db-cluster --region … --replication-source-identifier ${now.DBClusterArn} --db-cluster-identifier ${replica.split(':').at(-1)}-new --engine ${old.Engine}`,
    })),
    ...rolesByHand('cluster', name, old.AssociatedRoles, now.AssociatedRoles),
    ...(await completeMember(client, old, name)),
  ];
}

type Giving = {
  name: string;
  isReady: boolean;
  isProtected: boolean;
  missing: { what: string; request: Record<string, unknown> }[];
  modify: (request: Record<string, unknown>) => Promise<unknown>;
};

/**
 * Asks for protection first, then for one setting after the other: RDS changes one thing at a time, and one that it
 * refuses must not keep the others out. What is refused is named with its reason.
 */
async function give({ name, isReady, isProtected, missing, modify }: Giving): Promise<MissingSetting[]> {
  const wanted = isProtected
    ? missing
    : [{ what: 'deletion protection', request: { DeletionProtection: true } }, ...missing];
  const found: MissingSetting[] = [];
  let asked = !isReady;
  for (const { what, request } of wanted) {
    const refusal = asked ? undefined : await refusalOfRequest(name, () => modify(request));
    if (refusal === undefined) asked = true;
    found.push({ what, ...(refusal === undefined ? {} : { command: refusal }) });
  }
  return found;
}

/** Why RDS does not take it; undefined when it does. */
async function refusalOfRequest(name: string, request: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await asking(`completing ${name}`, request);
    return undefined;
  } catch (error) {
    if (!['platform-refused', 'platform-denied'].includes(codeOf(error))) throw error;
    return `set it by hand: ${reasonOf(error)}`;
  }
}

const isReady = (status: string | undefined, pending: object | undefined) =>
  sourceState(status ?? 'unknown') === 'ready' && Object.keys(pending ?? {}).length === 0;
const majorOf = ({ EngineVersion = '' }: DBInstance) => EngineVersion.split('.')[0];

/** What only the instance of a cluster has. */
const OF_MEMBER = [
  'minor version upgrades',
  'public access',
  'certificate authority',
  'Performance Insights',
];

async function completeMember(client: RDSClient, old: DBCluster, name: string): Promise<MissingSetting[]> {
  const writer = old.DBClusterMembers?.find(({ IsClusterWriter }) => IsClusterWriter)?.DBInstanceIdentifier;
  const was = writer ? await describeInstance(client, writer) : undefined;
  const now = await describeInstance(client, memberOf(name));
  if (!was || !now) return [];
  const missing = await give({
    name: memberOf(name),
    isReady: isReady(now.DBInstanceStatus, now.PendingModifiedValues),
    isProtected: true,
    missing: OF_INSTANCE.filter(({ what, of }) => OF_MEMBER.includes(what) && differs(of(was), of(now))).map(
      ({ what, give }) => ({ what: `${what} of its instance`, request: give(was) }),
    ),
    modify: (request) =>
      client.send(
        new ModifyDBInstanceCommand({
          DBInstanceIdentifier: memberOf(name),
          ApplyImmediately: true,
          ...request,
        }),
      ),
  });
  const group = was.DBParameterGroups?.[0]?.DBParameterGroupName;
  return [
    ...missing,
    ...(group && !group.startsWith('default.')
      ? [
          {
            what: `the parameter group ${group} of its instance`,
            command: `aws rds modify-db-instance --db-instance-identifier ${memberOf(name)} --db-parameter-group-name ${group}`,
          },
        ]
      : []),
    ...byHandOfInstance(was, now),
  ];
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
    ...(old.ReadReplicaDBClusterIdentifiers ?? []).map((replica) => ({
      what: `the Aurora replica ${replica}, which follows the old instance`,
      command: `aws rds create-db-cluster --replication-source-identifier ${now.DBInstanceArn} --db-cluster-identifier ${replica}-new --engine aurora-${old.Engine === 'postgres' ? 'postgresql' : old.Engine}`,
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
): Promise<MissingSetting[]> {
  const missing = old.filter(
    ({ Key = '', Value }) =>
      !/^(aws|understudy):/.test(Key) && !now.some((tag) => tag.Key === Key && tag.Value === Value),
  );
  if (missing.length === 0 || !arn) return [];
  const refusal = await asking(`tagging ${arn}`, () =>
    client.send(new AddTagsToResourceCommand({ ResourceName: arn, Tags: [...missing] })),
  ).then(
    () => undefined,
    (error) => reasonOf(error),
  );
  return refusal === undefined ? [] : [{ what: 'tags', command: `set them by hand: ${refusal}` }];
}

/** What the old one does not have, it cannot give. */
const differs = (old: unknown, now: unknown) =>
  old !== undefined && JSON.stringify(old) !== JSON.stringify(now) && !isNothing(old);
// Zero is no backups at all: the new one keeps its day.
const isNothing = (value: unknown) =>
  Array.isArray(value) && value.every((each) => each === undefined || each === 0);
