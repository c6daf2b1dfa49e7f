import type { Parameter, Tag } from '@aws-sdk/client-rds';
import { refuse } from './errors.ts';
import { findGroup, type GroupKind, groupsOf, isDefault, isFamily, makeGroup } from './groups.ts';
import { newName } from './names.ts';
import { page } from './pages.ts';
import { parametersOf, setParameters } from './parameters.ts';
import { fromTags } from './tags.ts';
import type { Call, ParameterGroup } from './world.ts';

export function createGroup(
  call: Call,
  kind: GroupKind,
  input: { name: string; family: string; description: string; tags?: Tag[] | undefined },
): ParameterGroup {
  if (!isFamily(input.family))
    refuse(
      'InvalidParameterValue',
      `ParameterGroupFamily ${input.family} is not a valid parameter group family`,
    );
  const name = newGroupName(call, kind, input.name);
  const tags = fromTags(input.tags);
  return Object.assign(makeGroup(call.region, kind, name, input.family, input.description), { tags });
}

export function copyGroup(
  call: Call,
  kind: GroupKind,
  input: { source: string; target: string; description: string; tags?: Tag[] | undefined },
): ParameterGroup {
  const source = findGroup(call, kind, input.source);
  const { description, tags } = input;
  const copy = createGroup(call, kind, { name: input.target, family: source.family, description, tags });
  copy.values = new Map(source.values);
  return copy;
}

export function modifyGroup(call: Call, kind: GroupKind, name: string, parameters: Parameter[]): string {
  const group = findGroup(call, kind, name);
  if (isDefault(group))
    refuse('InvalidDBParameterGroupState', `The default parameter group ${group.name} cannot be modified.`);
  setParameters(call.world.machine, group, parameters);
  return group.name;
}

type Paging = { MaxRecords?: number | undefined; Marker?: string | undefined };

export function describeGroups(call: Call, kind: GroupKind, name: string | undefined, paging: Paging) {
  const all = name ? [findGroup(call, kind, name)] : [...groupsOf(call.region, kind).values()];
  return page(all, (group) => group.name, paging);
}

export function describeParameters(
  call: Call,
  kind: GroupKind,
  name: string,
  input: Paging & { Source?: string | undefined },
) {
  const { Source } = input;
  if (Source && !['user', 'system', 'engine-default'].includes(Source))
    refuse('InvalidParameterValue', `Invalid source: ${Source}`);
  const all = parametersOf(call.world.machine, findGroup(call, kind, name));
  const wanted = all.filter((parameter) => !Source || parameter.Source === Source);
  const { items, Marker } = page(wanted, ({ ParameterName }) => ParameterName!, input);
  return { Parameters: items, Marker };
}

export function deleteGroup(call: Call, kind: GroupKind, name: string): void {
  const group = findGroup(call, kind, name);
  if (isDefault(group))
    refuse('InvalidDBParameterGroupState', `Default DBParameterGroup cannot be deleted: ${group.name}`);
  const users = kind === 'db' ? call.region.instances : call.region.clusters;
  if ([...users.values()].some((user) => user.group === group))
    refuse(
      'InvalidDBParameterGroupState',
      'One or more database instances are still members of this parameter group, so the group cannot be deleted',
    );
  groupsOf(call.region, kind).delete(group.name);
}

function newGroupName({ region }: Call, kind: GroupKind, given: string): string {
  const name = newName(given, kind === 'db' ? 'DBParameterGroupName' : 'DBClusterParameterGroupName', 255);
  if (groupsOf(region, kind).has(name))
    refuse('DBParameterGroupAlreadyExists', `Parameter group ${name} already exists`);
  return name;
}
