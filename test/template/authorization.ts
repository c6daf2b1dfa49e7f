/**
 * Which resources AWS checks an action against: those with a star always, the others where the request names one; none
 * means that only `*` will do. From "Actions, resources, and condition keys" of each service, as of November 2026:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
 */
const CHECKED: Record<string, string> = {
  'rds:AddTagsToResource': 'db cluster snapshot cluster-snapshot pg cluster-pg',
  'rds:CopyDBClusterParameterGroup': 'cluster-pg*',
  'rds:CopyDBClusterSnapshot': 'cluster-snapshot*',
  'rds:CopyDBParameterGroup': 'pg*',
  'rds:CopyDBSnapshot': 'snapshot*',
  'rds:CreateDBCluster': 'cluster* cluster-pg* og* subgrp*',
  'rds:CreateDBClusterParameterGroup': 'cluster-pg*',
  'rds:CreateDBClusterSnapshot': 'cluster* cluster-snapshot*',
  'rds:CreateDBInstance': 'db* og* pg* subgrp* cluster',
  'rds:CreateDBParameterGroup': 'pg*',
  'rds:CreateDBSnapshot': 'db* snapshot*',
  'rds:CrossRegionCommunication': '',
  'rds:DeleteDBCluster': 'cluster* cluster-snapshot*',
  'rds:DeleteDBClusterParameterGroup': 'cluster-pg*',
  'rds:DeleteDBClusterSnapshot': 'cluster-snapshot*',
  'rds:DeleteDBInstance': 'db*',
  'rds:DeleteDBParameterGroup': 'pg*',
  'rds:DeleteDBSnapshot': 'snapshot*',
  'rds:DescribeAccountAttributes': '',
  'rds:DescribeDBClusterParameterGroups': 'cluster-pg*',
  'rds:DescribeDBClusterParameters': 'cluster-pg*',
  'rds:DescribeDBClusterSnapshots': 'cluster cluster-snapshot',
  'rds:DescribeDBClusters': 'cluster*',
  'rds:DescribeDBEngineVersions': '',
  'rds:DescribeDBInstanceAutomatedBackups': 'auto-backup db',
  'rds:DescribeDBInstances': 'db*',
  'rds:DescribeDBMajorEngineVersions': '',
  'rds:DescribeDBParameterGroups': 'pg*',
  'rds:DescribeDBParameters': 'pg*',
  'rds:DescribeDBProxies': 'db-proxy*',
  'rds:DescribeDBProxyTargets': 'db-proxy* target-group*',
  'rds:DescribeDBSnapshots': 'db snapshot',
  'rds:DescribeDBSubnetGroups': 'subgrp*',
  'rds:DescribeEventSubscriptions': 'es*',
  'rds:ListTagsForResource': 'db cluster snapshot cluster-snapshot auto-backup pg cluster-pg',
  'rds:ModifyDBCluster': 'cluster* cluster-pg',
  'rds:ModifyDBClusterParameterGroup': 'cluster-pg*',
  'rds:ModifyDBClusterSnapshotAttribute': 'cluster-snapshot*',
  'rds:ModifyDBInstance': 'db* og pg',
  'rds:ModifyDBParameterGroup': 'pg*',
  'rds:ModifyDBSnapshotAttribute': 'snapshot*',
  'rds:RebootDBInstance': 'db*',
  'rds:RestoreDBClusterFromSnapshot': 'cluster* cluster-pg* og* subgrp* cluster-snapshot',
  'rds:RestoreDBClusterToPointInTime': 'cluster* cluster-pg* og* subgrp*',
  'rds:RestoreDBInstanceFromDBSnapshot': 'db* og* pg* subgrp* snapshot',
  'rds:RestoreDBInstanceToPointInTime': 'db* og* pg* subgrp*',

  'elasticache:AddTagsToResource': 'snapshot serverlesscachesnapshot',
  'elasticache:CreateServerlessCacheSnapshot': 'serverlesscache* serverlesscachesnapshot*',
  'elasticache:CreateSnapshot': 'snapshot* cluster replicationgroup',
  'elasticache:DeleteServerlessCacheSnapshot': 'serverlesscachesnapshot*',
  'elasticache:DeleteSnapshot': 'snapshot*',
  'elasticache:DescribeCacheClusters': 'cluster*',
  'elasticache:DescribeReplicationGroups': 'replicationgroup*',
  'elasticache:DescribeServerlessCacheSnapshots': 'serverlesscachesnapshot* serverlesscache',
  'elasticache:DescribeServerlessCaches': 'serverlesscache*',
  'elasticache:DescribeSnapshots': 'snapshot*',
  'elasticache:ListTagsForResource': 'snapshot serverlesscachesnapshot',

  'lambda:CheckpointDurableExecution': 'durable-execution*',
  'lambda:GetAlias': 'function*',
  'lambda:GetDurableExecutionState': 'durable-execution*',
  'lambda:GetFunctionConfiguration': 'function*',
  'lambda:InvokeFunction': 'function*',
  'lambda:PublishVersion': 'function*',
  'lambda:SendDurableExecutionCallbackSuccess': 'durable-execution*',
  'lambda:UpdateAlias': 'function*',
  'lambda:UpdateFunctionConfiguration': 'function*',

  'ec2:AssignPrivateIpAddresses': '',
  'ec2:CreateNetworkInterface': '',
  'ec2:DeleteNetworkInterface': '',
  'ec2:DescribeNetworkInterfaces': '',
  'ec2:DescribeSecurityGroups': '',
  'ec2:DescribeSubnets': '',
  'ec2:UnassignPrivateIpAddresses': '',
  'ecs:DescribeServiceRevisions': 'service-revision*',
  'ecs:DescribeServices': 'service*',
  'ecs:ListServiceDeployments': 'service*',
  'ecs:ListTaskDefinitions': '',
  'ecs:UpdateService': 'service*',
  'cloudwatch:DescribeAlarms': 'alarm*',
  'iam:SimulatePrincipalPolicy': 'role',
  'scheduler:GetSchedule': 'schedule*',
  'scheduler:ListSchedules': '',
};

export type Checked = { always: string[]; named: string[] };

/** The types an action is checked against; undefined of services that are not in the table. */
export function checkedAgainst(action: string): Checked | undefined {
  const types = CHECKED[action]?.split(' ').filter(Boolean);
  return (
    types && {
      always: types.filter((type) => type.endsWith('*')).map((type) => type.slice(0, -1)),
      named: types.filter((type) => !type.endsWith('*')),
    }
  );
}

/** Services of which every action has to be in the table. */
export const SERVICES = [...new Set(Object.keys(CHECKED).map((action) => action.split(':')[0]!))];

/** What sort of thing a resource of a policy is: `db` of `arn:…:rds:…:db:understudy-scratch-*`. */
export function typeOf(resource: string): string {
  if (/:function:[^:]+:[^:/]+\/durable-execution\//.test(resource)) return 'durable-execution';
  if (/^\w+LambdaFunction\.Arn$/.test(resource)) return 'function';
  if (/^\w+Role\.Arn$/.test(resource)) return 'role';
  return /^arn:[^:]+:[^:]+:[^:]*:[^:]*:([a-z-]+)[:/]/.exec(resource.replaceAll('::', '__'))?.[1] ?? resource;
}
