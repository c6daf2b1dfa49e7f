import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { IAMClient } from '@aws-sdk/client-iam';
import { readDenials } from '../../lib/adapters/aws/preflight/permissions.ts';
import type { RestoreIntent } from '../../lib/ports/preflight.ts';
import { checkedAgainst, typeOf } from './authorization.ts';
import { actionsOf, OPERATIONS, questionsOf } from './calls.ts';
import { arn, decide, may, type Question } from './evaluate.ts';
import { everything, packaged, ROOT } from './packaged.ts';

/** What functions do with instances, snapshots and scratch, held against what their roles may. */
const { template: full } = everything();
const deployments = [packaged().template, full];
const ofFunctions = (which = full) =>
  which.ids('Lambda::Function').map((id) => id.replace('LambdaFunction', 'Role'));
const rds = (rest: string) => arn('rds', rest);

describe('every call that is made is allowed', () => {
  const cases = Object.entries(OPERATIONS).flatMap(([what, operation]) =>
    operation.by.map((part) => ({ part, what, operation })),
  );
  test.each(cases)('$part may $what', ({ part, operation }) => {
    for (const question of questionsOf(operation))
      expect([question, may(full, `${part}Role`, question)]).toEqual([question, true]);
  });

  test('and each is asked about everything that AWS checks it against', () => {
    for (const operation of Object.values(OPERATIONS)) {
      for (const [action, ...resources] of operation.calls) {
        const checked = checkedAgainst(action)?.always ?? [];
        expect([action, checked.filter((type) => !resources.map(typeOf).includes(type))]).toEqual([
          action,
          [],
        ]);
      }
    }
  });

  test('and there is no other call in the adapters', () => {
    const listed = new Set(Object.values(OPERATIONS).flatMap(({ calls }) => calls.map(([action]) => action)));
    const made = ['rds', 'elasticache', 'preflight', 'scratch-secrets.ts', 'wakes.ts'].flatMap((place) =>
      callsIn(join(ROOT, 'lib/adapters/aws', place)),
    );
    expect(made.length).toBeGreaterThan(50);
    expect(made.filter((action) => !listed.has(action))).toEqual([]);
  });
});

test('no function may write what it never writes', () => {
  for (const role of ofFunctions()) {
    const writes = full
      .grants(role)
      .filter(({ effect }) => effect === 'Allow')
      .flatMap(({ actions }) => actions)
      .filter((action) => /^(rds|elasticache|secretsmanager|iam):(?!Describe|List|Get)/.test(action));
    const written = actionsOf(role.replace('Role', ''));
    expect([role, writes.filter((action) => !written.includes(action))]).toEqual([role, []]);
  }
});

describe.each([
  ['the sample', deployments[0]!],
  ['everything', deployments[1]!],
])('in a deployment of %s', (_, template) => {
  const roles = template.ids('IAM::Role');
  const CONTEXT = { 'kms:ViaService': 'rds.eu-central-1.amazonaws.com', 'kms:GrantIsForAWSResource': 'true' };
  const whoMay = (action: string, resource: string) =>
    roles.filter((role) => may(template, role, { action, resource, context: CONTEXT })).sort();
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
  ])('%s: only of scratch, and only by who rehearses and who sweeps', (action, type) => {
    for (const name of production) expect([name, whoMay(action, rds(`${type}:${name}`))]).toEqual([name, []]);
    expect(whoMay(action, rds(`${type}:understudy-scratch-crm-1`))).toEqual(
      /(Delete|Modify)DB(Instance|Cluster)$|^rds:Delete/.test(action)
        ? ['RehearseInstanceRole', 'WatchRole']
        : ['RehearseInstanceRole'],
    );
  });

  test('secrets are made, changed and deleted only of scratch', () => {
    const secret = (name: string) => arn('secretsmanager', `secret:${name}-AbCdEf`);
    for (const action of [
      'CreateSecret',
      'DeleteSecret',
      'TagResource',
      'PutSecretValue',
      'UpdateSecret',
      'RotateSecret',
    ])
      for (const name of ['understudy/crm', 'understudy/dev', 'understudy/prod/scratch/x', 'rds!db-1'])
        expect([action, name, whoMay(`secretsmanager:${action}`, secret(name))]).toEqual([action, name, []]);
    expect(whoMay('secretsmanager:DeleteSecret', secret('understudy/dev/scratch/x'))).toEqual([
      'RehearseInstanceRole',
      'WatchRole',
    ]);
  });

  test.each([
    'rds:DeleteDBInstanceAutomatedBackup',
    'rds:DeleteDBClusterAutomatedBackup',
    'rds:RebootDBInstance',
    'rds:StopDBInstance',
    'rds:StopDBCluster',
    'rds:FailoverDBCluster',
    'rds:PromoteReadReplica',
    'rds:RemoveTagsFromResource',
    'rds:ModifyDBSnapshot',
    'rds:CreateDBCluster',
    'rds:ModifyEventSubscription',
    'rds:DeleteEventSubscription',
    'elasticache:DeleteReplicationGroup',
    'elasticache:DeleteCacheCluster',
    'elasticache:DeleteServerlessCache',
    'elasticache:ModifyReplicationGroup',
    'elasticache:RemoveTagsFromResource',
    'iam:PassRole',
    'kms:ScheduleKeyDeletion',
    'kms:DisableKey',
    'kms:PutKeyPolicy',
  ])('%s: nobody, of anything', (action) => {
    expect(template.rolesThatMay(action)).toEqual([]);
  });

  test.each([
    ['rds:DeleteDBSnapshot', 'rds', 'snapshot'],
    ['rds:DeleteDBClusterSnapshot', 'rds', 'cluster-snapshot'],
    ['elasticache:DeleteSnapshot', 'elasticache', 'snapshot'],
    ['elasticache:DeleteServerlessCacheSnapshot', 'elasticache', 'serverlesscachesnapshot'],
  ])('%s: exactly expire, and only what this stage has taken', (action, service, type) => {
    const named = (name: string) => whoMay(action, arn(service, `${type}:${name}`));
    expect(named('understudy-dev-crm-20261120t010000z')).toEqual(['ExpireRole']);
    for (const name of [
      'understudy-prod-crm-20261120t010000z',
      'rds:crm-prod-2026-11-20',
      'before-the-release',
    ])
      expect([name, named(name)]).toEqual([name, []]);
  });

  test('expire looks at no instance, and at no snapshot but those of this stage', () => {
    const mayExpire = (action: string, rest: string) => whoMay(action, rds(rest)).includes('ExpireRole');
    for (const type of ['snapshot', 'cluster-snapshot'])
      for (const action of ['DescribeDBSnapshots', 'DescribeDBClusterSnapshots', 'ListTagsForResource'])
        for (const name of ['understudy-prod-crm-20261120t010000z', 'rds:crm-prod-2026-11-20', 'by-hand'])
          expect([action, type, name, mayExpire(`rds:${action}`, `${type}:${name}`)]).toEqual([
            action,
            type,
            name,
            false,
          ]);
    expect(mayExpire('rds:DescribeDBInstances', 'db:crm-prod')).toBe(false);
    expect(mayExpire('rds:DescribeDBClusters', 'cluster:shop-prod')).toBe(false);
  });

  test.each([
    ['rds:CreateDBSnapshot', 'rds', 'snapshot'],
    ['rds:CreateDBClusterSnapshot', 'rds', 'cluster-snapshot'],
    ['elasticache:CreateSnapshot', 'elasticache', 'snapshot'],
    ['elasticache:CreateServerlessCacheSnapshot', 'elasticache', 'serverlesscachesnapshot'],
  ])('%s: exactly snapshot, and only under the names of this stage', (action, service, type) => {
    const named = (name: string) => whoMay(action, arn(service, `${type}:${name}`));
    expect(named('understudy-dev-crm-20261120t010000z')).toEqual(['SnapshotRole']);
    for (const name of ['understudy-prod-crm-20261120t010000z', 'before-the-release'])
      expect([name, named(name)]).toEqual([name, []]);
  });

  test('tags are set on what bears our names, and on nothing else', () => {
    const tagged = (type: string, name: string, service = 'rds') =>
      whoMay(`${service}:AddTagsToResource`, arn(service, `${type}:${name}`));
    for (const type of [
      'db',
      'cluster',
      'snapshot',
      'cluster-snapshot',
      'pg',
      'cluster-pg',
      'og',
      'subgrp',
      'es',
    ])
      for (const name of production) expect([type, name, tagged(type, name)]).toEqual([type, name, []]);
    for (const type of [
      'replicationgroup',
      'cluster',
      'serverlesscache',
      'snapshot',
      'serverlesscachesnapshot',
    ])
      expect([type, tagged(type, 'sessions', 'elasticache')]).toEqual([type, []]);
    expect(tagged('db', 'understudy-scratch-crm-1')).toEqual(['RehearseInstanceRole']);
    expect(tagged('snapshot', 'understudy-dev-crm-1')).toEqual(['CopyRole', 'SnapshotRole']);
  });

  test('watch makes nothing at RDS or ElastiCache', () => {
    const actions = template.grants('WatchRole').flatMap((statement) => statement.actions);
    expect(
      actions.filter((action) => /^(rds|elasticache):(Create|Restore|Copy|Start|Add)/.test(action)),
    ).toEqual([]);
    expect(actions).not.toContain('secretsmanager:CreateSecret');
  });

  test('rehearseInstance restores onto scratch names and onto no other', () => {
    for (const action of [
      'rds:RestoreDBInstanceFromDBSnapshot',
      'rds:RestoreDBInstanceToPointInTime',
      'rds:RestoreDBClusterFromSnapshot',
      'rds:RestoreDBClusterToPointInTime',
      'rds:CreateDBInstance',
    ]) {
      const type = action.includes('Cluster') ? 'cluster' : 'db';
      for (const name of ['crm-prod-restored', 'crm', 'understudy-restore-crm'])
        expect([action, name, whoMay(action, rds(`${type}:${name}`))]).toEqual([action, name, []]);
      expect([action, whoMay(action, rds(`${type}:understudy-scratch-crm-1`))]).toEqual([
        action,
        ['RehearseInstanceRole'],
      ]);
    }
    for (const other of [
      'rds:RestoreDBInstanceFromS3',
      'rds:RestoreDBClusterFromS3',
      'rds:CreateDBInstanceReadReplica',
    ])
      expect([other, template.rolesThatMay(other)]).toEqual([other, []]);
  });

  test('rehearseInstance restores into its quarantine, or where a policy says, and nowhere else', () => {
    expect(whoMay('rds:RestoreDBInstanceFromDBSnapshot', rds('subgrp:default'))).toEqual([]);
    expect(whoMay('rds:CreateDBInstance', rds('subgrp:crm-prod'))).toEqual([]);
  });

  test('keys are used through RDS, S3 and Secrets Manager, never by us ourselves', () => {
    for (const action of [
      'kms:Decrypt',
      'kms:Encrypt',
      'kms:GenerateDataKey',
      'kms:CreateGrant',
      'kms:ReEncryptFrom',
    ])
      for (const role of roles)
        for (const resource of ['VaultKey.Arn', arn('kms', 'key/0a0a')])
          expect([action, role, may(template, role, { action, resource })]).toEqual([action, role, false]);
  });
});

type Written = { Action: string | string[]; Resource: { 'Fn::Sub': string }[] };
const grants = createRequire(__filename)('../../scripts/serverless/rds-grants.cjs') as (
  given: object,
) => Record<string, Written[]>;
const NOTHING = { stage: 'dev', roles: [], keys: [], subnetGroups: [], scratchPlaces: [], sources: [] };

describe('a rehearsal in another place', () => {
  const regionsOf = (scratchPlaces: object[]) => {
    const { restoresToScratch, endsScratch } = grants({ ...NOTHING, scratchPlaces });
    const arns = [...restoresToScratch!, ...endsScratch!].flatMap(({ Resource }) =>
      [Resource].flat().map((each) => each['Fn::Sub']),
    );
    const scratch = arns.filter((each) => each?.includes(':understudy-scratch-*'));
    return [...new Set(scratch.map((each) => /:rds:(.+):\$\{AWS::AccountId\}/.exec(each)?.[1]))];
  };

  test('needs no Region but its own where policies name none', () => {
    expect(regionsOf([])).toEqual(['${AWS::Region}']);
  });

  test('is made and ended in other Regions, under the same names', () => {
    expect(regionsOf([{ region: 'eu-west-1' }])).toEqual(['*']);
  });

  test('is made in another account by its role there, and by nobody of ours', () => {
    const role = 'arn:aws:iam::210987654321:role/understudy-copies';
    expect(regionsOf([{ region: 'eu-west-1', account: '210987654321', role }])).toEqual(['${AWS::Region}']);
    expect(grants({ ...NOTHING, scratchPlaces: [{ role }] })['entersScratchAccounts']).toEqual([
      { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: [role] },
    ]);
    expect(grants(NOTHING)['entersScratchAccounts']).toEqual([]);
  });
});

describe('a restore to a moment names its source', () => {
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

  test('by its name, one by one', () => {
    expect(sourcesOf(3).names).toEqual(['source-0', 'source-1', 'source-2', 'understudy-scratch-*']);
  });

  test('unless there are so many that their names do not fit into a role', () => {
    expect(sourcesOf(500).names).toEqual(['*', 'understudy-scratch-*']);
    expect(sourcesOf(40).names).toHaveLength(41);
    for (const count of [40, 500]) expect(sourcesOf(count).size).toBeLessThan(10_240);
  });
});

describe('what a preflight asks of the role that restores', () => {
  const crm = arn('rds', 'db:crm-prod');
  const shop = arn('rds', 'cluster:shop-prod');
  const common = {
    kmsKey: arn('kms', 'key/0a0a'),
    subnetGroup: 'understudy-dev-scratch',
    tags: { 'understudy:run': 'rehearse-instance/crm/2026-11-20T01:00:00Z', 'understudy:stage': 'dev' },
  };
  const intents: [string, RestoreIntent][] = [
    [
      'an instance',
      {
        kind: 'rds',
        sourceArn: crm,
        snapshotArn: arn('rds', 'snapshot:rds:crm-prod-1'),
        optionGroup: 'crm',
        ...common,
      },
    ],
    [
      'a cluster',
      { kind: 'aurora', sourceArn: shop, snapshotArn: arn('rds', 'cluster-snapshot:x'), ...common },
    ],
    [
      'a source that is gone',
      { kind: 'rds', snapshotArn: arn('rds', 'snapshot:before-the-release'), ...common },
    ],
    ['a source without a snapshot', { kind: 'aurora', sourceArn: shop, ...common }],
    ['a network of the policy’s own', { kind: 'rds', sourceArn: crm, ...common, subnetGroup: 'rehearsals' }],
  ];

  test.each(intents)('is what it has, for %s', async (_, intent) => {
    const { client, asked } = simulator();
    expect(await readDenials(client, 'RehearseInstanceRole', intent)).toEqual([]);
    expect(asked.length).toBeGreaterThan(4);
  });

  test('is refused where it would be: another name, another network', async () => {
    const { client } = simulator();
    const denied = await readDenials(client, 'RehearseInstanceRole', {
      ...intents[0]![1],
      sourceArn: arn('rds', 'db:nobodys'),
      subnetGroup: 'default',
    });
    expect(
      denied.map(({ action, resource }) => `${action} ${resource.split(':').slice(5).join(':')}`),
    ).toEqual([
      'rds:RestoreDBInstanceToPointInTime db:nobodys',
      'rds:RestoreDBInstanceFromDBSnapshot subgrp:default',
      'rds:RestoreDBInstanceToPointInTime subgrp:default',
    ]);
  });

  test('covers everything that AWS checks each of its actions against', async () => {
    for (const [, intent] of intents.slice(0, 2)) {
      const { client, asked } = simulator();
      await readDenials(client, 'RehearseInstanceRole', { ...intent, optionGroup: 'crm' });
      for (const action of new Set(
        asked.map((question) => question.action).filter((each) => /Restore/.test(each)),
      )) {
        const types = asked
          .filter((question) => question.action === action)
          .map(({ resource }) => typeOf(resource));
        expect([action, checkedAgainst(action)!.always.filter((type) => !types.includes(type))]).toEqual([
          action,
          [],
        ]);
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
