/**
 * One role per function, each with what the table below says and nothing else. Logical id: `DumpRole` for `dump`.
 * Names rather than references where a reference would make a circle (a function's log group, the source role).
 */
const { readPlan } = require('./plan.cjs');
const { logicalId } = require('./queues.cjs');

const ref = (id) => ({ Ref: id });
const arn = (id) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const sub = (text) => ({ 'Fn::Sub': text });
const here = (service, rest) => sub(`arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${rest}`);
const allow = (Action, Resource, Condition) => ({ Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) });

const CATALOG = [arn('Catalog'), sub('${Catalog.Arn}/index/open')];
const OBJECTS = sub('${Vault.Arn}/*');
const THROUGH_S3 = { StringEquals: { 'kms:ViaService': sub('s3.${AWS::Region}.${AWS::URLSuffix}') } };

const publishes = (...topics) => allow('sns:Publish', topics.map(ref));
const tells = publishes('AlertsTopic', 'PagesTopic');
const knows = allow(['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'], CATALOG);
const records = allow(['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:ConditionCheckItem'], arn('Catalog'));
/** SendMessage: a message that meets somebody's claim goes back to the queue it came from. */
const takesFrom = (queue) => allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:SendMessage'], arn(queue));
const deadLettersTo = (queue) => allow('sqs:SendMessage', arn(queue));
/** Looks at an object's size, version, lock and hold. Reading its bytes takes the key as well. */
const looksAt = [
  allow(['s3:GetObject', 's3:GetObjectVersion', 's3:GetObjectRetention', 's3:GetObjectLegalHold'], OBJECTS),
  // Without it S3 answers 403 where it means 404.
  allow('s3:ListBucket', arn('Vault')),
];
const reads = [...looksAt, allow('kms:Decrypt', arn('VaultKey'), THROUGH_S3)];
/** Ends uploads, its own after a failure or those of the dead, and makes sure that nothing is left of them. */
const endsUploads = [
  allow('s3:ListBucketMultipartUploads', arn('Vault')),
  allow(['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts'], OBJECTS),
];
const writes = (locked) => [
  ...endsUploads,
  allow(['s3:PutObject', 's3:PutObjectTagging'], OBJECTS),
  ...(locked ? [allow('s3:PutObjectRetention', OBJECTS)] : []),
  // Decrypt, for somebody who may not read: S3 assembles the encrypted parts of an upload in its writer's name.
  allow(['kms:GenerateDataKey', 'kms:Decrypt'], arn('VaultKey'), THROUGH_S3),
];
const asksWhoListens = allow('sns:ListSubscriptionsByTopic', ['AlertsTopic', 'PagesTopic', 'AlarmsTopic'].map(ref));
const becomesSource = (sourceRole) => allow(['sts:AssumeRole', 'sts:TagSession'], sub(`arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/${sourceRole}`));

const INTERFACES = ['ec2:CreateNetworkInterface', 'ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets', 'ec2:DeleteNetworkInterface', 'ec2:AssignPrivateIpAddresses', 'ec2:UnassignPrivateIpAddresses'];
/** What the service needs to put a function into a VPC, taken away again from the code that runs in it. */
const standsInVpc = (functionArn) => [
  allow(INTERFACES, '*'),
  { Effect: 'Deny', Action: INTERFACES, Resource: '*', Condition: { ArnEquals: { 'lambda:SourceFunctionArn': functionArn } } },
];

/** Who may do what. */
const table = ({ name, sourceRole, inVpc, locked }) => ({
  dispatch: [publishes('JobsTopic'), tells, knows, records, deadLettersTo('DispatchDead')],
  dump: [takesFrom('DumpQueue'), knows, records, becomesSource(sourceRole), ...writes(locked), publishes('JobsTopic'), tells, ...inVpc('dump')],
  verify: [takesFrom('VerifyQueue'), knows, records, ...reads, publishes('JobsTopic'), tells],
  rehearse: [
    knows,
    records,
    tells,
    allow('lambda:InvokeFunction', here('lambda', `function:${name('scratch')}`)),
    allow(['lambda:CheckpointDurableExecution', 'lambda:GetDurableExecutionState'], here('lambda', `function:${name('rehearse')}:*/durable-execution/*/*`)),
    deadLettersTo('RehearseDead'),
  ],
  // It runs what the source's owners wrote (views, defaults, functions), so there is nothing here to steal but dumps.
  scratch: [...reads, ...standsInVpc(here('lambda', `function:${name('scratch')}`))],
  // The only role with a Delete. It looks at objects, and has no key to read one with.
  expire: [
    takesFrom('ExpireQueue'),
    knows,
    records,
    ...looksAt,
    allow('s3:ListBucketVersions', arn('Vault')),
    allow(['s3:DeleteObject', 's3:DeleteObjectVersion'], OBJECTS),
    tells,
  ],
  watch: [
    knows,
    records,
    ...endsUploads,
    allow('scheduler:GetSchedule', here('scheduler', `schedule/${name('jobs')}/*`)),
    // EventBridge Scheduler knows no resource for it.
    allow('scheduler:ListSchedules', '*'),
    asksWhoListens,
    tells,
    deadLettersTo('WatchDead'),
  ],
  unclaimed: [knows, records, tells, deadLettersTo('UnclaimedDead')],
  operator: [knows, publishes('JobsTopic', 'AlarmsTopic'), tells, asksWhoListens],
  doctor: [
    knows,
    becomesSource(sourceRole),
    allow(['s3:ListBucket', 's3:GetBucketVersioning', 's3:GetBucketObjectLockConfiguration', 's3:GetEncryptionConfiguration'], arn('Vault')),
    allow('kms:DescribeKey', arn('VaultKey')),
    allow('dynamodb:DescribeTable', arn('Catalog')),
    allow('sqs:GetQueueAttributes', ['DumpQueue', 'VerifyQueue', 'ExpireQueue'].map(arn)),
    allow('sns:GetTopicAttributes', ['JobsTopic', 'AlertsTopic', 'PagesTopic', 'AlarmsTopic'].map(ref)),
    asksWhoListens,
    ...inVpc('doctor'),
  ],
});

module.exports = async ({ resolveVariable }) => {
  const stage = await resolveVariable('sls:stage');
  const sourceRole = await resolveVariable('self:custom.sourceRole');
  const subnets = await resolveVariable('param:vpcSubnets');
  const name = (part) => `understudy-${stage}-${part}`;
  const plan = readPlan();
  const locked = [...plan.policies, ...plan.targets.map((target) => target.policy)].some((policy) => policy.vault.lock !== 'none');
  const inVpc = (part) => (subnets ? standsInVpc(here('lambda', `function:${name(part)}`)) : []);

  const roles = Object.entries(table({ name, sourceRole, inVpc, locked })).map(([part, may]) => [
    `${logicalId(part)}Role`,
    role([logs(name(part)), ...may]),
  ]);
  return { Resources: Object.fromEntries(roles) };
};

const logs = (name) => allow(['logs:CreateLogStream', 'logs:PutLogEvents'], here('logs', `log-group:/aws/lambda/${name}:*`));

function role(Statement) {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      },
      Policies: [{ PolicyName: 'may', PolicyDocument: { Version: '2012-10-17', Statement } }],
    },
  };
}
