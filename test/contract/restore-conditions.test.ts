import {
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteSubnetCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { IAMClient } from '@aws-sdk/client-iam';
import {
  CreateKeyCommand,
  DisableKeyCommand,
  KMSClient,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import {
  CreateDBClusterParameterGroupCommand,
  CreateDBParameterGroupCommand,
  CreateDBSubnetGroupCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { restoreConditions } from '../../lib/adapters/aws/preflight/conditions.ts';
import { kmsKeys } from '../../lib/adapters/aws/preflight/keys.ts';
import { secretsManager } from '../../lib/adapters/aws/secrets.ts';
import type { RestoreConditions } from '../../lib/ports/restore-conditions.ts';
import { HOME, target } from '../support/builders.ts';
import { type FaultyProxy, type Rule, startProxy } from './support/proxy.ts';
import { unique } from './support/stage.ts';

let proxy: FaultyProxy;
let conditions: RestoreConditions;
const ec2 = () => new EC2Client({});
const ROLE = 'arn:aws:iam::123456789012:role/restores';

beforeAll(async () => {
  const moto = process.env['AWS_ENDPOINT_URL']!;
  proxy = await startProxy(moto);
  const endpoint = proxy.endpoint;
  conditions = restoreConditions({
    rds: new RDSClient({ endpoint, maxAttempts: 1 }),
    ec2: new EC2Client({ endpoint, maxAttempts: 1 }),
    iam: new IAMClient({ endpoint, region: HOME, maxAttempts: 1 }),
    keys: kmsKeys(HOME),
    secrets: secretsManager(async () => new SecretsManagerClient({ endpoint, maxAttempts: 1 })),
    restoreRole: ROLE,
  });
});
afterAll(() => proxy.stop());
afterEach(() => proxy.reset());

/** The fields of a request to a Query service, and answers to one of its actions. */
const fields = (body: Buffer) => new URLSearchParams(body.toString());
const answering =
  (action: string, result: (asked: URLSearchParams) => string): Rule =>
  ({ body }) => {
    const asked = fields(body);
    if (asked.get('Action') !== action) return undefined;
    const text = `<${action}Response><${action}Result>${result(asked)}</${action}Result></${action}Response>`;
    return { status: 200, body: text };
  };
const refusing =
  (action: string, code: string, status = 400): Rule =>
  ({ body }) =>
    fields(body).get('Action') === action
      ? {
          status,
          body: `<Response><Errors><Error><Code>${code}</Code><Message>no</Message></Error></Errors><Error><Code>${code}</Code><Message>no</Message></Error></Response>`,
        }
      : undefined;

async function network(zones: string[]) {
  const { Vpc } = await ec2().send(new CreateVpcCommand({ CidrBlock: '10.8.0.0/16' }));
  const VpcId = Vpc!.VpcId!;
  const subnets: string[] = [];
  for (const [index, AvailabilityZone] of zones.entries()) {
    const subnet = { VpcId, CidrBlock: `10.8.${index}.0/28`, AvailabilityZone };
    const { Subnet } = await ec2().send(new CreateSubnetCommand(subnet));
    subnets.push(Subnet!.SubnetId!);
  }
  const name = unique('subnets');
  const group = { DBSubnetGroupName: name, DBSubnetGroupDescription: 'd', SubnetIds: subnets };
  await new RDSClient({}).send(new CreateDBSubnetGroupCommand(group));
  return { vpc: VpcId, name, subnets };
}

describe('a subnet group', () => {
  it('is found with the VPC, zones and free addresses of its subnets', async () => {
    const { name, vpc } = await network([`${HOME}a`, `${HOME}b`]);
    expect(await conditions.subnetGroup(name)).toEqual({
      vpc,
      zones: [`${HOME}a`, `${HOME}b`],
      freeAddresses: 22,
    });
  });

  it('is found without a subnet that was deleted', async () => {
    const { name, subnets } = await network([`${HOME}a`, `${HOME}b`]);
    await ec2().send(new DeleteSubnetCommand({ SubnetId: subnets[1]! }));
    expect(await conditions.subnetGroup(name)).toMatchObject({ zones: [`${HOME}a`], freeAddresses: 11 });
  });

  it('is undefined when it does not exist, and an error when the role may not describe it', async () => {
    expect(await conditions.subnetGroup('nowhere')).toBeUndefined();
    const { name } = await network([`${HOME}a`, `${HOME}b`]);
    proxy.rule(refusing('DescribeSubnets', 'UnauthorizedOperation', 403));
    await expect(conditions.subnetGroup(name)).rejects.toMatchObject({ code: 'platform-denied' });
    proxy.rule(refusing('DescribeDBSubnetGroups', 'Throttling'));
    await expect(conditions.subnetGroup(name)).rejects.toMatchObject({ code: 'platform-unreachable' });
  });
});

describe('security groups', () => {
  it('are found with their VPC, without those that do not exist', async () => {
    const { vpc } = await network([`${HOME}a`]);
    const { GroupId } = await ec2().send(
      new CreateSecurityGroupCommand({ GroupName: unique('sg'), Description: 'd', VpcId: vpc }),
    );
    expect(await conditions.securityGroups([GroupId!, 'sg-00000000'])).toEqual([{ id: GroupId, vpc }]);
    expect(await conditions.securityGroups(['sg-00000000'])).toEqual([]);
  });

  it('are an error when the role may not describe them', async () => {
    proxy.rule(refusing('DescribeSecurityGroups', 'UnauthorizedOperation', 403));
    await expect(conditions.securityGroups(['sg-1'])).rejects.toMatchObject({ code: 'platform-denied' });
  });
});

describe('a parameter group', () => {
  it('is found with its family, an instance’s and a cluster’s, and undefined when it does not exist', async () => {
    const [DBParameterGroupName, DBClusterParameterGroupName] = [unique('params'), unique('params')];
    const rds = new RDSClient({});
    const group = { DBParameterGroupName, DBParameterGroupFamily: 'postgres15', Description: 'd' };
    await rds.send(new CreateDBParameterGroupCommand(group));
    const ofCluster = { DBParameterGroupFamily: 'aurora-postgresql15', Description: 'd' };
    await rds.send(new CreateDBClusterParameterGroupCommand({ DBClusterParameterGroupName, ...ofCluster }));
    expect(await conditions.parameterFamily('rds', DBParameterGroupName)).toBe('postgres15');
    expect(await conditions.parameterFamily('aurora', DBClusterParameterGroupName)).toBe(
      'aurora-postgresql15',
    );
    expect(await conditions.parameterFamily('rds', 'nowhere')).toBeUndefined();
    expect(await conditions.parameterFamily('aurora', 'nowhere')).toBeUndefined();
  });
});

describe('a key', () => {
  const kms = () => new KMSClient({});
  const make = async (more: object = {}) =>
    (await kms().send(new CreateKeyCommand({ Description: 'd', ...more }))).KeyMetadata!.Arn!;

  /** moto takes ids only here. */
  const idOf = (arn: string) => arn.split('/')[1]!;

  it('is found as enabled, disabled or pending deletion, and undefined when it does not exist', async () => {
    const [enabled, disabled, going] = [await make(), await make(), await make()];
    await kms().send(new DisableKeyCommand({ KeyId: idOf(disabled) }));
    await kms().send(new ScheduleKeyDeletionCommand({ KeyId: idOf(going), PendingWindowInDays: 7 }));
    expect(await conditions.key(enabled)).toEqual({ state: 'Enabled', encrypts: true, awsManaged: false });
    expect(await conditions.key(disabled)).toMatchObject({ state: 'Disabled' });
    expect(await conditions.key(going)).toMatchObject({
      state: 'PendingDeletion',
      deletedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    const none = enabled.replace(/key\/.*/, 'key/00000000-0000-0000-0000-000000000000');
    expect(await conditions.key(none)).toBeUndefined();
  });

  it('for signatures is found as one that does not encrypt', async () => {
    const signing = await make({ KeyUsage: 'SIGN_VERIFY', KeySpec: 'RSA_2048' });
    expect(await conditions.key(signing)).toMatchObject({ encrypts: false });
  });

  it('is looked for in the Region of its ARN', async () => {
    const there = await new KMSClient({ region: 'eu-west-1' }).send(new CreateKeyCommand({}));
    expect(await conditions.key(there.KeyMetadata!.Arn!)).toMatchObject({ state: 'Enabled' });
    expect(await conditions.key(there.KeyMetadata!.KeyId!)).toBeUndefined();
  });
});

/** moto knows neither of these two requests. */
describe('a version of an engine', () => {
  const postgres = { engine: 'postgres', version: '15.18' };
  const versions = (...rows: [version: string, status: string][]) => {
    const listed = rows.map(
      ([version, status]) =>
        `<DBEngineVersion><EngineVersion>${version}</EngineVersion><DBParameterGroupFamily>postgres15</DBParameterGroupFamily><Status>${status}</Status></DBEngineVersion>`,
    );
    return answering(
      'DescribeDBEngineVersions',
      () => `<DBEngineVersions>${listed.join('')}</DBEngineVersions>`,
    );
  };

  it('is found with its family, and offered unless it is deprecated', async () => {
    proxy.rule(versions(['15.18', 'available']));
    expect(await conditions.engineVersion(postgres)).toEqual({ family: 'postgres15', offered: true });
    const { Engine, EngineVersion, IncludeAll } = Object.fromEntries(fields(proxy.seen.at(-1)!.body));
    expect([Engine, EngineVersion, IncludeAll]).toEqual(['postgres', '15.18', 'true']);
    proxy.rule(versions(['15.18', 'deprecated']));
    expect(await conditions.engineVersion(postgres)).toEqual({ family: 'postgres15', offered: false });
  });

  it('is undefined when RDS does not list it', async () => {
    proxy.rule(versions(['15.1', 'available']));
    expect(await conditions.engineVersion(postgres)).toBeUndefined();
    proxy.rule(versions());
    expect(await conditions.engineVersion(postgres)).toBeUndefined();
  });
});

describe('the support of a version', () => {
  type Row = [major: string, standard?: string, extended?: string];
  const cycle = (name: string, end?: string) =>
    end &&
    `<SupportedEngineLifecycle><LifecycleSupportName>open-source-rds-${name}-support</LifecycleSupportName><LifecycleSupportStartDate>2020-01-01T00:00:00Z</LifecycleSupportStartDate><LifecycleSupportEndDate>${end}</LifecycleSupportEndDate></SupportedEngineLifecycle>`;
  const majors = (rows: Row[], marker = '') => {
    const listed = rows.map(
      ([major, standard, extended]) =>
        `<DBMajorEngineVersion><MajorEngineVersion>${major}</MajorEngineVersion><SupportedEngineLifecycles>${cycle('standard', standard) ?? ''}${cycle('extended', extended) ?? ''}</SupportedEngineLifecycles></DBMajorEngineVersion>`,
    );
    return `<DBMajorEngineVersions>${listed.join('')}</DBMajorEngineVersions>${marker && `<Marker>${marker}</Marker>`}`;
  };
  const of = (...rows: Row[]) => answering('DescribeDBMajorEngineVersions', () => majors(rows));
  const POSTGRES = { engine: 'postgres', version: '15.18' };
  const END = '2028-02-29T00:00:00Z';

  it.each([
    ['postgres', '15.18', '15'],
    ['aurora-mysql', '8.0.mysql_aurora.3.05.2', '8.0'],
    ['mariadb', '10.11.8', '10.11'],
  ])('of %s %s is that of its major %s, and not of one that begins alike', async (engine, version, major) => {
    const others = ['1', '10', '8', `${major}1`].map((other): Row => [other, '2001-01-01T00:00:00Z']);
    proxy.rule(of(...others.slice(0, 3), [major, END, '2031-02-28T00:00:00Z'], ...others.slice(3)));
    const extendedUntil = '2031-02-28T00:00:00Z';
    expect(await conditions.support({ engine, version })).toEqual({
      major,
      standardUntil: END,
      extendedUntil,
    });
  });

  it('is found on the last page of the answer', async () => {
    proxy.rule(
      answering('DescribeDBMajorEngineVersions', (asked) =>
        asked.get('Marker') ? majors([['15', END]]) : majors([['14', END]], 'more'),
      ),
    );
    expect(await conditions.support(POSTGRES)).toEqual({ major: '15', standardUntil: END });
  });

  it('is an error when RDS does not list the version or its end', async () => {
    for (const rows of [[['14', END], ['15']], [['14', END]]] as Row[][]) {
      proxy.rule(of(...rows));
      await expect(conditions.support(POSTGRES)).rejects.toMatchObject({ code: 'support-unsaid' });
    }
  });
});

describe('the secret of a target', () => {
  const of = (secret: string) => target({ connection: { secret, host: 'h', database: 'd' } });

  it('has no problem when it can be used, and a problem without its content when it cannot', async () => {
    const create = (Name: string, SecretString: string) =>
      new SecretsManagerClient({}).send(new CreateSecretCommand({ Name, SecretString }));
    const [good, useless] = [unique('secret'), unique('secret')];
    await create(good, '{"username":"u","password":"hidden"}');
    await create(useless, 'hidden');
    expect(await conditions.secretProblem(of(good))).toBeUndefined();
    expect(await conditions.secretProblem(of(useless))).toMatch(/is neither RDS-style JSON/);
    expect(await conditions.secretProblem(of(useless))).not.toContain('hidden');
  });

  it('has a problem when it does not exist', async () => {
    const problem = await conditions.secretProblem(of('nowhere'));
    expect(problem).toMatch(/^the secret nowhere of crm cannot be read: /);
  });

  const answer = (status: number, code: string): Rule => {
    const body = JSON.stringify({ __type: code, Message: 'no' });
    return () => ({ status, body });
  };

  it.each(['AccessDeniedException', 'DecryptionFailure'])(
    'has a problem when Secrets Manager answers %s',
    async (code) => {
      proxy.rule(answer(400, code));
      expect(await conditions.secretProblem(of('any'))).toContain('cannot be read');
    },
  );

  it('is an error when Secrets Manager cannot be asked', async () => {
    for (const rule of [() => 'drop' as const, answer(500, 'InternalServiceError')]) {
      proxy.rule(rule);
      await expect(conditions.secretProblem(of('any'))).rejects.toMatchObject({ code: 'secret-unreadable' });
    }
  });
});

/** moto does not simulate policies. */
describe('the role that restores', () => {
  const prefix = `arn:aws:rds:${HOME}:111122223333`;
  const intent = {
    kind: 'rds' as const,
    sourceArn: `${prefix}:db:crm-db`,
    snapshotArn: `${prefix}:snapshot:rds:crm-db-1`,
    kmsKey: `arn:aws:kms:${HOME}:111122223333:key/home`,
    subnetGroup: 'quarantine',
    tags: { 'understudy:target': 'crm', 'understudy:stage': 'dev' },
  };
  const cluster = {
    ...intent,
    kind: 'aurora' as const,
    sourceArn: `${prefix}:cluster:crm`,
    snapshotArn: `${prefix}:cluster-snapshot:rds:crm-1`,
  };
  const list = (asked: URLSearchParams, name: string) =>
    [...asked].filter(([key]) => key.startsWith(`${name}.member.`)).map(([, value]) => value);
  type Decide = (action: string, resource: string) => { decision: string; more?: string } | undefined;
  const deciding = (decide: Decide) =>
    answering('SimulatePrincipalPolicy', (asked) => {
      const [resource] = list(asked, 'ResourceArns');
      const rows = list(asked, 'ActionNames').flatMap((action) => {
        const said = decide(action, resource!);
        return said
          ? `<member><EvalActionName>${action}</EvalActionName><EvalResourceName>${resource}</EvalResourceName><EvalDecision>${said.decision}</EvalDecision>${said.more ?? ''}</member>`
          : '';
      });
      return `<EvaluationResults>${rows.join('')}</EvaluationResults>`;
    });
  const ALLOWED = { decision: 'allowed' };
  const allowed: Decide = () => ALLOWED;
  const asked = () =>
    proxy.seen.flatMap(({ body }) => {
      const form = fields(body);
      expect([form.get('PolicySourceArn'), list(form, 'ResourceArns')]).toEqual([ROLE, [expect.any(String)]]);
      return list(form, 'ActionNames').map(
        (action) => `${action} ${list(form, 'ResourceArns')[0]!.replace(`${prefix}:`, '')}`,
      );
    });

  it('is simulated for each resource that restoring an instance touches, under scratch names where they are made', async () => {
    proxy.rule(deciding(allowed));
    expect(await conditions.denied(intent)).toEqual([]);
    expect(asked().sort()).toEqual([
      `kms:CreateGrant ${intent.kmsKey}`,
      `kms:DescribeKey ${intent.kmsKey}`,
      'rds:AddTagsToResource db:understudy-scratch-preflight',
      'rds:AddTagsToResource pg:understudy-scratch-preflight',
      'rds:CopyDBParameterGroup pg:understudy-scratch-preflight',
      'rds:CreateDBParameterGroup pg:understudy-scratch-preflight',
      'rds:DeleteDBInstance db:understudy-scratch-preflight',
      'rds:DeleteDBParameterGroup pg:understudy-scratch-preflight',
      'rds:ModifyDBInstance db:understudy-scratch-preflight',
      'rds:ModifyDBParameterGroup pg:understudy-scratch-preflight',
      'rds:RestoreDBInstanceFromDBSnapshot db:understudy-scratch-preflight',
      'rds:RestoreDBInstanceFromDBSnapshot pg:understudy-scratch-preflight',
      'rds:RestoreDBInstanceFromDBSnapshot snapshot:rds:crm-db-1',
      'rds:RestoreDBInstanceFromDBSnapshot subgrp:quarantine',
      'rds:RestoreDBInstanceToPointInTime db:crm-db',
      'rds:RestoreDBInstanceToPointInTime db:understudy-scratch-preflight',
      'rds:RestoreDBInstanceToPointInTime pg:understudy-scratch-preflight',
      'rds:RestoreDBInstanceToPointInTime subgrp:quarantine',
      ...['CreateSecret', 'DeleteSecret', 'GetSecretValue', 'TagResource'].map(
        (action) =>
          `secretsmanager:${action} arn:aws:secretsmanager:${HOME}:111122223333:secret:understudy/dev/scratch/understudy-scratch-preflight-AbCdEf`,
      ),
    ]);
  });

  it('is simulated for a cluster’s actions and its one instance when a cluster is restored', async () => {
    proxy.rule(deciding(allowed));
    expect(await conditions.denied(cluster)).toEqual([]);
    expect(asked()).toEqual(
      expect.arrayContaining([
        'rds:RestoreDBClusterFromSnapshot cluster:understudy-scratch-preflight',
        'rds:RestoreDBClusterFromSnapshot cluster-snapshot:rds:crm-1',
        'rds:RestoreDBClusterToPointInTime cluster:crm',
        'rds:CreateDBInstance db:understudy-scratch-preflight-1',
        'rds:DeleteDBInstance db:understudy-scratch-preflight-1',
        'rds:DeleteDBCluster cluster:understudy-scratch-preflight',
        'rds:ModifyDBCluster cluster:understudy-scratch-preflight',
        'rds:RestoreDBClusterFromSnapshot cluster-pg:understudy-scratch-preflight',
      ]),
    );
    expect(asked().some((each) => each.startsWith('rds:RestoreDBInstance'))).toBe(false);
  });

  it('is simulated with the tags of a rehearsal, and for keys as RDS uses them', async () => {
    proxy.rule(deciding(allowed));
    await conditions.denied(intent);
    const contexts = proxy.seen.map(({ body }) =>
      [...fields(body)].flatMap(([key, value]) => (key.endsWith('.ContextKeyName') ? [value] : [])),
    );
    expect(contexts[0]).toEqual(expect.arrayContaining(['aws:RequestTag/understudy:target', 'aws:TagKeys']));
    expect(contexts.at(-1)).toEqual(['kms:ViaService', 'kms:CallerAccount', 'kms:GrantIsForAWSResource']);
  });

  it.each([
    ['implicitDeny', '', 'no statement allows it'],
    ['explicitDeny', '', 'a statement denies it'],
    [
      'implicitDeny',
      '<OrganizationsDecisionDetail><AllowedByOrganizations>false</AllowedByOrganizations></OrganizationsDecisionDetail>',
      'a policy of the organization denies it',
    ],
    [
      'implicitDeny',
      '<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>false</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>',
      'its permissions boundary does not allow it',
    ],
  ])('lacks an action that IAM decides with %s%s', async (decision, more, why) => {
    proxy.rule(deciding((action) => (action === 'rds:DeleteDBInstance' ? { decision, more } : ALLOWED)));
    expect(await conditions.denied(intent)).toEqual([
      { action: 'rds:DeleteDBInstance', resource: `${prefix}:db:understudy-scratch-preflight`, why },
    ]);
  });

  it('is an error when IAM leaves an action out of its answer, or asks for the value of a condition', async () => {
    proxy.rule(deciding((action) => (action === 'kms:CreateGrant' ? undefined : ALLOWED)));
    await expect(conditions.denied(intent)).rejects.toMatchObject({ code: 'permission-unsaid' });
    const more = '<MissingContextValues><member>aws:PrincipalTag/team</member></MissingContextValues>';
    const denied = { decision: 'implicitDeny', more };
    proxy.rule(deciding((action) => (action === 'kms:CreateGrant' ? denied : ALLOWED)));
    await expect(conditions.denied(intent)).rejects.toMatchObject({
      code: 'permission-unsaid',
      message: expect.stringContaining('it depends on aws:PrincipalTag/team'),
    });
  });

  it('is an error when it does not exist or may not be simulated', async () => {
    proxy.rule(refusing('SimulatePrincipalPolicy', 'NoSuchEntity', 404));
    await expect(conditions.denied(intent)).rejects.toMatchObject({ code: 'role-unknown' });
    proxy.rule(refusing('SimulatePrincipalPolicy', 'AccessDenied', 403));
    await expect(conditions.denied(intent)).rejects.toMatchObject({ code: 'platform-denied' });
  });

  it('is an error when the deployment does not name it', async () => {
    const nameless = restoreConditions({ iam: new IAMClient({ region: HOME }) } as never);
    await expect(nameless.denied(intent)).rejects.toMatchObject({ code: 'role-unknown' });
  });
});
