/**
 * The words that the table in roles.cjs is written in: each is a list of IAM statements. What needs a name instead of a
 * reference has one because a reference would make a circle (a function's log, the role that reads secrets).
 */
const { logicalId } = require('./queues.cjs');
const rdsGrants = require('./rds-grants.cjs');

const ref = (id) => ({ Ref: id });
const arn = (id) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const sub = (text) => ({ 'Fn::Sub': text });
const here = (service, rest) =>
  sub(`arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${rest}`);
const may = (Action, Resource, Condition) => ({ Effect: 'Allow', Action, Resource, Condition });

const CATALOG = [arn('Catalog'), sub('${Catalog.Arn}/index/open')];
const OBJECTS = sub('${Vault.Arn}/*');
const THROUGH_S3 = { StringEquals: { 'kms:ViaService': sub('s3.${AWS::Region}.${AWS::URLSuffix}') } };
const INTERFACES = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

const bucketArn = ({ bucket }) => sub(`arn:\${AWS::Partition}:s3:::${bucket}`);
const inS3Of = ({ region }) => ({
  StringEquals: { 'kms:ViaService': sub(`s3.${region}.\${AWS::URLSuffix}`) },
});
const looksAtReplica = (replica) => [
  may(
    ['s3:GetObject', 's3:GetObjectVersion', 's3:GetObjectRetention', 's3:GetObjectLegalHold'],
    sub(`arn:\${AWS::Partition}:s3:::${replica.bucket}/*`),
  ),
  may('s3:ListBucket', bucketArn(replica)),
];

/** `name` makes a function's name, `locked` says whether any policy locks what it stores; `platform`: see rds-grants.cjs. */
module.exports = ({ name, sourceRole, locked, replica, platform }) => {
  const functionArn = (part) => here('lambda', `function:${name(part)}`);
  // Of any version: an execution ends on the version it began on.
  const executionsOf = (part) => here('lambda', `function:${name(part)}:*/durable-execution/*/*`);
  const publishes = (...topics) => [may('sns:Publish', topics.map(ref))];

  // Size, version, lock and hold of an object. To read its bytes takes the key as well.
  const looksAt = [
    may(['s3:GetObject', 's3:GetObjectVersion', 's3:GetObjectRetention', 's3:GetObjectLegalHold'], OBJECTS),
    may('s3:ListBucket', arn('Vault')), // without it S3 answers 403 where it means 404
  ];
  const seesUploads = [may('s3:ListBucketMultipartUploads', arn('Vault'))];
  // Its own uploads after a failure, or a dead worker's; and checks that nothing is left.
  const endsUploads = [
    ...seesUploads,
    may(['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts'], OBJECTS),
  ];

  const writesFiles = (keys) => [
    may(
      ['s3:PutObject', 's3:PutObjectTagging', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
      sub(`\${Files.Arn}/${keys}`),
    ),
    may('s3:ListBucketMultipartUploads', arn('Files')),
    may(['kms:GenerateDataKey', 'kms:Decrypt'], arn('VaultKey'), THROUGH_S3),
  ];

  return {
    publishes,
    tells: publishes('AlertsTopic', 'PagesTopic'),
    asksWhoListens: [
      may('sns:ListSubscriptionsByTopic', ['AlertsTopic', 'PagesTopic', 'AlarmsTopic'].map(ref)),
    ],

    knows: [may(['dynamodb:GetItem', 'dynamodb:Query'], CATALOG)],
    // The statuses of many targets at once.
    knowsMany: [may(['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'], CATALOG)],
    records: [
      may(['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:ConditionCheckItem'], arn('Catalog')),
    ],

    // Of the catalog only the partitions of acknowledgements and cancel requests: it can quiet an alert and end a job, and
    // forge no record.
    asks: [
      may('dynamodb:PutItem', arn('Catalog'), {
        'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['ACK#*', 'CANCEL#*'] },
      }),
    ],

    // Of the catalog only the partitions of answers to restores.
    answers: [
      may('dynamodb:PutItem', arn('Catalog'), {
        'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['ANSWER#*'] },
      }),
    ],

    // A message that meets another worker's claim goes back to its queue.
    takesFrom: (queue) => [
      may(
        ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:SendMessage'],
        arn(queue),
      ),
    ],
    deadLettersTo: (queue) => [may('sqs:SendMessage', arn(queue))],

    looksAt,
    seesUploads,
    endsUploads,
    reads: [...looksAt, may('kms:Decrypt', arn('VaultKey'), THROUGH_S3)],
    writes: [
      ...endsUploads,
      may(['s3:PutObject', 's3:PutObjectTagging', ...(locked ? ['s3:PutObjectRetention'] : [])], OBJECTS),
      // Decrypt for a writer: S3 assembles an upload's encrypted parts in its writer's name.
      may(['kms:GenerateDataKey', 'kms:Decrypt'], arn('VaultKey'), THROUGH_S3),
    ],
    writesFiles: writesFiles('*'),
    writesExtracts: writesFiles('extracts/*'),
    readsExtracts: [
      may('s3:GetObjectVersion', sub('${Files.Arn}/extracts/*')),
      may('kms:Decrypt', arn('VaultKey'), THROUGH_S3),
    ],
    deletes: [
      may('s3:ListBucketVersions', arn('Vault')),
      may(['s3:DeleteObject', 's3:DeleteObjectVersion'], OBJECTS),
    ],

    becomesSource: [
      may(
        ['sts:AssumeRole', 'sts:TagSession'],
        sub(`arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/${sourceRole}`),
      ),
    ],

    calls: (part) => [may('lambda:InvokeFunction', functionArn(part))],
    remembers: (part) => [
      may(['lambda:CheckpointDurableExecution', 'lambda:GetDurableExecutionState'], executionsOf(part)),
    ],

    // The vault's copy in another Region, where there is one.
    readsReplica: replica
      ? [...looksAtReplica(replica), may('kms:Decrypt', replica.key, inS3Of(replica))]
      : [],
    deletesReplica: replica
      ? [
          ...looksAtReplica(replica),
          may('s3:ListBucketVersions', bucketArn(replica)),
          may(
            ['s3:DeleteObject', 's3:DeleteObjectVersion'],
            sub(`arn:\${AWS::Partition}:s3:::${replica.bucket}/*`),
          ),
        ]
      : [],

    readsManifests: [
      may(['s3:GetObject', 's3:GetObjectVersion'], sub('${Vault.Arn}/*.manifest.json')),
      may('s3:ListBucket', arn('Vault')), // for its 404, as above
      may('kms:Decrypt', arn('VaultKey'), THROUGH_S3),
    ],

    // ── instances, their snapshots, and scratch: see rds-grants.cjs ──
    ...rdsGrants(platform),
    wakes: (...parts) => [may('lambda:SendDurableExecutionCallbackSuccess', parts.map(executionsOf))],
    asksWhatIsAllowed: (part) => [may('iam:SimulatePrincipalPolicy', arn(`${logicalId(part)}Role`))],

    seesSchedules: [
      may('scheduler:GetSchedule', here('scheduler', `schedule/${name('jobs')}/*`)),
      may('scheduler:ListSchedules', '*'), // it has no resource
    ],

    // What the service needs to put a function into a VPC, denied to the code that runs there.
    standsInVpc: (part) => [
      may(INTERFACES, '*'),
      {
        Effect: 'Deny',
        Action: INTERFACES,
        Resource: '*',
        Condition: { ArnEquals: { 'lambda:SourceFunctionArn': functionArn(part) } },
      },
    ],

    logs: (part) => [
      may(
        ['logs:CreateLogStream', 'logs:PutLogEvents'],
        here('logs', `log-group:/aws/lambda/${name(part)}:*`),
      ),
    ],
  };
};
