import { arn, type Question } from './evaluate.ts';

/**
 * Every call that the functions make of RDS, ElastiCache and of what they need for it, with what AWS checks it against:
 * by what it is for, and which functions make it. calls.test.ts holds the table against the adapters and the roles.
 */
type Call = [action: string, ...resources: string[]];
type Operation = { by: string[]; calls: Call[]; context?: Record<string, string> };

const THERE = 'eu-west-1';
const NAME = 'understudy-dev-crm-20261120t010000z';
const SCRATCH = 'understudy-scratch-crm-0123456789';
const RESTORED = 'crm-prod-restored-20261120t120000z';
const RESTORED_CLUSTER = 'shop-prod-restored-20261120t120000z';
const RESTORED_SECRET = arn('secretsmanager', `secret:understudy/dev/restore/${RESTORED}-AbCdEf`);
const SCRATCH_SECRET = arn('secretsmanager', `secret:understudy/dev/scratch/${SCRATCH}-AbCdEf`);
const KEY = arn('kms', 'key/0a0a');
const KEY_THERE = arn('kms', 'key/there', THERE);
const AURORA_OPTIONS = 'og:default:aurora-postgresql-17';

/** A call of an action of RDS, in the Region of the deployment or in another. */
const rds = (action: string, ...resources: string[]): Call => rdsIn(undefined, action, ...resources);
const rdsIn = (region: string | undefined, action: string, ...resources: string[]): Call => [
  `rds:${action}`,
  ...resources.map((each) => arn('rds', each, region)),
];
const cache = (action: string, ...resources: string[]): Call => [
  `elasticache:${action}`,
  ...resources.map((each) => arn('elasticache', each)),
];
/** A call of one action for a snapshot of an instance, and of its sister for a snapshot of a cluster. */
const both = (action: string, region?: string): Call[] => [
  rdsIn(region, action.replace('*', 'DBSnapshot'), `snapshot:${NAME}`),
  rdsIn(region, action.replace('*', 'DBClusterSnapshot'), `cluster-snapshot:${NAME}`),
];

/** Restores into a subnet group, and the member that a cluster gets there. */
function restoresInto(group: string): Call[] {
  const instance = [`db:${SCRATCH}`, `pg:${SCRATCH}`, `subgrp:${group}`];
  const cluster = [`cluster:${SCRATCH}`, AURORA_OPTIONS, `subgrp:${group}`];
  return [
    rds('RestoreDBInstanceFromDBSnapshot', `snapshot:${NAME}`, 'og:crm', ...instance),
    rds('RestoreDBInstanceToPointInTime', 'db:crm-prod', 'og:default:postgres-17', ...instance),
    rds('RestoreDBClusterFromSnapshot', 'cluster-snapshot:rds:shop-1', `cluster-pg:${SCRATCH}`, ...cluster),
    rds('RestoreDBClusterToPointInTime', 'cluster:shop-prod', `cluster-pg:${SCRATCH}`, ...cluster),
    rds('CreateDBInstance', `db:${SCRATCH}-1`, 'pg:default.aurora-postgresql17', ...cluster),
  ];
}

export const OPERATIONS: Record<string, Operation> = {
  'look at a source': {
    by: ['Snapshot', 'RehearseInstance', 'Restore', 'Preflight', 'Watch'],
    calls: [
      rds('DescribeDBInstances', 'db:crm-prod'),
      rds('DescribeDBInstances', 'db:shop-prod-1'),
      rds('DescribeDBClusters', 'cluster:shop-prod'),
      rds('DescribeDBInstanceAutomatedBackups', 'auto-backup:ab-1', 'db:crm-prod'),
    ],
  },
  'look at snapshots': {
    by: ['Snapshot', 'Copy', 'Preflight', 'Watch'],
    calls: [
      ...both('Describe*s'),
      rds('DescribeDBSnapshots', 'db:crm-prod', 'snapshot:*'),
      rds('DescribeDBClusterSnapshots', 'cluster:shop-prod', 'cluster-snapshot:*'),
      ...both('ListTagsForResource'),
    ],
  },
  'look at snapshots in another Region': { by: ['Copy', 'Watch'], calls: both('Describe*s', THERE) },
  'find parameter groups that no record names': {
    by: ['Watch'],
    calls: [
      rds('DescribeDBParameterGroups', 'pg:*'),
      rds('DescribeDBClusterParameterGroups', 'cluster-pg:*'),
      rds('ListTagsForResource', `pg:${SCRATCH}`),
      rds('ListTagsForResource', `cluster-pg:${SCRATCH}`),
    ],
  },
  'look whether a snapshot is its own': {
    by: ['Expire'],
    calls: [undefined, THERE].flatMap((region) => [
      ...both('Describe*s', region),
      ...both('ListTagsForResource', region),
    ]),
  },
  'look at a cache and its snapshots': {
    by: ['Snapshot', 'Watch', 'Expire'],
    calls: [
      cache('DescribeReplicationGroups', 'replicationgroup:sessions'),
      cache('DescribeCacheClusters', 'cluster:sessions-001'),
      cache('DescribeServerlessCaches', 'serverlesscache:sessions'),
      cache('DescribeSnapshots', 'snapshot:*'),
      cache('DescribeServerlessCacheSnapshots', 'serverlesscache:sessions', 'serverlesscachesnapshot:*'),
      cache('ListTagsForResource', `snapshot:${NAME}`),
      cache('ListTagsForResource', `serverlesscachesnapshot:${NAME}`),
    ],
  },
  'look at a key': {
    by: ['Snapshot', 'Copy', 'Preflight', 'Watch'],
    calls: [KEY, KEY_THERE].map((key) => ['kms:DescribeKey', key]),
  },
  'enter another account': {
    by: ['Copy', 'Watch', 'Expire', 'Preflight'],
    calls: [['sts:AssumeRole', 'arn:aws:iam::210987654321:role/understudy-copies']],
  },
  'take a snapshot': {
    by: ['Snapshot'],
    calls: [
      rds('CreateDBSnapshot', 'db:crm-prod', `snapshot:${NAME}`),
      rds('CreateDBClusterSnapshot', 'cluster:shop-prod', `cluster-snapshot:${NAME}`),
      ...both('AddTagsToResource'),
      cache('CreateSnapshot', 'cluster:sessions-001', `snapshot:${NAME}`),
      cache('CreateSnapshot', 'replicationgroup:sessions', `snapshot:${NAME}`),
      cache('CreateServerlessCacheSnapshot', 'serverlesscache:sessions', `serverlesscachesnapshot:${NAME}`),
      cache('AddTagsToResource', `snapshot:${NAME}`, `serverlesscachesnapshot:${NAME}`),
    ],
  },
  'copy a snapshot': {
    by: ['Copy'],
    calls: [
      ...both('Copy*'),
      ...both('Copy*', THERE),
      ['rds:CrossRegionCommunication', '*'],
      ...both('AddTagsToResource', THERE),
      ...both('Modify*Attribute', THERE),
    ],
  },
  'encrypt a copy with the key of its place': {
    by: ['Copy'],
    calls: ['CreateGrant', 'Encrypt', 'GenerateDataKey', 'ReEncryptTo'].map((action) => [
      `kms:${action}`,
      KEY_THERE,
    ]),
    context: { 'kms:ViaService': 'rds.eu-west-1.amazonaws.com', 'kms:GrantIsForAWSResource': 'true' },
  },
  'delete a snapshot': {
    by: ['Expire'],
    calls: [
      ...both('Delete*'),
      rdsIn(THERE, 'DeleteDBSnapshot', `snapshot:${NAME}`),
      cache('DeleteSnapshot', `snapshot:${NAME}`),
      cache('DeleteServerlessCacheSnapshot', `serverlesscachesnapshot:${NAME}`),
    ],
  },
  'restore onto scratch': {
    by: ['RehearseInstance'],
    calls: [
      ...['understudy-dev-scratch', 'rehearsals'].flatMap(restoresInto),
      rds('AddTagsToResource', `db:${SCRATCH}`, `db:${SCRATCH}-1`, `cluster:${SCRATCH}`),
      rds('AddTagsToResource', `pg:${SCRATCH}`, `cluster-pg:${SCRATCH}`),
      rds('DescribeDBParameterGroups', 'pg:crm'),
      rds('DescribeDBClusterParameterGroups', 'cluster-pg:shop'),
      rds('CopyDBParameterGroup', 'pg:crm', `pg:${SCRATCH}`),
      rds('CopyDBClusterParameterGroup', 'cluster-pg:shop', `cluster-pg:${SCRATCH}`),
      rds('CreateDBParameterGroup', `pg:${SCRATCH}`),
      rds('CreateDBClusterParameterGroup', `cluster-pg:${SCRATCH}`),
      rds('DescribeDBParameters', `pg:${SCRATCH}`),
      rds('DescribeDBClusterParameters', `cluster-pg:${SCRATCH}`),
      rds('ModifyDBParameterGroup', `pg:${SCRATCH}`),
      rds('ModifyDBClusterParameterGroup', `cluster-pg:${SCRATCH}`),
      ['secretsmanager:CreateSecret', SCRATCH_SECRET],
      ['secretsmanager:TagResource', SCRATCH_SECRET],
      ['secretsmanager:GetSecretValue', SCRATCH_SECRET],
    ],
  },
  'restore an encrypted snapshot': {
    by: ['RehearseInstance', 'Restore'],
    calls: [
      ['kms:CreateGrant', KEY],
      ['kms:DescribeKey', KEY],
    ],
    context: { 'kms:ViaService': 'rds.eu-central-1.amazonaws.com', 'kms:GrantIsForAWSResource': 'true' },
  },
  'end scratch': {
    by: ['RehearseInstance', 'Watch'],
    calls: [
      rds('DeleteDBInstance', `db:${SCRATCH}`),
      rds('DeleteDBInstance', `db:${SCRATCH}-1`),
      // The final snapshot is checked even where it is skipped.
      rds('DeleteDBCluster', `cluster:${SCRATCH}`, `cluster-snapshot:${SCRATCH}`),
      rds('ModifyDBInstance', `db:${SCRATCH}`),
      rds('ModifyDBCluster', `cluster:${SCRATCH}`),
      rds('DeleteDBParameterGroup', `pg:${SCRATCH}`),
      rds('DeleteDBClusterParameterGroup', `cluster-pg:${SCRATCH}`),
      ['secretsmanager:DeleteSecret', SCRATCH_SECRET],
    ],
  },
  'restore beside the living database': {
    by: ['Restore'],
    calls: [
      rds(
        'RestoreDBInstanceFromDBSnapshot',
        ...[`snapshot:${NAME}`, 'og:crm', `db:${RESTORED}`, `pg:${RESTORED}`, 'subgrp:private'],
      ),
      rds(
        'RestoreDBInstanceToPointInTime',
        ...['db:crm-prod', 'og:default:postgres-17', `db:${RESTORED}`, `pg:${RESTORED}`, 'subgrp:private'],
      ),
      rds(
        'RestoreDBClusterFromSnapshot',
        ...['cluster-snapshot:rds:shop-1', `cluster-pg:${RESTORED_CLUSTER}`, `cluster:${RESTORED_CLUSTER}`],
        ...[AURORA_OPTIONS, 'subgrp:private'],
      ),
      rds(
        'RestoreDBClusterToPointInTime',
        ...['cluster:shop-prod', `cluster-pg:${RESTORED_CLUSTER}`, `cluster:${RESTORED_CLUSTER}`],
        ...[AURORA_OPTIONS, 'subgrp:private'],
      ),
      rds(
        'CreateDBInstance',
        ...[`db:${RESTORED_CLUSTER}-1`, 'pg:default.aurora-postgresql17', `cluster:${RESTORED_CLUSTER}`],
        ...[AURORA_OPTIONS, 'subgrp:private'],
      ),
      // An empty one, for a dump.
      rds('CreateDBInstance', `db:${RESTORED}`, `pg:${RESTORED}`, 'og:crm', 'subgrp:private'),
      rds(
        'CreateDBCluster',
        ...[
          `cluster:${RESTORED_CLUSTER}`,
          `cluster-pg:${RESTORED_CLUSTER}`,
          AURORA_OPTIONS,
          'subgrp:private',
        ],
      ),
      rds('AddTagsToResource', `db:${RESTORED}`, `db:${RESTORED_CLUSTER}-1`, `cluster:${RESTORED_CLUSTER}`),
      rds('AddTagsToResource', `pg:${RESTORED}`, `cluster-pg:${RESTORED_CLUSTER}`),
      rds('CopyDBParameterGroup', 'pg:crm', `pg:${RESTORED}`),
      rds('CopyDBClusterParameterGroup', 'cluster-pg:shop', `cluster-pg:${RESTORED_CLUSTER}`),
      rds('CreateDBParameterGroup', `pg:${RESTORED}`),
      rds('CreateDBClusterParameterGroup', `cluster-pg:${RESTORED_CLUSTER}`),
      rds('DescribeDBParameters', `pg:${RESTORED}`),
      rds('DescribeDBClusterParameters', `cluster-pg:${RESTORED_CLUSTER}`),
      rds('ModifyDBParameterGroup', `pg:${RESTORED}`),
      rds('ModifyDBClusterParameterGroup', `cluster-pg:${RESTORED_CLUSTER}`),
      rds('DeleteDBParameterGroup', `pg:${RESTORED}`),
      rds('DeleteDBClusterParameterGroup', `cluster-pg:${RESTORED_CLUSTER}`),
      rds('ModifyDBInstance', `db:${RESTORED}`, 'pg:crm', 'og:crm'),
      rds('ModifyDBCluster', `cluster:${RESTORED_CLUSTER}`, 'cluster-pg:shop'),
      rds('RebootDBInstance', `db:${RESTORED}`),
      rds('RebootDBInstance', `db:${RESTORED_CLUSTER}-1`),
      ['secretsmanager:CreateSecret', RESTORED_SECRET],
      ['secretsmanager:TagResource', RESTORED_SECRET],
      ['secretsmanager:GetSecretValue', RESTORED_SECRET],
      ['secretsmanager:DeleteSecret', RESTORED_SECRET],
    ],
  },
  'delete what a drill has made': {
    by: ['Restore'],
    context: { 'aws:ResourceTag/understudy:drill': 'yes' },
    calls: [
      rds('DeleteDBInstance', `db:${RESTORED}`),
      rds('DeleteDBInstance', `db:${RESTORED_CLUSTER}-1`),
      rds('DeleteDBCluster', `cluster:${RESTORED_CLUSTER}`, `cluster-snapshot:${RESTORED_CLUSTER}`),
    ],
  },
  'find what else names the old database': {
    by: ['Restore'],
    calls: [
      rds('DescribeDBProxies', 'db-proxy:*'),
      rds('DescribeDBProxyTargets', 'db-proxy:prx-1', 'target-group:prx-tg-1'),
      rds('DescribeEventSubscriptions', 'es:*'),
      ['cloudwatch:DescribeAlarms', arn('cloudwatch', 'alarm:*')],
    ],
  },
  'rename where the policy says so, and back': {
    by: ['Restore'],
    calls: [
      rds('ModifyDBCluster', 'cluster:books-prod'),
      rds('ModifyDBCluster', 'cluster:books-prod-replaced-20261120t120000z'),
    ],
  },
  'send the application elsewhere where the policy says so': {
    by: ['Restore'],
    calls: [
      ...['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'].map(
        (action): Call => [
          `secretsmanager:${action}`,
          arn('secretsmanager', 'secret:crm/application-AbCdEf'),
          arn('secretsmanager', 'secret:understudy/crm-AbCdEf'),
        ],
      ),
      ['ecs:UpdateService', arn('ecs', 'service/web/crm')],
    ],
  },
  'see what an application runs, and ran before': {
    by: ['Restore', 'Operator'],
    calls: [
      ...['DescribeServices', 'ListServiceDeployments'].map(
        (action): Call => [`ecs:${action}`, arn('ecs', 'service/web/crm')],
      ),
      ['ecs:DescribeServiceRevisions', arn('ecs', 'service-revision/web/crm/4321')],
      ['ecs:ListTaskDefinitions', '*'],
    ],
  },
  'let functions of the application start anew': {
    by: ['Restore'],
    calls: [
      ...[
        'GetFunctionConfiguration',
        'UpdateFunctionConfiguration',
        'PublishVersion',
        'GetAlias',
        'UpdateAlias',
      ].map((action): Call => [`lambda:${action}`, arn('lambda', 'function:crm-api')]),
      ['lambda:GetFunctionConfiguration', arn('lambda', 'function:crm-api:7')],
    ],
  },
  'call the hooks of a policy': {
    by: ['Restore'],
    calls: [
      ['lambda:InvokeFunction', arn('lambda', 'function:crm-maintenance')],
      ['lambda:InvokeFunction', arn('lambda', 'function:crm-cache:live')],
      ['lambda:InvokeFunction', arn('lambda', 'function:crm-schema')],
    ],
  },
  'have an application started against a rehearsed copy': {
    by: ['RehearseInstance'],
    calls: [['lambda:InvokeFunction', arn('lambda', 'function:shop-copy')]],
  },
  'read the password of what was restored': {
    by: ['RestoreSql'],
    calls: [['secretsmanager:GetSecretValue', RESTORED_SECRET]],
  },
  'list scratch': {
    by: ['Watch'],
    calls: [rds('DescribeDBInstances', 'db:*'), rds('DescribeDBClusters', 'cluster:*')],
  },
  'read the password of scratch': {
    by: ['Prove'],
    calls: [['secretsmanager:GetSecretValue', SCRATCH_SECRET]],
  },
  'ask what a restore depends on': {
    by: ['Preflight'],
    calls: [
      ['rds:DescribeAccountAttributes', '*'],
      ['rds:DescribeDBEngineVersions', '*'],
      ['rds:DescribeDBMajorEngineVersions', '*'],
      rds('DescribeDBSubnetGroups', 'subgrp:understudy-dev-scratch'),
      rds('DescribeDBParameterGroups', 'pg:crm'),
      rds('DescribeDBClusterParameterGroups', 'cluster-pg:shop'),
      ['ec2:DescribeSubnets', '*'],
      ['ec2:DescribeSecurityGroups', '*'],
      ['iam:SimulatePrincipalPolicy', 'RehearseInstanceRole.Arn'],
    ],
  },
  'end a wait': {
    by: ['Notice'],
    calls: ['snapshot', 'copy', 'rehearseInstance', 'restore'].map((name) => [
      'lambda:SendDurableExecutionCallbackSuccess',
      arn('lambda', `function:understudy-dev-${name}:7/durable-execution/0a1b/2c3d`),
    ]),
  },
};

/** A call, as the questions that IAM is asked: one a resource. */
export function questionsOf({ calls, context = {} }: Operation): Question[] {
  return calls.flatMap(([action, ...resources]) =>
    resources.map((resource) => ({ action, resource, context })),
  );
}

export const actionsOf = (part: string): string[] =>
  Object.values(OPERATIONS)
    .filter(({ by }) => by.includes(part))
    .flatMap(({ calls }) => calls.map(([action]) => action));
