import { everything, packaged } from './packaged.ts';

const { template } = packaged();
/** The same deployment with everything that can be given. */
const { template: full } = everything();

describe('scratch', () => {
  const inVpc = (type: string) =>
    template.ids(type).filter((id) => template.text(id, 'VpcId') === 'ScratchVpc');

  test('stands in a VPC of its own, alone with prove and extract', () => {
    expect(template.value('ScratchLambdaFunction', 'VpcConfig')).toMatchObject({
      SubnetIds: [{ Ref: 'ScratchSubnetA' }, { Ref: 'ScratchSubnetB' }],
      SecurityGroupIds: [{ Ref: 'ScratchSecurityGroup' }],
    });
    const others = template.ids('Lambda::Function').filter((id) => template.value(id, 'VpcConfig'));
    expect(others.sort()).toEqual(['ExtractLambdaFunction', 'ProveLambdaFunction', 'ScratchLambdaFunction']);
  });

  test('stands in a VPC without a gateway, route or peering', () => {
    const all = Object.values(template.resources).map(({ Type }) => Type);
    const types = all.filter((type) => type.startsWith('AWS::EC2::')).map((type) => type.split('::')[2]);
    expect([...new Set(types)].sort().join(' ')).toBe(
      'RouteTable SecurityGroup Subnet SubnetRouteTableAssociation VPC VPCEndpoint',
    );
    expect(template.ids('EC2::VPC')).toEqual(['ScratchVpc']);
    for (const id of inVpc('EC2::Subnet')) {
      const associations = template.ids('EC2::SubnetRouteTableAssociation');
      const own = associations.filter((each) => template.text(each, 'SubnetId') === id);
      expect(own.map((each) => template.text(each, 'RouteTableId'))).toEqual(['ScratchRoutes']);
    }
  });

  test('reaches the vault for reading, and for extract the bucket of files for writing, through an endpoint', () => {
    const [endpoint, ...more] = inVpc('EC2::VPCEndpoint');
    expect(more).toEqual([]);
    expect(template.text(endpoint!, 'ServiceName')).toBe('com.amazonaws.${AWS::Region}.s3');
    expect(template.list(endpoint!, 'RouteTableIds')).toEqual(['ScratchRoutes']);
    const [statement, writing, ...others] = template.statements(endpoint!, 'PolicyDocument');
    expect(others).toEqual([]);
    // Extract alone writes, and only where it may; nothing is read back.
    expect(writing!.resources).toEqual(['Files.Arn', '${Files.Arn}/extracts/*']);
    expect(writing!.actions.filter((action) => /Get|Delete|ListBucket$/.test(action))).toEqual([]);
    expect(JSON.stringify(writing!.condition)).toContain('ExtractRole.Arn');
    expect(statement!.resources).toEqual(['Vault.Arn', '${Vault.Arn}/*']);
    expect(statement!.actions.filter((action) => !/^s3:(Get|List)/.test(action))).toEqual([]);
  });

  test('lets nothing in, and HTTPS alone out', () => {
    expect(template.value('ScratchSecurityGroup', 'SecurityGroupIngress')).toBeUndefined();
    expect(template.value('ScratchSecurityGroup', 'SecurityGroupEgress')).toMatchObject([
      { IpProtocol: 'tcp', FromPort: 443, ToPort: 443 },
    ]);
  });

  test('has 10 GiB in /tmp, 15 minutes, and no variable that leads to a source', () => {
    expect(template.value('ScratchLambdaFunction', 'EphemeralStorage', 'Size')).toBe(10_240);
    expect(template.value('ScratchLambdaFunction', 'Timeout')).toBe(900);
    const knows = Object.keys(template.variables('ScratchLambdaFunction'));
    expect(knows.filter((name) => /SOURCE|TOPIC|QUEUE|TABLE/.test(name))).toEqual([]);
  });
});

describe('a VPC for sources', () => {
  /** Who reaches databases. The passwords that notices and preflights are about need no network. */
  const REACH = ['Changes', 'Compare', 'Doctor', 'Dump', 'Heartbeat', 'Load', 'RestoreSql', 'Smoke'];
  const ALWAYS = ['Extract', 'Prove', 'Scratch'];
  const named = (parts: string[], what: string) => parts.map((part) => `${part}${what}`).sort();
  const inside = (which: typeof template) =>
    which
      .ids('Lambda::Function')
      .filter((id) => which.value(id, 'VpcConfig'))
      .sort();

  test('is not needed', () => {
    expect(inside(template)).toEqual(named(ALWAYS, 'LambdaFunction'));
    expect(template.rolesThatMay('ec2:CreateNetworkInterface')).toEqual(named(ALWAYS, 'Role'));
  });

  test('is entered by the eight functions that reach databases, whose roles allow it', () => {
    for (const id of named(REACH, 'LambdaFunction')) {
      expect(full.value(id, 'VpcConfig')).toMatchObject({
        SubnetIds: ['subnet-0000000a', 'subnet-0000000b'],
        SecurityGroupIds: ['sg-0000000a'],
      });
    }
    expect(inside(full)).toEqual(named([...REACH, ...ALWAYS], 'LambdaFunction'));
    expect(full.rolesThatMay('ec2:CreateNetworkInterface')).toEqual(named([...REACH, ...ALWAYS], 'Role'));
  });
});

describe('the people to alert', () => {
  const toPeople = (which: typeof template) =>
    which
      .ids('SNS::Subscription')
      .filter((id) => /email|https/.test(which.text(id, 'Protocol')))
      .map((id) => `${which.text(id, 'TopicArn')} → ${which.text(id, 'Endpoint')}`);

  test('are subscribed when they are named, and no others are', () => {
    expect(toPeople(template)).toEqual([]);
    expect(toPeople(full).sort()).toEqual([
      'AlarmsTopic → PagerEndpoint',
      'AlarmsTopic → oncall@example.com',
      'AlertsTopic → https://chat.example.com/hook',
      'AlertsTopic → oncall@example.com',
      'PagesTopic → PagerEndpoint',
    ]);
  });

  test('are named by understudy.yml, a stage before default, and by --param before both', () => {
    const endpoints = full.ids('SNS::Subscription').map((id) => full.text(id, 'Endpoint'));
    expect(endpoints).toEqual(
      expect.arrayContaining(['oncall@example.com', 'https://chat.example.com/hook']),
    );
    expect(endpoints.filter((each) => /overruled|other|resolve/.test(each))).toEqual([]);
  });

  test('may have an address that only the deployment knows: the template has the name of its variable', () => {
    expect(full.parameters).toEqual({
      PagerEndpoint: { Type: 'String', NoEcho: true, Description: 'env:UNDERSTUDY_TEST_PAGER' },
    });
    expect(template.parameters).toEqual({});
  });

  test('get an HTTPS message again for most of an hour, and then it is kept in a queue', () => {
    const subscriptions = full.ids('SNS::Subscription');
    for (const id of subscriptions.filter((each) => full.text(each, 'Protocol') === 'https')) {
      const retries = full.value(id, 'DeliveryPolicy', 'healthyRetryPolicy') as Record<string, number>;
      const seconds = retries['numRetries']! * retries['maxDelayTarget']!;
      expect(seconds).toBeLessThanOrEqual(3600);
      expect(seconds).toBeGreaterThanOrEqual(2400);
      expect(full.text(id, 'RedrivePolicy', 'deadLetterTargetArn')).toBe('SubscribersDead.Arn');
    }
  });
});
