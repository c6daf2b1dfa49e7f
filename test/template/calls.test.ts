import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { IAMClient } from '@aws-sdk/client-iam';
import { readDenials } from '../../lib/adapters/aws/preflight/permissions.ts';
import type { RestoreIntent } from '../../lib/ports/restore-conditions.ts';
import { checkedAgainst, typeOf } from './authorization.ts';
import { actionsOf, OPERATIONS, questionsOf } from './calls.ts';
import { arn, decide, may, type Question } from './evaluate.ts';
import { everything, packaged, ROOT } from './packaged.ts';

/** What functions do with instances, snapshots and scratch, held against what their roles may. */
const { template: full } = everything();
const rds = (rest: string) => arn('rds', rest);

describe('the role of a function', () => {
  const cases = Object.entries(OPERATIONS).flatMap(([what, operation]) =>
    operation.by.map((part) => ({ part, what, operation })),
  );
  test.each(cases)('lets $part $what', ({ part, operation }) => {
    for (const question of questionsOf(operation))
      expect([question, may(full, `${part}Role`, question)]).toEqual([question, true]);
  });

  test('is asked about every resource that AWS checks a call against', () => {
    for (const operation of Object.values(OPERATIONS)) {
      for (const [action, ...resources] of operation.calls) {
        const types = resources.map(typeOf);
        const missing = checkedAgainst(action)?.always.filter((type) => !types.includes(type)) ?? [];
        expect([action, missing]).toEqual([action, []]);
      }
    }
  });

  test('is asked about every call that the adapters make', () => {
    const listed = new Set(Object.values(OPERATIONS).flatMap(({ calls }) => calls.map(([action]) => action)));
    const made = [
      'rds',
      'elasticache',
      'preflight',
      'scratch-secrets.ts',
      'application-secrets.ts',
      'secret-texts.ts',
      'wakes.ts',
      'ecs-services.ts',
      'ecs-earlier.ts',
      'lambda-functions.ts',
    ].flatMap((place) => callsIn(join(ROOT, 'lib/adapters/aws', place)));
    expect(made.length).toBeGreaterThan(50);
    expect(made.filter((action) => !listed.has(action))).toEqual([]);
  });
});

test('no function may call an action that writes and that it never calls', () => {
  for (const role of full.ids('Lambda::Function').map((id) => full.roleOf(id))) {
    const writes = full
      .allowed(role)
      .flatMap(({ actions }) => actions)
      .filter((action) => /^(rds|elasticache|secretsmanager|ecs|iam):(?!Describe|List|Get)/.test(action));
    const written = actionsOf(role.replace('Role', ''));
    expect([role, writes.filter((action) => !written.includes(action))]).toEqual([role, []]);
  }
});

describe.each([
  ['the sample', packaged().template],
  ['everything', full],
])('a deployment of %s', (_, template) => {
  const roles = template.ids('IAM::Role');
  /** The sample has no target on RDS. */
  const isFull = (who: string[]) => (template === full ? who : []);
  const CONTEXT = { 'kms:ViaService': 'rds.eu-central-1.amazonaws.com', 'kms:GrantIsForAWSResource': 'true' };
  const whoMay = (action: string, resource: string) =>
    roles.filter((role) => may(template, role, { action, resource, context: CONTEXT })).sort();
  /** Snapshots of another stage, of RDS itself and of a person. */
  const OTHERS = ['understudy-prod-crm-20261120t010000z', 'rds:crm-prod-2026-11-20', 'before-the-release'];
  const production = ['crm-prod', 'shop-prod', 'understudy', 'understudy-scratch', 'my-understudy-scratch-1'];

  test.each([
    ['rds:DeleteDBInstance', 'db'],
    ['rds:ModifyDBInstance', 'db'],
    ['rds:DeleteDBCluster', 'cluster'],
    ['rds:ModifyDBCluster', 'cluster'],
    ['rds:DeleteDBParameterGroup', 'pg'],
    ['rds:ModifyDBParameterGroup', 'pg'],
    ['rds:DeleteDBClusterParameterGroup', 'cluster-pg'],
    ['rds:ModifyDBClusterParameterGroup', 'cluster-pg'],
  ])('lets only the rehearsal and the watch do %s, and only to scratch', (action, type) => {
    for (const name of production) expect([name, whoMay(action, rds(`${type}:${name}`))]).toEqual([name, []]);
    expect(whoMay(action, rds(`${type}:understudy-scratch-crm-1`))).toEqual(
      /(Delete|Modify)DB(Instance|Cluster)$|^rds:Delete/.test(action)
        ? ['RehearseInstanceRole', 'WatchRole']
        : ['RehearseInstanceRole'],
    );
  });

  test('lets roles create, change and delete the secrets of scratch alone', () => {
    const secret = (name: string) => arn('secretsmanager', `secret:${name}-AbCdEf`);
    const changes = ['DeleteSecret', 'TagResource', 'PutSecretValue', 'UpdateSecret', 'RotateSecret'];
    for (const action of ['CreateSecret', ...changes])
      for (const name of ['understudy/books', 'understudy/dev', 'understudy/prod/scratch/x', 'rds!db-1'])
        expect([action, name, whoMay(`secretsmanager:${action}`, secret(name))]).toEqual([action, name, []]);
    expect(whoMay('secretsmanager:DeleteSecret', secret('understudy/dev/scratch/x'))).toEqual([
      'RehearseInstanceRole',
      'WatchRole',
    ]);
  });

  const NEVER = `
    rds:DeleteDBInstanceAutomatedBackup rds:DeleteDBClusterAutomatedBackup rds:StopDBInstance
    rds:StopDBCluster rds:FailoverDBCluster rds:PromoteReadReplica rds:RemoveTagsFromResource rds:ModifyDBSnapshot
    rds:ModifyEventSubscription rds:DeleteEventSubscription rds:RestoreDBInstanceFromS3
    rds:RestoreDBClusterFromS3 rds:CreateDBInstanceReadReplica elasticache:DeleteReplicationGroup
    elasticache:DeleteCacheCluster elasticache:DeleteServerlessCache elasticache:ModifyReplicationGroup
    elasticache:RemoveTagsFromResource ecs:DescribeTaskDefinition ecs:RegisterTaskDefinition lambda:UpdateFunctionCode lambda:AddPermission lambda:DeleteFunction iam:PassRole kms:ScheduleKeyDeletion kms:DisableKey kms:PutKeyPolicy`;

  test.each(NEVER.trim().split(/\s+/))('lets no role do %s', (action) => {
    expect(template.rolesThatMay(action)).toEqual([]);
  });

  test.each([
    ['rds:DeleteDBSnapshot', 'rds', 'snapshot'],
    ['rds:DeleteDBClusterSnapshot', 'rds', 'cluster-snapshot'],
    ['elasticache:DeleteSnapshot', 'elasticache', 'snapshot'],
    ['elasticache:DeleteServerlessCacheSnapshot', 'elasticache', 'serverlesscachesnapshot'],
  ])('lets only expire do %s, and only to snapshots of this stage', (action, service, type) => {
    const named = (name: string) => whoMay(action, arn(service, `${type}:${name}`));
    expect(named('understudy-dev-crm-20261120t010000z')).toEqual(['ExpireRole']);
    for (const name of OTHERS) expect([name, named(name)]).toEqual([name, []]);
  });

  test('lets expire look at snapshots of this stage alone, and at no instance', () => {
    const expected = OTHERS.flatMap((name) => [`snapshot:${name}`, `cluster-snapshot:${name}`]);
    const looked = [...expected, 'db:crm-prod', 'cluster:shop-prod'];
    const looks = ['DBSnapshots', 'DBClusterSnapshots', 'DBInstances', 'DBClusters'].map(
      (of) => `Describe${of}`,
    );
    for (const action of [...looks, 'ListTagsForResource'])
      for (const resource of looked)
        expect([action, resource, whoMay(`rds:${action}`, rds(resource))]).toEqual([
          action,
          resource,
          expect.not.arrayContaining(['ExpireRole']),
        ]);
  });

  test.each([
    ['rds:CreateDBSnapshot', 'rds', 'snapshot'],
    ['rds:CreateDBClusterSnapshot', 'rds', 'cluster-snapshot'],
    ['elasticache:CreateSnapshot', 'elasticache', 'snapshot'],
    ['elasticache:CreateServerlessCacheSnapshot', 'elasticache', 'serverlesscachesnapshot'],
  ])('lets only snapshot do %s, and only under names of this stage', (action, service, type) => {
    const named = (name: string) => whoMay(action, arn(service, `${type}:${name}`));
    expect(named('understudy-dev-crm-20261120t010000z')).toEqual(['SnapshotRole']);
    for (const name of OTHERS) expect([name, named(name)]).toEqual([name, []]);
  });

  test('lets roles tag scratch and snapshots of this stage, and nothing else', () => {
    const tagged = (type: string, name: string, service = 'rds') =>
      whoMay(`${service}:AddTagsToResource`, arn(service, `${type}:${name}`));
    for (const type of 'db cluster snapshot cluster-snapshot pg cluster-pg og subgrp es'.split(' '))
      for (const name of production) expect([type, name, tagged(type, name)]).toEqual([type, name, []]);
    const caches = 'replicationgroup cluster serverlesscache snapshot serverlesscachesnapshot';
    for (const type of caches.split(' '))
      expect([type, tagged(type, 'sessions', 'elasticache')]).toEqual([type, []]);
    expect(tagged('db', 'understudy-scratch-crm-1')).toEqual(['RehearseInstanceRole']);
    expect(tagged('snapshot', 'understudy-dev-crm-1')).toEqual(['CopyRole', 'SnapshotRole']);
  });

  test('lets watch create nothing at RDS or ElastiCache', () => {
    const creates = /^(rds|elasticache):(Create|Restore|Copy|Start|Add)|^secretsmanager:CreateSecret/;
    const actions = template.grants('WatchRole').flatMap((statement) => statement.actions);
    expect(actions.filter((action) => creates.test(action))).toEqual([]);
  });

  test('lets rehearseInstance restore onto scratch names alone', () => {
    const instances = [
      'RestoreDBInstanceFromDBSnapshot',
      'RestoreDBInstanceToPointInTime',
      'CreateDBInstance',
    ];
    const clusters = ['RestoreDBClusterFromSnapshot', 'RestoreDBClusterToPointInTime'];
    for (const action of [...instances, ...clusters]) {
      const who = (name: string) =>
        whoMay(`rds:${action}`, rds(`${clusters.includes(action) ? 'cluster' : 'db'}:${name}`));
      for (const name of ['crm-prod-restored', 'crm', 'understudy-restore-crm'])
        expect([action, name, who(name)]).toEqual([action, name, []]);
      expect([action, who('understudy-scratch-crm-1')]).toEqual([action, ['RehearseInstanceRole']]);
    }
  });

  test('lets rehearseInstance restore into its quarantine or the policy’s subnet group alone', () => {
    const others = (action: string, group: string) =>
      whoMay(action, rds(`subgrp:${group}`)).filter((role) => role !== 'RestoreRole');
    expect(others('rds:RestoreDBInstanceFromDBSnapshot', 'default')).toEqual([]);
    expect(others('rds:CreateDBInstance', 'crm-prod')).toEqual([]);
  });

  test('lets only restore change what emergency restores make, and no living database but one that a policy renames', () => {
    const restored = ['crm-prod-restored-20261120t120000z', 'crm-prod-replaced-20261120t120000z'];
    for (const name of restored)
      expect(whoMay('rds:ModifyDBInstance', rds(`db:${name}`))).toEqual(isFull(['RestoreRole']));
    for (const name of ['crm-prod', 'understudy-scratch-crm'])
      expect(whoMay('rds:CreateDBCluster', rds(`cluster:${name}`))).toEqual([]);
    expect(whoMay('rds:RebootDBInstance', rds('db:crm-prod'))).toEqual([]);
    expect(whoMay('rds:RebootDBInstance', rds(`db:${restored[0]}`))).toEqual(isFull(['RestoreRole']));
    expect(whoMay('rds:ModifyDBCluster', rds('cluster:books-prod'))).toEqual(isFull(['RestoreRole']));
    for (const action of ['DeleteDBInstance', 'DeleteDBCluster'])
      for (const name of [...restored, 'books-prod'])
        expect([
          action,
          name,
          whoMay(`rds:${action}`, rds(`${action === 'DeleteDBCluster' ? 'cluster' : 'db'}:${name}`)),
        ]).toEqual([action, name, []]);
  });

  test('lets only restore touch the application, its services and its hooks, and rehearsals the hook of a copy', () => {
    const services = (action: string, name: string) => whoMay(`ecs:${action}`, arn('ecs', `service/${name}`));
    expect(services('UpdateService', 'web/crm')).toEqual(isFull(['RestoreRole']));
    expect(services('DescribeServices', 'web/crm')).toEqual(isFull(['OperatorRole', 'RestoreRole']));
    for (const action of ['UpdateService', 'DescribeServices'])
      expect(services(action, 'web/shop')).toEqual([]);
    const calls = (name: string) => whoMay('lambda:InvokeFunction', arn('lambda', `function:${name}`));
    expect(calls('crm-maintenance')).toEqual(isFull(['RestoreRole']));
    expect(calls('crm-cache:live')).toEqual(isFull(['RestoreRole']));
    expect(calls('crm-schema')).toEqual(isFull(['RestoreRole']));
    expect(calls('shop-copy')).toEqual(isFull(['RehearseInstanceRole']));
    expect(calls('understudy-dev-smoke')).toEqual([...isFull(['RehearseInstanceRole']), 'RestoreRole']);
    // Its functions start anew, and nothing else of Lambda can be changed.
    for (const action of ['UpdateFunctionConfiguration', 'PublishVersion', 'UpdateAlias']) {
      const changes = (name: string) => whoMay(`lambda:${action}`, arn('lambda', `function:${name}`));
      expect([action, changes('crm-api')]).toEqual([action, isFull(['RestoreRole'])]);
      for (const name of ['crm-api-2', 'understudy-dev-restore'])
        expect([action, name, changes(name)]).toEqual([action, name, []]);
    }
    for (const other of ['crm-cache', 'crm-cache:old', 'crm-maintenance:1', 'shop', 'shop-copy:1'])
      expect([other, calls(other)]).toEqual([other, []]);
  });

  test('lets no role use a key without RDS, S3 or Secrets Manager', () => {
    const uses = ['Decrypt', 'Encrypt', 'GenerateDataKey', 'CreateGrant', 'ReEncryptFrom'];
    for (const action of uses.map((use) => `kms:${use}`))
      for (const role of roles)
        for (const resource of ['VaultKey.Arn', arn('kms', 'key/0a0a')])
          expect([action, role, may(template, role, { action, resource })]).toEqual([action, role, false]);
  });
});

type Written = { Action: string | string[]; Resource: { 'Fn::Sub': string }[] };
const grants = createRequire(__filename)('../../scripts/serverless/rds-grants.cjs') as (
  given: object,
) => Record<string, Written[]>;
const NOTHING = {
  stage: 'dev',
  restores: [],
  switches: [],
  applications: [],
  starters: [],
  roles: [],
  keys: [],
  subnetGroups: [],
  scratchPlaces: [],
  sources: [],
};

describe('a rehearsal in another place', () => {
  const regionsOf = (scratchPlaces: object[]) => {
    const { restoresToScratch, endsScratch } = grants({ ...NOTHING, scratchPlaces });
    const arns = [...restoresToScratch!, ...endsScratch!].flatMap(({ Resource }) =>
      [Resource].flat().map((each) => each['Fn::Sub']),
    );
    const scratch = arns.filter((each) => each?.includes(':understudy-scratch-*'));
    return [...new Set(scratch.map((each) => /:rds:(.+):\$\{AWS::AccountId\}/.exec(each)?.[1]))];
  };

  test('is allowed in the Region of the deployment where policies name none', () => {
    expect(regionsOf([])).toEqual(['${AWS::Region}']);
  });

  test('is allowed in other Regions under scratch names', () => {
    expect(regionsOf([{ region: 'eu-west-1' }])).toEqual(['*']);
  });

  test('is allowed in another account through its role there alone', () => {
    const role = 'arn:aws:iam::210987654321:role/understudy-copies';
    expect(regionsOf([{ region: 'eu-west-1', account: '210987654321', role }])).toEqual(['${AWS::Region}']);
    expect(grants({ ...NOTHING, scratchPlaces: [{ role }] })['entersScratchAccounts']).toEqual([
      { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: [role] },
    ]);
    expect(grants(NOTHING)['entersScratchAccounts']).toEqual([]);
  });
});

describe('a target without an instance', () => {
  const hooks = { freeze: 'crm-maintenance', cutover: [] };
  const connection = { secret: 'understudy/crm' };
  const one = {
    cutover: 'secret',
    secrets: ['crm/app'],
    connection,
    hooks,
    functions: [{ function: 'crm-api' }],
  };

  test('may switch its secrets, call its hooks and start its functions, and make no instance', () => {
    const rights = grants({ ...NOTHING, switches: [one] });
    const onesOf = (right: string) => JSON.stringify(rights[right]);
    expect(rights['restoresBeside']).toEqual([]);
    expect(onesOf('switchesSecrets')).toMatch(/secret:crm\/app-.*secret:understudy\/crm-/);
    expect(onesOf('callsHooks')).toContain('function:crm-maintenance');
    expect(onesOf('renewsFunctions')).toContain('function:crm-api');
    const renamed = grants({ ...NOTHING, switches: [{ ...one, cutover: 'rename' }] });
    expect(renamed['switchesSecrets']).toEqual([]);
  });
});

describe('the right to restore to a moment', () => {
  const sourcesOf = (count: number) => {
    const sources = Array.from({ length: count }, (_, index) => ({ kind: 'rds', id: `source-${index}` }));
    const statements = grants({ ...NOTHING, sources })['restoresToScratch']!;
    const restore = statements.find(({ Action }) => Action === 'rds:RestoreDBInstanceToPointInTime')!;
    return {
      size: JSON.stringify(statements).length,
      names: restore.Resource.map((each) => each['Fn::Sub']).flatMap(
        (each) => /:db:(.*)/.exec(each)?.[1] ?? [],
      ),
    };
  };

  test('names each source', () => {
    expect(sourcesOf(3).names).toEqual(['source-0', 'source-1', 'source-2', 'understudy-scratch-*']);
  });

  test('names no source when there are more than fit into a role', () => {
    expect(sourcesOf(500).names).toEqual(['*', 'understudy-scratch-*']);
    expect(sourcesOf(40).names).toHaveLength(41);
    for (const count of [40, 500]) expect(sourcesOf(count).size).toBeLessThan(10_240);
  });
});

describe('a preflight of the role that restores', () => {
  const crm = rds('db:crm-prod');
  const shop = rds('cluster:shop-prod');
  const common = {
    kmsKey: arn('kms', 'key/0a0a'),
    subnetGroup: 'understudy-dev-scratch',
    tags: { 'understudy:run': 'rehearse-instance/crm/2026-11-20T01:00:00Z', 'understudy:stage': 'dev' },
  };
  const ofInstance = { ...common, kind: 'rds' as const };
  const ofCluster = { ...common, kind: 'aurora' as const };
  const snapshotArn = rds('snapshot:rds:crm-prod-1');
  const instance = { ...ofInstance, sourceArn: crm, snapshotArn, optionGroup: 'crm' };
  const cluster = { ...ofCluster, sourceArn: shop, snapshotArn: rds('cluster-snapshot:x') };

  test.each<[string, RestoreIntent]>([
    ['an instance', instance],
    ['a cluster', cluster],
    ['a source that is gone', { ...ofInstance, snapshotArn: rds('snapshot:before-the-release') }],
    ['a source without a snapshot', { ...ofCluster, sourceArn: shop }],
    ['a network of the policy’s own', { ...ofInstance, sourceArn: crm, subnetGroup: 'rehearsals' }],
  ])('finds nothing denied for %s', async (_, intent) => {
    const { client, asked } = simulator();
    expect(await readDenials(client, 'RehearseInstanceRole', intent)).toEqual([]);
    expect(asked.length).toBeGreaterThan(4);
  });

  test('finds another source and another network denied', async () => {
    const { client } = simulator();
    const other = { ...instance, sourceArn: rds('db:unknown'), subnetGroup: 'default' };
    const denied = await readDenials(client, 'RehearseInstanceRole', other);
    const named = denied.map(({ action, resource }) => `${action} ${resource.split(':').slice(5).join(':')}`);
    expect(named).toEqual([
      'rds:RestoreDBInstanceToPointInTime db:unknown',
      'rds:RestoreDBInstanceFromDBSnapshot subgrp:default',
      'rds:RestoreDBInstanceToPointInTime subgrp:default',
    ]);
  });

  test('asks about every resource that AWS checks a restore against', async () => {
    for (const intent of [instance, cluster]) {
      const { client, asked } = simulator();
      await readDenials(client, 'RehearseInstanceRole', { ...intent, optionGroup: 'crm' });
      const restores = asked.filter(({ action }) => /Restore/.test(action));
      for (const { action } of restores) {
        const types = asked.filter((each) => each.action === action).map(({ resource }) => typeOf(resource));
        const missing = checkedAgainst(action)!.always.filter((type) => !types.includes(type));
        expect([action, missing]).toEqual([action, []]);
      }
    }
  });

  /** IAM's simulation, over the deployed role. */
  function simulator() {
    const asked: Question[] = [];
    const client = {
      send: async ({ input }: { input: SimulationInput }) => ({
        EvaluationResults: input.ActionNames.map((action) => {
          const question = { action, resource: input.ResourceArns[0]!, context: contextOf(input) };
          asked.push(question);
          return {
            EvalActionName: action,
            EvalDecision: decide(full.grants(input.PolicySourceArn), question),
            MissingContextValues: [],
          };
        }),
      }),
    } as unknown as IAMClient;
    return { client, asked };
  }
});

type SimulationInput = {
  PolicySourceArn: string;
  ActionNames: string[];
  ResourceArns: string[];
  ContextEntries: { ContextKeyName: string; ContextKeyValues: string[] }[];
};

const contextOf = ({ ContextEntries }: SimulationInput) =>
  Object.fromEntries(
    ContextEntries.map(({ ContextKeyName, ContextKeyValues }) => [ContextKeyName, ContextKeyValues[0]!]),
  );

/** The calls of an adapter's source: each command and each paginator of the SDK client that it imports. */
function callsIn(path: string): string[] {
  const files = path.endsWith('.ts') ? [path] : readdirSync(path).map((name) => join(path, name));
  return files.flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    return [...text.matchAll(/import (?:type )?\{([^}]*)\} from '@aws-sdk\/client-([a-z0-9-]+)'/g)].flatMap(
      ([, names, client]) =>
        [...names!.matchAll(/\b(?:(\w+)Command|paginate(\w+))\b/g)].map(
          ([, command, paginator]) => `${client!.replace('-', '')}:${command ?? paginator}`,
        ),
    );
  });
}
