/**
 * What only some deployments need: subscriptions to the events of RDS, the way from the quarantine to the secrets of
 * scratch instances (about 7 dollars a month: one zone is enough), and the replication of the vault.
 */
const { readPlan } = require('./plan.cjs');
const { replicaOf } = require('./replication.cjs');
const isStandby = require('./standby.cjs');
const stageOf = require('./stage.cjs');

const ref = (id) => ({ Ref: id });
const arn = (id) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const sub = (text) => ({ 'Fn::Sub': text });

/** By the tables of the RDS user guide, "Amazon RDS event categories and event messages". */
const EVENTS = {
  'db-instance': [
    'availability',
    'backup',
    'configuration change',
    'creation',
    'deletion',
    'failover',
    'failure',
    'low storage',
    'maintenance',
    'notification',
    'recovery',
    'restoration',
  ],
  'db-cluster': [
    'configuration change',
    'creation',
    'deletion',
    'failover',
    'failure',
    'global-failover', // with a hyphen, unlike in the user guide's table
    'notification',
  ],
  'db-snapshot': ['creation', 'deletion', 'notification', 'restoration'],
  'db-cluster-snapshot': ['backup', 'notification'],
};

module.exports = async ({ resolveVariable }) => {
  const stage = await stageOf(resolveVariable);
  const plan = readPlan();
  const onRds = plan.targets.filter(({ platform }) => platform && platform.kind !== 'elasticache');
  // Scheduled or by hand: only a PostgreSQL copy is asked questions.
  const rehearsed = onRds.some(({ engine }) => engine === 'postgres');
  return {
    Resources: {
      ...(onRds.length > 0 && subscriptions(stage, !(await isStandby(resolveVariable)))),
      ...(rehearsed && wayToSecrets(stage)),
      ...(await replication(plan, resolveVariable)),
    },
  };
};

/** Of every source, also of later ones: an event that concerns no target is recorded without an alert. */
function subscriptions(stage, isEnabled) {
  return Object.fromEntries(
    Object.entries(EVENTS).map(([SourceType, EventCategories]) => [
      `${pascal(SourceType)}Events`,
      {
        Type: 'AWS::RDS::EventSubscription',
        DependsOn: ['EventsTopicPolicy'],
        Properties: {
          SubscriptionName: `understudy-${stage}-${SourceType}`,
          SnsTopicArn: ref('EventsTopic'),
          SourceType,
          EventCategories,
          Enabled: isEnabled,
        },
      },
    ]),
  );
}

/** The function prove has a network without a way out; this is the one service it needs. */
function wayToSecrets(stage) {
  return {
    ScratchToSecrets: {
      Type: 'AWS::EC2::VPCEndpoint',
      Properties: {
        VpcId: ref('ScratchVpc'),
        VpcEndpointType: 'Interface',
        ServiceName: sub('com.amazonaws.${AWS::Region}.secretsmanager'),
        SubnetIds: [ref('ScratchSubnetA')],
        SecurityGroupIds: [ref('ScratchEndpointSecurityGroup')],
        PrivateDnsEnabled: true,
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: '*',
              Action: 'secretsmanager:GetSecretValue',
              Resource: sub(
                `arn:\${AWS::Partition}:secretsmanager:\${AWS::Region}:\${AWS::AccountId}:secret:understudy/${stage}/scratch/*`,
              ),
            },
          ],
        },
      },
    },
    ScratchEndpointSecurityGroup: {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        VpcId: ref('ScratchVpc'),
        GroupDescription: 'In from the function prove, and nothing out',
        SecurityGroupIngress: [
          {
            IpProtocol: 'tcp',
            FromPort: 443,
            ToPort: 443,
            SourceSecurityGroupId: ref('ProveSecurityGroup'),
            Description: 'The function that proves',
          },
        ],
        SecurityGroupEgress: [
          { IpProtocol: 'icmp', FromPort: 0, ToPort: 0, CidrIp: '127.0.0.1/32', Description: 'Nothing' },
        ],
      },
    },
  };
}

/**
 * The role by which S3 replicates the vault, its permissions apart: they name the bucket, which names the role. The rule
 * itself is a property of the bucket, see replication.cjs.
 */
async function replication(plan, resolveVariable) {
  const replica = await replicaOf(resolveVariable);
  const wanted = [...plan.policies, ...plan.targets.map(({ policy }) => policy)].some(
    ({ vault }) => vault.replica,
  );
  if (wanted && !replica)
    throw new Error(
      'understudy.yml says vault.replica: true, and there is no bucket to replicate to: give --param replicaBucket=… replicaRegion=… replicaKey=…',
    );
  if (!replica) return {};
  const { bucket, key, region } = replica;
  const there = sub(`arn:\${AWS::Partition}:s3:::${bucket}/*`);
  const through = (where) => ({ StringEquals: { 'kms:ViaService': sub(`s3.${where}.\${AWS::URLSuffix}`) } });
  const may = (Action, Resource, Condition) => ({
    Effect: 'Allow',
    Action,
    Resource,
    ...(Condition && { Condition }),
  });
  const seen = [
    's3:GetObjectVersionForReplication',
    's3:GetObjectVersionAcl',
    's3:GetObjectVersionTagging',
    's3:GetObjectRetention',
    's3:GetObjectLegalHold',
  ];
  return {
    ReplicationRole: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 's3.amazonaws.com' },
              Action: 'sts:AssumeRole',
              // AWS does not promise that S3 says whose bucket it replicates; where it does, it is this account's. The
              // bucket's ARN cannot stand here: its rule names this role.
              Condition: { StringEqualsIfExists: { 'aws:SourceAccount': ref('AWS::AccountId') } },
            },
          ],
        },
      },
    },
    ReplicationPolicy: {
      Type: 'AWS::IAM::Policy',
      Properties: {
        PolicyName: 'may',
        Roles: [ref('ReplicationRole')],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            may(['s3:GetReplicationConfiguration', 's3:ListBucket'], arn('Vault')),
            may(seen, sub('${Vault.Arn}/*')),
            // Not ReplicateDelete: an object that is deleted here stays there until its own expiry.
            may(['s3:ReplicateObject', 's3:ReplicateTags'], there),
            may('kms:Decrypt', arn('VaultKey'), through('${AWS::Region}')),
            may('kms:Encrypt', key, through(region)),
          ],
        },
      },
    },
  };
}

const pascal = (name) =>
  name
    .split('-')
    .map((word) => word[0].toUpperCase() + word.slice(1))
    .join('');
