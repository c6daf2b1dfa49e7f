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
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { createSchedules } from './create-schedules.ts';
import { LOCAL_CREDENTIALS, localClientConfig } from './moto.ts';
import type { Template, TemplateResource } from './read-template.ts';
import { subscribeInbox, subscribeQueues } from './subscribe-queues.ts';

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

/**
 * Makes table, bucket, topics, queues, subscriptions and schedules from the packaged template, so that they have one
 * definition. What moto's CloudFormation silently skips is made from the same template by the services' own calls.
 */
export async function createStack(
  endpoint: string,
  template: Template,
  stage: string,
  region = LOCAL_CREDENTIALS.AWS_REGION,
): Promise<LocalStack> {
  const clientConfig = { ...localClientConfig(endpoint), region };
  const ids = await createResources(new CloudFormationClient(clientConfig), template, stage);
  // moto names its queues with AWS's host; the SDK would connect there.
  for (const [id, value] of ids)
    if (value.startsWith('https://sqs.')) ids.set(id, `${endpoint}${new URL(value).pathname}`);
  const s3 = new S3Client({ ...clientConfig, forcePathStyle: true });
  for (const bucket of ['Vault', 'Files'])
    await completeBucket(s3, ids.get(bucket)!, template.Resources[bucket]!);
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
      AWS_REGION: region,
      AWS_ENDPOINT_URL: endpoint,
      UNDERSTUDY_STAGE: stage,
      UNDERSTUDY_TABLE: ids.get('Catalog')!,
      UNDERSTUDY_VAULT: ids.get('Vault')!,
      UNDERSTUDY_FILES: ids.get('Files')!,
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

async function completeBucket(s3: S3Client, Bucket: string, resource: TemplateResource): Promise<void> {
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
