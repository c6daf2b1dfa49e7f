import { checkedAgainst, SERVICES, typeOf } from './authorization.ts';
import { may } from './evaluate.ts';
import { everything, packaged } from './packaged.ts';

/**
 * What holds for every role. Who reaches the vault, the catalog and secrets is in access.test.ts, who does what with
 * instances in calls.test.ts.
 */
const { template } = packaged();
const roles = template.ids('IAM::Role');
const functions = template.ids('Lambda::Function');
const allowed = (role: string) => template.allowed(role);

const INTERFACES = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

describe.each([
  ['the sample', template],
  ['everything', everything().template],
])('a deployment of %s', (_, template) => {
  const roles = template.ids('IAM::Role');
  const functions = template.ids('Lambda::Function');
  const roleOf = (id: string) => template.roleOf(id);
  const allowed = (role: string) => template.allowed(role);

  test('gives every function a role of its own that is named after it', () => {
    for (const id of functions) expect(roleOf(id)).toBe(id.replace('LambdaFunction', 'Role'));
  });

  test('lets Lambda alone assume a function’s role', () => {
    for (const id of functions) {
      const [statement, ...more] = template.statements(roleOf(id), 'AssumeRolePolicyDocument');
      expect(more).toEqual([]);
      expect(statement).toMatchObject({
        actions: ['sts:AssumeRole'],
        principal: '{"Service":"lambda.amazonaws.com"}',
      });
    }
  });

  test('has no managed policy but what does not fit into its role, and no policy apart from it but the replica’s', () => {
    for (const role of roles) expect(template.value(role, 'ManagedPolicyArns')).toBeUndefined();
    const apart = template.ids('IAM::Policy');
    expect(template.ids('IAM::RolePolicy')).toEqual([]);
    expect(template.ids('IAM::ManagedPolicy').filter((id) => !/RolePolicy\d+$/.test(id))).toEqual([]);
    // It names the vault, whose rule names its role: within one of them that would be a circle.
    expect(apart).toEqual(roles.includes('ReplicationRole') ? ['ReplicationPolicy'] : []);
  });

  test('grants no action with a wildcard', () => {
    for (const role of roles)
      for (const { actions } of allowed(role))
        expect(actions.filter((action) => action.includes('*'))).toEqual([]);
  });

  /** What knows no resource. */
  const isWithoutResource = (action: string) => {
    const checked = checkedAgainst(action);
    return checked !== undefined && checked.always.length + checked.named.length === 0;
  };

  test('grants actions on everything only where AWS knows no resource of them', () => {
    const open = roles
      .flatMap(allowed)
      .filter(({ resources }) => resources.some((each) => /^(\*|arn:[^:]*:[^:]*:\*:\*:\*)$/.test(each)));
    expect(open.flatMap(({ actions }) => actions).filter((action) => !isWithoutResource(action))).toEqual([]);
  });

  test('grants every action on the resources that AWS checks it against, and on no others', () => {
    for (const role of roles) {
      for (const { actions, resources } of allowed(role)) {
        const types = resources.map(typeOf);
        const checks = actions
          .filter((action) => SERVICES.includes(action.split(':')[0]!) && !isWithoutResource(action))
          .map((action) => [action, checkedAgainst(action)] as const);
        for (const [action, checked] of checks) {
          expect([role, action, checked]).toEqual([role, action, expect.anything()]);
          const all = [...checked!.always, ...checked!.named];
          expect([role, action, all.filter((type) => types.includes(type))]).not.toEqual([role, action, []]);
          // Statements of one action add up, and may have different conditions.
          const granted = allowed(role)
            .filter((each) => each.actions.includes(action))
            .flatMap((each) => each.resources.map(typeOf));
          const missing = checked!.always.filter((type) => !granted.includes(type));
          expect([role, action, missing]).toEqual([role, action, []]);
        }
        if (checks.length < actions.length) continue;
        const useful = checks.flatMap(([, checked]) => [...checked!.always, ...checked!.named]);
        expect([role, actions, types.filter((type) => !useful.includes(type))]).toEqual([role, actions, []]);
      }
    }
  });

  test('denies the code in a VPC the network interfaces that Lambda makes for it', () => {
    for (const role of template.rolesThatMay('ec2:CreateNetworkInterface')) {
      const name = template.text(role.replace('Role', 'LambdaFunction'), 'FunctionName');
      const deny = template.grants(role).filter(({ effect }) => effect === 'Deny');
      expect(deny).toMatchObject([{ resources: ['*'], actions: INTERFACES }]);
      expect(deny[0]!.condition).toMatch(new RegExp(`lambda:SourceFunctionArn":".*:function:${name}"`));
    }
  });

  test('lets every function write to its own log alone', () => {
    for (const id of functions) {
      const isLogs = (action: string) => action.startsWith('logs:');
      const logs = allowed(roleOf(id)).filter(({ actions }) => actions.some(isLogs));
      const own = new RegExp(`:log-group:/aws/lambda/${template.text(id, 'FunctionName')}:\\*$`);
      expect(logs.flatMap(({ resources }) => resources)).toEqual([expect.stringMatching(own)]);
    }
  });

  test('describes every function', () => {
    for (const id of functions) expect(template.text(id, 'Description')).toMatch(/^[A-Z].{20,}[^.]$/);
  });
});

test('only operator publishes to topic alarms, and seven roles publish to topic jobs', () => {
  const publishers = (topic: string) =>
    roles.filter((role) => may(template, role, { action: 'sns:Publish', resource: topic })).sort();
  expect(publishers('AlarmsTopic')).toEqual(['OperatorRole']);
  // A dump asks for its verification, a snapshot for its copies, and the watch for what was
  // forgotten, and a restore for the first backup of its new database. What an old filter sent elsewhere is put back.
  const parts = ['Dispatch', 'Dump', 'Operator', 'Restore', 'Snapshot', 'Unclaimed', 'Watch'];
  expect(publishers('JobsTopic')).toEqual(parts.map((part) => `${part}Role`));
});

describe('the functions whose role reaches a resource are those with the variable', () => {
  const reaches: [string, (role: string) => boolean][] = [
    ['UNDERSTUDY_TABLE', (role) => can(role, 'Catalog')],
    ['UNDERSTUDY_VAULT', (role) => can(role, 'Vault')],
    [
      'UNDERSTUDY_VAULT_KEY',
      (role) =>
        allowed(role).some(
          ({ actions, resources }) =>
            actions.includes('kms:GenerateDataKey') && resources.includes('VaultKey.Arn'),
        ),
    ],
    ['UNDERSTUDY_SOURCE_ROLE', (role) => template.rolesThatMay('sts:AssumeRole').includes(role)],
    ['UNDERSTUDY_RESTORE_ROLE', (role) => can(role, 'RehearseInstanceRole')],
    ...['Scratch', 'Prove', 'Changes'].map((part) => functionOf(part)),
    ['UNDERSTUDY_SCHEDULE_GROUP', (role) => template.rolesThatMay('scheduler:GetSchedule').includes(role)],
    ...['Jobs', 'Alerts', 'Pages', 'Alarms'].map((topic) => topicOf(topic)),
    ...['Dump', 'Verify', 'Expire', 'Preflight'].map((queue) => queueOf(queue)),
  ];

  test.each(reaches)('%s', (variable, reached) => {
    const told = functions.filter((id) => template.variables(id)[variable] !== undefined);
    expect(told.length).toBeGreaterThan(0);
    const roleOf = (id: string) => template.roleOf(id);
    expect(told.map(roleOf).sort()).toEqual(functions.map(roleOf).filter(reached).sort());
  });

  function can(role: string, resource: string): boolean {
    return allowed(role).some(({ resources }) =>
      resources.some(
        (each) =>
          each === resource || each.startsWith(`${resource}.Arn`) || each.startsWith(`\${${resource}.Arn}`),
      ),
    );
  }
  function topicOf(topic: string): [string, (role: string) => boolean] {
    return [`UNDERSTUDY_TOPIC_${topic.toUpperCase()}`, (role) => can(role, `${topic}Topic`)];
  }
  function functionOf(part: string): [string, (role: string) => boolean] {
    const name = template.text(`${part}LambdaFunction`, 'FunctionName');
    const called = (role: string) =>
      allowed(role)
        .filter(({ actions }) => actions.includes('lambda:InvokeFunction'))
        .flatMap(({ resources }) => resources);
    return [
      `UNDERSTUDY_${part.toUpperCase()}_FUNCTION`,
      (role) => called(role).some((resource) => resource.endsWith(`:function:${name}`)),
    ];
  }
  function queueOf(queue: string): [string, (role: string) => boolean] {
    return [`UNDERSTUDY_QUEUE_${queue.toUpperCase()}`, (role) => can(role, `${queue}Queue`)];
  }
});
