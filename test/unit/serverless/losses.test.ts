import { createRequire } from 'node:module';

type Resource = { Type: string; DeletionPolicy?: string; Properties?: Record<string, unknown> };
type Resources = Record<string, Resource>;
type Body = { Resources?: Resources };
type Judged = { notes: string[]; refusal?: string };
const load = createRequire(__filename);
const { losses, newAddresses } = load('../../../scripts/serverless/losses.cjs') as {
  losses: (before: Body | undefined, after: Body) => { name: string; says: string }[];
  newAddresses: (before: Body, after: Body) => string[];
};
const { judge, namesIn } = load('../../../scripts/serverless/refuse-losses.cjs') as {
  judge: (before: { template?: Body; reason?: string }, next: Body, named: string[]) => Judged;
  namesIn: (params?: string[]) => string[];
};

const SUBSCRIPTION = {
  Type: 'AWS::SNS::Subscription',
  Properties: { TopicArn: { Ref: 'AlertsTopic' }, Protocol: 'email', Endpoint: 'ops@example.com' },
};
const SCHEDULE = {
  Type: 'AWS::Scheduler::Schedule',
  Properties: {
    Name: 'prod-production-dump',
    State: 'ENABLED',
    Target: { Input: '{"policy":"production","job":"dump"}' },
  },
};
const VAULT = {
  Type: 'AWS::S3::Bucket',
  DeletionPolicy: 'Retain',
  Properties: {
    VersioningConfiguration: { Status: 'Enabled' },
    ObjectLockEnabled: true,
    ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 30 } } },
    ReplicationConfiguration: { Role: 'r', Rules: [] },
  },
};
const TABLE = {
  Type: 'AWS::DynamoDB::Table',
  DeletionPolicy: 'Retain',
  Properties: {
    DeletionProtectionEnabled: true,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  },
};
const VERSION = { Type: 'AWS::Lambda::Version', DeletionPolicy: 'Retain', Properties: { CodeSha256: 'x' } };
const FUNCTION = {
  Type: 'AWS::Lambda::Function',
  Properties: { FunctionName: 'understudy-prod-dump', VpcConfig: { SubnetIds: ['subnet-1', 'subnet-2'] } },
};
const POLICY = {
  Type: 'AWS::S3::BucketPolicy',
  Properties: {
    Bucket: { Ref: 'Vault' },
    PolicyDocument: { Statement: [{ Sid: 'OnlyExpireDeletes', Effect: 'Deny' }] },
  },
};
const ALARM = {
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    AlarmName: 'understudy-prod-dump-errors',
    AlarmActions: [{ Ref: 'AlarmsTopic' }],
    TreatMissingData: 'breaching',
    Dimensions: [{ Name: 'FunctionName', Value: 'understudy-prod-dump' }],
  },
};
const EVENTS = {
  Type: 'AWS::RDS::EventSubscription',
  Properties: { SourceType: 'db-instance', Enabled: true },
};
const ALL: Resources = {
  AlertsToAlertEmail: SUBSCRIPTION,
  ProductionDumpSchedule: SCHEDULE,
  Vault: VAULT,
  Catalog: TABLE,
  DumpLambdaFunction: FUNCTION,
  VaultPolicy: POLICY,
  DumpErrorsAlarm: ALARM,
  DbInstanceEvents: EVENTS,
};

const without = (id: string) => Object.fromEntries(Object.entries(ALL).filter(([each]) => each !== id));
const withProperties = (id: string, changed: object): Resources => ({
  ...ALL,
  [id]: { ...ALL[id]!, Properties: { ...ALL[id]!.Properties, ...changed } },
});
const lost = (Resources: Resources, before: Resources = ALL) =>
  losses({ Resources: before }, { Resources }).map(({ name }) => name);

test('the same again takes nothing away, nor does more', () => {
  expect(lost(ALL)).toEqual([]);
  expect(lost({ ...ALL, PagesToPagerEndpoint: SUBSCRIPTION })).toEqual([]);
});

test('a first deployment takes nothing away', () => {
  expect(losses(undefined, { Resources: ALL })).toEqual([]);
  expect(losses({}, { Resources: ALL })).toEqual([]);
});

test.each([
  ['AlertsToAlertEmail', 'an e-mail address is no longer subscribed to topic alerts'],
  ['ProductionDumpSchedule', 'dump of policy production is no longer scheduled'],
  ['Vault', 'no longer part of the deployment'],
  ['Catalog', 'no longer part of the deployment'],
  ['VaultPolicy', 'the policy of the bucket Vault is gone'],
  ['DumpErrorsAlarm', 'the alarm understudy-prod-dump-errors is gone, and what it watches is not'],
  ['DbInstanceEvents', 'events of db-instance are no longer heard'],
])('%s is missed', (name, says) => {
  expect(losses({ Resources: ALL }, { Resources: without(name) })).toEqual([
    { name, says: expect.stringContaining(says) },
  ]);
});

test.each<[string, string, object]>([
  ['DumpLambdaFunction', 'VpcConfig', { VpcConfig: undefined }],
  ['DumpLambdaFunction', 'VpcConfig', { VpcConfig: { SubnetIds: [{ Ref: 'ScratchSubnetA' }] } }],
  ['ProductionDumpSchedule', 'State', { State: 'DISABLED' }],
  ['DbInstanceEvents', 'Enabled', { Enabled: false }],
  ['DumpErrorsAlarm', 'AlarmActions', { AlarmActions: [] }],
  ['DumpErrorsAlarm', 'TreatMissingData', { TreatMissingData: 'notBreaching' }],
  ['Vault', 'ObjectLockEnabled', { ObjectLockEnabled: false }],
  ['Vault', 'ReplicationConfiguration', { ReplicationConfiguration: { Ref: 'AWS::NoValue' } }],
  ['Vault', 'VersioningConfiguration', { VersioningConfiguration: { Status: 'Suspended' } }],
  ['Vault', 'ObjectLockConfiguration', { ObjectLockConfiguration: undefined }],
  [
    'Vault',
    'ObjectLockConfiguration',
    { ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 30 } } } },
  ],
  [
    'Vault',
    'ObjectLockConfiguration',
    { ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 29 } } } },
  ],
  ['Catalog', 'DeletionProtectionEnabled', { DeletionProtectionEnabled: false }],
  [
    'Catalog',
    'PointInTimeRecoverySpecification',
    { PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false } },
  ],
  ['VaultPolicy', 'OnlyExpireDeletes', { PolicyDocument: { Statement: [] } }],
])('%s that loses %s (%j) is missed', (id, setting, changed) => {
  expect(lost(withProperties(id, changed))).toEqual([`${id}.${setting}`]);
});

test.each(['Vault', 'Catalog'])('%s that would be deleted with the stack is missed', (id) => {
  expect(lost({ ...ALL, [id]: { ...ALL[id]!, DeletionPolicy: 'Delete' } })).toEqual([`${id}.DeletionPolicy`]);
  expect(lost({ ...ALL, [id]: { ...ALL[id]!, DeletionPolicy: 'RetainExceptOnCreate' } })).toEqual([]);
});

test.each<[string, Resources]>([
  ['other subnets', withProperties('DumpLambdaFunction', { VpcConfig: { SubnetIds: ['subnet-3'] } })],
  ['another time', withProperties('ProductionDumpSchedule', { ScheduleExpression: 'cron(0 2 * * ? *)' })],
  [
    'a longer lock',
    withProperties('Vault', {
      ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Years: 1 } } },
    }),
  ],
  ['another bucket for the replica', withProperties('Vault', { ReplicationConfiguration: { Role: 'r2' } })],
])('%s is a change and no loss', (_, changed) => expect(lost(changed)).toEqual([]));

test('an alarm goes with the function that it watched, and a queue’s subscription with the program', () => {
  const { DumpErrorsAlarm: _, DumpLambdaFunction: __, ...rest } = ALL;
  expect(lost(rest)).toEqual([]);
  const queue = { ...SUBSCRIPTION, Properties: { ...SUBSCRIPTION.Properties, Protocol: 'sqs' } };
  expect(lost(ALL, { ...ALL, DumpSubscription: queue })).toEqual([]);
});

test('an address that is written in another way is no loss, and is named', () => {
  const next = withProperties('AlertsToAlertEmail', { Endpoint: { Ref: 'AlertEmail' } });
  expect(lost(next)).toEqual([]);
  expect(newAddresses({ Resources: ALL }, { Resources: next })).toEqual(['AlertsToAlertEmail']);
  expect(newAddresses({ Resources: ALL }, { Resources: ALL })).toEqual([]);
});

describe('a deployment that takes something away', () => {
  const before = { template: { Resources: ALL } };
  const { AlertsToAlertEmail: _, ...silent } = withProperties('DumpLambdaFunction', { VpcConfig: undefined });
  const next = { Resources: silent };

  test('is refused with every loss, and with what says them all', () => {
    const { refusal } = judge(before, next, []);
    expect(refusal).toMatch(/ {2}AlertsToAlertEmail: an e-mail address is no longer subscribed/);
    expect(refusal).toMatch(
      / {2}DumpLambdaFunction\.VpcConfig: the function understudy-prod-dump leaves subnet-1, subnet-2/,
    );
    expect(refusal).toContain('Nothing was changed.');
    expect(refusal).toMatch(/--param mayRemove=AlertsToAlertEmail,DumpLambdaFunction\.VpcConfig$/);
  });

  test('is refused while one of them is not said, and only that one is listed', () => {
    const { refusal } = judge(before, next, ['AlertsToAlertEmail']);
    expect(refusal).not.toContain('  AlertsToAlertEmail:');
    expect(refusal).toContain('  DumpLambdaFunction.VpcConfig:');
  });

  test('goes on, and says what it takes away, when each is said by its name', () => {
    expect(judge(before, next, ['AlertsToAlertEmail', 'DumpLambdaFunction.VpcConfig'])).toEqual({
      notes: [
        expect.stringContaining('Taken away: AlertsToAlertEmail'),
        expect.stringContaining('Taken away: DumpLambdaFunction.VpcConfig'),
      ],
    });
  });

  test('says that a name takes nothing away', () => {
    expect(judge(before, { Resources: ALL }, ['AlertsToAlertEmial'])).toEqual({
      notes: ['mayRemove=AlertsToAlertEmial: this deployment takes no such thing away'],
    });
  });
});

test('what nobody could compare is refused, unless that is said', () => {
  const { refusal } = judge({ reason: 'AccessDenied' }, { Resources: ALL }, ['AlertsToAlertEmail']);
  expect(refusal).toMatch(/is not known: AccessDenied[\s\S]*mayRemove=uncompared/);
  expect(judge({ reason: 'AccessDenied' }, { Resources: ALL }, ['uncompared'])).toEqual({
    notes: ['Not compared with what is deployed'],
  });
  expect(judge({}, { Resources: ALL }, []).refusal).toBeUndefined();
});

test('only the command line says what may be removed', () => {
  expect(namesIn(['image=prebuilt', 'mayRemove=A, B.VpcConfig', 'mayRemove=C'])).toEqual([
    'A',
    'B.VpcConfig',
    'C',
  ]);
  expect(namesIn(undefined)).toEqual([]);
});

test('a deployment with other code makes other versions of functions, and takes nothing away', () => {
  const before = { Resources: { RestoreLambdaVersionOne: VERSION, Vault: VAULT } };
  const after = { Resources: { RestoreLambdaVersionTwo: VERSION, Vault: VAULT } };
  expect(losses(before, after)).toEqual([]);
});
