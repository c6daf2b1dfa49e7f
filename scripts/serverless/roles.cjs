/**
 * One role per function: what its row says, its own log, and nothing else. `DumpRole` for `dump`. The words are
 * explained in grants.cjs.
 */
const grants = require('./grants.cjs');
const { readPlan } = require('./plan.cjs');
const { logicalId } = require('./queues.cjs');

function table(can, inVpc) {
  const { knows, records, tells, publishes, takesFrom, deadLettersTo } = can;
  return {
    dispatch: [publishes('JobsTopic'), deadLettersTo('DispatchDead')],
    dump: [
      takesFrom('DumpQueue'),
      knows,
      records,
      can.becomesSource,
      can.writes,
      publishes('JobsTopic'),
      tells,
      inVpc('dump'),
    ],
    verify: [takesFrom('VerifyQueue'), knows, records, can.reads, tells],
    rehearse: [
      can.remembers('rehearse'),
      knows,
      records,
      can.calls('scratch'),
      tells,
      deadLettersTo('RehearseDead'),
    ],
    // It runs what the source's owners wrote (views, defaults, functions): there is nothing here to steal but dumps.
    scratch: [can.reads, can.standsInVpc('scratch')],
    // The only one that deletes. It looks at objects, and has no key to read one with.
    expire: [takesFrom('ExpireQueue'), knows, records, can.looksAt, can.deletes, tells],
    watch: [
      knows,
      records,
      can.endsUploads,
      can.seesSchedules,
      can.asksWhoListens,
      tells,
      deadLettersTo('WatchDead'),
    ],
    unclaimed: [knows, records, tells, deadLettersTo('UnclaimedDead')],
    operator: [knows, publishes('JobsTopic', 'AlarmsTopic'), tells, can.asksWhoListens],
    doctor: [can.becomesSource, can.seesUploads, inVpc('doctor')],
  };
}

module.exports = async ({ resolveVariable }) => {
  const stage = await resolveVariable('sls:stage');
  const subnets = await resolveVariable('param:vpcSubnets');
  const { policies, targets } = readPlan();
  const can = grants({
    name: (part) => `understudy-${stage}-${part}`,
    sourceRole: await resolveVariable('self:custom.sourceRole'),
    locked: [...policies, ...targets.map(({ policy }) => policy)].some(({ vault }) => vault.lock !== 'none'),
  });

  const rows = table(can, (part) => (subnets ? can.standsInVpc(part) : []));
  const roles = Object.entries(rows).map(([part, row]) => [
    `${logicalId(part)}Role`,
    role([can.logs(part), ...row].flat()),
  ]);
  return { Resources: Object.fromEntries(roles) };
};

function role(Statement) {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ],
      },
      Policies: [{ PolicyName: 'may', PolicyDocument: { Version: '2012-10-17', Statement } }],
    },
  };
}
