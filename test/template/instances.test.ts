import { createRequire } from 'node:module';
import { arn, may } from './evaluate.ts';
import { everything, packaged, packagingWithout } from './packaged.ts';

const { replicaOf } = createRequire(__filename)('../../scripts/serverless/replication.cjs') as {
  replicaOf: (resolve: (what: string) => Promise<string | undefined>) => Promise<object | undefined>;
};

/** What only some deployments have: events of RDS, the quarantine of scratch instances, the vault's replica. */
const { template } = packaged();
const { template: full } = everything();

describe('events of RDS', () => {
  /** From "Amazon RDS event categories and event messages"; what is about parameters, proxies and security is not ours. */
  const HEARD: Record<string, string> = {
    'db-instance':
      'availability, backup, configuration change, creation, deletion, failover, failure, low storage, maintenance, notification, recovery, restoration',
    'db-cluster':
      'configuration change, creation, deletion, failover, failure, global-failover, notification',
    'db-snapshot': 'creation, deletion, notification, restoration',
    'db-cluster-snapshot': 'backup, notification',
  };
  const subscriptions = full.ids('RDS::EventSubscription');

  test('are subscribed to where instances or clusters are protected, and nowhere else', () => {
    expect(subscriptions.map((id) => full.text(id, 'SourceType')).sort()).toEqual(Object.keys(HEARD).sort());
    expect(template.ids('RDS::EventSubscription')).toEqual([]);
  });

  test.each(subscriptions)(
    'reach topic events through %s, of every source and of what concerns backups',
    (id) => {
      expect(full.list(id, 'EventCategories').sort().join(', ')).toBe(HEARD[full.text(id, 'SourceType')]);
      expect(full.value(id, 'SourceIds')).toBeUndefined();
      expect(full.text(id, 'SnsTopicArn')).toBe('EventsTopic');
      expect(full.value(id, 'Enabled')).toBe(true);
      expect(full.text(id, 'SubscriptionName')).toMatch(/^understudy-dev-/);
    },
  );

  test('are subscribed to after RDS may publish to their topic', () => {
    for (const id of subscriptions) expect(full.resources[id]?.DependsOn).toEqual(['EventsTopicPolicy']);
  });
});

describe('the quarantine of scratch instances', () => {
  const rules = (id: string, way: string) => full.value(id, way) as Record<string, unknown>[];
  /** Nothing at all: without a rule AWS would put in the one that lets everything out. */
  const NOTHING = [
    { IpProtocol: 'icmp', FromPort: 0, ToPort: 0, CidrIp: '127.0.0.1/32', Description: 'Nothing' },
  ];

  test('lets prove and extract in, and nothing else', () => {
    expect(rules('ScratchInstanceSecurityGroup', 'SecurityGroupIngress')).toEqual([
      expect.objectContaining({ IpProtocol: 'tcp', SourceSecurityGroupId: { Ref: 'ProveSecurityGroup' } }),
    ]);
    expect(full.ids('EC2::SecurityGroupIngress')).toEqual([]);
  });

  test('lets nothing out', () => {
    expect(rules('ScratchInstanceSecurityGroup', 'SecurityGroupEgress')).toEqual(NOTHING);
    expect(full.ids('EC2::SecurityGroupEgress')).toEqual([]);
  });

  test('stands in two subnets of a VPC without a gateway, peering or route', () => {
    const parts = ['Prove', 'ScratchEndpoint', 'ScratchInstance', 'Scratch'];
    const groups = parts.map((part) => `${part}SecurityGroup`);
    expect(full.ids('EC2::SecurityGroup').sort()).toEqual(groups.sort());
    for (const id of groups) expect(full.text(id, 'VpcId')).toBe('ScratchVpc');
    expect(full.list('ScratchDatabases', 'SubnetIds')).toEqual(['ScratchSubnetA', 'ScratchSubnetB']);
    const zones = ['ScratchSubnetA', 'ScratchSubnetB'].map((id) => full.text(id, 'AvailabilityZone'));
    expect(new Set(zones).size).toBe(2);
    const types = Object.values(full.resources).map(({ Type }) => Type);
    expect(types.filter((type) => /Gateway|Peering|EC2::Route$|TransitGateway/.test(type))).toEqual([]);
  });

  test('is where rehearseInstance restores, which its role allows, and what preflight asks about', () => {
    for (const id of ['RehearseInstanceLambdaFunction', 'PreflightLambdaFunction'])
      expect(full.variables(id)).toMatchObject({
        UNDERSTUDY_SCRATCH_SUBNET_GROUP: { Ref: 'ScratchDatabases' },
        UNDERSTUDY_SCRATCH_SECURITY_GROUP: { Ref: 'ScratchInstanceSecurityGroup' },
      });
    const group = `subgrp:${full.text('ScratchDatabases', 'DBSubnetGroupName')}`;
    const question = { action: 'rds:RestoreDBInstanceFromDBSnapshot', resource: arn('rds', group) };
    expect(may(full, 'RehearseInstanceRole', question)).toBe(true);
  });

  test('is entered by prove and extract alone, and their group lets nothing in', () => {
    expect(full.value('ProveLambdaFunction', 'VpcConfig')).toMatchObject({
      SubnetIds: [{ Ref: 'ScratchSubnetA' }, { Ref: 'ScratchSubnetB' }],
      SecurityGroupIds: [{ Ref: 'ProveSecurityGroup' }],
    });
    const others = full
      .ids('Lambda::Function')
      .filter((id) => full.list(id, 'VpcConfig', 'SecurityGroupIds').includes('ProveSecurityGroup'));
    expect(others.sort()).toEqual(['ExtractLambdaFunction', 'ProveLambdaFunction']);
    expect(full.value('ProveSecurityGroup', 'SecurityGroupIngress')).toBeUndefined();
  });

  describe('has an endpoint for Secrets Manager', () => {
    const endpoints = (which: typeof full) =>
      which.ids('EC2::VPCEndpoint').filter((id) => which.text(id, 'VpcEndpointType') === 'Interface');

    test('where instances are rehearsed, and nowhere else', () => {
      expect(endpoints(full)).toEqual(['ScratchToSecrets']);
      expect(endpoints(template)).toEqual([]);
      expect(template.resources['ScratchEndpointSecurityGroup']).toBeUndefined();
    });

    test('that reads the secrets of scratch instances, and no other', () => {
      const service = 'com.amazonaws.${AWS::Region}.secretsmanager';
      expect(full.text('ScratchToSecrets', 'ServiceName')).toBe(service);
      expect(full.value('ScratchToSecrets', 'PrivateDnsEnabled')).toBe(true);
      const [statement, ...more] = full.statements('ScratchToSecrets', 'PolicyDocument');
      expect(more).toEqual([]);
      expect(statement).toMatchObject({
        effect: 'Allow',
        actions: ['secretsmanager:GetSecretValue'],
        resources: [expect.stringMatching(/:secret:understudy\/dev\/scratch\/\*$/)],
      });
    });

    test('that lets prove in, and nothing out', () => {
      expect(full.list('ScratchToSecrets', 'SecurityGroupIds')).toEqual(['ScratchEndpointSecurityGroup']);
      const fromProve = { FromPort: 443, ToPort: 443, SourceSecurityGroupId: { Ref: 'ProveSecurityGroup' } };
      const ingress = rules('ScratchEndpointSecurityGroup', 'SecurityGroupIngress');
      expect(ingress).toEqual([expect.objectContaining(fromProve)]);
      expect(rules('ScratchEndpointSecurityGroup', 'SecurityGroupEgress')).toEqual(NOTHING);
    });
  });
});

describe('the vault’s replica', () => {
  const KEY = 'arn:aws:kms:eu-west-1:123456789012:key/replica';
  const BUCKET = 'arn:${AWS::Partition}:s3:::vault-replica';

  test('has no role, rule or right where no bucket is given', () => {
    expect(template.value('Vault', 'ReplicationConfiguration')).toEqual({ Ref: 'AWS::NoValue' });
    expect(template.resources['ReplicationRole']).toBeUndefined();
    const grants = template.ids('IAM::Role').flatMap((role) => template.grants(role));
    const reached = grants.flatMap(({ resources }) => resources);
    expect(reached.filter((resource) => resource.includes(':s3:::'))).toEqual([]);
  });

  test('gets every object under its own key, and no deletion', () => {
    const [rule, ...more] = full.value('Vault', 'ReplicationConfiguration', 'Rules') as object[];
    expect(more).toEqual([]);
    expect(full.text('Vault', 'ReplicationConfiguration', 'Role')).toBe('ReplicationRole.Arn');
    expect(rule).toMatchObject({
      Status: 'Enabled',
      Filter: { Prefix: '' },
      DeleteMarkerReplication: { Status: 'Disabled' },
      SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: 'Enabled' } },
      Destination: { Bucket: { 'Fn::Sub': BUCKET }, EncryptionConfiguration: { ReplicaKmsKeyID: KEY } },
    });
  });

  test('is written by S3 alone, through a role that deletes nothing', () => {
    const [trust, ...more] = full.statements('ReplicationRole', 'AssumeRolePolicyDocument');
    expect(more).toEqual([]);
    expect(trust!.principal).toBe('{"Service":"s3.amazonaws.com"}');
    expect(full.value('ReplicationRole', 'AssumeRolePolicyDocument', 'Statement', 0, 'Condition')).toEqual({
      StringEqualsIfExists: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
    });
    const through = (region: string) => ({ 'kms:ViaService': `s3.${region}.amazonaws.com` });
    const there = 'arn:aws:s3:::vault-replica/crm/1.dump';
    const asked: [string, string, Record<string, string>?][] = [
      ['s3:GetReplicationConfiguration', 'Vault.Arn'],
      ['s3:ListBucket', 'Vault.Arn'],
      ['s3:GetObjectVersionForReplication', '${Vault.Arn}/crm/1.dump'],
      ['s3:GetObjectVersionTagging', '${Vault.Arn}/crm/1.dump'],
      ['s3:GetObjectRetention', '${Vault.Arn}/crm/1.dump'],
      ['s3:GetObjectLegalHold', '${Vault.Arn}/crm/1.dump'],
      ['s3:ReplicateObject', there],
      ['s3:ReplicateTags', there],
      ['kms:Decrypt', 'VaultKey.Arn', through('eu-central-1')],
      ['kms:Encrypt', KEY, through('eu-west-1')],
    ];
    for (const [action, resource, context = {}] of asked)
      expect([action, may(full, 'ReplicationRole', { action, resource, context })]).toEqual([action, true]);
    expect(full.grants('ReplicationRole').flatMap(({ actions }) => actions)).not.toContain(
      's3:ReplicateDelete',
    );
    expect(full.rolesThatMay('s3:ReplicateObject')).toEqual(['ReplicationRole']);
  });

  test('is read by verify and deleted from by expire, and by no other role', () => {
    const object = 'arn:aws:s3:::vault-replica/crm/1.dump';
    const who = (action: string) =>
      full
        .ids('IAM::Role')
        .filter((role) => may(full, role, { action, resource: object }))
        .sort();
    expect(who('s3:GetObjectVersion')).toEqual(['ExpireRole', 'VerifyRole']);
    expect(who('s3:DeleteObjectVersion')).toEqual(['ExpireRole']);
    const functions = full.ids('Lambda::Function');
    const told = functions.filter((id) => full.variables(id)['UNDERSTUDY_REPLICA'] === 'vault-replica');
    // operator only names it in answers.
    expect(told.sort()).toEqual(['ExpireLambdaFunction', 'OperatorLambdaFunction', 'VerifyLambdaFunction']);
    const context = { 'kms:ViaService': 's3.eu-west-1.amazonaws.com' };
    const key = { action: 'kms:Decrypt', resource: KEY, context };
    expect([may(full, 'VerifyRole', key), may(full, 'ExpireRole', key)]).toEqual([true, false]);
  });

  test('ends the packaging when understudy.yml promises it and no bucket is given', () => {
    expect(packagingWithout('replicaBucket', 'replicaRegion', 'replicaKey')).toContain(
      'understudy.yml says vault.replica: true, and there is no bucket',
    );
  });

  const GIVEN = new Map(Object.entries({ replicaBucket: 'b', replicaRegion: 'r', replicaKey: 'k' }));

  test.each([...GIVEN.keys()])('is refused without %s', async (left) => {
    const resolve = async (what: string) => (what === `param:${left}` ? '' : GIVEN.get(what.slice(6)));
    await expect(replicaOf(resolve)).rejects.toThrow('give all three, or none');
    const whole = replicaOf(async (what) => GIVEN.get(what.slice(6)));
    await expect(whole).resolves.toEqual({ bucket: 'b', region: 'r', key: 'k' });
  });
});
