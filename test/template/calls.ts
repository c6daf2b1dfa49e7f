import { arn, type Question } from './evaluate.ts';

/**
 * Every call that our functions make of RDS, ElastiCache and of what they need for it, with what AWS checks it against:
 * by what it is for, and which functions do it. calls.test.ts holds the table against the adapters and the roles.
 */
type Call = [action: string, ...resources: string[]];
type Operation = { by: string[]; calls: Call[]; context?: Record<string, string> };

const THERE = 'eu-west-1';
const rds = (rest: string, region?: string) => arn('rds', rest, region);
const cache = (rest: string) => arn('elasticache', rest);
const NAME = 'understudy-dev-crm-20261120t010000z';
const SCRATCH = 'understudy-scratch-crm-0123456789';
const SCRATCH_SECRET = arn('secretsmanager', `secret:understudy/dev/scratch/${SCRATCH}-AbCdEf`);
const KEY = arn('kms', 'key/0a0a');
const DATABASES = ['db:crm-prod', 'db:shop-prod-1', 'cluster:shop-prod'];

const onScratch: Call[] = [
  ['rds:DeleteDBInstance', rds(`db:${SCRATCH}`)],
  ['rds:DeleteDBInstance', rds(`db:${SCRATCH}-1`)],
  // The final snapshot is checked even where it is skipped.
  ['rds:DeleteDBCluster', rds(`cluster:${SCRATCH}`), rds(`cluster-snapshot:${SCRATCH}`)],
  ['rds:ModifyDBInstance', rds(`db:${SCRATCH}`)],
  ['rds:ModifyDBCluster', rds(`cluster:${SCRATCH}`)],
  ['rds:DeleteDBParameterGroup', rds(`pg:${SCRATCH}`)],
  ['rds:DeleteDBClusterParameterGroup', rds(`cluster-pg:${SCRATCH}`)],
  ['secretsmanager:DeleteSecret', SCRATCH_SECRET],
];

export const OPERATIONS: Record<string, Operation> = {
  'look at a source': {
    by: ['Snapshot', 'RehearseInstance', 'Preflight', 'Watch'],
    calls: [
      ['rds:DescribeDBInstances', rds(DATABASES[0]!)],
      ['rds:DescribeDBInstances', rds(DATABASES[1]!)],
      ['rds:DescribeDBClusters', rds(DATABASES[2]!)],
      ['rds:DescribeDBInstanceAutomatedBackups', rds('auto-backup:ab-1'), rds(DATABASES[0]!)],
    ],
  },
  'look at snapshots': {
    by: ['Snapshot', 'Copy', 'Preflight', 'Watch'],
    calls: [
      ['rds:DescribeDBSnapshots', rds(`snapshot:${NAME}`)],
      ['rds:DescribeDBSnapshots', rds('db:crm-prod'), rds('snapshot:*')],
      ['rds:DescribeDBClusterSnapshots', rds(`cluster-snapshot:${NAME}`)],
      ['rds:DescribeDBClusterSnapshots', rds('cluster:shop-prod'), rds('cluster-snapshot:*')],
      ['rds:ListTagsForResource', rds(`snapshot:${NAME}`)],
      ['rds:ListTagsForResource', rds(`cluster-snapshot:${NAME}`)],
    ],
  },
  'look at snapshots in another Region': {
    by: ['Copy', 'Watch'],
    calls: [
      ['rds:DescribeDBSnapshots', rds(`snapshot:${NAME}`, THERE)],
      ['rds:DescribeDBClusterSnapshots', rds(`cluster-snapshot:${NAME}`, THERE)],
    ],
  },
  'find parameters that no record speaks for': {
    by: ['Watch'],
    calls: [
      ['rds:DescribeDBParameterGroups', rds('pg:*')],
      ['rds:DescribeDBClusterParameterGroups', rds('cluster-pg:*')],
      ['rds:ListTagsForResource', rds(`pg:${SCRATCH}`)],
      ['rds:ListTagsForResource', rds(`cluster-pg:${SCRATCH}`)],
    ],
  },
  'look whether a snapshot is ours': {
    by: ['Expire'],
    calls: [undefined, THERE].flatMap((region): Call[] => [
      ['rds:DescribeDBSnapshots', rds(`snapshot:${NAME}`, region)],
      ['rds:DescribeDBClusterSnapshots', rds(`cluster-snapshot:${NAME}`, region)],
      ['rds:ListTagsForResource', rds(`snapshot:${NAME}`, region)],
      ['rds:ListTagsForResource', rds(`cluster-snapshot:${NAME}`, region)],
    ]),
  },
  'look at a cache and its snapshots': {
    by: ['Snapshot', 'Watch', 'Expire'],
    calls: [
      ['elasticache:DescribeReplicationGroups', cache('replicationgroup:sessions')],
      ['elasticache:DescribeCacheClusters', cache('cluster:sessions-001')],
      ['elasticache:DescribeServerlessCaches', cache('serverlesscache:sessions')],
      ['elasticache:DescribeSnapshots', cache('snapshot:*')],
      [
        'elasticache:DescribeServerlessCacheSnapshots',
        cache('serverlesscache:sessions'),
        cache('serverlesscachesnapshot:*'),
      ],
      ['elasticache:ListTagsForResource', cache(`snapshot:${NAME}`)],
      ['elasticache:ListTagsForResource', cache(`serverlesscachesnapshot:${NAME}`)],
    ],
  },
  'look at a key': {
    by: ['Snapshot', 'Copy', 'Preflight', 'Watch'],
    calls: [
      ['kms:DescribeKey', KEY],
      ['kms:DescribeKey', arn('kms', 'key/there', THERE)],
    ],
  },
  'enter another account': {
    by: ['Copy', 'Watch', 'Expire', 'Preflight'],
    calls: [['sts:AssumeRole', 'arn:aws:iam::210987654321:role/understudy-copies']],
  },
  'take a snapshot': {
    by: ['Snapshot'],
    calls: [
      ['rds:CreateDBSnapshot', rds('db:crm-prod'), rds(`snapshot:${NAME}`)],
      ['rds:CreateDBClusterSnapshot', rds('cluster:shop-prod'), rds(`cluster-snapshot:${NAME}`)],
      ['rds:AddTagsToResource', rds(`snapshot:${NAME}`), rds(`cluster-snapshot:${NAME}`)],
      ['elasticache:CreateSnapshot', cache('cluster:sessions-001'), cache(`snapshot:${NAME}`)],
      ['elasticache:CreateSnapshot', cache('replicationgroup:sessions'), cache(`snapshot:${NAME}`)],
      [
        'elasticache:CreateServerlessCacheSnapshot',
        cache('serverlesscache:sessions'),
        cache(`serverlesscachesnapshot:${NAME}`),
      ],
      ['elasticache:AddTagsToResource', cache(`snapshot:${NAME}`), cache(`serverlesscachesnapshot:${NAME}`)],
    ],
  },
  'copy a snapshot': {
    by: ['Copy'],
    calls: [
      ['rds:CopyDBSnapshot', rds(`snapshot:${NAME}`), rds(`snapshot:${NAME}`, THERE)],
      ['rds:CopyDBClusterSnapshot', rds(`cluster-snapshot:${NAME}`), rds(`cluster-snapshot:${NAME}`, THERE)],
      ['rds:CrossRegionCommunication', '*'],
      ['rds:AddTagsToResource', rds(`snapshot:${NAME}`, THERE), rds(`cluster-snapshot:${NAME}`, THERE)],
      ['rds:ModifyDBSnapshotAttribute', rds(`snapshot:${NAME}`, THERE)],
      ['rds:ModifyDBClusterSnapshotAttribute', rds(`cluster-snapshot:${NAME}`, THERE)],
    ],
  },
  'encrypt a copy with the key of its place': {
    by: ['Copy'],
    calls: [
      ['kms:CreateGrant', arn('kms', 'key/there', THERE)],
      ['kms:Encrypt', arn('kms', 'key/there', THERE)],
      ['kms:GenerateDataKey', arn('kms', 'key/there', THERE)],
      ['kms:ReEncryptTo', arn('kms', 'key/there', THERE)],
    ],
    context: { 'kms:ViaService': 'rds.eu-west-1.amazonaws.com', 'kms:GrantIsForAWSResource': 'true' },
  },
  'delete a snapshot': {
    by: ['Expire'],
    calls: [
      ['rds:DeleteDBSnapshot', rds(`snapshot:${NAME}`)],
      ['rds:DeleteDBSnapshot', rds(`snapshot:${NAME}`, THERE)],
      ['rds:DeleteDBClusterSnapshot', rds(`cluster-snapshot:${NAME}`)],
      ['elasticache:DeleteSnapshot', cache(`snapshot:${NAME}`)],
      ['elasticache:DeleteServerlessCacheSnapshot', cache(`serverlesscachesnapshot:${NAME}`)],
    ],
  },
  'restore onto scratch': {
    by: ['RehearseInstance'],
    calls: [
      ...['understudy-dev-scratch', 'rehearsals'].flatMap((group): Call[] => [
        [
          'rds:RestoreDBInstanceFromDBSnapshot',
          ...[`snapshot:${NAME}`, `db:${SCRATCH}`, `pg:${SCRATCH}`, 'og:crm', `subgrp:${group}`].map((each) =>
            rds(each),
          ),
        ],
        [
          'rds:RestoreDBInstanceToPointInTime',
          ...[
            'db:crm-prod',
            `db:${SCRATCH}`,
            `pg:${SCRATCH}`,
            'og:default:postgres-17',
            `subgrp:${group}`,
          ].map((each) => rds(each)),
        ],
        [
          'rds:RestoreDBClusterFromSnapshot',
          ...[
            `cluster-snapshot:rds:shop-prod-1`,
            `cluster:${SCRATCH}`,
            `cluster-pg:${SCRATCH}`,
            'og:default:aurora-postgresql-17',
            `subgrp:${group}`,
          ].map((each) => rds(each)),
        ],
        [
          'rds:RestoreDBClusterToPointInTime',
          ...[
            'cluster:shop-prod',
            `cluster:${SCRATCH}`,
            `cluster-pg:${SCRATCH}`,
            'og:default:aurora-postgresql-17',
            `subgrp:${group}`,
          ].map((each) => rds(each)),
        ],
        [
          'rds:CreateDBInstance',
          ...[
            `db:${SCRATCH}-1`,
            `cluster:${SCRATCH}`,
            'pg:default.aurora-postgresql17',
            'og:default:aurora-postgresql-17',
            `subgrp:${group}`,
          ].map((each) => rds(each)),
        ],
      ]),
      [
        'rds:AddTagsToResource',
        ...[
          `db:${SCRATCH}`,
          `db:${SCRATCH}-1`,
          `cluster:${SCRATCH}`,
          `pg:${SCRATCH}`,
          `cluster-pg:${SCRATCH}`,
        ].map((each) => rds(each)),
      ],
      ['rds:DescribeDBParameterGroups', rds('pg:crm')],
      ['rds:DescribeDBClusterParameterGroups', rds('cluster-pg:shop')],
      ['rds:CopyDBParameterGroup', rds('pg:crm'), rds(`pg:${SCRATCH}`)],
      ['rds:CopyDBClusterParameterGroup', rds('cluster-pg:shop'), rds(`cluster-pg:${SCRATCH}`)],
      ['rds:CreateDBParameterGroup', rds(`pg:${SCRATCH}`)],
      ['rds:CreateDBClusterParameterGroup', rds(`cluster-pg:${SCRATCH}`)],
      ['rds:DescribeDBParameters', rds(`pg:${SCRATCH}`)],
      ['rds:DescribeDBClusterParameters', rds(`cluster-pg:${SCRATCH}`)],
      ['rds:ModifyDBParameterGroup', rds(`pg:${SCRATCH}`)],
      ['rds:ModifyDBClusterParameterGroup', rds(`cluster-pg:${SCRATCH}`)],
      ['secretsmanager:CreateSecret', SCRATCH_SECRET],
      ['secretsmanager:TagResource', SCRATCH_SECRET],
      ['secretsmanager:GetSecretValue', SCRATCH_SECRET],
    ],
  },
  'restore what is encrypted': {
    by: ['RehearseInstance'],
    calls: [
      ['kms:CreateGrant', KEY],
      ['kms:DescribeKey', KEY],
    ],
    context: { 'kms:ViaService': 'rds.eu-central-1.amazonaws.com', 'kms:GrantIsForAWSResource': 'true' },
  },
  'end scratch': { by: ['RehearseInstance', 'Watch'], calls: onScratch },
  'list scratch': {
    by: ['Watch'],
    calls: [
      ['rds:DescribeDBInstances', rds('db:*')],
      ['rds:DescribeDBClusters', rds('cluster:*')],
    ],
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
      ['rds:DescribeDBSubnetGroups', rds('subgrp:understudy-dev-scratch')],
      ['rds:DescribeDBParameterGroups', rds('pg:crm')],
      ['rds:DescribeDBClusterParameterGroups', rds('cluster-pg:shop')],
      ['ec2:DescribeSubnets', '*'],
      ['ec2:DescribeSecurityGroups', '*'],
      ['iam:SimulatePrincipalPolicy', 'RehearseInstanceRole.Arn'],
    ],
  },
  'end a wait': {
    by: ['Notice'],
    calls: ['snapshot', 'copy', 'rehearseInstance'].map((name) => [
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
