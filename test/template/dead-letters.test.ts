import { packaged } from './packaged.ts';

/** Whatever is handed over and not waited for has a place to end up in, and somebody who is told. */
const { template } = packaged();
const queues = template.ids('SQS::Queue');
const dead = queues.filter((id) => template.text(id, 'QueueName').endsWith('-dead'));
const live = queues.filter((id) => !dead.includes(id));
const deadArns = dead.map((id) => `${id}.Arn`);

test('every queue gives its messages up to a dead-letter queue', () => {
  expect(live.length).toBeGreaterThan(0);
  for (const id of live)
    expect(deadArns).toContain(template.text(id, 'RedrivePolicy', 'deadLetterTargetArn'));
});

/** A later row says nothing of its minute, so nothing of a heartbeat's is kept; the watch judges its silence. */
const isHeartbeats = (id: string) => template.text(id, 'Endpoint') === 'HeartbeatLambdaFunction.Arn';
const subscriptions = template.ids('SNS::Subscription').filter((id) => !isHeartbeats(id));

test('every subscription has a place for what could not be delivered', () => {
  expect(subscriptions.length).toBeGreaterThanOrEqual(10);
  for (const id of subscriptions)
    expect(deadArns).toContain(template.text(id, 'RedrivePolicy', 'deadLetterTargetArn'));
});

test('a heartbeat’s row has none, is tried three times in five minutes, and then given up', () => {
  const [id, ...others] = template.ids('SNS::Subscription').filter(isHeartbeats);
  expect(others).toEqual([]);
  expect(template.value(id!, 'RedrivePolicy')).toBeUndefined();
  expect(template.resources['HeartbeatLambdaEvConf']?.Properties).toMatchObject({
    MaximumEventAgeInSeconds: 300,
    MaximumRetryAttempts: 2,
  });
  expect(template.value('HeartbeatLambdaEvConf', 'DestinationConfig', 'OnFailure')).toBeUndefined();
});

test('every schedule has a place for what could not be delivered', () => {
  for (const id of template.ids('Scheduler::Schedule'))
    expect(deadArns).toContain(template.text(id, 'Target', 'DeadLetterConfig', 'Arn'));
});

describe('every function that is called and not waited for', () => {
  const called = [
    ...subscriptions
      .filter((id) => template.text(id, 'Protocol') === 'lambda')
      .map((id) => template.text(id, 'Endpoint')),
    ...template.ids('Scheduler::Schedule').map((id) => template.text(id, 'Target', 'Arn')),
  ].map((endpoint) => endpoint.split('.')[0]!);
  const functions = [...new Set(called)].sort();
  /** The queue for its failures, by destination or, where there are none, by dead-letter configuration. */
  const failuresOf = (id: string) => {
    const config = template
      .ids('Lambda::EventInvokeConfig')
      .find((each) => template.text(each, 'FunctionName') === id);
    return config
      ? template.text(config, 'DestinationConfig', 'OnFailure', 'Destination')
      : template.text(id, 'DeadLetterConfig', 'TargetArn');
  };

  test('is one of these', () => {
    expect(functions).toEqual([
      'CopyLambdaFunction',
      'DispatchLambdaFunction',
      'NoticeLambdaFunction',
      'RehearseInstanceLambdaFunction',
      'RehearseLambdaFunction',
      'SnapshotLambdaFunction',
      'UnclaimedLambdaFunction',
      'WatchLambdaFunction',
    ]);
  });

  test.each(functions)('%s keeps what failed, and may write it there', (id) => {
    expect(deadArns).toContain(failuresOf(id));
    const role = template.text(id, 'Role').split('.')[0]!;
    const sends = template.grants(role).filter(({ actions }) => actions.includes('sqs:SendMessage'));
    expect(sends.flatMap(({ resources }) => resources)).toContain(failuresOf(id));
  });

  test.each(functions)('%s alarms when even that cannot be written', (id) => {
    const metric = template.value(id, 'DeadLetterConfig')
      ? 'DeadLetterErrors'
      : 'DestinationDeliveryFailures';
    const name = template.text(id, 'FunctionName');
    const alarms = template
      .ids('CloudWatch::Alarm')
      .filter(
        (alarm) =>
          template.text(alarm, 'MetricName') === metric &&
          template.text(alarm, 'Dimensions', 0, 'Value') === name,
      );
    expect(alarms).toHaveLength(1);
  });
});

test.each(dead)('%s has an alarm on its first message, and no opinion while it is quiet', (id) => {
  const name = template.text(id, 'QueueName');
  const [alarm, ...others] = template
    .ids('CloudWatch::Alarm')
    .filter((each) => template.text(each, 'Dimensions', 0, 'Value') === name);
  expect(others).toEqual([]);
  expect(template.resources[alarm!]?.Properties).toMatchObject({
    Namespace: 'AWS/SQS',
    MetricName: 'ApproximateNumberOfMessagesVisible',
    Dimensions: [{ Name: 'QueueName' }],
    Statistic: 'Maximum',
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: 0,
    TreatMissingData: 'notBreaching',
  });
});

test('dead letters are kept for two weeks, as long as SQS can', () => {
  for (const id of dead)
    expect([id, template.value(id, 'MessageRetentionPeriod')]).toEqual([id, 14 * 86_400]);
});

test('every queue is encrypted at rest', () => {
  for (const id of queues) expect([id, template.value(id, 'SqsManagedSseEnabled')]).toEqual([id, true]);
});

describe('queue policies', () => {
  const policies = template.ids('SQS::QueuePolicy');
  const queueOf = (id: string) => template.list(id, 'Queues');

  test('are one a queue: a second one would replace the first', () => {
    const all = policies.flatMap(queueOf);
    expect(all.sort()).toEqual([...new Set(all)].sort());
  });

  test('let SNS in, for one queue and from the topics that use it', () => {
    for (const id of policies) {
      const [statement, ...more] = template.statements(id, 'PolicyDocument');
      expect(more).toEqual([]);
      expect(statement).toMatchObject({
        effect: 'Allow',
        actions: ['sqs:SendMessage'],
        resources: [`${queueOf(id)[0]}.Arn`],
        principal: '{"Service":"sns.amazonaws.com"}',
      });
      expect(statement!.condition).toMatch(/^\{"ArnEquals":\{"aws:SourceArn":.*Topic/);
    }
  });

  test('stand for every queue that a subscription delivers to', () => {
    const needed = subscriptions.flatMap((id) => [
      ...(template.text(id, 'Protocol') === 'sqs'
        ? [[template.text(id, 'Endpoint'), template.text(id, 'TopicArn')]]
        : []),
      [template.text(id, 'RedrivePolicy', 'deadLetterTargetArn'), template.text(id, 'TopicArn')],
    ]);
    for (const [queue, topic] of needed) {
      const policy = policies.find((id) => `${queueOf(id)[0]}.Arn` === queue);
      expect(template.statements(policy!, 'PolicyDocument')[0]?.condition).toContain(topic);
    }
  });
});
