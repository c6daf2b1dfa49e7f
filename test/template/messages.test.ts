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

test('every job is taken by one subscription and no job by two', () => {
  expect(claimants.flatMap(filter).sort()).toEqual([...JOBS].sort());
});

test('one subscription takes whatever no other does: other names, none at all, null', () => {
  expect(others).toEqual([]);
  expect(filter(catchAll!)).toEqual([{ 'anything-but': [...JOBS] }, { exists: false }, null]);
  expect(template.text(catchAll!, 'Endpoint')).toBe('UnclaimedLambdaFunction.Arn');
});

test('filters look at the message body, so that anybody may publish without attributes', () => {
  for (const id of subscriptions)
    expect([id, template.text(id, 'FilterPolicyScope')]).toEqual([id, 'MessageBody']);
});

test('filters look at nothing but the job', () => {
  for (const id of subscriptions)
    expect(Object.keys(template.value(id, 'FilterPolicy') as object)).toEqual(['job']);
});

describe.each(QUEUED)('%s waits in a queue', (job) => {
  const queue = `${title(job)}Queue`;
  const handler = `${title(job)}LambdaFunction`;
  const subscription = subscriptions.find((id) => filter(id).includes(job))!;
  const mapping = template
    .ids('Lambda::EventSourceMapping')
    .filter((id) => template.text(id, 'EventSourceArn') === `${queue}.Arn`);

  test('that gets the message as it was published', () => {
    expect(template.text(subscription, 'Protocol')).toBe('sqs');
    expect(template.text(subscription, 'Endpoint')).toBe(`${queue}.Arn`);
    expect(template.value(subscription, 'RawMessageDelivery')).toBe(true);
  });

  test('that hands out one message at a time, to a bounded number of functions', () => {
    expect(mapping).toHaveLength(1);
    expect(template.text(mapping[0]!, 'FunctionName')).toBe(`${handler}.Arn`);
    expect(template.value(mapping[0]!, 'BatchSize')).toBe(1);
    expect(Number(template.value(mapping[0]!, 'ScalingConfig', 'MaximumConcurrency'))).toBeGreaterThanOrEqual(
      2,
    );
  });

  test('that keeps messages for four days', () => {
    expect(template.value(queue, 'MessageRetentionPeriod')).toBe(4 * 86_400);
  });

  test('that hides a message for longer than its function can run, and not much longer', () => {
    const [hidden, timeout] = [
      template.value(queue, 'VisibilityTimeout'),
      template.value(handler, 'Timeout'),
    ].map(Number) as [number, number];
    expect(hidden - timeout).toBeGreaterThan(0);
    expect(hidden - timeout).toBeLessThanOrEqual(300);
  });

  test('that gives a message up after three attempts', () => {
    expect(template.value(queue, 'RedrivePolicy', 'maxReceiveCount')).toBe(3);
  });

  test('that its function may put a message back into, without Lambda taking that for a loop', () => {
    expect(template.text(handler, 'RecursiveLoop')).toBe('Allow');
    const sends = template
      .grants(`${title(job)}Role`)
      .filter(({ actions }) => actions.includes('sqs:SendMessage'));
    expect(sends.flatMap(({ resources }) => resources)).toEqual([`${queue}.Arn`]);
    expect(
      template.value(handler, 'Environment', 'Variables', `UNDERSTUDY_QUEUE_${job.toUpperCase()}`),
    ).toEqual({ Ref: queue });
  });
});

describe.each([
  ['rehearse', 'Rehearse', 2],
  ['snapshot', 'Snapshot', 24],
  ['copy', 'Copy', 36],
  ['rehearse-instance', 'RehearseInstance', 36],
])('%s is durable', (job, part, hours) => {
  const handler = `${part}LambdaFunction`;
  const alias = `${part}DurableLambdaAlias`;
  const subscription = subscriptions.find((id) => filter(id).includes(job))!;
  const target = `${handler}.Arn:durable`;

  test('and SNS calls its alias, not a version that a deployment would change under it', () => {
    expect(template.text(subscription, 'Protocol')).toBe('lambda');
    expect(template.text(subscription, 'Endpoint')).toBe(target);
    expect(template.text(alias, 'Name')).toBe('durable');
    expect(template.text(alias, 'FunctionVersion')).toMatch(
      new RegExp(`^${part}LambdaVersion\\w+\\.Version$`),
    );
  });

  test('and SNS may call it there', () => {
    const permission = template
      .ids('Lambda::Permission')
      .find((id) => template.text(id, 'FunctionName') === target)!;
    expect(template.text(permission, 'Principal')).toBe('sns.amazonaws.com');
    expect(template.text(permission, 'SourceArn')).toBe('JobsTopic');
  });

  test('and has as long to end as it may wait, and the longest history', () => {
    expect(Number(template.value(handler, 'DurableConfig', 'ExecutionTimeout'))).toBeGreaterThanOrEqual(
      hours * 3600,
    );
    expect(template.value(handler, 'DurableConfig', 'RetentionPeriodInDays')).toBe(90);
  });

  test('and checkpoints its own executions, and nobody else’s', () => {
    const remembers = template
      .grants(`${part}Role`)
      .filter(({ actions }) => actions.includes('lambda:CheckpointDurableExecution'));
    expect(remembers.flatMap(({ resources }) => resources)).toEqual([
      expect.stringMatching(
        new RegExp(`:function:${template.text(handler, 'FunctionName')}:\\*/durable-execution/\\*/\\*$`),
      ),
    ]);
  });
});

test('no queue stands before what is durable, which would end an execution after 15 minutes', () => {
  const mapped = template.ids('Lambda::EventSourceMapping').map((id) => template.text(id, 'FunctionName'));
  expect(mapped.sort()).toEqual(QUEUED.map((job) => `${title(job)}LambdaFunction.Arn`).sort());
});

test('exactly those are durable that wait for hours', () => {
  const durable = template.ids('Lambda::Function').filter((id) => template.value(id, 'DurableConfig'));
  expect(durable.sort()).toEqual([
    'CopyLambdaFunction',
    'RehearseInstanceLambdaFunction',
    'RehearseLambdaFunction',
    'SnapshotLambdaFunction',
  ]);
});

test.each([
  ['Rehearse', ['Scratch']],
  ['RehearseInstance', ['Prove', 'Changes']],
])('%s calls %p and nothing else, as it is told', (part, called) => {
  const calls = template
    .grants(`${part}Role`)
    .filter(({ actions }) => actions.includes('lambda:InvokeFunction'))
    .flatMap(({ resources }) => resources);
  const named = called.map((each) => template.text(`${each}LambdaFunction`, 'FunctionName'));
  expect(calls.map((resource) => resource.split(':').at(-1))).toEqual(named);
  for (const each of called)
    expect(
      template.value(
        `${part}LambdaFunction`,
        'Environment',
        'Variables',
        `UNDERSTUDY_${each.toUpperCase()}_FUNCTION`,
      ),
    ).toEqual({ 'Fn::GetAtt': [`${each}LambdaFunction`, 'Arn'] });
});

test('heartbeat is called straight by its topic: a minute later its row says nothing', () => {
  const subscription = subscriptions.find((id) => filter(id).includes('heartbeat'))!;
  expect(template.text(subscription, 'Protocol')).toBe('lambda');
  expect(template.text(subscription, 'Endpoint')).toBe('HeartbeatLambdaFunction.Arn');
});

describe('topic events', () => {
  const [subscription, ...others] = template
    .ids('SNS::Subscription')
    .filter((id) => template.text(id, 'TopicArn') === 'EventsTopic');

  test('is heard by notice, all of it: what is unknown is kept', () => {
    expect(others).toEqual([]);
    expect(template.text(subscription!, 'Endpoint')).toBe('NoticeLambdaFunction.Arn');
    expect(template.value(subscription!, 'FilterPolicy')).toBeUndefined();
    const permission = template
      .ids('Lambda::Permission')
      .find((id) => template.text(id, 'FunctionName') === 'NoticeLambdaFunction.Arn')!;
    expect(template.text(permission, 'SourceArn')).toBe('EventsTopic');
  });

  test('is published to by RDS, by CloudWatch and by whom the account lets, and has no key that they cannot use', () => {
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
