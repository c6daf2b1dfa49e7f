import { packaged } from './packaged.ts';

/** What is handed over and not waited for ends up in a queue when it fails, and an alarm says so. */
const { template } = packaged();
const queues = template.ids('SQS::Queue');
const dead = queues.filter((id) => template.text(id, 'QueueName').endsWith('-dead'));
const live = queues.filter((id) => !dead.includes(id));
const deadArns = dead.map((id) => `${id}.Arn`);

test('every queue moves the messages it gives up to a dead-letter queue', () => {
  expect(live.length).toBeGreaterThan(0);
  for (const id of live)
    expect(deadArns).toContain(template.text(id, 'RedrivePolicy', 'deadLetterTargetArn'));
});

/** A later row says nothing of its minute, so nothing of a heartbeat's is kept; the watch judges its silence. */
const isHeartbeats = (id: string) => template.text(id, 'Endpoint') === 'HeartbeatLambdaFunction.Arn';
const subscriptions = template.ids('SNS::Subscription').filter((id) => !isHeartbeats(id));

test('every subscription has a dead-letter queue', () => {
  expect(subscriptions.length).toBeGreaterThanOrEqual(10);
  for (const id of subscriptions)
    expect(deadArns).toContain(template.text(id, 'RedrivePolicy', 'deadLetterTargetArn'));
});

test('the heartbeat’s subscription has no dead-letter queue, and a row is tried three times in five minutes', () => {
  const [id, ...others] = template.ids('SNS::Subscription').filter(isHeartbeats);
  expect(others).toEqual([]);
  expect(template.value(id!, 'RedrivePolicy')).toBeUndefined();
  expect(template.resources['HeartbeatLambdaEvConf']?.Properties).toMatchObject({
    MaximumEventAgeInSeconds: 300,
    MaximumRetryAttempts: 2,
  });
  expect(template.value('HeartbeatLambdaEvConf', 'DestinationConfig', 'OnFailure')).toBeUndefined();
});

test('every schedule has a dead-letter queue', () => {
  for (const id of template.ids('Scheduler::Schedule'))
    expect(deadArns).toContain(template.text(id, 'Target', 'DeadLetterConfig', 'Arn'));
});

describe('the functions that are called asynchronously', () => {
  const subscribed = subscriptions.filter((id) => template.text(id, 'Protocol') === 'lambda');
  const called = [
    ...subscribed.map((id) => template.text(id, 'Endpoint')),
    ...template.ids('Scheduler::Schedule').map((id) => template.text(id, 'Target', 'Arn')),
  ];
  const functions = [...new Set(called.map((endpoint) => endpoint.split('.')[0]!))].sort();
  /** The queue for its failures, by destination or, where there are none, by dead-letter configuration. */
  const failuresOf = (id: string) => {
    const config = template
      .ids('Lambda::EventInvokeConfig')
      .find((each) => template.text(each, 'FunctionName') === id);
    return config
      ? template.text(config, 'DestinationConfig', 'OnFailure', 'Destination')
      : template.text(id, 'DeadLetterConfig', 'TargetArn');
  };

  test('are these nine', () => {
    const durable = ['Copy', 'Rehearse', 'RehearseInstance', 'Restore', 'Snapshot'];
    const parts = [...durable, 'Dispatch', 'Notice', 'Unclaimed', 'Watch'];
    expect(functions).toEqual(parts.map((part) => `${part}LambdaFunction`).sort());
  });

  test.each(functions)('include %s, which has a queue for failures and may write to it', (id) => {
    expect(deadArns).toContain(failuresOf(id));
    const grants = template.grants(template.roleOf(id));
    const sends = grants.filter(({ actions }) => actions.includes('sqs:SendMessage'));
    expect(sends.flatMap(({ resources }) => resources)).toContain(failuresOf(id));
  });

  test.each(functions)(
    'include %s, whose failure raises an alarm when it cannot be written to its queue',
    (id) => {
      const metric = template.value(id, 'DeadLetterConfig')
        ? 'DeadLetterErrors'
        : 'DestinationDeliveryFailures';
      const name = template.text(id, 'FunctionName');
      expect(template.alarmsOn(metric, name)).toHaveLength(1);
    },
  );
});

test.each(dead)('%s raises an alarm on its first message, and none while it is empty', (id) => {
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

test('every dead-letter queue keeps messages for two weeks', () => {
  for (const id of dead)
    expect([id, template.value(id, 'MessageRetentionPeriod')]).toEqual([id, 14 * 86_400]);
});

test('every queue is encrypted at rest', () => {
  for (const id of queues) expect([id, template.value(id, 'SqsManagedSseEnabled')]).toEqual([id, true]);
});

describe('the queue policies', () => {
  const policies = template.ids('SQS::QueuePolicy');
  const queueOf = (id: string) => template.list(id, 'Queues');

  test('are one a queue, for a second one would replace the first', () => {
    const all = policies.flatMap(queueOf);
    expect(all.sort()).toEqual([...new Set(all)].sort());
  });

  test('let SNS send to one queue, from the topics that use it', () => {
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

  test('exist for every queue that a subscription delivers to', () => {
    for (const id of subscriptions) {
      const used = [template.text(id, 'RedrivePolicy', 'deadLetterTargetArn')];
      if (template.text(id, 'Protocol') === 'sqs') used.push(template.text(id, 'Endpoint'));
      for (const queue of used) {
        const policy = policies.find((each) => `${queueOf(each)[0]}.Arn` === queue);
        const [statement] = template.statements(policy!, 'PolicyDocument');
        expect(statement?.condition).toContain(template.text(id, 'TopicArn'));
      }
    }
  });
});
