import { refuse } from './errors.ts';
import { arnOf, plainName } from './names.ts';
import type { Call, ParameterGroup, Region } from './world.ts';

/** Parameter groups of instances and of clusters differ in names only. */
export type GroupKind = 'db' | 'cluster';

export const groupsOf = (region: Region, kind: GroupKind) =>
  kind === 'db' ? region.groups : region.clusterGroups;

export function findGroup(
  { region }: Call,
  kind: GroupKind,
  given: string,
  notFound = 'DBParameterGroupNotFound',
): ParameterGroup {
  const name = plainName(given);
  const known = groupsOf(region, kind).get(name);
  if (known) return known;
  const family = name.replace(/^default\./, '');
  if (name.startsWith('default.') && isFamily(family)) return makeGroup(region, kind, name, family);
  refuse(notFound, `DBParameterGroup not found: ${name}`);
}

/** The group that was named, if it is of the engine's family, or the family's default one. */
export function groupFor(
  call: Call,
  kind: GroupKind,
  engine: string,
  version: string,
  given?: string,
): ParameterGroup {
  const family = familyOf(engine, version);
  const notFound = kind === 'db' ? 'DBParameterGroupNotFound' : 'DBClusterParameterGroupNotFound';
  const group = findGroup(call, kind, given ?? `default.${family}`, notFound);
  if (group.family !== family)
    refuse(
      'InvalidParameterCombination',
      `The Parameter Group ${group.name} with DBParameterGroupFamily ${group.family} can't be used for this instance. Please use a Parameter Group with DBParameterGroupFamily ${family}.`,
    );
  return group;
}

export function makeGroup(
  region: Region,
  kind: GroupKind,
  name: string,
  family: string,
  description = `Default parameter group for ${family}`,
): ParameterGroup {
  const arn = arnOf(region.name, kind === 'db' ? 'pg' : 'cluster-pg', name);
  const group = { name, family, description, arn, tags: new Map(), values: new Map() };
  groupsOf(region, kind).set(name, group);
  return group;
}

export const isDefault = (group: ParameterGroup) => group.name.startsWith('default.');

export function familyOf(engine: string, version: string): string {
  const [major, minor] = version.split('.');
  return /postgres/.test(engine) ? `${engine}${major}` : `${engine}${major}.${minor}`;
}

export const isFamily = (family: string) =>
  /^(postgres|aurora-postgresql)\d+$|^(mysql|mariadb)\d+\.\d+$/.test(family);

export const valuesOf = (...groups: ParameterGroup[]): Record<string, string> =>
  Object.fromEntries(groups.flatMap((group) => [...group.values].map(([name, { value }]) => [name, value])));
