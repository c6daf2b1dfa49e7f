/**
 * What may be done with instances, snapshots and scratch. Everything that makes, changes or deletes is bound to names:
 * snapshots to `understudy-<stage>-…`, scratch to `understudy-scratch-…`. An emergency restore never bears either.
 */
const sub = (text) => ({ 'Fn::Sub': text });
const may = (Action, Resource, Condition) => ({ Effect: 'Allow', Action, Resource, Condition });
const rds = (rest, region = '${AWS::Region}') =>
  sub(`arn:\${AWS::Partition}:rds:${region}:\${AWS::AccountId}:${rest}`);
const cache = (rest) => sub(`arn:\${AWS::Partition}:elasticache:\${AWS::Region}:\${AWS::AccountId}:${rest}`);
const secret = (rest) =>
  sub(`arn:\${AWS::Partition}:secretsmanager:\${AWS::Region}:\${AWS::AccountId}:secret:${rest}`);

const SCRATCH = 'understudy-scratch-*';
/** A key is used in the service's name and never by us ourselves. */
const THROUGH_RDS = { StringLike: { 'kms:ViaService': sub('rds.*.${AWS::URLSuffix}') } };
const FOR_RDS = {
  StringLike: { 'kms:ViaService': sub('rds.*.${AWS::URLSuffix}') },
  Bool: { 'kms:GrantIsForAWSResource': 'true' },
};

module.exports = ({ stage, roles, keys }) => {
  const ours = `understudy-${stage}-*`;
  const ourSnapshots = [rds(`snapshot:${ours}`), rds(`cluster-snapshot:${ours}`)];
  const scratchInstances = [rds(`db:${SCRATCH}`), rds(`cluster:${SCRATCH}`)];
  const scratchParameters = [rds(`pg:${SCRATCH}`), rds(`cluster-pg:${SCRATCH}`)];
  const scratchSecrets = secret(`understudy/${stage}/scratch/*`);

  return {
    // Looking costs nothing and reveals no data. Most of these know no narrower resource.
    seesInstances: [
      may(
        [
          'rds:DescribeDBInstances',
          'rds:DescribeDBClusters',
          'rds:DescribeDBSnapshots',
          'rds:DescribeDBClusterSnapshots',
          'rds:DescribeDBSnapshotAttributes',
          'rds:DescribeDBClusterSnapshotAttributes',
          'rds:DescribeDBInstanceAutomatedBackups',
          'rds:DescribeAccountAttributes',
          'rds:ListTagsForResource',
          'elasticache:DescribeReplicationGroups',
          'elasticache:DescribeCacheClusters',
          'elasticache:DescribeServerlessCaches',
          'elasticache:DescribeSnapshots',
          'elasticache:DescribeServerlessCacheSnapshots',
          'elasticache:ListTagsForResource',
        ],
        '*',
      ),
    ],
    seesKeys: [may('kms:DescribeKey', sub('arn:${AWS::Partition}:kms:*:${AWS::AccountId}:key/*'))],
    seesNetworks: [
      may(
        [
          'ec2:DescribeSubnets',
          'ec2:DescribeSecurityGroups',
          'rds:DescribeDBSubnetGroups',
          'rds:DescribeDBParameterGroups',
          'rds:DescribeDBClusterParameterGroups',
          'rds:DescribeDBEngineVersions',
          'rds:DescribeDBMajorEngineVersions',
        ],
        '*',
      ),
    ],

    takesSnapshots: [
      may('rds:CreateDBSnapshot', [rds('db:*'), rds(`snapshot:${ours}`)]),
      may('rds:CreateDBClusterSnapshot', [rds('cluster:*'), rds(`cluster-snapshot:${ours}`)]),
      may('rds:AddTagsToResource', ourSnapshots),
      may(
        ['elasticache:CreateSnapshot', 'elasticache:CreateServerlessCacheSnapshot', 'elasticache:AddTagsToResource'],
        [
          cache('replicationgroup:*'),
          cache('cluster:*'),
          cache('serverlesscache:*'),
          cache(`snapshot:${ours}`),
          cache(`serverlesscachesnapshot:${ours}`),
        ],
      ),
    ],
    // Asked for where they shall lie, so in any Region; by name all the same.
    copiesSnapshots: [
      may(
        ['rds:CopyDBSnapshot', 'rds:CopyDBClusterSnapshot', 'rds:AddTagsToResource'],
        [rds(`snapshot:${ours}`, '*'), rds(`cluster-snapshot:${ours}`, '*')],
      ),
      may(
        ['rds:ModifyDBSnapshotAttribute', 'rds:ModifyDBClusterSnapshotAttribute'],
        [rds(`snapshot:${ours}`, '*'), rds(`cluster-snapshot:${ours}`, '*')],
      ),
      ...(keys.length > 0
        ? [
            may('kms:CreateGrant', '*', FOR_RDS),
            may(
              ['kms:DescribeKey', 'kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*'],
              '*',
              THROUGH_RDS,
            ),
          ]
        : []),
    ],
    deletesSnapshots: [
      may(
        ['rds:DeleteDBSnapshot', 'rds:DeleteDBClusterSnapshot'],
        [rds(`snapshot:${ours}`, '*'), rds(`cluster-snapshot:${ours}`, '*')],
      ),
      may(
        ['elasticache:DeleteSnapshot', 'elasticache:DeleteServerlessCacheSnapshot'],
        [cache(`snapshot:${ours}`), cache(`serverlesscachesnapshot:${ours}`)],
      ),
    ],
    // The roles that understudy.yml names, where snapshots are copied to other accounts.
    entersAccounts: roles.length > 0 ? [may('sts:AssumeRole', [...new Set(roles)])] : [],

    // A restore reads a snapshot or a source, and writes only what bears the scratch name.
    restoresToScratch: [
      may(
        ['rds:RestoreDBInstanceFromDBSnapshot', 'rds:RestoreDBClusterFromSnapshot'],
        [
          rds('snapshot:*'),
          rds('cluster-snapshot:*'),
          ...scratchInstances,
          ...scratchParameters,
          rds('og:*'),
          rds('subgrp:*'),
        ],
      ),
      // These two name their source as an instance too: whose name is no scratch name is only read.
      may(
        ['rds:RestoreDBInstanceToPointInTime', 'rds:RestoreDBClusterToPointInTime'],
        [
          rds('db:*'),
          rds('cluster:*'),
          ...scratchParameters,
          rds('og:*'),
          rds('subgrp:*'),
          rds('auto-backup:*'),
        ],
      ),
      may(
        'rds:CreateDBInstance',
        [...scratchInstances, ...scratchParameters, rds('og:*'), rds('subgrp:*'), rds('pg:default.*')],
      ),
      may('rds:AddTagsToResource', [...scratchInstances, ...scratchParameters]),
      may(
        [
          'rds:CopyDBParameterGroup',
          'rds:CopyDBClusterParameterGroup',
          'rds:DescribeDBParameterGroups',
          'rds:DescribeDBClusterParameterGroups',
          'rds:DescribeDBParameters',
          'rds:DescribeDBClusterParameters',
        ],
        [rds('pg:*'), rds('cluster-pg:*')],
      ),
      may(
        [
          'rds:CreateDBParameterGroup',
          'rds:CreateDBClusterParameterGroup',
          'rds:ModifyDBParameterGroup',
          'rds:ModifyDBClusterParameterGroup',
        ],
        scratchParameters,
      ),
      may(
        ['secretsmanager:CreateSecret', 'secretsmanager:TagResource', 'secretsmanager:GetSecretValue'],
        scratchSecrets,
      ),
      may('kms:CreateGrant', '*', FOR_RDS),
      may(['kms:DescribeKey', 'kms:Decrypt', 'kms:GenerateDataKey*'], '*', THROUGH_RDS),
    ],
    endsScratch: [
      may(
        ['rds:DeleteDBInstance', 'rds:DeleteDBCluster', 'rds:ModifyDBInstance', 'rds:ModifyDBCluster'],
        [...scratchInstances, ...scratchParameters, rds('auto-backup:*')],
      ),
      may(['rds:DeleteDBParameterGroup', 'rds:DeleteDBClusterParameterGroup'], scratchParameters),
      may('secretsmanager:DeleteSecret', scratchSecrets),
    ],
    readsScratchSecrets: [may('secretsmanager:GetSecretValue', scratchSecrets)],
  };
};
