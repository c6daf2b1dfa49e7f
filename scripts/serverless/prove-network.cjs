/**
 * The network of the function prove: the quarantine of scratch instances or, if the policies rehearse in another network,
 * your own subnets that reach it (and S3 and Secrets Manager).
 */
const { split } = require('./network.cjs');

module.exports = async ({ resolveVariable }) => {
  const [subnetIds, securityGroupIds] = await Promise.all(
    ['proveSubnets', 'proveSecurityGroups'].map(async (param) =>
      split(await resolveVariable(`param:${param}`)),
    ),
  );
  if (subnetIds.length > 0 !== securityGroupIds.length > 0)
    throw new Error(
      'proveSubnets and proveSecurityGroups go together: give both, or neither for the quarantine',
    );
  if (subnetIds.length > 0) return { subnetIds, securityGroupIds };
  return {
    subnetIds: [{ Ref: 'ScratchSubnetA' }, { Ref: 'ScratchSubnetB' }],
    securityGroupIds: [{ Ref: 'ProveSecurityGroup' }],
  };
};
