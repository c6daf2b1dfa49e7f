import { packaged } from './packaged.ts';

/** What holds for every role. Who reaches the vault, the catalog and secrets is in access.test.ts. */
const { template } = packaged();
const roles = template.ids('IAM::Role');
const functions = template.ids('Lambda::Function');
const roleOf = (id: string) => template.text(id, 'Role').split('.')[0]!;
const allowed = (role: string) => template.grants(role).filter(({ effect }) => effect === 'Allow');

test('every function has a role of its own, named after it', () => {
  for (const id of functions) expect(roleOf(id)).toBe(id.replace('LambdaFunction', 'Role'));
});

test('only Lambda takes on a function’s role', () => {
  for (const id of functions) {
    const [statement, ...more] = template.statements(roleOf(id), 'AssumeRolePolicyDocument');
    expect(more).toEqual([]);
    expect(statement).toMatchObject({
      actions: ['sts:AssumeRole'],
      principal: '{"Service":"lambda.amazonaws.com"}',
    });
  }
});

test('no role has a policy that is written elsewhere', () => {
  for (const role of roles) expect(template.value(role, 'ManagedPolicyArns')).toBeUndefined();
  expect([
    ...template.ids('IAM::Policy'),
    ...template.ids('IAM::ManagedPolicy'),
    ...template.ids('IAM::RolePolicy'),
  ]).toEqual([]);
});

test('no role may do everything of anything', () => {
  for (const role of roles)
    for (const { actions } of allowed(role))
      expect(actions.filter((action) => action.includes('*'))).toEqual([]);
});

/** What EC2 and EventBridge Scheduler know no resource for. */
const WITHOUT_RESOURCE = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
  'scheduler:ListSchedules',
];

test('nothing is allowed on everything, except what has no resource to name', () => {
  const open = roles.flatMap((role) => allowed(role)).filter(({ resources }) => resources.includes('*'));
  expect(
    open.flatMap(({ actions }) => actions).filter((action) => !WITHOUT_RESOURCE.includes(action)),
  ).toEqual([]);
});

test('what lets the service make network interfaces is taken away from the code that runs there', () => {
  for (const role of template.rolesThatMay('ec2:CreateNetworkInterface')) {
    const name = template.text(role.replace('Role', 'LambdaFunction'), 'FunctionName');
    const deny = template.grants(role).filter(({ effect }) => effect === 'Deny');
    expect(deny).toMatchObject([{ resources: ['*'], actions: WITHOUT_RESOURCE.slice(0, 6) }]);
    expect(deny[0]!.condition).toMatch(new RegExp(`lambda:SourceFunctionArn":".*:function:${name}"`));
  }
});

test('every function writes to its own log and no other', () => {
  for (const id of functions) {
    const logs = allowed(roleOf(id)).filter(({ actions }) =>
      actions.some((action) => action.startsWith('logs:')),
    );
    expect(logs.flatMap(({ resources }) => resources)).toEqual([
      expect.stringMatching(new RegExp(`:log-group:/aws/lambda/${template.text(id, 'FunctionName')}:\\*$`)),
    ]);
  }
});

test('only operator publishes to alarms, and only those publish to jobs whose work it is', () => {
  const publishers = (topic: string) =>
    roles
      .filter((role) =>
        allowed(role).some(
          ({ actions, resources }) => actions.includes('sns:Publish') && resources.includes(topic),
        ),
      )
      .sort();
  expect(publishers('AlarmsTopic')).toEqual(['OperatorRole']);
  expect(publishers('JobsTopic')).toEqual(['DispatchRole', 'DumpRole', 'OperatorRole']);
});

describe('a function is told of exactly what its role reaches', () => {
  const reaches: [string, (role: string) => boolean][] = [
    ['UNDERSTUDY_TABLE', (role) => can(role, 'Catalog')],
    ['UNDERSTUDY_VAULT', (role) => can(role, 'Vault')],
    [
      'UNDERSTUDY_VAULT_KEY',
      (role) => allowed(role).some(({ actions }) => actions.includes('kms:GenerateDataKey')),
    ],
    ['UNDERSTUDY_SOURCE_ROLE', (role) => template.rolesThatMay('sts:AssumeRole').includes(role)],
    ['UNDERSTUDY_SCRATCH_FUNCTION', (role) => template.rolesThatMay('lambda:InvokeFunction').includes(role)],
    ['UNDERSTUDY_SCHEDULE_GROUP', (role) => template.rolesThatMay('scheduler:GetSchedule').includes(role)],
    ...['Jobs', 'Alerts', 'Pages', 'Alarms'].map((topic) => topicOf(topic)),
    ...['Dump', 'Verify', 'Expire'].map((queue) => queueOf(queue)),
  ];

  test.each(reaches)('%s', (variable, reached) => {
    const told = functions.filter(
      (id) => template.value(id, 'Environment', 'Variables', variable) !== undefined,
    );
    expect(told.length).toBeGreaterThan(0);
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
  function queueOf(queue: string): [string, (role: string) => boolean] {
    return [`UNDERSTUDY_QUEUE_${queue.toUpperCase()}`, (role) => can(role, `${queue}Queue`)];
  }
});
