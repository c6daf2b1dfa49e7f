import { arn, may } from './evaluate.ts';
import { everything, packaged } from './packaged.ts';
import type { Statement } from './template.ts';

/** Who reaches what: the vault, the catalog, the secrets. No emulator evaluates IAM. */
const { template } = packaged();
const roles = template.ids('IAM::Role');
const allowed = (role: string) => template.allowed(role);

describe('the vault', () => {
  test.each(['s3:DeleteObject', 's3:DeleteObjectVersion'])('lets only expire do %s', (action) => {
    expect(template.rolesThatMay(action)).toEqual(['ExpireRole']);
  });

  test('lets no role change locks, lifecycle rules or its policy', () => {
    const locks = ['BypassGovernanceRetention', 'PutObjectLegalHold', 'PutBucketObjectLockConfiguration'];
    for (const action of [...locks, 'PutLifecycleConfiguration', 'PutBucketPolicy'])
      expect([action, template.rolesThatMay(`s3:${action}`)]).toEqual([action, []]);
  });

  test('lets only verify, scratch, compare and load read a dump, with GetObject and with its key', () => {
    for (const action of ['s3:GetObject', 's3:GetObjectVersion'])
      expect(readers(action, '${Vault.Arn}/crm/2026/11/20/1.dump')).toEqual([
        'CompareRole',
        'LoadRole',
        'ScratchRole',
        'VerifyRole',
      ]);
  });

  test('lets prove, changes and restoreSql read manifests too', () => {
    const all = [
      'ChangesRole',
      'CompareRole',
      'LoadRole',
      'ProveRole',
      'RestoreSqlRole',
      'ScratchRole',
      'VerifyRole',
    ];
    for (const action of ['s3:GetObject', 's3:GetObjectVersion'])
      expect(readers(action, '${Vault.Arn}/crm/2026/11/20/1.manifest.json')).toEqual(all);
  });

  test('lets only dump write, and lets dump neither read nor delete', () => {
    const writers = (resource: string) =>
      roles.filter((role) => may(template, role, { action: 's3:PutObject', resource }));
    expect([writers('${Vault.Arn}/a'), writers('${Files.Arn}/a')]).toEqual([['DumpRole'], ['CompareRole']]);
    expect(writers('${Files.Arn}/extracts/a').sort()).toEqual(['CompareRole', 'ExtractRole']);
    const actions = allowed('DumpRole').flatMap((statement) => statement.actions);
    expect(actions.filter((action) => /^s3:.*(Get|Delete)/.test(action))).toEqual([]);
  });

  test('lets compare alone read extracts, and no file of another sort', () => {
    expect(readers('s3:GetObjectVersion', '${Files.Arn}/extracts/crm/1.dump')).toEqual(['CompareRole']);
    expect(readers('s3:GetObjectVersion', '${Files.Arn}/crm/1-patch.sql')).toEqual([]);
  });

  test('lets dump set locks, which a policy of the sample wants', () => {
    expect(template.rolesThatMay('s3:PutObjectRetention')).toEqual(['DumpRole']);
  });

  test('lets only dump and watch abort uploads, compare and extract their own in the bucket of files, and doctor list them', () => {
    expect(template.rolesThatMay('s3:AbortMultipartUpload')).toEqual([
      'CompareRole',
      'DumpRole',
      'ExtractRole',
      'WatchRole',
    ]);
    const listing = ['CompareRole', 'DoctorRole', 'DumpRole', 'ExtractRole', 'WatchRole'];
    expect(template.rolesThatMay('s3:ListBucketMultipartUploads')).toEqual(listing);
  });

  test('lets its key be used through S3 only', () => {
    const ofKey = roles.flatMap(allowed).filter(({ resources }) => resources.includes('VaultKey.Arn'));
    const uses = ofKey.filter(({ actions }) => !actions.includes('kms:DescribeKey'));
    expect(uses.length).toBeGreaterThan(0);
    for (const { condition } of uses)
      expect(condition).toBe('{"StringEquals":{"kms:ViaService":"s3.${AWS::Region}.${AWS::URLSuffix}"}}');
  });
});

/** The services that a role may ask for anything. */
const services = (role: string) => {
  const actions = allowed(role).flatMap((statement) => statement.actions);
  return [...new Set(actions.map((action) => action.split(':')[0]!))].sort();
};

/** Roles that may do something with an object of the vault, and may use its key through S3. */
function readers(action: string, resource: string): string[] {
  const throughS3 = { 'kms:ViaService': 's3.eu-central-1.amazonaws.com' };
  const key = { action: 'kms:Decrypt', resource: 'VaultKey.Arn', context: throughS3 };
  return roles.filter((role) => may(template, role, { action, resource }) && may(template, role, key)).sort();
}

describe('the catalog', () => {
  test.each(['DeleteItem', 'BatchWriteItem', 'Scan', 'DeleteTable'])('lets no role do %s', (action) => {
    expect(template.rolesThatMay(`dynamodb:${action}`)).toEqual([]);
  });

  test('lets only those read many items at once that read the statuses of many targets', () => {
    const many = ['NoticeRole', 'OperatorRole', 'RestoreRole', 'WatchRole'];
    expect(template.rolesThatMay('dynamodb:BatchGetItem')).toEqual(many);
  });

  test('lets operator write acknowledgements and cancel requests alone, and lets no role that sees data write', () => {
    const put = { action: 'dynamodb:PutItem', resource: 'Catalog.Arn' };
    const writes = (role: string, key: string) =>
      may(template, role, { ...put, context: { 'dynamodb:LeadingKeys': key } });
    const keys = ['ACK#crm', 'CANCEL#crm', 'TARGET#crm'];
    expect(keys.map((key) => writes('OperatorRole', key))).toEqual([true, true, false]);
    expect(template.rolesThatMay('dynamodb:UpdateItem')).not.toContain('OperatorRole');
    for (const role of ['DoctorRole', 'ScratchRole', 'ProveRole', 'ExtractRole', 'ChangesRole'])
      expect([role, writes(role, 'ACK#crm')]).toEqual([role, false]);
  });

  test('is out of reach of scratch, which runs the source’s code, as are topics and secrets', () => {
    expect(services('ScratchRole')).toEqual(['ec2', 'kms', 'logs', 's3']);
  });

  test('is out of reach of prove, which reads the password of a restored instance and no other secret', () => {
    expect(services('ProveRole')).toEqual(['ec2', 'kms', 'logs', 's3', 'secretsmanager']);
    const actions = allowed('ProveRole').flatMap((statement) => statement.actions);
    const ofSecrets = actions.filter((action) => action.startsWith('secretsmanager:'));
    expect(ofSecrets).toEqual(['secretsmanager:GetSecretValue']);
  });

  test('is out of reach of extract, which reads that password, and nothing of any bucket', () => {
    expect(services('ExtractRole')).toEqual(['ec2', 'kms', 'logs', 's3', 'secretsmanager']);
    const actions = allowed('ExtractRole').flatMap((statement) => statement.actions);
    expect(actions.filter((action) => /^s3:(Get|ListBucket$|Delete)/.test(action))).toEqual([]);
    expect(actions.filter((action) => action.startsWith('secretsmanager:'))).toEqual([
      'secretsmanager:GetSecretValue',
    ]);
  });
});

describe('the secret of a source', () => {
  const [reads, decrypts, ...more] = template.grants('SourceRole') as [Statement, Statement];
  const trust = template.statements('SourceRole', 'AssumeRolePolicyDocument');

  test('is read by one role, and a scratch instance’s secret by extract, prove and rehearseInstance', () => {
    const readers = (name: string) => {
      const resource = arn('secretsmanager', `secret:${name}-AbCdEf`);
      const context = { 'secretsmanager:ResourceTag/understudy:target': '${aws:PrincipalTag/target}' };
      const question = { action: 'secretsmanager:GetSecretValue', resource, context };
      return roles.filter((role) => role !== 'SourceRole' && may(template, role, question)).sort();
    };
    const ofScratch = ['ExtractRole', 'ProveRole', 'RehearseInstanceRole'];
    // Without targets on RDS, restore has no right to any.
    const all = [
      'ExtractRole',
      'LoadRole',
      'ProveRole',
      'RehearseInstanceRole',
      'RestoreSqlRole',
      'SourceRole',
    ];
    expect(template.rolesThatMay('secretsmanager:GetSecretValue')).toEqual(all);
    expect(readers('understudy/crm-prod')).toEqual([]);
    expect(readers('understudy/prod/scratch/understudy-scratch-crm')).toEqual([]);
    expect(readers('understudy/dev/scratch/understudy-scratch-crm')).toEqual(ofScratch);
    const ofRestored = ['LoadRole', 'RestoreSqlRole'];
    expect(readers('understudy/dev/restore/crm-prod-restored-20261120t120000z')).toEqual(ofRestored);
  });

  test('is read only in a session whose target is the secret’s tag', () => {
    expect(more).toEqual([]);
    expect(reads).toMatchObject({
      actions: ['secretsmanager:GetSecretValue'],
      resources: [expect.stringMatching(/:secret:\*$/)],
    });
    expect(reads.condition).toBe(
      '{"StringEquals":{"secretsmanager:ResourceTag/understudy:target":"${aws:PrincipalTag/target}"}}',
    );
    expect(decrypts).toMatchObject({
      actions: ['kms:Decrypt'],
      condition: '{"StringEquals":{"kms:ViaService":"secretsmanager.${AWS::Region}.${AWS::URLSuffix}"}}',
    });
  });

  /** Who dumps, who looks at a source, who writes its heartbeat, and who asks what its secret says. */
  const ENTER = [
    'ChangesRole',
    'CompareRole',
    'DoctorRole',
    'DumpRole',
    'HeartbeatRole',
    'LoadRole',
    'PreflightRole',
    'RestoreSqlRole',
    'SmokeRole',
    'WatchRole',
  ];

  test('is reached by the ten roles that work with sources, and only with a target', () => {
    expect(trust).toHaveLength(1);
    expect(trust[0]).toMatchObject({ actions: ['sts:AssumeRole', 'sts:TagSession'] });
    const { AWS } = JSON.parse(trust[0]!.principal) as { AWS: string[] };
    expect(AWS.sort()).toEqual(ENTER.map((role) => `${role}.Arn`));
    expect(JSON.parse(trust[0]!.condition)).toEqual({
      StringLike: { 'aws:RequestTag/target': '?*' },
      'ForAllValues:StringEquals': { 'aws:TagKeys': ['target'] },
    });
    expect(template.rolesThatMay('sts:AssumeRole')).toEqual(ENTER);
  });

  test('is reached by a role of the name that those roles are allowed to assume', () => {
    for (const role of ENTER) {
      const assumes = allowed(role).filter(({ actions }) => actions.includes('sts:AssumeRole'));
      expect(assumes.flatMap(({ resources }) => resources)).toEqual([
        expect.stringMatching(new RegExp(`:role/${template.text('SourceRole', 'RoleName')}$`)),
      ]);
    }
  });

  test('is out of reach in other accounts, where only the roles in understudy.yml are assumed', () => {
    const full = everything().template;
    const copies = 'arn:aws:iam::210987654321:role/understudy-copies';
    const others = full
      .ids('IAM::Role')
      .flatMap((role) => full.grants(role).filter(({ actions }) => actions.includes('sts:AssumeRole')))
      .flatMap(({ resources }) => resources)
      .filter((resource) => !resource.endsWith(`:role/${full.text('SourceRole', 'RoleName')}`));
    expect([...new Set(others)]).toEqual([copies]);
  });
});
