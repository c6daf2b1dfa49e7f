import { asker } from '../requests.ts';

/** `asking` runs one request to ElastiCache; `ifThere` resolves with undefined for something that does not exist. */
export const { asking, ifThere } = asker('ElastiCache', [
  {
    name: /^(CacheCluster|ReplicationGroup|ServerlessCache)NotFound/,
    code: 'source-not-found',
    hint: 'check elasticache: in understudy.yml, and the Region',
  },
  {
    name: /^(ServerlessCache)?SnapshotNotFound/,
    code: 'snapshot-not-found',
    hint: 'find who deleted it in CloudTrail',
  },
  {
    name: /^Invalid(CacheCluster|ReplicationGroup|ServerlessCache)State/,
    code: 'source-busy',
    hint: 'wait until it is available, then run it again',
  },
  {
    name: /^Invalid(ServerlessCache)?SnapshotState/,
    code: 'source-busy',
    hint: 'wait until the snapshot is available, then run it again',
  },
  {
    name: /^(ServerlessCache)?SnapshotAlreadyExists/,
    code: 'snapshot-exists',
    hint: 'run it again with another scheduledFor',
  },
  {
    name: /^(ServerlessCache)?SnapshotQuotaExceeded/,
    code: 'snapshot-quota',
    hint: 'ElastiCache takes 24 snapshots of a serverless cache and 20 of a node in 24 hours: wait, or schedule fewer',
  },
  {
    name: /^SnapshotFeatureNotSupported/,
    code: 'platform-refused',
    hint: 'Memcached on nodes and cache.t1 nodes have no snapshots; remove the target from understudy.yml',
  },
  {
    name: /^InvalidKMSKey|^KMS/,
    code: 'key-inaccessible',
    hint: 'check that the key exists there, is enabled, and that its policy lets the role use it',
  },
  {
    name: /^(AccessDenied|UnauthorizedOperation|NotAuthorized|AuthFailure)/,
    code: 'platform-denied',
    hint: 'the function’s role lacks this permission; see scripts/serverless/grants.cjs',
  },
]);
