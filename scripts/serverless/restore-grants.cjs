/**
 * Permissions of an emergency restore: on what has the name of a restored or replaced database of this plan, and, only
 * as far as a policy's `restore` says so, on the living databases' names, the application's secrets and services.
 */
const { lambdaFunction, may, rds, secret, sub } = require('./arns.cjs');

/** Characters for names from the plan: a role's policies end at 10,240. */
const ROOM = 3000;

module.exports = ({ stage, restores, switches, drills, applications, starters, sourcesOf, usesKeys }) => {
  /** What a restore makes is recognized by its name's end: `crm-db-restored-20261120t120000z`, and `-1` for a member. */
  const named = (kind, type, word) =>
    restores.some((each) => each.kind === kind) ? [rds(`${type}:*-${word}-????????t??????z*`)] : [];
  // The member of a cluster is an instance, too.
  const ofInstances = (word) => [rds(`db:*-${word}-????????t??????z*`)];
  const parameters = [...named('rds', 'pg', 'restored'), ...named('aurora', 'cluster-pg', 'restored')];
  const living = (kind, type) =>
    restores
      .filter((each) => each.cutover === 'rename' && each.kind === kind)
      .map(({ id }) => rds(`${type}:${id}`));
  if (
    restores.filter(({ cutover }) => cutover === 'rename').reduce((sum, { id }) => sum + 90 + id.length, 0) >
    ROOM
  )
    throw new Error(
      'restore.cutover: rename names every living database in one role, and these are too many for it: use secret or none for some',
    );
  const ourSecrets = secret(`understudy/${stage}/restore/*`);
  const written = [
    ...new Set(
      switches
        .filter(({ cutover }) => cutover === 'secret')
        .flatMap(({ secrets, connection }) => [...secrets, connection?.secret].filter(Boolean)),
    ),
  ];
  // Secrets Manager adds six characters to a name.
  const arnOf = (name) => (name.startsWith('arn:') ? [name, `${name}-??????`] : [secret(`${name}-??????`)]);
  // Also of targets without a platform: their application may fail as well.
  const services = [...new Set(applications.map(({ cluster, service }) => `${cluster}/${service}`))];
  const ecs = (type) =>
    services.map((service) =>
      sub(`arn:\${AWS::Partition}:ecs:\${AWS::Region}:\${AWS::AccountId}:${type}/${service}`),
    );

  // The name of a hook with its alias, or its ARN: it may be called as the policy names it, and not otherwise.
  const calling = (hooks) =>
    hooks.length === 0
      ? []
      : [
          may(
            'lambda:InvokeFunction',
            [...new Set(hooks)].map((hook) => (hook.startsWith('arn:') ? hook : lambdaFunction(hook))),
          ),
        ];

  const functions = [
    ...new Set(switches.flatMap(({ functions }) => functions.map((each) => each.function))),
  ].map((name) => lambdaFunction(name));
  // A version of it, and what an alias leads to.
  const qualified = functions.map((each) => ({ 'Fn::Sub': `${each['Fn::Sub']}:*` }));

  const restoresBeside =
    restores.length === 0
      ? []
      : [
          may('rds:RestoreDBInstanceFromDBSnapshot', [
            rds('snapshot:*'),
            ...named('rds', 'db', 'restored'),
            ...named('rds', 'pg', 'restored'),
            rds('og:*'),
            rds('subgrp:*'),
          ]),
          may('rds:RestoreDBInstanceToPointInTime', [
            ...sourcesOf('rds', 'db'),
            ...named('rds', 'db', 'restored'),
            ...named('rds', 'pg', 'restored'),
            rds('og:*'),
            rds('subgrp:*'),
          ]),
          may('rds:RestoreDBClusterFromSnapshot', [
            rds('cluster-snapshot:*'),
            ...named('aurora', 'cluster', 'restored'),
            ...named('aurora', 'cluster-pg', 'restored'),
            rds('og:*'),
            rds('subgrp:*'),
          ]),
          may('rds:RestoreDBClusterToPointInTime', [
            ...sourcesOf('aurora', 'cluster'),
            ...named('aurora', 'cluster', 'restored'),
            ...named('aurora', 'cluster-pg', 'restored'),
            rds('og:*'),
            rds('subgrp:*'),
          ]),
          // A member of a cluster, or an empty instance for a dump.
          may('rds:CreateDBInstance', [
            ...ofInstances('restored'),
            ...named('aurora', 'cluster', 'restored'),
            ...named('rds', 'pg', 'restored'),
            rds('pg:default.*'),
            rds('og:*'),
            rds('subgrp:*'),
          ]),
          may('rds:CreateDBCluster', [
            ...named('aurora', 'cluster', 'restored'),
            ...named('aurora', 'cluster-pg', 'restored'),
            rds('og:*'),
            rds('subgrp:*'),
          ]),
          may('rds:AddTagsToResource', [
            ...ofInstances('restored'),
            ...named('aurora', 'cluster', 'restored'),
            ...parameters,
          ]),
          may(
            [
              'rds:CopyDBParameterGroup',
              'rds:CopyDBClusterParameterGroup',
              'rds:DescribeDBParameterGroups',
              'rds:DescribeDBClusterParameterGroups',
              'rds:DescribeDBParameters',
              'rds:DescribeDBClusterParameters',
            ],
            [rds('pg:*'), rds('cluster-pg:*')],
          ),
          may(
            [
              'rds:CreateDBParameterGroup',
              'rds:CreateDBClusterParameterGroup',
              'rds:ModifyDBParameterGroup',
              'rds:ModifyDBClusterParameterGroup',
              'rds:DeleteDBParameterGroup',
              'rds:DeleteDBClusterParameterGroup',
            ],
            parameters,
          ),
          // Its settings, the end of its quarantine, its name; and the living one's name where a policy says so.
          may('rds:ModifyDBInstance', [
            ...ofInstances('restored'),
            ...ofInstances('replaced'),
            ...living('rds', 'db'),
            rds('pg:*'),
            rds('og:*'),
          ]),
          may('rds:ModifyDBCluster', [
            ...named('aurora', 'cluster', 'restored'),
            ...named('aurora', 'cluster', 'replaced'),
            ...living('aurora', 'cluster'),
            rds('cluster-pg:*'),
          ]),
          // What else names the old one, for a list that a person reads.
          may('rds:DescribeDBProxies', [rds('db-proxy:*')]),
          may('rds:DescribeDBProxyTargets', [rds('db-proxy:*'), rds('target-group:*')]),
          may('rds:DescribeEventSubscriptions', [rds('es:*')]),
          may('cloudwatch:DescribeAlarms', [
            sub('arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:*'),
          ]),
          // What a drill has made says so itself.
          ...(drills
            ? [
                may(
                  ['rds:DeleteDBInstance', 'rds:DeleteDBCluster'],
                  [...ofInstances('restored'), ...named('aurora', 'cluster', 'restored')],
                  { StringEquals: { 'aws:ResourceTag/understudy:drill': 'yes' } },
                ),
                // Of the final snapshot, which AWS checks even if none is requested.
                may('rds:DeleteDBCluster', rds('cluster-snapshot:*')),
              ]
            : []),
          may('rds:RebootDBInstance', [
            ...named('rds', 'db', 'restored'),
            ...named('aurora', 'db', 'restored'),
          ]),
          may(
            [
              'secretsmanager:CreateSecret',
              'secretsmanager:TagResource',
              'secretsmanager:GetSecretValue',
              'secretsmanager:DeleteSecret',
            ],
            ourSecrets,
          ),
          ...usesKeys,
        ];

  return {
    restoresBeside,
    switchesSecrets:
      written.length === 0
        ? []
        : [
            may(
              [
                'secretsmanager:DescribeSecret',
                'secretsmanager:GetSecretValue',
                'secretsmanager:PutSecretValue',
                'secretsmanager:UpdateSecretVersionStage',
              ],
              written.flatMap(arnOf),
            ),
            may(
              ['kms:Decrypt', 'kms:GenerateDataKey'],
              sub('arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*'),
              { StringEquals: { 'kms:ViaService': sub('secretsmanager.${AWS::Region}.${AWS::URLSuffix}') } },
            ),
          ],
    restartsServices: services.length === 0 ? [] : [may('ecs:UpdateService', ecs('service'))],
    // What they run, and ran before, by ARN: task definitions may have secrets in plain text. AWS knows no resource of the last.
    seesServices:
      services.length === 0
        ? []
        : [
            may(['ecs:DescribeServices', 'ecs:ListServiceDeployments'], ecs('service')),
            may(
              'ecs:DescribeServiceRevisions',
              ecs('service-revision').map((each) => ({ 'Fn::Sub': `${each['Fn::Sub']}/*` })),
            ),
            may('ecs:ListTaskDefinitions', '*'),
          ],
    renewsFunctions:
      functions.length === 0
        ? []
        : [
            may(
              [
                'lambda:GetFunctionConfiguration',
                'lambda:UpdateFunctionConfiguration',
                'lambda:PublishVersion',
                'lambda:GetAlias',
                'lambda:UpdateAlias',
              ],
              [...functions, ...qualified],
            ),
          ],
    callsHooks: calling(
      switches.flatMap(({ hooks }) =>
        [hooks.freeze, hooks.application, hooks.migrations, ...hooks.cutover].filter(Boolean),
      ),
    ),
    // A rehearsal has an application started, and sends smoke steps to it.
    startsApplications:
      starters.length === 0
        ? []
        : [...calling(starters), may('lambda:InvokeFunction', lambdaFunction(`understudy-${stage}-smoke`))],
    readsRestoredSecrets: [may('secretsmanager:GetSecretValue', ourSecrets)],
  };
};
