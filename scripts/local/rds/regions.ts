import { refuse } from './errors.ts';
import { arnOf, codeOf, type Noun, parseArn } from './names.ts';
import type { Call, Region, Resource, SubnetGroup, Things, World } from './world.ts';

/** Regions come to be when they are first named. */
export function regionOf(world: World, name: string): Region {
  const known = world.regions.get(name);
  if (known) return known;
  const subnetGroups = ['default', ...world.subnetGroups].map((id) => subnetGroup(name, id));
  const region: Region = {
    name,
    DBInstance: new Map(),
    DBCluster: new Map(),
    DBSnapshot: new Map(),
    DBClusterSnapshot: new Map(),
    DBParameterGroup: new Map(),
    DBClusterParameterGroup: new Map(),
    DBSubnetGroup: new Map(subnetGroups.map((group) => [group.id, group])),
  };
  world.regions.set(name, region);
  return region;
}

export const callIn = (world: World, region: string): Call => ({ world, region: regionOf(world, region) });

/** What is in this Region, by its name in any case or its ARN. */
export function find<N extends Noun>({ region }: Call, noun: N, given: string, code?: string): Things[N] {
  const arn = parseArn(given);
  const elsewhere = arn && (arn.region !== region.name || arn.noun !== noun);
  const found = elsewhere ? undefined : region[noun].get((arn?.id ?? given).toLowerCase());
  return (
    (found as Things[N] | undefined) ??
    refuse(code ?? codeOf(noun, 'NotFound'), `${noun} ${given} not found.`)
  );
}

export const membersOf = ({ region }: Call, cluster: Resource): Resource[] =>
  [...region.DBInstance.values()].filter((instance) => instance.cluster === cluster);

/** RDS changes and backs up only what is in one of these states. */
const WORKING = ['available', 'storage-optimization', 'storage-initialization'];

export function mustWork({ noun, id, status }: Resource): void {
  if (!WORKING.includes(status))
    refuse(codeOf(noun, 'State'), `${noun} ${id} is not in available state. It is ${status}.`);
}

function subnetGroup(region: string, id: string): SubnetGroup {
  const arn = arnOf(region, 'DBSubnetGroup', id);
  const shown = {
    DBSubnetGroupName: id,
    DBSubnetGroupDescription: id,
    VpcId: 'vpc-00000001',
    SubnetGroupStatus: 'Complete',
    DBSubnetGroupArn: arn,
    Subnets: ['a', 'b'].map((zone, index) => ({
      SubnetIdentifier: `subnet-0000000${index + 1}`,
      SubnetAvailabilityZone: { Name: `${region}${zone}` },
      SubnetStatus: 'Active',
    })),
  };
  return { noun: 'DBSubnetGroup', id, arn, tags: [], shown };
}
