/**
 * Topic `jobs` → queue → function, for the jobs that wait their turn, and a dead-letter queue for every
 * asynchronous path. scripts/serverless/alarms.cjs watches each of them.
 */
const stageOf = require('./stage.cjs');

const QUEUED = ['dump', 'verify', 'expire', 'preflight'];
/** Dead-letter queues: of functions, and of the subscribers of alerts, pages and alarms. */
const DEAD_LETTERS = [
  ...QUEUED,
  'dispatch',
  'rehearse',
  'snapshot',
  'copy',
  'rehearseInstance',
  'restore',
  'notice',
  'watch',
  'unclaimed',
  'subscribers',
];

const DAY = 86_400;
const logicalId = (name) => name[0].toUpperCase() + name.slice(1);
const arn = (id) => ({ 'Fn::GetAtt': [id, 'Arn'] });

module.exports = async ({ resolveVariable, resolveConfigurationProperty }) => {
  const stage = await stageOf(resolveVariable);
  const Resources = {};

  for (const name of DEAD_LETTERS) {
    Resources[`${logicalId(name)}Dead`] = {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: `understudy-${stage}-${name}-dead`,
        MessageRetentionPeriod: 14 * DAY,
        SqsManagedSseEnabled: true,
      },
    };
  }

  for (const job of QUEUED) {
    const id = logicalId(job);
    const timeout = await resolveConfigurationProperty(['functions', job, 'timeout']);
    Resources[`${id}Queue`] = {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: `understudy-${stage}-${job}`,
        MessageRetentionPeriod: 4 * DAY,
        // AWS advises six times the function's timeout, which lets throttled batches wait inside the poller. Here
        // nothing is throttled (maximumConcurrency) and a killed dump must be tried again while it still matters, in
        // minutes and not in an hour and a half; should it be delivered too early, the run's claim sends it back.
        VisibilityTimeout: timeout + 60,
        SqsManagedSseEnabled: true,
        RedrivePolicy: { deadLetterTargetArn: arn(`${id}Dead`), maxReceiveCount: 3 },
      },
    };
    Resources[`${id}Subscription`] = {
      Type: 'AWS::SNS::Subscription',
      // Without its policy the queue refuses what arrives in the moment between the two.
      DependsOn: [`${id}QueuePolicy`, `${id}DeadPolicy`],
      Properties: {
        TopicArn: { Ref: 'JobsTopic' },
        Protocol: 'sqs',
        Endpoint: arn(`${id}Queue`),
        RawMessageDelivery: true,
        FilterPolicyScope: 'MessageBody',
        FilterPolicy: { job: [job] },
        RedrivePolicy: { deadLetterTargetArn: arn(`${id}Dead`) },
      },
    };
    Resources[`${id}QueuePolicy`] = openTo(['JobsTopic'], `${id}Queue`);
    Resources[`${id}DeadPolicy`] = openTo(['JobsTopic'], `${id}Dead`);
  }

  Resources.SubscribersDeadPolicy = openTo(['AlertsTopic', 'PagesTopic', 'AlarmsTopic'], 'SubscribersDead');
  return { Resources };
};

/** One policy a queue: a second one would silently replace the first. */
function openTo(topics, queue) {
  return {
    Type: 'AWS::SQS::QueuePolicy',
    Properties: {
      Queues: [{ Ref: queue }],
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'sns.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: arn(queue),
            Condition: { ArnEquals: { 'aws:SourceArn': topics.map((topic) => ({ Ref: topic })) } },
          },
        ],
      },
    },
  };
}

module.exports.QUEUED = QUEUED;
module.exports.DEAD_LETTERS = DEAD_LETTERS;
module.exports.logicalId = logicalId;
