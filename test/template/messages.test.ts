import { JOBS } from '../../lib/domain/runs/job.ts';
import { packaged } from './packaged.ts';

/** Topic `jobs` and what stands behind it. No emulator applies these filters, aliases and limits together. */
const { template } = packaged();
const subscriptions = template
  .ids('SNS::Subscription')
  .filter((id) => template.text(id, 'TopicArn') === 'JobsTopic');
const filter = (id: string) => template.value(id, 'FilterPolicy', 'job') as unknown[];
const claimants = subscriptions.filter((id) => filter(id).every((value) => typeof value === 'string'));
const [catchAll, ...others] = subscriptions.filter((id) => !claimants.includes(id));

const QUEUED = ['dump', 'verify', 'expire', 'preflight'];
const title = (job: string) => job[0]!.toUpperCase() + job.slice(1);
/** The resources that a role may use an action on. */
const reached = (role: string, action: string) =>
  template
    .grants(role)
    .filter(({ actions }) => actions.includes(action))
    .flatMap(({ resources }) => resources);

test('every job is taken by exactly one subscription', () => {
  expect(claimants.flatMap(filter).sort()).toEqual([...JOBS].sort());
});

test('one subscription takes messages of other jobs, of none and of null', () => {
  expect(others).toEqual([]);
  expect(filter(catchAll!)).toEqual([{ 'anything-but': [...JOBS] }, { exists: false }, null]);
  expect(template.text(catchAll!, 'Endpoint')).toBe('UnclaimedLambdaFunction.Arn');
});

test('filters look at the message body, so that messages need no attributes', () => {
  for (const id of subscriptions)
    expect([id, template.text(id, 'FilterPolicyScope')]).toEqual([id, 'MessageBody']);
});

test('filters look at the job alone', () => {
  for (const id of subscriptions)
    expect(Object.keys(template.value(id, 'FilterPolicy') as object)).toEqual(['job']);
});

describe.each(QUEUED)('the queue of %s', (job) => {
  const queue = `${title(job)}Queue`;
  const handler = `${title(job)}LambdaFunction`;
  const subscription = subscriptions.find((id) => filter(id).includes(job))!;
  const mapping = template
    .ids('Lambda::EventSourceMapping')
    .filter((id) => template.text(id, 'EventSourceArn') === `${queue}.Arn`);

  test('gets a message as it was published', () => {
    expect(template.text(subscription, 'Protocol')).toBe('sqs');
    expect(template.text(subscription, 'Endpoint')).toBe(`${queue}.Arn`);
    expect(template.value(subscription, 'RawMessageDelivery')).toBe(true);
  });

  test('hands out one message at a time to a bounded number of functions', () => {
    expect(mapping).toHaveLength(1);
    expect(template.text(mapping[0]!, 'FunctionName')).toBe(`${handler}.Arn`);
    expect(template.value(mapping[0]!, 'BatchSize')).toBe(1);
    const most = Number(template.value(mapping[0]!, 'ScalingConfig', 'MaximumConcurrency'));
    expect(most).toBeGreaterThanOrEqual(2);
  });

  test('keeps messages for four days, and gives one up after three attempts', () => {
    expect(template.value(queue, 'MessageRetentionPeriod')).toBe(4 * 86_400);
    expect(template.value(queue, 'RedrivePolicy', 'maxReceiveCount')).toBe(3);
  });

  test('hides a message for longer than its function can run, by five minutes at most', () => {
    const hidden = Number(template.value(queue, 'VisibilityTimeout'));
    const timeout = Number(template.value(handler, 'Timeout'));
    expect(hidden - timeout).toBeGreaterThan(0);
    expect(hidden - timeout).toBeLessThanOrEqual(300);
  });

  test('takes messages back from its function, which Lambda does not take for a loop', () => {
    expect(template.text(handler, 'RecursiveLoop')).toBe('Allow');
    expect(reached(`${title(job)}Role`, 'sqs:SendMessage')).toEqual([`${queue}.Arn`]);
    expect(template.variables(handler)[`UNDERSTUDY_QUEUE_${job.toUpperCase()}`]).toEqual({ Ref: queue });
  });
});

describe.each([
  ['rehearse', 'Rehearse', 2],
  ['snapshot', 'Snapshot', 24],
  ['copy', 'Copy', 36],
  ['rehearse-instance', 'RehearseInstance', 36],
])('the durable function of %s', (job, part, hours) => {
  const handler = `${part}LambdaFunction`;
  const alias = `${part}DurableLambdaAlias`;
  const subscription = subscriptions.find((id) => filter(id).includes(job))!;
  const target = `${handler}.Arn:durable`;

  test('is called by SNS through an alias of its version', () => {
    expect(template.text(subscription, 'Protocol')).toBe('lambda');
    expect(template.text(subscription, 'Endpoint')).toBe(target);
    expect(template.text(alias, 'Name')).toBe('durable');
    const version = new RegExp(`^${part}LambdaVersion\\w+\\.Version$`);
    expect(template.text(alias, 'FunctionVersion')).toMatch(version);
  });

  test('lets SNS call that alias', () => {
    const permission = template
      .ids('Lambda::Permission')
      .find((id) => template.text(id, 'FunctionName') === target)!;
    expect(template.text(permission, 'Principal')).toBe('sns.amazonaws.com');
    expect(template.text(permission, 'SourceArn')).toBe('JobsTopic');
  });

  test('has as long to end as it may wait, and the longest history', () => {
    const timeout = Number(template.value(handler, 'DurableConfig', 'ExecutionTimeout'));
    expect(timeout).toBeGreaterThanOrEqual(hours * 3600);
    expect(template.value(handler, 'DurableConfig', 'RetentionPeriodInDays')).toBe(90);
  });

  test('checkpoints its own executions alone', () => {
    const [executions, ...more] = reached(`${part}Role`, 'lambda:CheckpointDurableExecution');
    expect(more).toEqual([]);
    const name = template.text(handler, 'FunctionName');
    expect(executions).toMatch(new RegExp(`:function:${name}:\\*/durable-execution/\\*/\\*$`));
  });
});

test('the functions with a queue are those that end within 15 minutes', () => {
  const mapped = template.ids('Lambda::EventSourceMapping').map((id) => template.text(id, 'FunctionName'));
  expect(mapped.sort()).toEqual(QUEUED.map((job) => `${title(job)}LambdaFunction.Arn`).sort());
});

test('the durable functions are those that wait for hours', () => {
  const durable = template.ids('Lambda::Function').filter((id) => template.value(id, 'DurableConfig'));
  const parts = ['Copy', 'Rehearse', 'RehearseInstance', 'Restore', 'Snapshot'];
  expect(durable.sort()).toEqual(parts.map((part) => `${part}LambdaFunction`).sort());
});

test.each([
  ['Rehearse', ['Scratch']],
  ['RehearseInstance', ['Prove', 'Extract', 'Changes']],
])('%s may call %p alone, and knows their names', (part, called) => {
  const calls = reached(`${part}Role`, 'lambda:InvokeFunction');
  const named = called.map((each) => template.text(`${each}LambdaFunction`, 'FunctionName'));
  expect(calls.map((resource) => resource.split(':').at(-1))).toEqual(named);
  const variables = template.variables(`${part}LambdaFunction`);
  for (const each of called)
    expect(variables[`UNDERSTUDY_${each.toUpperCase()}_FUNCTION`]).toEqual({
      'Fn::GetAtt': [`${each}LambdaFunction`, 'Arn'],
    });
});

test('heartbeat is called by topic jobs without a queue', () => {
  const subscription = subscriptions.find((id) => filter(id).includes('heartbeat'))!;
  expect(template.text(subscription, 'Protocol')).toBe('lambda');
  expect(template.text(subscription, 'Endpoint')).toBe('HeartbeatLambdaFunction.Arn');
});

describe('topic events', () => {
  const [subscription, ...others] = template
    .ids('SNS::Subscription')
    .filter((id) => template.text(id, 'TopicArn') === 'EventsTopic');

  test('calls notice with every message', () => {
    expect(others).toEqual([]);
    expect(template.text(subscription!, 'Endpoint')).toBe('NoticeLambdaFunction.Arn');
    expect(template.value(subscription!, 'FilterPolicy')).toBeUndefined();
    const permission = template
      .ids('Lambda::Permission')
      .find((id) => template.text(id, 'FunctionName') === 'NoticeLambdaFunction.Arn')!;
    expect(template.text(permission, 'SourceArn')).toBe('EventsTopic');
  });

  test('lets RDS, CloudWatch and roles of the account publish, and has no key', () => {
    expect(template.list('EventsTopicPolicy', 'Topics')).toEqual(['EventsTopic']);
    const [services, account, ...more] = template.statements('EventsTopicPolicy', 'PolicyDocument');
    expect(more).toEqual([]);
    expect(services).toMatchObject({
      effect: 'Allow',
      actions: ['sns:Publish'],
      resources: ['EventsTopic'],
      principal: '{"Service":["events.rds.amazonaws.com","cloudwatch.amazonaws.com"]}',
      condition: '{"StringEquals":{"aws:SourceAccount":"AWS::AccountId"}}',
    });
    expect(account).toMatchObject({
      actions: ['sns:Publish', 'sns:Subscribe'],
      resources: ['EventsTopic'],
      principal: '{"AWS":"arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}',
    });
    expect(template.value('EventsTopic', 'KmsMasterKeyId')).toBeUndefined();
  });
});
