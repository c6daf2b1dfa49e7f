/** The network of functions that connect to databases: the given subnets, or no VPC. */
module.exports = async ({ resolveVariable }) => {
  const [subnetIds, securityGroupIds] = await Promise.all(
    ['vpcSubnets', 'vpcSecurityGroups'].map(async (param) => split(await resolveVariable(`param:${param}`))),
  );
  if (subnetIds.length > 0 !== securityGroupIds.length > 0) {
    throw new Error(
      'vpcSubnets and vpcSecurityGroups go together: give both, or neither for databases with public endpoints',
    );
  }
  return subnetIds.length > 0 && { subnetIds, securityGroupIds };
};

const split = (list) =>
  String(list)
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
module.exports.split = split;
