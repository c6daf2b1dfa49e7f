import { DescribeSecurityGroupsCommand, DescribeSubnetsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { DescribeDBSubnetGroupsCommand, type RDSClient } from '@aws-sdk/client-rds';
import type { SecurityGroupFacts, SubnetGroupFacts } from '../../../ports/restore-conditions.ts';
import { ifThere } from '../rds/rds-errors.ts';
import { ofEc2 } from './preflight-errors.ts';

/** RDS knows which subnets a group names; only EC2 knows which of them still exist, and their free addresses. */
export async function readSubnetGroup(
  rds: RDSClient,
  ec2: EC2Client,
  name: string,
): Promise<SubnetGroupFacts | undefined> {
  const answer = await ifThere(`looking at the subnet group ${name}`, /DBSubnetGroupNotFound/, () =>
    rds.send(new DescribeDBSubnetGroupsCommand({ DBSubnetGroupName: name })),
  );
  const group = answer?.DBSubnetGroups?.[0];
  if (!group) return undefined;
  const ids = (group.Subnets ?? []).flatMap((subnet) => subnet.SubnetIdentifier ?? []);
  const subnets = ids.length > 0 ? await readSubnets(ec2, name, ids) : [];
  return {
    vpc: group.VpcId ?? '',
    zones: [...new Set(subnets.flatMap((subnet) => subnet.AvailabilityZone ?? []))].sort(),
    freeAddresses: subnets.reduce((sum, subnet) => sum + (subnet.AvailableIpAddressCount ?? 0), 0),
  };
}

/** By filter, not by id: a filter omits a deleted subnet, where a deleted id fails the whole request. */
async function readSubnets(ec2: EC2Client, group: string, ids: string[]) {
  const { Subnets } = await ofEc2.asking(`looking at the subnets of ${group}`, () =>
    ec2.send(new DescribeSubnetsCommand({ Filters: [{ Name: 'subnet-id', Values: ids }] })),
  );
  return Subnets ?? [];
}

export async function readSecurityGroups(
  ec2: EC2Client,
  ids: readonly string[],
): Promise<SecurityGroupFacts[]> {
  const { SecurityGroups } = await ofEc2.asking(`looking at the security groups ${ids.join(', ')}`, () =>
    ec2.send(new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'group-id', Values: [...ids] }] })),
  );
  return (SecurityGroups ?? []).flatMap(({ GroupId, VpcId }) =>
    GroupId ? [{ id: GroupId, vpc: VpcId ?? '' }] : [],
  );
}
