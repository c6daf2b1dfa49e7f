import { packaged } from './packaged.ts';
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
    const keys = template.rolesThatMay('kms:Decrypt');
    const readers = (action: string) => template.rolesThatMay(action).filter((role) => keys.includes(role));
    expect(readers('s3:GetObject')).toEqual(['ScratchRole', 'VerifyRole']);
    expect(readers('s3:GetObjectVersion')).toEqual(['ScratchRole', 'VerifyRole']);
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

describe('the catalog', () => {
  test.each(['dynamodb:DeleteItem', 'dynamodb:BatchWriteItem', 'dynamodb:Scan', 'dynamodb:DeleteTable'])(
    '%s: nobody',
    (action) => {
      expect(template.rolesThatMay(action)).toEqual([]);
    },
  );

  test('who runs the source’s code on a copy of it has no way to the catalog, to topics or to secrets', () => {
    const services = allowed('ScratchRole').flatMap(({ actions }) =>
      actions.map((action) => action.split(':')[0]),
    );
    expect([...new Set(services)].sort()).toEqual(['ec2', 'kms', 'logs', 's3']);
  });
});

describe('secrets', () => {
  const [reads, decrypts, ...more] = template.grants('SourceRole') as [Statement, Statement];
  const trust = template.statements('SourceRole', 'AssumeRolePolicyDocument');

  test('are read by exactly one role', () => {
    expect(template.rolesThatMay('secretsmanager:GetSecretValue')).toEqual(['SourceRole']);
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

  test('are reached by dump and doctor alone, and by them only with a target', () => {
    expect(trust).toHaveLength(1);
    expect(trust[0]).toMatchObject({
      actions: ['sts:AssumeRole', 'sts:TagSession'],
      principal: '{"AWS":["DumpRole.Arn","DoctorRole.Arn"]}',
    });
    expect(JSON.parse(trust[0]!.condition)).toEqual({
      StringLike: { 'aws:RequestTag/target': '?*' },
      'ForAllValues:StringEquals': { 'aws:TagKeys': ['target'] },
    });
    expect(template.rolesThatMay('sts:AssumeRole')).toEqual(['DoctorRole', 'DumpRole']);
  });

  test('are reached under the name that the two roles know', () => {
    for (const role of ['DumpRole', 'DoctorRole']) {
      const assumes = allowed(role).filter(({ actions }) => actions.includes('sts:AssumeRole'));
      expect(assumes.flatMap(({ resources }) => resources)).toEqual([
        expect.stringMatching(new RegExp(`:role/${template.text('SourceRole', 'RoleName')}$`)),
      ]);
    }
  });
});
