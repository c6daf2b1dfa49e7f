import { packaged } from './packaged.ts';

/** CloudWatch watches what must not be trusted to report its own failure. No emulator raises an alarm. */
const { template } = packaged();
const alarms = template.ids('CloudWatch::Alarm');
const functions = template.ids('Lambda::Function');
const on = (metric: string, value?: string) =>
  alarms.filter(
    (id) =>
      template.text(id, 'MetricName') === metric &&
      (value === undefined || template.text(id, 'Dimensions', 0, 'Value') === value),
  );

test('every alarm goes to topic alarms and to no other, when it begins and when it ends', () => {
  expect(alarms.length).toBeGreaterThan(30);
  for (const id of alarms) {
    expect([id, template.list(id, 'AlarmActions'), template.list(id, 'OKActions')]).toEqual([
      id,
      ['AlarmsTopic'],
      ['AlarmsTopic'],
    ]);
    expect(template.value(id, 'ActionsEnabled')).not.toBe(false);
  }
});

test('every alarm says what happened, and then what to do', () => {
  for (const id of alarms)
    expect(template.text(id, 'AlarmDescription')).toMatch(/^[A-Z].{15,}[.:;] .{10,}\.$/);
});

test('CloudWatch may publish there: for this account and this stage, and the topic has no key that it cannot use', () => {
  const [statement, ...more] = template.statements('AlarmsTopicPolicy', 'PolicyDocument');
  expect(more).toEqual([]);
  expect(template.list('AlarmsTopicPolicy', 'Topics')).toEqual(['AlarmsTopic']);
  expect(statement).toMatchObject({
    effect: 'Allow',
    actions: ['sns:Publish'],
    resources: ['AlarmsTopic'],
    principal: '{"Service":"cloudwatch.amazonaws.com"}',
  });
  expect(statement!.condition).toContain('"aws:SourceAccount":"AWS::AccountId"');
  const pattern = /:alarm:([^"*]+)\*/.exec(statement!.condition)![1]!;
  for (const id of alarms) expect(template.text(id, 'AlarmName').startsWith(pattern)).toBe(true);
  expect(template.value('AlarmsTopic', 'KmsMasterKeyId')).toBeUndefined();
});

describe('the dead-man’s switch', () => {
  const [id, ...others] = on('WatchCompleted');

  test('takes silence for the alarm', () => {
    expect(others).toEqual([]);
    expect(template.text(id!, 'TreatMissingData')).toBe('breaching');
    expect(template.text(id!, 'ComparisonOperator')).toBe('LessThanThreshold');
    expect(template.value(id!, 'Threshold')).toBe(1);
    expect(template.text(id!, 'Statistic')).toBe('Sum');
  });

  test('waits for three looks of five minutes', () => {
    expect([
      template.value(id!, 'Period'),
      template.value(id!, 'EvaluationPeriods'),
      template.value(id!, 'DatapointsToAlarm'),
    ]).toEqual([300, 3, 3]);
  });

  test('listens for the metric as the functions of this stage emit it, so that no other stage answers for it', () => {
    const variables = template.value('WatchLambdaFunction', 'Environment', 'Variables') as Record<
      string,
      string
    >;
    expect(template.text(id!, 'Namespace')).toBe(variables['POWERTOOLS_METRICS_NAMESPACE']);
    expect(template.value(id!, 'Dimensions')).toEqual([
      { Name: 'service', Value: variables['POWERTOOLS_SERVICE_NAME'] },
    ]);
    expect(variables['POWERTOOLS_SERVICE_NAME']).toContain(variables['UNDERSTUDY_STAGE']);
  });
});

test('nothing else is alarmed by silence: quiet is what most of it should be', () => {
  for (const id of alarms.filter((each) => !on('WatchCompleted').includes(each))) {
    expect([id, template.text(id, 'TreatMissingData')]).toEqual([id, 'notBreaching']);
    expect([id, template.text(id, 'ComparisonOperator')]).toEqual([id, 'GreaterThanThreshold']);
  }
});

test('an alert that could not be published is an alarm, on another path than the alert', () => {
  const [id] = on('AlertUndelivered');
  expect(template.resources[id!]?.Properties).toMatchObject({
    Namespace: 'Understudy',
    Statistic: 'Sum',
    Threshold: 0,
    Dimensions: [{ Name: 'service', Value: 'understudy-dev' }],
  });
});

test.each(functions)('a failure of %s is an alarm', (id) => {
  const [alarm, ...others] = on('Errors', template.text(id, 'FunctionName'));
  expect(others).toEqual([]);
  expect(template.resources[alarm!]?.Properties).toMatchObject({
    Namespace: 'AWS/Lambda',
    Statistic: 'Sum',
    Threshold: 0,
    EvaluationPeriods: 1,
  });
});

test('being turned away is an alarm for every function without a queue to wait in', () => {
  const queued = template
    .ids('Lambda::EventSourceMapping')
    .map((id) => template.text(id, 'FunctionName').split('.')[0]);
  for (const id of functions.filter((each) => !queued.includes(each)))
    expect(on('Throttles', template.text(id, 'FunctionName'))).toHaveLength(1);
});

test('a message that has waited too long in a queue is an alarm', () => {
  for (const id of template.ids('SQS::Queue').filter((each) => template.value(each, 'RedrivePolicy'))) {
    const [alarm] = on('ApproximateAgeOfOldestMessage', template.text(id, 'QueueName'));
    expect(template.resources[alarm!]?.Properties).toMatchObject({ Statistic: 'Maximum', Threshold: 7200 });
  }
});

test('a message on topic jobs that no filter can read is an alarm', () => {
  const [id] = on('NumberOfNotificationsFilteredOut-InvalidMessageBody');
  expect(template.value(id!, 'Dimensions')).toEqual([
    { Name: 'TopicName', Value: template.text('JobsTopic', 'TopicName') },
  ]);
});

test('a subscriber that cannot be reached is an alarm, whatever the topic', () => {
  for (const id of template.ids('SNS::Topic'))
    expect(on('NumberOfNotificationsFailed', template.text(id, 'TopicName'))).toHaveLength(1);
});

test('a tick that EventBridge Scheduler could not even leave in its dead-letter queue is an alarm', () => {
  const [id] = on('InvocationsFailedToBeSentToDeadLetterCount');
  expect(template.value(id!, 'Dimensions')).toEqual([
    { Name: 'ScheduleGroup', Value: template.text('Schedules', 'Name') },
  ]);
});
