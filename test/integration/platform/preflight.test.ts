import { CreateKeyCommand, DisableKeyCommand, EnableKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { DescribeDBSubnetGroupsCommand, RDSClient } from '@aws-sdk/client-rds';
import { catalog } from '../../../lib/runtime/compose.ts';
import type { PreflightOutcome } from '../../../lib/workflows/preflight/preflight.ts';
import { endDurable, invokeLocally } from '../../../scripts/local/invoke-locally.ts';
import { type LocalRds, startLocalRds } from '../../../scripts/local/rds/local-rds.ts';
import { type FaultyProxy, startProxy } from '../../contract/support/proxy.ts';
import { instancePlan } from '../../support/plan.ts';
import { createStage, type Stage } from '../../support/stage.ts';

const PLAN = instancePlan({ policy: 'pitr: { window: 7d }' });
const SECRET = {
  user: 'u',
  password: 'only-for-tests',
  host: 'h',
  port: 5432,
  database: 'd',
  sslmode: 'disable',
} as const;

let rds: LocalRds;
/** EC2 and IAM: the first has not the subnets that the local RDS speaks of, and moto simulates no policies. */
let others: FaultyProxy;
let stage: Stage;
let key: string;

beforeAll(async () => {
  stage = await createStage(PLAN);
  await stage.secret('crm', SECRET);
  const { KeyMetadata } = await new KMSClient({}).send(new CreateKeyCommand({ KeyUsage: 'ENCRYPT_DECRYPT' }));
  key = KeyMetadata!.Arn!;
  rds = await startLocalRds({ pace: 200, subnetGroups: ['quarantine'] });
  others = await startProxy(process.env['AWS_ENDPOINT_URL']!);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_RDS: rds.endpoint,
    AWS_ENDPOINT_URL_EC2: others.endpoint,
    AWS_ENDPOINT_URL_IAM: others.endpoint,
    UNDERSTUDY_PACE: '1',
    UNDERSTUDY_SCRATCH_SUBNET_GROUP: 'quarantine',
    UNDERSTUDY_SCRATCH_SECURITY_GROUP: 'sg-quarantine',
    UNDERSTUDY_RESTORE_ROLE: 'arn:aws:iam::123456789012:role/restores',
  });
  stage.usePlan(PLAN);
  await rds.createInstance({
    id: 'crm-prod',
    database: 'crm',
    masterPassword: 'only-for-tests',
    encrypted: true,
    kmsKeyId: key,
    deletionProtection: true,
  });
  const { DBSubnetGroups } = await new RDSClient({}).send(
    new DescribeDBSubnetGroupsCommand({ DBSubnetGroupName: 'quarantine' }),
  );
  const subnets = DBSubnetGroups![0]!.Subnets!.map(
    ({ SubnetIdentifier, SubnetAvailabilityZone }) =>
      `<item><subnetId>${SubnetIdentifier}</subnetId><availabilityZone>${SubnetAvailabilityZone!.Name}</availabilityZone><availableIpAddressCount>100</availableIpAddressCount></item>`,
  );
  others.rule(({ body }) => {
    const form = new URLSearchParams(body.toString());
    const action = form.get('Action');
    const answer = (inner: string) => ({
      status: 200,
      body: `<${action}Response>${inner}</${action}Response>`,
    });
    if (action === 'DescribeSubnets') return answer(`<subnetSet>${subnets.join('')}</subnetSet>`);
    if (action === 'DescribeSecurityGroups')
      return answer(
        `<securityGroupInfo><item><groupId>sg-quarantine</groupId><vpcId>${DBSubnetGroups![0]!.VpcId}</vpcId></item></securityGroupInfo>`,
      );
    const members = [...form]
      .filter(([name]) => name.startsWith('ActionNames.'))
      .map(
        ([, name]) =>
          `<member><EvalActionName>${name}</EvalActionName><EvalDecision>allowed</EvalDecision></member>`,
      );
    return answer(
      `<${action}Result><EvaluationResults>${members.join('')}</EvaluationResults></${action}Result>`,
    );
  });
});

afterAll(async () => {
  await endDurable();
  await others.stop();
  await rds.close();
});

const asked = { target: 'crm', requestedBy: 'test' };
const preflight = (scheduledFor: string) => {
  const body = JSON.stringify({ ...asked, job: 'preflight', scheduledFor });
  return invokeLocally('preflight', { Records: [{ body }] }) as Promise<PreflightOutcome>;
};
const open = async () =>
  (await catalog().openFindings('crm')).map(({ code, subject }) => `${code} ${subject}`);

test('a preflight before the first snapshot finds that there is none and nothing else', async () => {
  expect(await preflight('2026-11-20T06:00:00Z')).toMatchObject({
    outcome: 'done',
    summary: '12 questions answered, 1 finding',
    findings: [{ code: 'restore-snapshot-missing' }],
  });
});

test('a preflight with a snapshot answers every question and finds nothing', async () => {
  await invokeLocally('snapshot', { ...asked, job: 'snapshot', scheduledFor: '2026-11-20T06:10:00Z' });
  expect(await preflight('2026-11-20T06:15:00Z')).toMatchObject({
    summary: '12 questions answered, 0 findings',
    findings: [],
  });
  expect(await open()).toEqual([]);
  expect(rds.violations).toEqual([]);
});

test('a preflight opens a finding when the key is disabled, and closes it when the key is enabled', async () => {
  const KeyId = key.split('/')[1]!;
  await new KMSClient({}).send(new DisableKeyCommand({ KeyId }));
  expect(await preflight('2026-11-20T06:30:00Z')).toMatchObject({
    findings: [{ code: 'restore-key-unusable', severity: 'P0', message: expect.stringContaining(key) }],
  });
  expect(await open()).toEqual(['restore-key-unusable key']);
  await new KMSClient({}).send(new EnableKeyCommand({ KeyId }));
  await preflight('2026-11-20T06:45:00Z');
  expect(await open()).toEqual([]);
});

test('a preflight reports the question that RDS does not answer as unknown', async () => {
  rds.fault = (action) =>
    action === 'DescribeDBEngineVersions' ? { code: 'AccessDenied', message: 'no', status: 403 } : undefined;
  expect(await preflight('2026-11-20T07:00:00Z')).toMatchObject({
    summary: '11 questions answered, 1 not (engine version), 1 finding',
    findings: [{ code: 'preflight-unknown', subject: 'engine version' }],
  });
  rds.fault = undefined;
});
