import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { rdsRestored } from '../../../../../lib/adapters/aws/rds/rds-restored.ts';
import { answering } from '../../../../support/rds-client.ts';

const NAME = 'crm-restored-20261120t120000z';
const LIKE = { securityGroups: ['sg-1'], parameterGroup: 'default.aurora-postgresql16' };

test.each([
  ['does not exist', true, `${NAME}-parameters`],
  ['exists', false, LIKE.parameterGroup],
])('a cluster whose default parameters are in a group that %s gets them', async (_, missing, given) => {
  const { client, sent } = answering({
    DescribeDBClustersCommand: {
      DBClusters: [{ DBClusterIdentifier: NAME, Status: 'available', DBClusterParameterGroup: NAME }],
    },
    DescribeDBInstancesCommand: { DBInstances: [{ DBInstanceStatus: 'available' }] },
  });
  const { send } = client;
  client.send = (async (command: { constructor: { name: string } }) => {
    if (missing && command.constructor.name === 'DescribeDBClusterParameterGroupsCommand')
      throw Object.assign(new Error('no such group'), { name: 'DBParameterGroupNotFound' });
    return (send as (given: unknown) => Promise<unknown>).call(client, command);
  }) as typeof client.send;
  const restored = rdsRestored(client, new CloudWatchClient({ region: 'eu-central-1' }));
  expect(await restored.release('aurora', LIKE, NAME)).toBe('working');
  const inputsOf = (name: string) => sent.filter(({ command }) => command === name).map(({ input }) => input);
  expect(inputsOf('ModifyDBClusterCommand')).toMatchObject([{ DBClusterParameterGroupName: given }]);
  expect(inputsOf('CreateDBClusterParameterGroupCommand')).toMatchObject(
    missing ? [{ DBClusterParameterGroupName: given, DBParameterGroupFamily: 'aurora-postgresql16' }] : [],
  );
});
