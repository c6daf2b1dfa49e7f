/** Replication of the vault to the bucket given as a parameter; no property at all where none is given. */
module.exports = async ({ resolveVariable }) => {
  const replica = await replicaOf(resolveVariable);
  if (!replica) return { Ref: 'AWS::NoValue' };
  return {
    Role: { 'Fn::GetAtt': ['ReplicationRole', 'Arn'] },
    Rules: [
      {
        Id: 'everything',
        Status: 'Enabled',
        Priority: 1,
        Filter: { Prefix: '' },
        // A marker there would hide the copy that is needed when this bucket is lost.
        DeleteMarkerReplication: { Status: 'Disabled' },
        SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: 'Enabled' } },
        Destination: {
          Bucket: { 'Fn::Sub': `arn:\${AWS::Partition}:s3:::${replica.bucket}` },
          EncryptionConfiguration: { ReplicaKmsKeyID: replica.key },
          Metrics: { Status: 'Enabled' },
        },
      },
    ],
  };
};

/** Where the vault is replicated to; undefined where it is not. */
async function replicaOf(resolveVariable) {
  const [bucket, region, key] = await Promise.all(
    ['replicaBucket', 'replicaRegion', 'replicaKey'].map((param) => resolveVariable(`param:${param}`)),
  );
  if (!bucket && !region && !key) return undefined;
  if (!bucket || !region || !key)
    throw new Error('replicaBucket goes with replicaRegion and replicaKey: give all three, or none');
  return { bucket, region, key };
}

module.exports.replicaOf = replicaOf;
