import type { DBSubnetGroup } from '@aws-sdk/client-rds';
import { arnOf } from './names.ts';
import type { Call, Region, World } from './world.ts';

/** Regions come to be when they are first spoken to. */
export function regionOf(world: World, name: string): Region {
  const known = world.regions.get(name);
  if (known) return known;
  const region: Region = {
    name,
    instances: new Map(),
    clusters: new Map(),
    snapshots: new Map(),
    clusterSnapshots: new Map(),
    groups: new Map(),
    clusterGroups: new Map(),
    subnetGroups: new Map(
      ['default', ...world.subnetGroups].map((group) => [group, subnetGroup(name, group)]),
    ),
    retained: new Map(),
  };
  world.regions.set(name, region);
  return region;
}

export const callIn = (world: World, region: string): Call => ({ world, region: regionOf(world, region) });

function subnetGroup(region: string, name: string): DBSubnetGroup {
  return {
    DBSubnetGroupName: name,
    DBSubnetGroupDescription: name,
    VpcId: 'vpc-00000001',
    SubnetGroupStatus: 'Complete',
    DBSubnetGroupArn: arnOf(region, 'subgrp', name),
    Subnets: ['a', 'b'].map((zone, index) => ({
      SubnetIdentifier: `subnet-0000000${index + 1}`,
      SubnetAvailabilityZone: { Name: `${region}${zone}` },
      SubnetStatus: 'Active',
    })),
  };
}
