import { packaged } from './packaged.ts';

/** The vault and its key: what must not be lost, read or changed by the wrong hands. */
const { template } = packaged();
const policy = template.statements('VaultPolicy', 'PolicyDocument');
const denied = (actions: string) =>
  policy.filter((statement) => statement.effect === 'Deny' && statement.actions.join() === actions);
const vaultAndObjects = ['Vault.Arn', '${Vault.Arn}/*'];

describe('the vault', () => {
  test('keeps every version', () => {
    expect(template.text('Vault', 'VersioningConfiguration', 'Status')).toBe('Enabled');
  });

  test('can lock objects, and has no lock by default', () => {
    expect(template.value('Vault', 'ObjectLockEnabled')).toBe(true);
    expect(template.value('Vault', 'ObjectLockConfiguration')).toBeUndefined();
  });

  test('is closed to the public, as the bucket of the deployment is', () => {
    const blocked = {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    };
    expect(template.value('Vault', 'PublicAccessBlockConfiguration')).toEqual(blocked);
    expect(template.value('ServerlessDeploymentBucket', 'PublicAccessBlockConfiguration')).toEqual(blocked);
  });

  test('owns the objects that are written to it', () => {
    expect(template.value('Vault', 'OwnershipControls', 'Rules', 0)).toEqual({
      ObjectOwnership: 'BucketOwnerEnforced',
    });
  });

  test('encrypts objects with its own key', () => {
    const rule = template.value('Vault', 'BucketEncryption', 'ServerSideEncryptionConfiguration', 0);
    expect(rule).toEqual({
      BucketKeyEnabled: true,
      ServerSideEncryptionByDefault: {
        SSEAlgorithm: 'aws:kms',
        KMSMasterKeyID: { 'Fn::GetAtt': ['VaultKey', 'Arn'] },
      },
    });
  });

  test('refuses requests without TLS', () => {
    expect(template.text('VaultPolicy', 'Bucket')).toBe('Vault');
    expect(denied('s3:*')).toEqual([
      {
        effect: 'Deny',
        actions: ['s3:*'],
        resources: vaultAndObjects,
        principal: '*',
        condition: '{"Bool":{"aws:SecureTransport":false}}',
      },
    ]);
  });

  test('refuses objects with another key or another encryption, and takes those that name none', () => {
    expect(denied('s3:PutObject').map(({ condition }) => JSON.parse(condition))).toEqual(
      ['-aws-kms-key-id', ''].map((suffix) => ({
        StringNotEquals: {
          [`s3:x-amz-server-side-encryption${suffix}`]: suffix ? 'VaultKey.Arn' : 'aws:kms',
        },
        Null: { [`s3:x-amz-server-side-encryption${suffix}`]: false },
      })),
    );
  });

  test('refuses deletions by all roles but expire', () => {
    expect(denied('s3:DeleteObject,s3:DeleteObjectVersion')).toEqual([
      {
        effect: 'Deny',
        actions: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
        resources: ['${Vault.Arn}/*'],
        principal: '*',
        condition: '{"ArnNotEquals":{"aws:PrincipalArn":"ExpireRole.Arn"}}',
      },
    ]);
  });

  test('has a policy that only denies', () => {
    expect(policy.filter(({ effect }) => effect !== 'Deny')).toEqual([]);
  });

  test('has no lifecycle rule that deletes a version', () => {
    const rules = template.value('Vault', 'LifecycleConfiguration', 'Rules') as Record<string, unknown>[];
    const does = rules.flatMap(({ Id: _, Status: __, ...rest }) => Object.entries(rest));
    expect(Object.fromEntries(does)).toEqual({
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
      ExpiredObjectDeleteMarker: true,
    });
    expect(rules.map(({ Status }) => Status)).toEqual(['Enabled', 'Enabled']);
  });
});

describe('the bucket of files that people fetch', () => {
  test('is closed to the public, encrypted with the vault’s key, and refuses requests without TLS', () => {
    for (const property of ['PublicAccessBlockConfiguration', 'BucketEncryption', 'OwnershipControls'])
      expect(template.value('Files', property)).toEqual(template.value('Vault', property));
    expect(template.statements('FilesPolicy', 'PolicyDocument')).toEqual([
      {
        effect: 'Deny',
        actions: ['s3:*'],
        resources: ['Files.Arn', '${Files.Arn}/*'],
        principal: '*',
        condition: '{"Bool":{"aws:SecureTransport":false}}',
      },
    ]);
  });

  test('keeps nothing for more than a day, and has no replica', () => {
    expect(template.value('Files', 'LifecycleConfiguration', 'Rules', 0)).toMatchObject({
      Status: 'Enabled',
      ExpirationInDays: 1,
      NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
    });
    expect(template.value('Files', 'ReplicationConfiguration')).toBeUndefined();
  });
});

describe('the vault’s key', () => {
  test('is rotated, and takes a month to delete', () => {
    expect(template.value('VaultKey', 'EnableKeyRotation')).toBe(true);
    expect(template.value('VaultKey', 'PendingWindowInDays')).toBe(30);
  });

  test('is managed by the account, and names no other principal', () => {
    const [statement, ...more] = template.statements('VaultKey', 'KeyPolicy');
    expect(more).toEqual([]);
    expect(statement!.principal).toBe('{"AWS":"arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}');
  });
});
