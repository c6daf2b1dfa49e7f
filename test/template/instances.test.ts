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
  const HEARD: Record<string, string[]> = {
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
      'global-failover',
      'notification',
    ],
    'db-snapshot': ['creation', 'deletion', 'notification', 'restoration'],
    'db-cluster-snapshot': ['backup', 'notification'],
  };
  const subscriptions = full.ids('RDS::EventSubscription');

  test('are subscribed to where instances or clusters are protected, and nowhere else', () => {
    expect(subscriptions.map((id) => full.text(id, 'SourceType')).sort()).toEqual(Object.keys(HEARD).sort());
    expect(template.ids('RDS::EventSubscription')).toEqual([]);
  });

  test.each(subscriptions)('%s hears of every source what concerns backups, on topic events', (id) => {
    expect(full.list(id, 'EventCategories').sort()).toEqual(HEARD[full.text(id, 'SourceType')]);
    expect(full.value(id, 'SourceIds')).toBeUndefined();
    expect(full.text(id, 'SnsTopicArn')).toBe('EventsTopic');
    expect(full.value(id, 'Enabled')).toBe(true);
    expect(full.text(id, 'SubscriptionName')).toMatch(/^understudy-dev-/);
  });

  test('are subscribed to when RDS may publish there already: it tries, and gives up', () => {
    for (const id of subscriptions) expect(full.resources[id]?.DependsOn).toEqual(['EventsTopicPolicy']);
  });
});

describe('the quarantine of scratch instances', () => {
  const rules = (id: string, way: string) => full.value(id, way) as Record<string, unknown>[];
  /** Nothing at all: without a rule AWS would put in the one that lets everything out. */
  const NOTHING = [
    { IpProtocol: 'icmp', FromPort: 0, ToPort: 0, CidrIp: '127.0.0.1/32', Description: 'Nothing' },
  ];

  test('lets in who proves, and nobody else', () => {
    expect(rules('ScratchInstanceSecurityGroup', 'SecurityGroupIngress')).toEqual([
      expect.objectContaining({ IpProtocol: 'tcp', SourceSecurityGroupId: { Ref: 'ProveSecurityGroup' } }),
    ]);
    expect(full.ids('EC2::SecurityGroupIngress')).toEqual([]);
  });

  test('lets nothing out', () => {
    expect(rules('ScratchInstanceSecurityGroup', 'SecurityGroupEgress')).toEqual(NOTHING);
    expect(full.ids('EC2::SecurityGroupEgress')).toEqual([]);
  });

  test('stands in the VPC that no way leads out of', () => {
    const groups = [
      'ScratchInstanceSecurityGroup',
      'ProveSecurityGroup',
      'ScratchSecurityGroup',
      'ScratchEndpointSecurityGroup',
    ];
    expect(full.ids('EC2::SecurityGroup').sort()).toEqual(groups.sort());
    for (const id of groups) expect(full.text(id, 'VpcId')).toBe('ScratchVpc');
    expect(full.list('ScratchDatabases', 'SubnetIds')).toEqual(['ScratchSubnetA', 'ScratchSubnetB']);
    const zones = ['ScratchSubnetA', 'ScratchSubnetB'].map((id) => full.text(id, 'AvailabilityZone'));
    expect(new Set(zones).size).toBe(2);
    const types = Object.values(full.resources).map(({ Type }) => Type);
    expect(types.filter((type) => /Gateway|Peering|EC2::Route$|TransitGateway/.test(type))).toEqual([]);
  });

  test('is what rehearseInstance restores into and preflight asks about, under the name that its role knows', () => {
    for (const id of ['RehearseInstanceLambdaFunction', 'PreflightLambdaFunction']) {
      expect(full.value(id, 'Environment', 'Variables')).toMatchObject({
        UNDERSTUDY_SCRATCH_SUBNET_GROUP: { Ref: 'ScratchDatabases' },
        UNDERSTUDY_SCRATCH_SECURITY_GROUP: { Ref: 'ScratchInstanceSecurityGroup' },
      });
    }
    const group = `subgrp:${full.text('ScratchDatabases', 'DBSubnetGroupName')}`;
    const question = { action: 'rds:RestoreDBInstanceFromDBSnapshot', resource: arn('rds', group) };
    expect(may(full, 'RehearseInstanceRole', question)).toBe(true);
  });

  test('is entered by prove alone, which nothing can enter', () => {
    expect(full.value('ProveLambdaFunction', 'VpcConfig')).toMatchObject({
      SubnetIds: [{ Ref: 'ScratchSubnetA' }, { Ref: 'ScratchSubnetB' }],
      SecurityGroupIds: [{ Ref: 'ProveSecurityGroup' }],
    });
    const others = full
      .ids('Lambda::Function')
      .filter((id) => full.list(id, 'VpcConfig', 'SecurityGroupIds').includes('ProveSecurityGroup'));
    expect(others).toEqual(['ProveLambdaFunction']);
    expect(full.value('ProveSecurityGroup', 'SecurityGroupIngress')).toBeUndefined();
  });

  describe('has a way to the passwords of scratch instances', () => {
    const endpoints = (which: typeof full) =>
      which.ids('EC2::VPCEndpoint').filter((id) => which.text(id, 'VpcEndpointType') === 'Interface');

    test('where instances are rehearsed, and nowhere else: it costs by the hour', () => {
      expect(endpoints(full)).toEqual(['ScratchToSecrets']);
      expect(endpoints(template)).toEqual([]);
      expect(template.resources['ScratchEndpointSecurityGroup']).toBeUndefined();
    });

    test('to those, and to no other secret, for reading', () => {
      expect(full.text('ScratchToSecrets', 'ServiceName')).toBe(
        'com.amazonaws.${AWS::Region}.secretsmanager',
      );
      expect(full.value('ScratchToSecrets', 'PrivateDnsEnabled')).toBe(true);
      const [statement, ...more] = full.statements('ScratchToSecrets', 'PolicyDocument');
      expect(more).toEqual([]);
      expect(statement).toMatchObject({
        effect: 'Allow',
        actions: ['secretsmanager:GetSecretValue'],
        resources: [expect.stringMatching(/:secret:understudy\/dev\/scratch\/\*$/)],
      });
    });

    test('that lets in prove and nothing out, not even the scratch that is in the same VPC', () => {
      expect(full.list('ScratchToSecrets', 'SecurityGroupIds')).toEqual(['ScratchEndpointSecurityGroup']);
      expect(rules('ScratchEndpointSecurityGroup', 'SecurityGroupIngress')).toEqual([
        expect.objectContaining({
          FromPort: 443,
          ToPort: 443,
          SourceSecurityGroupId: { Ref: 'ProveSecurityGroup' },
        }),
      ]);
      expect(rules('ScratchEndpointSecurityGroup', 'SecurityGroupEgress')).toEqual(NOTHING);
    });
  });
});

describe('the vault’s replica', () => {
  const KEY = 'arn:aws:kms:eu-west-1:123456789012:key/replica';
  const BUCKET = 'arn:${AWS::Partition}:s3:::vault-replica';

  test('is nothing at all where no bucket is given', () => {
    expect(template.value('Vault', 'ReplicationConfiguration')).toEqual({ Ref: 'AWS::NoValue' });
    expect(template.resources['ReplicationRole']).toBeUndefined();
    const reached = template
      .ids('IAM::Role')
      .flatMap((role) => template.grants(role))
      .flatMap(({ resources }) => resources.filter((resource) => resource.includes(':s3:::')));
    expect(reached).toEqual([]);
  });

  test('gets every object under its own key, and no deletion', () => {
    const [rule, ...more] = full.value('Vault', 'ReplicationConfiguration', 'Rules') as Record<
      string,
      unknown
    >[];
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

  test('is written by S3 alone, through a role that reads versions and locks and deletes nothing', () => {
    const [trust, ...more] = full.statements('ReplicationRole', 'AssumeRolePolicyDocument');
    expect(more).toEqual([]);
    expect(trust!.principal).toBe('{"Service":"s3.amazonaws.com"}');
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

  test('is read by verify and expired by expire, which know where it is', () => {
    const object = 'arn:aws:s3:::vault-replica/crm/1.dump';
    const who = (action: string) =>
      full
        .ids('IAM::Role')
        .filter((role) => may(full, role, { action, resource: object }))
        .sort();
    expect(who('s3:GetObjectVersion')).toEqual(['ExpireRole', 'VerifyRole']);
    expect(who('s3:DeleteObjectVersion')).toEqual(['ExpireRole']);
    const told = full
      .ids('Lambda::Function')
      .filter((id) => full.value(id, 'Environment', 'Variables', 'UNDERSTUDY_REPLICA') === 'vault-replica');
    expect(told.sort()).toEqual(['ExpireLambdaFunction', 'VerifyLambdaFunction']);
    const key = {
      action: 'kms:Decrypt',
      resource: KEY,
      context: { 'kms:ViaService': 's3.eu-west-1.amazonaws.com' },
    };
    expect(may(full, 'VerifyRole', key)).toBe(true);
    expect(may(full, 'ExpireRole', key)).toBe(false);
  });

  test('that is promised and not given ends the packaging', () => {
    expect(packagingWithout('replicaBucket', 'replicaRegion', 'replicaKey')).toContain(
      'understudy.yml says vault.replica: true, and there is no bucket',
    );
  });

  test.each([['replicaBucket'], ['replicaRegion'], ['replicaKey']])('is refused without %s', async (left) => {
    const given: Record<string, string> = {
      'param:replicaBucket': 'b',
      'param:replicaRegion': 'r',
      'param:replicaKey': 'k',
    };
    const resolve = (what: string) => Promise.resolve(what === `param:${left}` ? '' : given[what]);
    await expect(replicaOf(resolve)).rejects.toThrow('give all three, or none');
    await expect(replicaOf((what) => Promise.resolve(given[what]))).resolves.toEqual({
      bucket: 'b',
      region: 'r',
      key: 'k',
    });
  });
});
