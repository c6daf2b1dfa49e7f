/**
 * All alarms, on topic `alarms`: they watch what cannot report its own failure. A new function or dead-letter queue gets
 * its alarm from the list where it is defined.
 */
const { DEAD_LETTERS, QUEUED } = require('./queues.cjs');
const stageOf = require('./stage.cjs');
const isStandby = require('./standby.cjs');

const MINUTE = 60;

module.exports = async ({ resolveVariable, resolveConfigurationProperty }) => {
  const stage = await stageOf(resolveVariable);
  const functions = await resolveConfigurationProperty(['functions']);
  const name = (part) => `understudy-${stage}-${part}`;
  // The dimension that Powertools puts on every metric; it contains the stage, so that one stage's watch does not count for another's.
  const ours = { service: name('').slice(0, -1) };
  const ofFunction = (part) => ({ FunctionName: name(part) });
  const ofQueue = (part) => ({ QueueName: name(part) });
  const ofTopic = (part) => ({ TopicName: name(part) });

  const alarms = {
    // The dead-man's switch: missing data is the alarm.
    watch: {
      says: 'The watch has not completed for a quarter of an hour. Backups are not watched now: read the log of the function watch.',
      metric: ['Understudy', 'WatchCompleted', ours],
      below: 1,
      periods: 3,
      // A watch that is not meant to run is not missed.
      silence: (await isStandby(resolveVariable)) ? 'notBreaching' : 'breaching',
    },
    'alert-undelivered': {
      says: 'An alert could not be published to its topic. Run ./understudy alerts test, then ./understudy status.',
      metric: ['Understudy', 'AlertUndelivered', ours],
    },
    'jobs-unreadable': {
      says: 'A message that is not a JSON object was published to topic jobs. No filter matches it, so no function got it. Find its sender.',
      metric: ['AWS/SNS', 'NumberOfNotificationsFilteredOut-InvalidMessageBody', ofTopic('jobs')],
    },
    schedules: {
      says: 'EventBridge Scheduler gave up on a job and could not leave it in its dead-letter queue either. Look at the role of the schedules; the watch names the job.',
      metric: [
        'AWS/Scheduler',
        'InvocationsFailedToBeSentToDeadLetterCount',
        { ScheduleGroup: name('jobs') },
      ],
    },
  };

  for (const part of DEAD_LETTERS) {
    alarms[`${part}-dead`] = {
      says: `Work of ${part} failed for good and is in its dead-letter queue. Read the message and the log, fix the cause, then move it back.`,
      metric: ['AWS/SQS', 'ApproximateNumberOfMessagesVisible', ofQueue(`${part}-dead`)],
      statistic: 'Maximum',
    };
  }
  for (const part of Object.keys(functions)) {
    alarms[`${part}-errors`] = {
      says: `The function ${part} failed. Read its log.`,
      metric: ['AWS/Lambda', 'Errors', ofFunction(part)],
    };
  }
  // Functions without a queue that waits for room; a queue's consumers are bounded and wait.
  for (const part of Object.keys(functions).filter((part) => !QUEUED.includes(part))) {
    alarms[`${part}-throttles`] = {
      says: `The function ${part} was turned away because the account's concurrency is used up. Ask for a higher quota.`,
      metric: ['AWS/Lambda', 'Throttles', ofFunction(part)],
    };
  }
  // An asynchronous invocation that failed for good and could not be kept either: without this alarm it is lost.
  for (const [part, { destinations, onError }] of Object.entries(functions)) {
    if (!destinations && !onError) continue;
    alarms[`${part}-lost`] = {
      says: `The function ${part} failed for good and its event could not be written to its dead-letter queue. Read its log.`,
      metric: [
        'AWS/Lambda',
        destinations ? 'DestinationDeliveryFailures' : 'DeadLetterErrors',
        ofFunction(part),
      ],
    };
  }
  for (const part of QUEUED) {
    alarms[`${part}-backlog`] = {
      says: `A message has waited two hours for ${part}. Look for a stuck one in its log; if there are simply many, raise ${part}Concurrency.`,
      metric: ['AWS/SQS', 'ApproximateAgeOfOldestMessage', ofQueue(part)],
      statistic: 'Maximum',
      above: 120 * MINUTE,
    };
  }
  for (const part of ['jobs', 'events', 'alerts', 'pages', 'alarms']) {
    alarms[`${part}-undelivered`] = {
      says: `A subscriber of topic ${part} could not be reached. ./understudy alerts test shows who is subscribed.`,
      metric: ['AWS/SNS', 'NumberOfNotificationsFailed', ofTopic(part)],
    };
  }

  const entries = Object.entries(alarms).map(([part, spec]) => [logicalId(part), alarm(name(part), spec)]);
  return { Resources: Object.fromEntries(entries) };
};

function alarm(
  AlarmName,
  {
    says,
    metric: [Namespace, MetricName, dimensions],
    statistic = 'Sum',
    below,
    above = 0,
    periods = 1,
    silence = 'notBreaching',
  },
) {
  const topic = [{ Ref: 'AlarmsTopic' }];
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName,
      AlarmDescription: says,
      Namespace,
      MetricName,
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      Statistic: statistic,
      Period: 5 * MINUTE,
      EvaluationPeriods: periods,
      DatapointsToAlarm: periods,
      ComparisonOperator: below === undefined ? 'GreaterThanThreshold' : 'LessThanThreshold',
      Threshold: below ?? above,
      TreatMissingData: silence,
      AlarmActions: topic,
      OKActions: topic,
    },
  };
}

const logicalId = (part) =>
  `${part
    .split('-')
    .map((word) => word[0].toUpperCase() + word.slice(1))
    .join('')}Alarm`;
