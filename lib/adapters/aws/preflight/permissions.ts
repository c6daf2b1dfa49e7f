import { type EvaluationResult, type IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { UnderstudyError } from '../../../domain/errors.ts';
import { SCRATCH_PREFIX } from '../../../domain/names.ts';
import { TAGS } from '../../../domain/points/platform-source.ts';
import type { Denial, RestoreIntent } from '../../../ports/restore-conditions.ts';
import { ofIam } from './preflight-errors.ts';

/** One resource that a restore uses, and the actions on it. */
type Need = { resource: string; actions: string[] };

/**
 * Asks IAM whether a role may do what a restore does, resource by resource: a role that may restore onto scratch
 * names only is asked about a scratch name. Boundaries and organizations count; the key's own policy is not checked.
 */
export async function readDenials(
  client: IAMClient,
  role: string | undefined,
  intent: RestoreIntent,
): Promise<Denial[]> {
  if (!role)
    throw new UnderstudyError('role-unknown', 'this deployment does not say which role restores', {
      hint: 'deploy again, with UNDERSTUDY_RESTORE_ROLE',
    });
  const denials: Denial[] = [];
  for (const need of needsOf(intent)) denials.push(...(await simulate(client, role, need, intent)));
  return denials;
}

/** Source: the service's list of actions and the resource types they are checked against. */
function needsOf(intent: RestoreIntent): Need[] {
  const [, partition, , region, account] = (intent.sourceArn ?? intent.snapshotArn ?? '').split(':');
  const rds = (type: string, name: string) => `arn:${partition}:rds:${region}:${account}:${type}:${name}`;
  const scratch = `${SCRATCH_PREFIX}preflight`;
  const isCluster = intent.kind === 'aurora';
  const [fromSnapshot, toMoment] = isCluster
    ? ['rds:RestoreDBClusterFromSnapshot', 'rds:RestoreDBClusterToPointInTime']
    : ['rds:RestoreDBInstanceFromDBSnapshot', 'rds:RestoreDBInstanceToPointInTime'];
  const restores = [...(intent.snapshotArn ? [fromSnapshot!] : []), ...(intent.sourceArn ? [toMoment!] : [])];
  const ofInstance = ['rds:AddTagsToResource', 'rds:ModifyDBInstance', 'rds:DeleteDBInstance'];
  const ofCluster = ['rds:AddTagsToResource', 'rds:ModifyDBCluster', 'rds:DeleteDBCluster'];
  const parameters = rds(isCluster ? 'cluster-pg' : 'pg', scratch);
  const group = isCluster ? 'DBClusterParameterGroup' : 'DBParameterGroup';
  const ofGroup = ['Create', 'Copy', 'Modify', 'Delete'].map((verb) => `rds:${verb}${group}`);
  const secret = `arn:${partition}:secretsmanager:${region}:${account}:secret:understudy/${intent.tags[TAGS.stage]}/scratch/${scratch}-AbCdEf`;
  const ofSecret = ['CreateSecret', 'TagResource', 'GetSecretValue', 'DeleteSecret'];
  return [
    ...(isCluster
      ? [
          { resource: rds('cluster', scratch), actions: [...restores, 'rds:CreateDBInstance', ...ofCluster] },
          { resource: rds('db', `${scratch}-1`), actions: ['rds:CreateDBInstance', ...ofInstance] },
        ]
      : [{ resource: rds('db', scratch), actions: [...restores, ...ofInstance] }]),
    ...(intent.snapshotArn ? [{ resource: intent.snapshotArn, actions: [fromSnapshot!] }] : []),
    ...(intent.sourceArn ? [{ resource: intent.sourceArn, actions: [toMoment!] }] : []),
    { resource: parameters, actions: [...restores, 'rds:AddTagsToResource', ...ofGroup] },
    { resource: secret, actions: ofSecret.map((action) => `secretsmanager:${action}`) },
    ...(intent.subnetGroup ? [{ resource: rds('subgrp', intent.subnetGroup), actions: restores }] : []),
    ...(intent.optionGroup ? [{ resource: rds('og', intent.optionGroup), actions: restores }] : []),
    ...(intent.kmsKey ? [{ resource: intent.kmsKey, actions: ['kms:CreateGrant', 'kms:DescribeKey'] }] : []),
  ];
}

async function simulate(
  client: IAMClient,
  role: string,
  { resource, actions }: Need,
  intent: RestoreIntent,
): Promise<Denial[]> {
  const { EvaluationResults = [] } = await ofIam.asking(`asking what ${role} may do`, () =>
    client.send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn: role,
        ActionNames: actions,
        ResourceArns: [resource],
        ContextEntries: context(intent, resource),
      }),
    ),
  );
  return actions.flatMap((action): Denial[] => {
    const result = EvaluationResults.find((each) => each.EvalActionName === action);
    if (result?.EvalDecision === 'allowed') return [];
    const missing = result?.MissingContextValues ?? [];
    // Denied only because a condition needs a value that Understudy cannot supply: the result is unknown,
    // neither good nor bad.
    if (!result || (result.EvalDecision === 'implicitDeny' && missing.length > 0))
      throw new UnderstudyError(
        'permission-unsaid',
        `IAM does not say whether ${role} may ${action} on ${resource}${missing.length > 0 ? `: it depends on ${missing.join(', ')}` : ''}`,
      );
    return [{ action, resource, why: whyDenied(result) }];
  });
}

/** Values for the conditions of the role’s policies, as they are in a restore. */
function context({ tags }: RestoreIntent, resource: string) {
  const string = (ContextKeyName: string, value: string) => ({
    ContextKeyName,
    ContextKeyType: 'string' as const,
    ContextKeyValues: [value],
  });
  if (/^arn:[^:]+:kms:/.test(resource)) {
    return [
      string('kms:ViaService', `rds.${resource.split(':')[3]}.amazonaws.com`),
      string('kms:CallerAccount', resource.split(':')[4]!),
      { ...string('kms:GrantIsForAWSResource', 'true'), ContextKeyType: 'boolean' as const },
    ];
  }
  return [
    {
      ...string('aws:TagKeys', ''),
      ContextKeyType: 'stringList' as const,
      ContextKeyValues: Object.keys(tags),
    },
    ...Object.entries(tags).flatMap(([key, value]) =>
      ['aws:RequestTag', 'rds:req-tag', 'aws:ResourceTag', 'rds:db-tag', 'rds:cluster-tag'].map((kind) =>
        string(`${kind}/${key}`, value),
      ),
    ),
  ];
}

function whyDenied(result: EvaluationResult): string {
  if (result.OrganizationsDecisionDetail?.AllowedByOrganizations === false)
    return 'a policy of the organization denies it';
  if (result.PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary === false)
    return 'its permissions boundary does not allow it';
  return result.EvalDecision === 'explicitDeny' ? 'a statement denies it' : 'no statement allows it';
}
