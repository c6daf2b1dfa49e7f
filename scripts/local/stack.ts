import { readFileSync } from 'node:fs';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import {
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateScheduleCommand,
  CreateScheduleGroupCommand,
  SchedulerClient,
} from '@aws-sdk/client-scheduler';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { LOCAL_CREDENTIALS } from './moto.ts';

type Resource = {
  Type: string;
  Properties: Record<string, unknown>;
  DependsOn?: unknown;
  DeletionPolicy?: string;
};
export type Template = { Resources: Record<string, Resource> };

/** The addresses of a local stack: the functions' environment variables. */
export type LocalStack = {
  environment: Record<string, string>;
  inbox: { alerts: string; pages: string; alarms: string };
};

/** Resource types that moto's CloudFormation creates. Functions run in this process, so theirs are not needed. */
const MADE = [
  'AWS::DynamoDB::Table',
  'AWS::S3::Bucket',
  'AWS::SNS::Topic',
  'AWS::SQS::Queue',
  'AWS::KMS::Key',
];
/** Properties that moto does not support, or handles wrongly. */
const DROPPED = ['DeletionProtectionEnabled', 'TagPolicy'];

/** The packaged template; `stage` renames its resources for another stage than the packaged one. */
export function readTemplate(file: string, stage?: string): Template {
  const text = readFileSync(file, 'utf8');
  if (!stage) return JSON.parse(text) as Template;
  return JSON.parse(
    text.replace(/understudy-dev\b/g, `understudy-${stage}`).replace(/"dev-/g, `"${stage}-`),
  ) as Template;
}

/**
 * Makes table, bucket, topics, queues, subscriptions and schedules from the packaged template, so that they have one
 * definition. What moto's CloudFormation silently skips is made from the same template by the services' own calls.
 */
export async function createStack(endpoint: string, template: Template, stage: string): Promise<LocalStack> {
  const clientConfig = {
    endpoint,
    region: LOCAL_CREDENTIALS.AWS_REGION,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  const ids = await createResources(new CloudFormationClient(clientConfig), template, stage);
  // moto names its queues with AWS's host; the SDK would connect there.
  for (const [id, value] of ids)
    if (value.startsWith('https://sqs.')) ids.set(id, `${endpoint}${new URL(value).pathname}`);
  const s3 = new S3Client({ ...clientConfig, forcePathStyle: true });
  await completeBucket(s3, ids.get('Vault')!, template.Resources['Vault']!);
  const sns = new SNSClient(clientConfig);
  const sqs = new SQSClient(clientConfig);
  await subscribeQueues(sns, sqs, template, ids, stage);
  const inbox = { alerts: '', pages: '', alarms: '' };
  for (const [topic, id] of [
    ['alerts', 'AlertsTopic'],
    ['pages', 'PagesTopic'],
    ['alarms', 'AlarmsTopic'],
  ] as const) {
    inbox[topic] = await subscribeInbox(sns, sqs, ids.get(id)!, `inbox-${stage}-${topic}`);
  }
  const group = await createSchedules(new SchedulerClient(clientConfig), template, ids);
  return {
    inbox,
    environment: {
      ...LOCAL_CREDENTIALS,
      AWS_ENDPOINT_URL: endpoint,
      UNDERSTUDY_STAGE: stage,
      UNDERSTUDY_TABLE: ids.get('Catalog')!,
      UNDERSTUDY_VAULT: ids.get('Vault')!,
      UNDERSTUDY_TOPIC_JOBS: ids.get('JobsTopic')!,
      UNDERSTUDY_TOPIC_ALERTS: ids.get('AlertsTopic')!,
      UNDERSTUDY_TOPIC_PAGES: ids.get('PagesTopic')!,
      UNDERSTUDY_TOPIC_ALARMS: ids.get('AlarmsTopic')!,
      UNDERSTUDY_QUEUE_DUMP: ids.get('DumpQueue')!,
      UNDERSTUDY_QUEUE_VERIFY: ids.get('VerifyQueue')!,
      UNDERSTUDY_QUEUE_EXPIRE: ids.get('ExpireQueue')!,
      UNDERSTUDY_QUEUE_PREFLIGHT: ids.get('PreflightQueue') ?? '',
      UNDERSTUDY_QUEUE_REHEARSE: ids.get('RehearseLocal')!,
      UNDERSTUDY_QUEUE_SNAPSHOT: ids.get('SnapshotLocal')!,
      UNDERSTUDY_QUEUE_COPY: ids.get('CopyLocal')!,
      UNDERSTUDY_QUEUE_REHEARSE_INSTANCE: ids.get('RehearseInstanceLocal')!,
      UNDERSTUDY_QUEUE_HEARTBEAT: ids.get('HeartbeatLocal')!,
      UNDERSTUDY_QUEUE_UNCLAIMED: ids.get('UnclaimedLocal')!,
      UNDERSTUDY_SCHEDULE_GROUP: group,
      POWERTOOLS_SERVICE_NAME: `understudy-${stage}`,
    },
  };
}

async function createResources(
  cloudformation: CloudFormationClient,
  template: Template,
  stage: string,
): Promise<Map<string, string>> {
  const resources = Object.entries(template.Resources).flatMap(([id, resource]) => {
    if (!MADE.includes(resource.Type)) return [];
    const Properties = Object.fromEntries(
      Object.entries(resource.Properties ?? {}).filter(([name]) => !DROPPED.includes(name)),
    );
    return [[id, { Type: resource.Type, Properties }] as const];
  });
  const StackName = `understudy-${stage}`;
  await cloudformation.send(
    new CreateStackCommand({
      StackName,
      TemplateBody: JSON.stringify({ Resources: Object.fromEntries(resources) }),
    }),
  );
  const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName }));
  if (Stacks?.[0]?.StackStatus !== 'CREATE_COMPLETE')
    throw new Error(`the local stack is ${Stacks?.[0]?.StackStatus}: ${Stacks?.[0]?.StackStatusReason}`);
  const { StackResources } = await cloudformation.send(new DescribeStackResourcesCommand({ StackName }));
  return new Map(
    (StackResources ?? []).map((resource) => [resource.LogicalResourceId!, resource.PhysicalResourceId!]),
  );
}

async function completeBucket(s3: S3Client, Bucket: string, resource: Resource): Promise<void> {
  const wanted = resource.Properties as {
    VersioningConfiguration?: { Status: 'Enabled' };
    ObjectLockEnabled?: boolean;
  };
  const { Status } = await s3.send(new GetBucketVersioningCommand({ Bucket }));
  if (wanted.VersioningConfiguration && Status !== 'Enabled') {
    await s3.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: wanted.VersioningConfiguration }),
    );
  }
  const locked = await s3.send(new GetObjectLockConfigurationCommand({ Bucket })).then(
    (answer) => answer.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled',
    () => false,
  );
  if (wanted.ObjectLockEnabled && !locked)
    await s3.send(
      new PutObjectLockConfigurationCommand({
        Bucket,
        ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' },
      }),
    );
}

/**
 * Makes the template's own subscriptions of topic `jobs`, with their filters. A function that SNS invokes directly
 * (the durable ones, the heartbeat, the one for unknown jobs) gets a queue here, which drainQueues empties into it.
 */
async function subscribeQueues(
  sns: SNSClient,
  sqs: SQSClient,
  template: Template,
  ids: Map<string, string>,
  stage: string,
): Promise<void> {
  for (const [id, { Type, Properties }] of Object.entries(template.Resources)) {
    if (Type !== 'AWS::SNS::Subscription' || JSON.stringify(Properties['TopicArn']) !== '{"Ref":"JobsTopic"}')
      continue;
    let queue: string;
    if (Properties['Protocol'] === 'sqs')
      queue = ids.get((Properties['Endpoint'] as { 'Fn::GetAtt': [string] })['Fn::GetAtt'][0])!;
    else {
      const name = `${id.split('SnsSubscription')[0]}Local`;
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `${name}-${stage}` }));
      ids.set(name, QueueUrl!);
      queue = QueueUrl!;
    }
    await sns.send(
      new SubscribeCommand({
        TopicArn: ids.get('JobsTopic')!,
        Protocol: 'sqs',
        Endpoint: await arnOf(sqs, queue),
        Attributes: {
          RawMessageDelivery: 'true',
          FilterPolicyScope: String(Properties['FilterPolicyScope']),
          FilterPolicy: JSON.stringify(Properties['FilterPolicy']),
        },
      }),
    );
  }
}

/** A queue that subscribes to a topic, where the demo and the tests read the alerts. */
async function subscribeInbox(
  sns: SNSClient,
  sqs: SQSClient,
  TopicArn: string,
  name: string,
): Promise<string> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: await arnOf(sqs, QueueUrl!) }));
  return QueueUrl!;
}

async function arnOf(sqs: SQSClient, QueueUrl: string): Promise<string> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  return Attributes!['QueueArn']!;
}

type ScheduleProperties = {
  Name: string;
  ScheduleExpression: string;
  ScheduleExpressionTimezone: string;
  Target: { Input: string };
};

async function createSchedules(
  scheduler: SchedulerClient,
  template: Template,
  ids: Map<string, string>,
): Promise<string> {
  const groups = Object.entries(template.Resources).filter(
    ([, resource]) => resource.Type === 'AWS::Scheduler::ScheduleGroup',
  );
  const name = String(groups[0]?.[1].Properties['Name'] ?? 'understudy');
  await scheduler.send(new CreateScheduleGroupCommand({ Name: name }));
  for (const { Type, Properties } of Object.values(template.Resources)) {
    if (Type !== 'AWS::Scheduler::Schedule') continue;
    const { Name, ScheduleExpression, ScheduleExpressionTimezone, Target } = Properties as ScheduleProperties;
    await scheduler.send(
      new CreateScheduleCommand({
        Name,
        GroupName: name,
        ScheduleExpression,
        ScheduleExpressionTimezone: ScheduleExpressionTimezone ?? 'UTC',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          Arn: ids.get('JobsTopic')!,
          RoleArn: 'arn:aws:iam::123456789012:role/local',
          ...(typeof Target?.Input === 'string' ? { Input: Target.Input } : {}),
        },
      }),
    );
  }
  return name;
}
