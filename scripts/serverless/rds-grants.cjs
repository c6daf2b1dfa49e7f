/**
 * Permissions on instances, snapshots and scratch. Every one that makes, changes or deletes is bound to names:
 * snapshots to `understudy-<stage>-…`, scratch to `understudy-scratch-…`, what an emergency restore makes to
 * `…-restored-<utc>` (restore-grants.cjs).
 *
 * AWS defines which action is checked against which resources; test/template/authorization.ts has its table:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
 */
const { HERE, cache, may, rds, secret, sub } = require('./arns.cjs');
const restoreGrants = require('./restore-grants.cjs');

const enters = (roles) => (roles.length > 0 ? [may('sts:AssumeRole', [...new Set(roles)])] : []);

const SCRATCH = 'understudy-scratch-*';
/** Copies lie in other Regions, and those of a Region that the plan no longer names must still be deleted. */
const ANYWHERE = '*';
/** Characters for the ARNs of sources: a role's policies end at 10,240, and the rest of them takes under 7,000. */
const ROOM = 3000;

const VIA_RDS = { 'kms:ViaService': sub('rds.*.${AWS::URLSuffix}') };
/** A service uses the key; Understudy itself never does. */
const THROUGH_RDS = { StringLike: VIA_RDS };
const FOR_RDS = { StringLike: VIA_RDS, Bool: { 'kms:GrantIsForAWSResource': 'true' } };

/**
 * `roles` are those of other accounts, `keys` those that copies are encrypted with, `sources` the instances and clusters
 * of the plan as `{ kind, id }`; `subnetGroups` are those that scratch is restored into, `scratchPlaces` the places other
 * than home where, as `{ region, role }`; `restores` have the kind, id, connection and `restore` settings of each
 * target, and `switches` the same of those without an instance, too.
 */
module.exports = ({
  stage,
  roles,
  keys,
  sources,
  subnetGroups,
  scratchPlaces,
  restores,
  switches,
  drills,
  applications,
  starters,
}) => {
  // In another account its own role restores.
  const where = scratchPlaces.some(({ role }) => !role) ? ANYWHERE : HERE;
  const entered = scratchPlaces.flatMap(({ role }) => role ?? []);
  const there = (rest) => rds(rest, where);
  const ours = `understudy-${stage}-*`;
  const ourSnapshots = (region) => [rds(`snapshot:${ours}`, region), rds(`cluster-snapshot:${ours}`, region)];
  const ourCacheSnapshots = [cache(`snapshot:${ours}`), cache(`serverlesscachesnapshot:${ours}`)];
  const scratchInstances = [there(`db:${SCRATCH}`), there(`cluster:${SCRATCH}`)];
  const scratchParameters = [there(`pg:${SCRATCH}`), there(`cluster-pg:${SCRATCH}`)];
  const scratchSecrets = secret(`understudy/${stage}/scratch/*`);
  const network = [...new Set(subnetGroups)].map((name) => there(`subgrp:${name}`));
  // The plan does not have a source's key; it has a copy's, by ARN or by an alias of its account.
  const someKeys = [
    sub('arn:${AWS::Partition}:kms:*:${AWS::AccountId}:key/*'),
    ...new Set(keys.filter((key) => key.startsWith('arn:'))),
  ];
  const usesKeys = [
    may('kms:CreateGrant', someKeys, FOR_RDS),
    may(
      ['kms:DescribeKey', 'kms:Decrypt', 'kms:GenerateDataKey', 'kms:GenerateDataKeyWithoutPlaintext'],
      someKeys,
      THROUGH_RDS,
    ),
  ];

  /**
   * A restore to a moment is checked against its source and its destination alike, as the same sort of thing: a pattern
   * for every source would let it restore onto every name. So the sources stand here by their names, as long as those
   * fit; nothing can be restored onto them, because they exist.
   */
  function sourcesOf(kind, type) {
    const ids = new Set(sources.filter((source) => source.kind === kind).map(({ id }) => id));
    const room = sources.reduce((sum, { id }) => sum + 60 + id.length, 0);
    return room > ROOM ? [rds(`${type}:*`)] : [...ids].map((id) => rds(`${type}:${id}`));
  }

  return {
    // Reading costs nothing and reveals no data. A list needs every name.
    seesInstances: [
      may(
        [
          'rds:DescribeDBInstances',
          'rds:DescribeDBClusters',
          'rds:DescribeDBSnapshots',
          'rds:DescribeDBClusterSnapshots',
          'rds:DescribeDBInstanceAutomatedBackups',
          'rds:ListTagsForResource', // the tags in what those answer
        ],
        ['db', 'cluster', 'snapshot', 'cluster-snapshot', 'auto-backup'].map((type) =>
          rds(`${type}:*`, ANYWHERE),
        ),
      ),
    ],
    seesCaches: [
      may(
        [
          'elasticache:DescribeReplicationGroups',
          'elasticache:DescribeCacheClusters',
          'elasticache:DescribeServerlessCaches',
          'elasticache:DescribeSnapshots',
          'elasticache:DescribeServerlessCacheSnapshots',
        ],
        ['replicationgroup', 'cluster', 'serverlesscache', 'snapshot', 'serverlesscachesnapshot'].map(
          (type) => cache(`${type}:*`),
        ),
      ),
      may('elasticache:ListTagsForResource', [cache('snapshot:*'), cache('serverlesscachesnapshot:*')]),
    ],
    seesKeys: [may('kms:DescribeKey', someKeys)],
    // For a restore: its subnets, its parameters, its version. Those on `*` have no narrower resource.
    seesConditions: [
      may(
        [
          'rds:DescribeDBSubnetGroups',
          'rds:DescribeDBParameterGroups',
          'rds:DescribeDBClusterParameterGroups',
        ],
        ['subgrp', 'pg', 'cluster-pg'].map((type) => rds(`${type}:*`)),
      ),
      may(
        [
          'ec2:DescribeSubnets',
          'ec2:DescribeSecurityGroups',
          'rds:DescribeAccountAttributes',
          'rds:DescribeDBEngineVersions',
          'rds:DescribeDBMajorEngineVersions',
        ],
        '*',
      ),
    ],

    takesSnapshots: [
      may('rds:CreateDBSnapshot', [rds('db:*'), rds(`snapshot:${ours}`)]),
      may('rds:CreateDBClusterSnapshot', [rds('cluster:*'), rds(`cluster-snapshot:${ours}`)]),
      may('rds:AddTagsToResource', ourSnapshots()),
      may('elasticache:CreateSnapshot', [
        cache('replicationgroup:*'),
        cache('cluster:*'),
        cache(`snapshot:${ours}`),
      ]),
      may('elasticache:CreateServerlessCacheSnapshot', [
        cache('serverlesscache:*'),
        cache(`serverlesscachesnapshot:${ours}`),
      ]),
      may('elasticache:AddTagsToResource', ourCacheSnapshots),
    ],
    // Requested in the destination, and checked against the original too: Understudy's names on both sides, in any Region.
    copiesSnapshots: [
      may(
        [
          'rds:CopyDBSnapshot',
          'rds:CopyDBClusterSnapshot',
          'rds:AddTagsToResource',
          'rds:ModifyDBSnapshotAttribute',
          'rds:ModifyDBClusterSnapshotAttribute',
        ],
        ourSnapshots(ANYWHERE),
      ),
      may('rds:CrossRegionCommunication', '*'), // it has no resource
      ...(keys.length > 0
        ? [...usesKeys, may(['kms:Encrypt', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'], someKeys, THROUGH_RDS)]
        : []),
    ],
    seesOurSnapshots: [
      may(
        ['rds:DescribeDBSnapshots', 'rds:DescribeDBClusterSnapshots', 'rds:ListTagsForResource'],
        ourSnapshots(ANYWHERE),
      ),
    ],
    deletesSnapshots: [
      may(['rds:DeleteDBSnapshot', 'rds:DeleteDBClusterSnapshot'], ourSnapshots(ANYWHERE)),
      may(['elasticache:DeleteSnapshot', 'elasticache:DeleteServerlessCacheSnapshot'], ourCacheSnapshots),
    ],
    // The roles that understudy.yml names, where snapshots are copied to other accounts.
    entersAccounts: enters(roles),
    entersScratchAccounts: enters(entered),

    // A restore reads a snapshot or a source, and writes only resources with the scratch prefix.
    restoresToScratch: [
      may('rds:RestoreDBInstanceFromDBSnapshot', [
        there('snapshot:*'),
        there(`db:${SCRATCH}`),
        there(`pg:${SCRATCH}`),
        there('og:*'),
        ...network,
      ]),
      may('rds:RestoreDBClusterFromSnapshot', [
        there('cluster-snapshot:*'),
        there(`cluster:${SCRATCH}`),
        there(`cluster-pg:${SCRATCH}`),
        there('og:*'),
        ...network,
      ]),
      may('rds:RestoreDBInstanceToPointInTime', [
        ...sourcesOf('rds', 'db'),
        there(`db:${SCRATCH}`),
        there(`pg:${SCRATCH}`),
        there('og:*'),
        ...network,
      ]),
      may('rds:RestoreDBClusterToPointInTime', [
        ...sourcesOf('aurora', 'cluster'),
        there(`cluster:${SCRATCH}`),
        there(`cluster-pg:${SCRATCH}`),
        there('og:*'),
        ...network,
      ]),
      // The instance of a scratch cluster, which has the defaults of its engine.
      may('rds:CreateDBInstance', [
        ...scratchInstances,
        there('pg:default.*'),
        there('og:default:*'),
        ...network,
      ]),
      may('rds:AddTagsToResource', [...scratchInstances, ...scratchParameters]),
      // A copy is checked against its original too, which may have any name; it can only be read.
      may(
        [
          'rds:CopyDBParameterGroup',
          'rds:CopyDBClusterParameterGroup',
          'rds:DescribeDBParameterGroups',
          'rds:DescribeDBClusterParameterGroups',
          'rds:DescribeDBParameters',
          'rds:DescribeDBClusterParameters',
        ],
        [there('pg:*'), there('cluster-pg:*')],
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
      ...usesKeys,
    ],
    endsScratch: [
      may(
        ['rds:DeleteDBInstance', 'rds:DeleteDBCluster', 'rds:ModifyDBInstance', 'rds:ModifyDBCluster'],
        // The last one is for the final snapshot of a cluster, which AWS checks even if none is requested.
        [...scratchInstances, there(`cluster-snapshot:${SCRATCH}`)],
      ),
      may(['rds:DeleteDBParameterGroup', 'rds:DeleteDBClusterParameterGroup'], scratchParameters),
      may('secretsmanager:DeleteSecret', scratchSecrets),
    ],
    // Parameters without a record: a list needs every name, and their tags name their owner.
    findsStrays: [
      may(
        ['rds:DescribeDBParameterGroups', 'rds:DescribeDBClusterParameterGroups'],
        [there('pg:*'), there('cluster-pg:*')],
      ),
      may('rds:ListTagsForResource', scratchParameters),
    ],
    ...restoreGrants({ stage, restores, switches, drills, applications, starters, sourcesOf, usesKeys }),
    readsScratchSecrets: [may('secretsmanager:GetSecretValue', scratchSecrets)],
  };
};
