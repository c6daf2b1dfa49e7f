import { everything, packaged } from './packaged.ts';

const { template } = packaged();
/** The same deployment with everything that can be given. */
const { template: full } = everything();

describe('scratch', () => {
  const inVpc = (type: string) =>
    template.ids(type).filter((id) => template.text(id, 'VpcId') === 'ScratchVpc');

  test('stands in a VPC of its own, alone with who proves scratch instances there', () => {
    expect(template.value('ScratchLambdaFunction', 'VpcConfig')).toMatchObject({
      SubnetIds: [{ Ref: 'ScratchSubnetA' }, { Ref: 'ScratchSubnetB' }],
      SecurityGroupIds: [{ Ref: 'ScratchSecurityGroup' }],
    });
    const others = template.ids('Lambda::Function').filter((id) => template.value(id, 'VpcConfig'));
    expect(others.sort()).toEqual(['ProveLambdaFunction', 'ScratchLambdaFunction']);
  });

  test('from which no gateway, route or peering leads anywhere', () => {
    const types = Object.values(template.resources)
      .map(({ Type }) => Type)
      .filter((type) => type.startsWith('AWS::EC2::'));
    expect([...new Set(types)].sort()).toEqual(
      ['RouteTable', 'SecurityGroup', 'Subnet', 'SubnetRouteTableAssociation', 'VPC', 'VPCEndpoint'].map(
        (type) => `AWS::EC2::${type}`,
      ),
    );
    expect(template.ids('EC2::VPC')).toEqual(['ScratchVpc']);
    for (const id of inVpc('EC2::Subnet')) {
      const routes = template
        .ids('EC2::SubnetRouteTableAssociation')
        .filter((each) => template.text(each, 'SubnetId') === id);
      expect(routes.map((each) => template.text(each, 'RouteTableId'))).toEqual(['ScratchRoutes']);
    }
  });

  test('except to the vault, for reading', () => {
    const [endpoint, ...more] = inVpc('EC2::VPCEndpoint');
    expect(more).toEqual([]);
    expect(template.text(endpoint!, 'ServiceName')).toBe('com.amazonaws.${AWS::Region}.s3');
    expect(template.list(endpoint!, 'RouteTableIds')).toEqual(['ScratchRoutes']);
    const [statement, ...others] = template.statements(endpoint!, 'PolicyDocument');
    expect(others).toEqual([]);
    expect(statement!.resources).toEqual(['Vault.Arn', '${Vault.Arn}/*']);
    expect(statement!.actions.filter((action) => !/^s3:(Get|List)/.test(action))).toEqual([]);
  });

  test('and which nothing may enter', () => {
    expect(template.value('ScratchSecurityGroup', 'SecurityGroupIngress')).toBeUndefined();
    expect(template.value('ScratchSecurityGroup', 'SecurityGroupEgress')).toMatchObject([
      { IpProtocol: 'tcp', FromPort: 443, ToPort: 443 },
    ]);
  });

  test('has all the room in /tmp that there is, a quarter of an hour, and no way of reaching a source', () => {
    expect(template.value('ScratchLambdaFunction', 'EphemeralStorage', 'Size')).toBe(10_240);
    expect(template.value('ScratchLambdaFunction', 'Timeout')).toBe(900);
    const knows = Object.keys(template.value('ScratchLambdaFunction', 'Environment', 'Variables') as object);
    expect(knows.filter((name) => /SOURCE|TOPIC|QUEUE|TABLE/.test(name))).toEqual([]);
  });
});

describe('a VPC for sources', () => {
  /** Who reaches databases. The passwords that notices and preflights are about need no network. */
  const REACH = ['Changes', 'Doctor', 'Dump', 'Heartbeat'];
  const ALWAYS = ['Prove', 'Scratch'];
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

  test('is entered by those alone who reach databases, and their roles can', () => {
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

describe('people', () => {
  const toPeople = (which: typeof template) =>
    which
      .ids('SNS::Subscription')
      .filter((id) => /email|https/.test(which.text(id, 'Protocol')))
      .map((id) => `${which.text(id, 'TopicArn')} → ${which.text(id, 'Endpoint')}`);

  test('are subscribed when they are named, and nobody else is', () => {
    expect(toPeople(template)).toEqual([]);
    expect(toPeople(full).sort()).toEqual([
      'AlarmsTopic → https://pager.example.com/hook',
      'AlarmsTopic → oncall@example.com',
      'AlertsTopic → https://chat.example.com/hook',
      'AlertsTopic → oncall@example.com',
      'PagesTopic → https://pager.example.com/hook',
    ]);
  });

  test('are tried again for most of an hour, where SNS allows it, and then their messages are kept', () => {
    for (const id of full
      .ids('SNS::Subscription')
      .filter((each) => full.text(each, 'Protocol') === 'https')) {
      const { numRetries, maxDelayTarget } = full.value(id, 'DeliveryPolicy', 'healthyRetryPolicy') as Record<
        string,
        number
      >;
      expect(numRetries! * maxDelayTarget!).toBeLessThanOrEqual(3600);
      expect(numRetries! * maxDelayTarget!).toBeGreaterThanOrEqual(2400);
      expect(full.text(id, 'RedrivePolicy', 'deadLetterTargetArn')).toBe('SubscribersDead.Arn');
    }
  });
});
