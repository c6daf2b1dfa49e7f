import { copyFileSync, cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation';
import { localClientConfig } from '../../scripts/local/moto.ts';
import { packaged, ROOT, serverless } from './packaged.ts';

/** The framework's own `deploy`, as far as it goes before it changes anything. Its stack is alone in this Region. */
const REGION = 'eu-west-3';
const StackName = 'understudy-dev';
const clientConfig = { ...localClientConfig(process.env['AWS_ENDPOINT_URL']!), region: REGION };
const cloudFormation = new CloudFormationClient(clientConfig);
const service = mkdtempSync(join(ROOT, '.understudy/deploy-'));
afterAll(() => rmSync(service, { recursive: true, force: true }));

type Provider = { naming: { getStackName(): string }; getAwsSdkV3Config(): Promise<object> };
const { deployed } = createRequire(__filename)('../../scripts/serverless/refuse-losses.cjs') as {
  deployed: (provider: Provider) => Promise<{ template?: { Resources: object } }>;
};
const asked = (name: string, config: object = clientConfig) =>
  deployed({ naming: { getStackName: () => name }, getAwsSdkV3Config: async () => config });

/** What somebody deployed with an address and a policy that the sample has not. */
const DEPLOYED = {
  Resources: {
    AlertsTopic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'understudy-dev-alerts' } },
    AlertsToAlertEmail: {
      Type: 'AWS::SNS::Subscription',
      Properties: { TopicArn: { Ref: 'AlertsTopic' }, Protocol: 'email', Endpoint: 'ops@example.com' },
    },
    MineDumpSchedule: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: { Name: 'dev-mine-dump', Target: { Input: '{"policy":"mine","job":"dump"}' } },
    },
  },
};

test('a deployment that would silence and unprotect people is refused before it changes anything', async () => {
  const TemplateBody = JSON.stringify(DEPLOYED);
  await cloudFormation.send(new CreateStackCommand({ StackName, TemplateBody }));
  for (const name of ['handlers', 'lib', 'scripts', 'node_modules'])
    symlinkSync(join(ROOT, name), join(service, name));
  for (const name of ['serverless.yml', 'package.json', 'package-lock.json'])
    copyFileSync(join(ROOT, name), join(service, name));
  cpSync(packaged().directory, join(service, 'made'), { recursive: true });

  const args = ['deploy', '--package', 'made', '--region', REGION, '--param', 'image=prebuilt'];
  const environment = {
    UNDERSTUDY_CONFIG: join(ROOT, 'understudy.yml'),
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
  let said = '';
  try {
    serverless(service, args, environment);
  } catch (error) {
    said = String(error);
  }
  expect(said).toContain('this deployment would take away what is deployed now');
  expect(said).toContain('  AlertsToAlertEmail: an e-mail address is no longer subscribed to topic alerts');
  expect(said).toContain('  MineDumpSchedule: dump of policy mine is no longer scheduled');
  expect(said).toContain('--param mayRemove=AlertsToAlertEmail,MineDumpSchedule');

  const now = await cloudFormation.send(new GetTemplateCommand({ StackName }));
  expect(JSON.parse(now.TemplateBody!)).toEqual(JSON.parse(TemplateBody));
  const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
  expect(Stacks![0]!.StackStatus).toBe('CREATE_COMPLETE');
  expect((await asked(StackName)).template).toEqual(JSON.parse(TemplateBody));
});

test('a first deployment has nothing to be compared with', async () => {
  expect(await asked('understudy-never')).toEqual({});
});

test('an AWS that does not answer is no first deployment', async () => {
  const nowhere = { ...clientConfig, endpoint: 'http://127.0.0.1:1', maxAttempts: 1 };
  await expect(asked(StackName, nowhere)).rejects.toThrow();
});
