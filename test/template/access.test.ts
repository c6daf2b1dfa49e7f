import { arn, may } from './evaluate.ts';
import { everything, packaged } from './packaged.ts';
import type { Statement } from './template.ts';

/** Who reaches what: the vault, the catalog, the secrets. No emulator evaluates IAM. */
const { template } = packaged();
const roles = template.ids('IAM::Role');
const allowed = (role: string) => template.grants(role).filter(({ effect }) => effect === 'Allow');

describe('the vault', () => {
  test.each(['s3:DeleteObject', 's3:DeleteObjectVersion'])('%s: exactly expire', (action) => {
    expect(template.rolesThatMay(action)).toEqual(['ExpireRole']);
  });

  test('what governs locks is in nobody’s hands', () => {
    for (const action of [
      's3:BypassGovernanceRetention',
      's3:PutObjectLegalHold',
      's3:PutBucketObjectLockConfiguration',
      's3:PutLifecycleConfiguration',
      's3:PutBucketPolicy',
    ]) {
      expect([action, template.rolesThatMay(action)]).toEqual([action, []]);
    }
  });

  test('exactly verify and scratch read it: a bare look at an object takes GetObject, its bytes take the key too', () => {
    for (const action of ['s3:GetObject', 's3:GetObjectVersion'])
      expect(readers(action, '${Vault.Arn}/crm/2026/11/20/1.dump')).toEqual(['ScratchRole', 'VerifyRole']);
  });

  test('prove and changes read what they compare with, its manifests, and no dump', () => {
    for (const action of ['s3:GetObject', 's3:GetObjectVersion'])
      expect(readers(action, '${Vault.Arn}/crm/2026/11/20/1.manifest.json')).toEqual([
        'ChangesRole',
        'ProveRole',
        'ScratchRole',
        'VerifyRole',
      ]);
  });

  test('exactly dump writes to it, and neither reads nor deletes', () => {
    expect(template.rolesThatMay('s3:PutObject')).toEqual(['DumpRole']);
    const actions = allowed('DumpRole')
      .flatMap((statement) => statement.actions)
      .filter((action) => action.startsWith('s3:'));
    expect(actions.filter((action) => /Get|Delete/.test(action))).toEqual([]);
  });

  test('dump may set locks, because a policy of the sample wants them', () => {
    expect(template.rolesThatMay('s3:PutObjectRetention')).toEqual(['DumpRole']);
  });

  test('exactly dump and watch end uploads, and doctor sees them too', () => {
    expect(template.rolesThatMay('s3:AbortMultipartUpload')).toEqual(['DumpRole', 'WatchRole']);
    expect(template.rolesThatMay('s3:ListBucketMultipartUploads')).toEqual([
      'DoctorRole',
      'DumpRole',
      'WatchRole',
    ]);
  });

  test('its key serves through S3 only', () => {
    const uses = roles
      .flatMap(allowed)
      .filter(
        ({ actions, resources }) =>
          resources.includes('VaultKey.Arn') && !actions.includes('kms:DescribeKey'),
      );
    expect(uses.length).toBeGreaterThan(0);
    for (const { condition } of uses)
      expect(condition).toBe('{"StringEquals":{"kms:ViaService":"s3.${AWS::Region}.${AWS::URLSuffix}"}}');
  });
});

/** Roles that may do something with an object of the vault, and may use its key through S3. */
function readers(action: string, resource: string): string[] {
  const throughS3 = { 'kms:ViaService': 's3.eu-central-1.amazonaws.com' };
  const key = { action: 'kms:Decrypt', resource: 'VaultKey.Arn', context: throughS3 };
  return roles.filter((role) => may(template, role, { action, resource }) && may(template, role, key)).sort();
}

describe('the catalog', () => {
  test.each(['dynamodb:DeleteItem', 'dynamodb:BatchWriteItem', 'dynamodb:Scan', 'dynamodb:DeleteTable'])(
    '%s: nobody',
    (action) => {
      expect(template.rolesThatMay(action)).toEqual([]);
    },
  );

  test('operator writes acknowledgements and nothing else; who sees data or answers people writes no record', () => {
    const writes = (role: string, key: string) =>
      may(template, role, {
        action: 'dynamodb:PutItem',
        resource: 'Catalog.Arn',
        context: { 'dynamodb:LeadingKeys': key },
      });
    expect([writes('OperatorRole', 'ACK#crm'), writes('OperatorRole', 'TARGET#crm')]).toEqual([true, false]);
    expect(template.rolesThatMay('dynamodb:UpdateItem')).not.toContain('OperatorRole');
    for (const role of ['DoctorRole', 'ScratchRole', 'ProveRole', 'ChangesRole'])
      expect([role, writes(role, 'ACK#crm')]).toEqual([role, false]);
  });

  test('who runs the source’s code on a copy of it has no way to the catalog, to topics or to secrets', () => {
    const services = allowed('ScratchRole').flatMap(({ actions }) =>
      actions.map((action) => action.split(':')[0]),
    );
    expect([...new Set(services)].sort()).toEqual(['ec2', 'kms', 'logs', 's3']);
  });

  test('nor has who asks a restored instance, except to the password of that', () => {
    const actions = allowed('ProveRole').flatMap((statement) => statement.actions);
    const services = [...new Set(actions.map((action) => action.split(':')[0]))].sort();
    expect(services).toEqual(['ec2', 'kms', 'logs', 's3', 'secretsmanager']);
    expect(actions.filter((action) => action.startsWith('secretsmanager:'))).toEqual([
      'secretsmanager:GetSecretValue',
    ]);
  });
});

describe('secrets', () => {
  const [reads, decrypts, ...more] = template.grants('SourceRole') as [Statement, Statement];
  const trust = template.statements('SourceRole', 'AssumeRolePolicyDocument');

  test('are read by exactly one role, and those of scratch instances by who makes and who proves them', () => {
    const readers = (name: string) => {
      const resource = arn('secretsmanager', `secret:${name}-AbCdEf`);
      const context = { 'secretsmanager:ResourceTag/understudy:target': '${aws:PrincipalTag/target}' };
      const question = { action: 'secretsmanager:GetSecretValue', resource, context };
      return roles.filter((role) => role !== 'SourceRole' && may(template, role, question)).sort();
    };
    expect(template.rolesThatMay('secretsmanager:GetSecretValue')).toEqual([
      'ProveRole',
      'RehearseInstanceRole',
      'SourceRole',
    ]);
    expect(readers('understudy/crm-prod')).toEqual([]);
    expect(readers('understudy/prod/scratch/understudy-scratch-crm')).toEqual([]);
    expect(readers('understudy/dev/scratch/understudy-scratch-crm')).toEqual([
      'ProveRole',
      'RehearseInstanceRole',
    ]);
  });

  test('are read one target at a time: the secret’s tag is the session’s', () => {
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
  const ENTER = ['ChangesRole', 'DoctorRole', 'DumpRole', 'HeartbeatRole', 'PreflightRole', 'WatchRole'];

  test('are reached by those alone whose work it is, and by them only with a target', () => {
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

  test('are reached under the name that the roles know', () => {
    for (const role of ENTER) {
      const assumes = allowed(role).filter(({ actions }) => actions.includes('sts:AssumeRole'));
      expect(assumes.flatMap(({ resources }) => resources)).toEqual([
        expect.stringMatching(new RegExp(`:role/${template.text('SourceRole', 'RoleName')}$`)),
      ]);
    }
  });

  test('of other accounts are out of reach: only the roles that understudy.yml names are entered there', () => {
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
