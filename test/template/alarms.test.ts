import { packaged } from './packaged.ts';

/** CloudWatch watches what must not be trusted to report its own failure. No emulator raises an alarm. */
const { template } = packaged();
const alarms = template.ids('CloudWatch::Alarm');
const functions = template.ids('Lambda::Function');
const on = (metric: string, value?: string) => template.alarmsOn(metric, value);

test('every alarm goes to topic alarms alone, when it begins and when it ends', () => {
  expect(alarms.length).toBeGreaterThan(30);
  const topic = ['AlarmsTopic'];
  for (const id of alarms) {
    const actions = [id, template.list(id, 'AlarmActions'), template.list(id, 'OKActions')];
    expect(actions).toEqual([id, topic, topic]);
    expect(template.value(id, 'ActionsEnabled')).not.toBe(false);
  }
});

test('every alarm says what happened, and then what to do', () => {
  for (const id of alarms)
    expect(template.text(id, 'AlarmDescription')).toMatch(/^[A-Z].{15,}[.:;] .{10,}\.$/);
});

test('topic alarms lets CloudWatch publish for this account and stage, and has no key', () => {
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

describe('the alarm on the silence of the watch', () => {
  const [id, ...others] = on('WatchCompleted');

  test('goes off when the watch says nothing', () => {
    expect(others).toEqual([]);
    expect(template.resources[id!]!.Properties).toMatchObject({
      TreatMissingData: 'breaching',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      Statistic: 'Sum',
    });
  });

  test('waits for three looks of five minutes', () => {
    const periods = { Period: 300, EvaluationPeriods: 3, DatapointsToAlarm: 3 };
    expect(template.resources[id!]!.Properties).toMatchObject(periods);
  });

  test('counts the metric of this stage’s functions alone', () => {
    const variables = template.variables('WatchLambdaFunction');
    const Value = variables['POWERTOOLS_SERVICE_NAME'];
    expect(template.text(id!, 'Namespace')).toBe(variables['POWERTOOLS_METRICS_NAMESPACE']);
    expect(template.value(id!, 'Dimensions')).toEqual([{ Name: 'service', Value }]);
    expect(Value).toContain(variables['UNDERSTUDY_STAGE']);
  });
});

test('no other alarm goes off when its metric has no data', () => {
  for (const id of alarms.filter((each) => !on('WatchCompleted').includes(each))) {
    expect([id, template.text(id, 'TreatMissingData')]).toEqual([id, 'notBreaching']);
    expect([id, template.text(id, 'ComparisonOperator')]).toEqual([id, 'GreaterThanThreshold']);
  }
});

test('an alert that could not be published raises an alarm', () => {
  const [id] = on('AlertUndelivered');
  expect(template.resources[id!]?.Properties).toMatchObject({
    Namespace: 'Understudy',
    Statistic: 'Sum',
    Threshold: 0,
    Dimensions: [{ Name: 'service', Value: 'understudy-dev' }],
  });
});

test.each(functions)('a failure of %s raises an alarm', (id) => {
  const [alarm, ...others] = on('Errors', template.text(id, 'FunctionName'));
  expect(others).toEqual([]);
  expect(template.resources[alarm!]?.Properties).toMatchObject({
    Namespace: 'AWS/Lambda',
    Statistic: 'Sum',
    Threshold: 0,
    EvaluationPeriods: 1,
  });
});

test('throttling raises an alarm for every function without a queue', () => {
  const queued = template
    .ids('Lambda::EventSourceMapping')
    .map((id) => template.text(id, 'FunctionName').split('.')[0]);
  for (const id of functions.filter((each) => !queued.includes(each)))
    expect(on('Throttles', template.text(id, 'FunctionName'))).toHaveLength(1);
});

test('a message that has waited for two hours in a queue raises an alarm', () => {
  for (const id of template.ids('SQS::Queue').filter((each) => template.value(each, 'RedrivePolicy'))) {
    const [alarm] = on('ApproximateAgeOfOldestMessage', template.text(id, 'QueueName'));
    expect(template.resources[alarm!]?.Properties).toMatchObject({ Statistic: 'Maximum', Threshold: 7200 });
  }
});

test('a message on topic jobs that no filter can read raises an alarm', () => {
  const [id] = on('NumberOfNotificationsFilteredOut-InvalidMessageBody');
  const Value = template.text('JobsTopic', 'TopicName');
  expect(template.value(id!, 'Dimensions')).toEqual([{ Name: 'TopicName', Value }]);
});

test('a subscriber of any topic that cannot be reached raises an alarm', () => {
  for (const id of template.ids('SNS::Topic'))
    expect(on('NumberOfNotificationsFailed', template.text(id, 'TopicName'))).toHaveLength(1);
});

test('a tick that EventBridge Scheduler could not put into its dead-letter queue raises an alarm', () => {
  const [id] = on('InvocationsFailedToBeSentToDeadLetterCount');
  const Value = template.text('Schedules', 'Name');
  expect(template.value(id!, 'Dimensions')).toEqual([{ Name: 'ScheduleGroup', Value }]);
});
