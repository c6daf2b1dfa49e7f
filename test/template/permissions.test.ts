import { packaged } from './packaged.ts';
import type { Statement } from './template.ts';

/** Who may do what. No emulator evaluates IAM. */
const { template } = packaged();
const roles = template.ids('IAM::Role');
const functions = template.ids('Lambda::Function');
const roleOf = (id: string) => template.text(id, 'Role').split('.')[0]!;
const allowed = (role: string) => template.grants(role).filter(({ effect }) => effect === 'Allow');

test('every function has a role of its own, named after it', () => {
  for (const id of functions) expect(roleOf(id)).toBe(id.replace('LambdaFunction', 'Role'));
});

test('only Lambda takes on a function’s role', () => {
  for (const id of functions) {
    const [statement, ...more] = template.statements(roleOf(id), 'AssumeRolePolicyDocument');
    expect(more).toEqual([]);
    expect(statement).toMatchObject({ actions: ['sts:AssumeRole'], principal: '{"Service":"lambda.amazonaws.com"}' });
  }
});

test('no role has a policy that is written elsewhere', () => {
  for (const role of roles) expect(template.value(role, 'ManagedPolicyArns')).toBeUndefined();
  expect([...template.ids('IAM::Policy'), ...template.ids('IAM::ManagedPolicy'), ...template.ids('IAM::RolePolicy')]).toEqual([]);
});

test('no role may do everything of anything', () => {
  for (const role of roles) for (const { actions } of allowed(role)) expect(actions.filter((action) => action.includes('*'))).toEqual([]);
});

/** What EC2 and EventBridge Scheduler know no resource for. */
const WITHOUT_RESOURCE = ['ec2:CreateNetworkInterface', 'ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets', 'ec2:DeleteNetworkInterface', 'ec2:AssignPrivateIpAddresses', 'ec2:UnassignPrivateIpAddresses', 'scheduler:ListSchedules'];

test('nothing is allowed on everything, except what has no resource to name', () => {
  const open = roles.flatMap((role) => allowed(role)).filter(({ resources }) => resources.includes('*'));
  expect(open.flatMap(({ actions }) => actions).filter((action) => !WITHOUT_RESOURCE.includes(action))).toEqual([]);
});

test('what lets the service make network interfaces is taken away from the code that runs there', () => {
  for (const role of template.rolesThatMay('ec2:CreateNetworkInterface')) {
    const name = template.text(role.replace('Role', 'LambdaFunction'), 'FunctionName');
    const deny = template.grants(role).filter(({ effect }) => effect === 'Deny');
    expect(deny).toMatchObject([{ resources: ['*'], actions: WITHOUT_RESOURCE.slice(0, 6) }]);
    expect(deny[0]!.condition).toMatch(new RegExp(`lambda:SourceFunctionArn":".*:function:${name}"`));
  }
});

test('every function writes to its own log and no other', () => {
  for (const id of functions) {
    const logs = allowed(roleOf(id)).filter(({ actions }) => actions.some((action) => action.startsWith('logs:')));
    expect(logs.flatMap(({ resources }) => resources)).toEqual([expect.stringMatching(new RegExp(`:log-group:/aws/lambda/${template.text(id, 'FunctionName')}:\\*$`))]);
  }
});

describe('the vault', () => {
  test.each(['s3:DeleteObject', 's3:DeleteObjectVersion'])('%s: exactly expire', (action) => {
    expect(template.rolesThatMay(action)).toEqual(['ExpireRole']);
  });

  test('what governs locks is in nobody’s hands', () => {
    for (const action of ['s3:BypassGovernanceRetention', 's3:PutObjectLegalHold', 's3:PutBucketObjectLockConfiguration', 's3:PutLifecycleConfiguration', 's3:PutBucketPolicy']) {
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
    const actions = allowed('DumpRole').flatMap((statement) => statement.actions).filter((action) => action.startsWith('s3:'));
    expect(actions.filter((action) => /Get|Delete/.test(action))).toEqual([]);
  });

  test('dump may set locks, because a policy of the sample wants them', () => {
    expect(template.rolesThatMay('s3:PutObjectRetention')).toEqual(['DumpRole']);
  });

  test('exactly dump and watch end uploads', () => {
    expect(template.rolesThatMay('s3:AbortMultipartUpload')).toEqual(['DumpRole', 'WatchRole']);
    expect(template.rolesThatMay('s3:ListBucketMultipartUploads')).toEqual(['DumpRole', 'WatchRole']);
  });

  test('its key serves through S3 only', () => {
    const uses = roles.flatMap(allowed).filter(({ actions, resources }) => resources.includes('VaultKey.Arn') && !actions.includes('kms:DescribeKey'));
    expect(uses.length).toBeGreaterThan(0);
    for (const { condition } of uses) expect(condition).toBe('{"StringEquals":{"kms:ViaService":"s3.${AWS::Region}.${AWS::URLSuffix}"}}');
  });
});

describe('the catalog', () => {
  test.each(['dynamodb:DeleteItem', 'dynamodb:BatchWriteItem', 'dynamodb:Scan', 'dynamodb:DeleteTable'])('%s: nobody', (action) => {
    expect(template.rolesThatMay(action)).toEqual([]);
  });

  test('who runs the source’s code on a copy of it has no way to the catalog, to topics or to secrets', () => {
    const services = allowed('ScratchRole').flatMap(({ actions }) => actions.map((action) => action.split(':')[0]));
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
    expect(reads).toMatchObject({ actions: ['secretsmanager:GetSecretValue'], resources: [expect.stringMatching(/:secret:\*$/)] });
    expect(reads.condition).toBe('{"StringEquals":{"secretsmanager:ResourceTag/understudy:target":"${aws:PrincipalTag/target}"}}');
    expect(decrypts).toMatchObject({ actions: ['kms:Decrypt'], condition: '{"StringEquals":{"kms:ViaService":"secretsmanager.${AWS::Region}.${AWS::URLSuffix}"}}' });
  });

  test('are reached by dump and doctor alone, and by them only with a target', () => {
    expect(trust).toHaveLength(1);
    expect(trust[0]).toMatchObject({ actions: ['sts:AssumeRole', 'sts:TagSession'], principal: '{"AWS":["DumpRole.Arn","DoctorRole.Arn"]}' });
    expect(JSON.parse(trust[0]!.condition)).toEqual({ StringLike: { 'aws:RequestTag/target': '?*' }, 'ForAllValues:StringEquals': { 'aws:TagKeys': ['target'] } });
    expect(template.rolesThatMay('sts:AssumeRole')).toEqual(['DoctorRole', 'DumpRole']);
  });

  test('are reached under the name that the two roles know', () => {
    for (const role of ['DumpRole', 'DoctorRole']) {
      const assumes = allowed(role).filter(({ actions }) => actions.includes('sts:AssumeRole'));
      expect(assumes.flatMap(({ resources }) => resources)).toEqual([expect.stringMatching(new RegExp(`:role/${template.text('SourceRole', 'RoleName')}$`))]);
    }
  });
});

test('only operator publishes to alarms, and only those publish to jobs whose work it is', () => {
  const publishers = (topic: string) =>
    roles.filter((role) => allowed(role).some(({ actions, resources }) => actions.includes('sns:Publish') && resources.includes(topic))).sort();
  expect(publishers('AlarmsTopic')).toEqual(['OperatorRole']);
  expect(publishers('JobsTopic')).toEqual(['DispatchRole', 'DumpRole', 'OperatorRole', 'VerifyRole']);
});
