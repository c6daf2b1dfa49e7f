import { refuse } from './errors.ts';
import type { Input, Kind } from './kinds.ts';
import { arnOf, codeOf, newName } from './names.ts';
import { page } from './pages.ts';
import { parametersOf, setParameters } from './parameters.ts';
import { find } from './regions.ts';
import { newTags } from './tags.ts';
import type { Call, Origin, ParameterGroup } from './world.ts';

/** The actions on parameter groups of one kind. */
export const groupActions = (kind: Kind) => {
  const noun = kind.group;
  const named = (input: Input) => input[`${noun}Name`]!;
  return {
    [`Create${noun}`]: (call: Call, input: Input) => {
      const group = createGroup(call, kind, named(input), input.DBParameterGroupFamily!, input.Description!);
      group.tags = newTags(input.Tags);
      return { [noun]: showGroup(group) };
    },
    [`Copy${noun}`]: (call: Call, input: Input) => {
      const source = find(call, noun, input[`Source${noun}Identifier`]!);
      if (isDefault(source))
        refuse('InvalidParameterValue', `${source.id} cannot be copied: create a group.`);
      const { [`Target${noun}Identifier` as const]: name, [`Target${noun}Description` as const]: about } =
        input;
      const group = createGroup(call, kind, name!, source.family, about!);
      Object.assign(group, { tags: newTags(input.Tags), values: new Map(source.values) });
      return { [noun]: showGroup(group) };
    },
    [`Modify${noun}`]: (call: Call, input: Input) => {
      const group = changeable(call, kind, named(input));
      setParameters(call.world.machine, group, input.Parameters!);
      return { [`${noun}Name`]: group.id };
    },
    [`Describe${kind.parameters}`]: (call: Call, input: Input) => {
      const { Source: wanted } = input;
      if (wanted && !['user', 'system', 'engine-default'].includes(wanted))
        refuse('InvalidParameterValue', `Invalid source: ${wanted}`);
      const all = parametersOf(call.world.machine, find(call, noun, named(input)));
      const found = all.filter(({ Source }) => !wanted || Source === wanted);
      const { items, Marker } = page(found, ({ ParameterName }) => ParameterName!, input);
      return { Parameters: items, Marker };
    },
    [`Delete${noun}`]: (call: Call, input: Input) => {
      const group = changeable(call, kind, named(input));
      if ([...call.region[kind.noun].values()].some((user) => user.group === group))
        refuse(codeOf(noun, 'State'), `${group.id} is in use by a ${kind.noun}, so it cannot be deleted`);
      call.region[noun].delete(group.id);
    },
  };
};

/** The group that was named, if it is of the engine's family, or the family's default one, made on first use. */
export function groupFor(call: Call, kind: Kind, origin: Origin, given?: string): ParameterGroup {
  const family = familyOf(origin.Engine, origin.EngineVersion);
  const known = call.region[kind.group].get(given ?? `default.${family}`);
  if (!given && !known)
    return addGroup(call, kind, `default.${family}`, family, `Default parameter group for ${family}`);
  const group = known ?? find(call, kind.group, given!, kind.groupNotFound);
  if (group.family !== family)
    refuse('InvalidParameterCombination', `${group.id} is of family ${group.family}: use one of ${family}.`);
  return group;
}

export function showGroup(group: ParameterGroup) {
  const { noun, id, arn, family, description } = group;
  const named = { [`${noun}Name`]: id, [`${noun}Arn`]: arn };
  return { ...named, DBParameterGroupFamily: family, Description: description };
}

export function familyOf(engine: string, version: string): string {
  const [major, minor] = version.split('.');
  return /postgres/.test(engine) ? `${engine}${major}` : `${engine}${major}.${minor}`;
}

export const valuesOf = (...groups: ParameterGroup[]): Record<string, string> =>
  Object.fromEntries(groups.flatMap((group) => [...group.values].map(([name, { value }]) => [name, value])));

function createGroup(call: Call, kind: Kind, given: string, family: string, description: string) {
  if (!/^(postgres|aurora-postgresql)\d+$|^(mysql|mariadb)\d+\.\d+$/.test(family))
    refuse('InvalidParameterValue', `${family} is not a valid parameter group family`);
  const name = newName(given, kind.group, 255);
  if (call.region[kind.group].has(name))
    refuse(codeOf(kind.group, 'AlreadyExists'), `Parameter group ${name} already exists`);
  return addGroup(call, kind, name, family, description);
}

function addGroup(
  { region }: Call,
  kind: Kind,
  id: string,
  family: string,
  description: string,
): ParameterGroup {
  const arn = arnOf(region.name, kind.group, id);
  const group: ParameterGroup = {
    noun: kind.group,
    id,
    arn,
    tags: [],
    family,
    description,
    values: new Map(),
  };
  region[kind.group].set(id, group);
  return group;
}

function changeable(call: Call, kind: Kind, given: string): ParameterGroup {
  const group = find(call, kind.group, given);
  if (isDefault(group))
    refuse(codeOf(group.noun, 'State'), `${group.id} is a default group: it stays as it is.`);
  return group;
}

const isDefault = ({ id }: ParameterGroup) => id.startsWith('default.');
