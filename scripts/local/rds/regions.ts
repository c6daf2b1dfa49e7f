import { rejectCall, rejectValue } from './model.ts';
import type { Input, Kind, Noun } from './nouns.ts';
import { ARN_KINDS, arnOf, errorCodeFor, INSTANCE, keyArn, parseArn, rejectState } from './nouns.ts';
import type { Call, LocalRdsWorld, Region, Resource, SubnetGroup, Things } from './world.ts';

/** Makes a Region at its first use. */
export function regionOf(world: LocalRdsWorld, name: string): Region {
  const known = world.regions.get(name);
  if (known) return known;
  const nothing = Object.keys(ARN_KINDS).map((noun) => [noun, new Map()]);
  const region: Region = { name, ...Object.fromEntries(nothing) };
  for (const id of ['default', ...world.subnetGroups]) region.DBSubnetGroup.set(id, subnetGroup(name, id));
  world.regions.set(name, region);
  return region;
}

export const callIn = (
  world: LocalRdsWorld,
  region: string,
  kind: Kind = INSTANCE,
  input: Input = {},
): Call => ({
  ...{ world, region: regionOf(world, region), kind, input },
});

/** A resource of this Region, by its name in any case or its ARN. */
export function find<N extends Noun>(
  call: Call,
  noun: N,
  given: string,
  code = errorCodeFor(noun, 'NotFound'),
) {
  const arn = parseArn(given);
  const elsewhere = arn && (arn.region !== call.region.name || arn.noun !== noun);
  const found = elsewhere ? undefined : call.region[noun].get((arn?.id ?? given).toLowerCase());
  return (found as Things[N] | undefined) ?? rejectCall(code, `${noun} ${given} not found.`);
}

/** The resource that the request names. */
export const findNamed = <N extends Noun>(call: Call, noun: N) => find(call, noun, nameOf(call, noun)!);

export function nameOf({ input }: Call, noun: Noun): string | undefined {
  const given: Record<string, unknown> = input;
  return given[noun + (noun.endsWith('Group') ? 'Name' : 'Identifier')] as string | undefined;
}

/** A new name as RDS accepts it, in lower case. */
export function checkNewName(call: Call, noun: Noun, given: string): string {
  const name = given.toLowerCase();
  if (!/^[a-z](-?[a-z0-9])*$/.test(name) || name.length > (/Group|Snapshot/.test(noun) ? 255 : 63))
    rejectValue(`${given} is no name of a ${noun}: a letter, then letters, digits and single hyphens`);
  mustBeNew(call, noun, name);
  return name;
}

export function mustBeNew({ region }: Call, noun: Noun, id: string): void {
  if (region[noun].has(id))
    rejectCall(errorCodeFor(noun, 'AlreadyExists'), `There is a ${noun} ${id} already`);
}

/** A page of a list, and the marker of the next one. A marker names the last item seen, so that deletions skip nothing. */
export function page<T>({ input }: Call, items: T[], key: (item: T) => string) {
  const { MaxRecords: most = 100, Marker: marker } = input;
  if (most < 20 || most > 100)
    rejectValue(`Invalid value ${most} for MaxRecords. Must be between 20 and 100`);
  if (marker !== undefined && !marker.startsWith('after '))
    rejectValue('The marker is not one that was given');
  const sorted = items.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  const rest = sorted.filter((item) => !marker || `after ${key(item)}` > marker);
  const shown = rest.slice(0, most);
  return { items: shown, Marker: rest.length > most ? `after ${key(shown.at(-1)!)}` : undefined };
}

/** The ARN of a key that RDS may use in this Region. */
export function usableKey({ world, region }: Call, given: string): string {
  const arn = keyArn(region.name, given);
  const refused = [...world.settings.inaccessibleKeys].map((key) => keyArn(region.name, key));
  if (arn.split(':')[3] !== region.name || refused.includes(arn))
    rejectCall(
      'KMSKeyNotAccessibleFault',
      `The key ${given} does not exist, is not enabled or may not be used.`,
    );
  return arn;
}

export const membersOf = ({ region }: Call, cluster: Resource): Resource[] =>
  [...region.DBInstance.values()].filter((instance) => instance.cluster === cluster);

/** RDS changes and backs up a resource only in one of these states. */
export function mustWork(resource: Resource): void {
  const { status } = resource;
  if (!/^(available|storage-(optim|initial)ization)$/.test(status)) rejectState(resource, `is ${status}`);
}

function subnetGroup(region: string, id: string): SubnetGroup {
  const arn = arnOf(region, 'DBSubnetGroup', id);
  const Subnets = ['a', 'b'].map((zone) => ({
    SubnetIdentifier: `subnet-0000000${zone}`,
    SubnetAvailabilityZone: { Name: region + zone },
  }));
  const shown = { DBSubnetGroupName: id, DBSubnetGroupArn: arn, VpcId: 'vpc-00000001', Subnets };
  return { noun: 'DBSubnetGroup', id, arn, tags: [], shown };
}
