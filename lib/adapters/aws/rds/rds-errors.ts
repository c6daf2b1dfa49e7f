import { asker } from '../requests.ts';

/** `asking` runs one request to RDS; `ifThere` resolves with undefined for something that does not exist. */
export const { asking, ifThere } = asker('RDS', [
  {
    name: /^DB(Instance|Cluster)NotFound/,
    code: 'source-not-found',
    hint: 'check rds: or aurora: in understudy.yml, and the Region',
  },
  {
    name: /^DB(Cluster)?SnapshotNotFound/,
    code: 'snapshot-not-found',
    hint: 'find who deleted it in CloudTrail',
  },
  {
    name: /^InvalidDB(Instance|Cluster)State/,
    code: 'source-busy',
    hint: 'wait until it is available, then run it again',
  },
  {
    name: /^DB(Cluster)?SnapshotAlreadyExists/,
    code: 'snapshot-exists',
    hint: 'run it again with another scheduledFor',
  },
  {
    name: /^(DBInstance|DBCluster)AlreadyExists/,
    code: 'instance-exists',
    hint: 'delete what has this name if you do not need it',
  },
  {
    // RDS uses this code for two limits: snapshots, and copies at once.
    name: /^SnapshotQuotaExceeded/,
    says: /cop(y|ies)/i,
    code: 'copy-quota',
    hint: 'Understudy tries again when others are done',
  },
  {
    name: /^SnapshotQuotaExceeded/,
    code: 'snapshot-quota',
    hint: 'delete manual snapshots that you do not need, or request a higher quota in Service Quotas',
  },
  {
    name: /^(InstanceQuota|DBClusterQuota|StorageQuota)Exceeded/,
    code: 'instance-quota',
    hint: 'request a higher quota in Service Quotas',
  },
  {
    name: /^KMSKey(NotAccessible|Disabled)|^KMS/,
    code: 'key-inaccessible',
    hint: 'check that the key exists there, is enabled, and that its policy lets the role use it',
  },
  {
    name: /^DBSubnetGroupNotFound/,
    code: 'network-missing',
    hint: 'check rehearsal.instance.subnetGroup in understudy.yml',
  },
  {
    name: /^(DBParameterGroup|DBClusterParameterGroup)NotFound/,
    code: 'parameter-group-missing',
    hint: 'deploy again',
  },
  {
    name: /^(AccessDenied|UnauthorizedOperation|NotAuthorized|AuthFailure)/,
    code: 'platform-denied',
    hint: 'the function’s role lacks this permission; see scripts/serverless/grants.cjs',
  },
]);
