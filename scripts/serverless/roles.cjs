/**
 * One role per function: the permissions in its row, its own log, and nothing else. `DumpRole` for `dump`. grants.cjs
 * defines the words.
 */
const grants = require('./grants.cjs');
const merged = require('./merged.cjs');
const { readPlan } = require('./plan.cjs');
const { logicalId } = require('./queues.cjs');
const { documentOf, fitted } = require('./role-size.cjs');
const stageOf = require('./stage.cjs');
const { replicaOf } = require('./replication.cjs');

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
    verify: [takesFrom('VerifyQueue'), knows, records, can.reads, can.readsReplica, tells],
    rehearse: [
      can.remembers('rehearse'),
      knows,
      records,
      can.calls('scratch'),
      tells,
      deadLettersTo('RehearseDead'),
    ],
    // It runs code of the source's owners (views, defaults, functions), which can reach nothing but dumps.
    scratch: [can.reads, can.standsInVpc('scratch')],
    // The only one that deletes recovery points. It lists objects, and has no key to read one.
    expire: [
      takesFrom('ExpireQueue'),
      knows,
      records,
      can.looksAt,
      can.deletes,
      can.deletesReplica,
      can.deletesSnapshots,
      can.seesOurSnapshots, // before one is deleted: does it have Understudy's tags?
      can.seesCaches,
      can.entersAccounts,
      tells,
    ],

    snapshot: [
      can.remembers('snapshot'),
      knows,
      records,
      can.seesInstances,
      can.seesCaches,
      can.seesKeys,
      can.takesSnapshots,
      publishes('JobsTopic'),
      tells,
      deadLettersTo('SnapshotDead'),
    ],
    copy: [
      can.remembers('copy'),
      knows,
      records,
      can.seesInstances,
      can.seesKeys,
      can.copiesSnapshots,
      can.entersAccounts,
      tells,
      deadLettersTo('CopyDead'),
    ],
    // It makes and deletes resources with the scratch prefix, and nothing else.
    rehearseInstance: [
      can.remembers('rehearseInstance'),
      knows,
      records,
      can.seesInstances,
      can.restoresToScratch,
      can.endsScratch,
      can.entersScratchAccounts,
      can.calls('prove'),
      can.calls('extract'),
      can.calls('changes'),
      can.startsApplications,
      tells,
      deadLettersTo('RehearseInstanceDead'),
    ],
    // Inside the quarantine: it reads manifests and the passwords of scratch instances.
    prove: [can.readsManifests, can.readsScratchSecrets, can.standsInVpc('prove')],
    // Inside the quarantine too: it reads no bucket, and writes extracts to that of files (docs/decisions/0043).
    extract: [can.writesExtracts, can.readsScratchSecrets, can.standsInVpc('extract')],
    // At the source: its counters and catalogs, compared with a manifest.
    changes: [can.becomesSource, can.readsManifests, inVpc('changes')],
    heartbeat: [knows, records, can.becomesSource, tells, inVpc('heartbeat')], // alerts on messages that it refuses
    preflight: [
      takesFrom('PreflightQueue'),
      knows,
      records,
      can.seesInstances,
      can.seesKeys,
      can.seesConditions,
      can.asksWhatIsAllowed('rehearseInstance'),
      can.becomesSource,
      can.entersAccounts, // each account has its own quotas
      tells,
    ],
    watch: [
      can.knowsMany,
      records,
      can.endsUploads,
      can.seesInstances,
      can.seesCaches,
      can.seesKeys,
      can.endsScratch,
      can.findsStrays,
      can.becomesSource, // before a scratch instance is deleted: does a target's secret lead to it?
      can.entersAccounts,
      publishes('JobsTopic'),
      can.seesSchedules,
      can.asksWhoListens,
      tells,
      deadLettersTo('WatchDead'),
    ],
    notice: [
      can.knowsMany,
      records,
      can.wakes('snapshot', 'copy', 'rehearseInstance', 'restore'),
      tells,
      deadLettersTo('NoticeDead'),
    ],
    unclaimed: [knows, records, publishes('JobsTopic'), tells, deadLettersTo('UnclaimedDead')],
    operator: [
      can.knowsMany,
      can.asks,
      can.seesServices,
      publishes('JobsTopic', 'AlarmsTopic'),
      tells,
      can.asksWhoListens,
    ],
    doctor: [can.becomesSource, can.seesUploads, inVpc('doctor')],
    // The only one that makes instances beside the living ones, renames those that a policy says, and writes secrets.
    restore: [
      can.remembers('restore'),
      can.knowsMany,
      records,
      can.seesInstances,
      can.restoresBeside,
      can.switchesSecrets,
      can.seesServices,
      can.restartsServices,
      can.renewsFunctions,
      can.callsHooks,
      can.calls('restoreSql'),
      can.calls('load'),
      can.calls('smoke'),
      can.calls('changes'),
      publishes('JobsTopic'),
      tells,
      deadLettersTo('RestoreDead'),
    ],
    // It connects to living databases and to new ones with the rights of the secrets that a policy names.
    restoreSql: [can.becomesSource, can.readsManifests, can.readsRestoredSecrets, inVpc('restoreSql')],
    // It reads dumps, and reaches what a restore has made: on the living server with a secret of its target
    // (docs/decisions/0047).
    load: [can.reads, can.readsRestoredSecrets, can.becomesSource, inVpc('load')],
    // It sends what smoke steps say to the hosts that they or its caller name, with secrets that have the target's tag.
    smoke: [can.becomesSource, inVpc('smoke')],
    // It writes answers, and nothing else.
    approve: [knows, can.answers, can.wakes('restore')],
    // It restores rows beside a connection to their source, and runs none of the source's code (docs/decisions/0038).
    compare: [knows, can.reads, can.readsExtracts, can.writesFiles, can.becomesSource, inVpc('compare')],
  };
}

module.exports = async ({ resolveVariable }) => {
  const { placeOf } = require('../../lib/domain/plan/policy.ts');
  const stage = await stageOf(resolveVariable);
  const subnets = await resolveVariable('param:vpcSubnets');
  const { policies, targets } = readPlan();
  const everyPolicy = [...policies, ...targets.map(({ policy }) => policy)];
  const copies = everyPolicy.flatMap(({ snapshot }) => snapshot.copies);
  const rehearsals = everyPolicy.map(({ rehearsal, snapshot }) => ({ ...rehearsal.instance, ...snapshot }));
  const can = grants({
    name: (part) => `understudy-${stage}-${part}`,
    sourceRole: await resolveVariable('self:custom.sourceRole'),
    replica: await replicaOf(resolveVariable),
    locked: everyPolicy.some(({ vault }) => vault.lock !== 'none'),
    platform: {
      stage,
      roles: copies.flatMap(({ role }) => role ?? []),
      keys: copies.flatMap(({ kmsKey }) => kmsKey ?? []),
      sources: targets.flatMap(({ platform }) => platform ?? []),
      // The first is ScratchDatabases in serverless.yml.
      subnetGroups: [
        `understudy-${stage}-scratch`,
        ...rehearsals.flatMap(({ subnetGroup }) => subnetGroup ?? []),
      ],
      restores: targets.flatMap(({ platform, policy: { restore }, connection }) =>
        platform && platform.kind !== 'elasticache' ? [{ ...platform, ...restore, connection }] : [],
      ),
      // A dump goes beside the living database wherever there is a connection.
      switches: targets.flatMap(({ platform, policy: { restore }, connection }) =>
        connection || (platform && platform.kind !== 'elasticache') ? [{ ...restore, connection }] : [],
      ),
      drills: targets.some(({ drill }) => drill !== undefined),
      starters: rehearsals.flatMap(({ application }) => application ?? []),
      applications: targets.flatMap(({ policy: { restore } }) => restore.services),
      scratchPlaces: rehearsals.flatMap(({ place, copies }) =>
        place ? copies.filter((copy) => placeOf(copy) === place) : [],
      ),
    },
  });

  const rows = table(can, (part) => (subnets ? can.standsInVpc(part) : []));
  const roles = Object.entries(rows).flatMap(([part, row]) => {
    const name = `${logicalId(part)}Role`;
    const { own, beside } = fitted(part, merged([can.logs(part), ...row].flat()));
    return [
      [name, role(own)],
      ...beside.map((statements, index) => [`${name}Policy${index + 1}`, managedPolicy(name, statements)]),
    ];
  });
  return { Resources: Object.fromEntries(roles) };
};

function role(statements) {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ],
      },
      Policies: [{ PolicyName: 'may', PolicyDocument: documentOf(statements) }],
    },
  };
}

function managedPolicy(role, statements) {
  return {
    Type: 'AWS::IAM::ManagedPolicy',
    Properties: { Roles: [{ Ref: role }], PolicyDocument: documentOf(statements) },
  };
}
