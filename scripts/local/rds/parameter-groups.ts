import type { Parameter, Tag } from '@aws-sdk/client-rds';
import type { ServerParameter as Known, Machine } from './machine.ts';
import { rejectCombination, rejectValue } from './model.ts';
import { arnOf, type Kind, newTags, rejectState } from './nouns.ts';
import { checkNewName, find, findNamed, page } from './regions.ts';
import type { Call, ParameterGroup, ResourceOrigin } from './world.ts';

/** The actions on parameter groups of one kind. */
export const groupActions = ({ noun: user, group: noun }: Kind) => ({
  [`Create${noun}`]: (call: Call) => {
    const { DBParameterGroupFamily: family = '', Description: about, Tags } = call.input;
    const name = checkNewName(call, noun, call.input[`${noun}Name`]!);
    if (!/^(postgres|aurora-postgresql)\d+$|^(mysql|mariadb)\d+\.\d+$/.test(family))
      rejectValue(`${family} is not a valid parameter group family`);
    return { [noun]: showGroup(addGroup(call, name, family, about!, newTags(Tags))) };
  },
  [`Copy${noun}`]: (call: Call) => {
    const { [`Target${noun}Description` as const]: about, Tags } = call.input;
    const source = find(call, noun, call.input[`Source${noun}Identifier`]!);
    const name = checkNewName(call, noun, call.input[`Target${noun}Identifier`]!);
    if (isDefault(source)) rejectValue(`${source.id} is a default group, which has no copies.`);
    const group = addGroup(call, name, source.family, about!, newTags(Tags));
    group.values = new Map(source.values);
    return { [noun]: showGroup(group) };
  },
  [`Modify${noun}`]: (call: Call) => {
    const group = findNamed(call, noun);
    if (isDefault(group)) rejectState(group, 'is a default group: it stays as it is');
    setParameters(call.world.machine, group, call.input.Parameters!);
    return { [`${noun}Name`]: group.id };
  },
  [`Describe${noun.replace('Group', 's')}`]: (call: Call) => {
    const { Source: wanted = '' } = call.input;
    if (!['', 'user', 'system', 'engine-default'].includes(wanted)) rejectValue(`Invalid source: ${wanted}`);
    const all = parametersOf(call.world.machine, findNamed(call, noun));
    const found = all.filter(({ Source }) => !wanted || Source === wanted);
    const { items, Marker } = page(call, found, ({ ParameterName }) => ParameterName!);
    return { Parameters: items, Marker };
  },
  [`Delete${noun}`]: (call: Call) => {
    const group = findNamed(call, noun);
    if (isDefault(group)) rejectState(group, 'is a default group: it stays as it is');
    const users = [...call.region[user].values()];
    if (users.some((each) => each.group === group)) rejectState(group, 'is in use: it cannot be deleted');
    call.region[noun].delete(group.id);
  },
});

/** The named group, if it is of the engine's family; else the family's default one, made at its first use. */
export function groupFor(call: Call, origin: ResourceOrigin, given?: string): ParameterGroup {
  const { group: noun } = call.kind;
  const family = familyOf(origin.Engine, origin.EngineVersion);
  const name = `default.${family}`;
  if (!given && !call.region[noun].has(name)) return addGroup(call, name, family, 'Default group');
  const group = find(call, noun, given ?? name, `${noun}NotFound`);
  if (group.family !== family)
    rejectCombination(`${group.id} is of family ${group.family}: use one of ${family}.`);
  return group;
}

export function showGroup({ noun, id, arn, family, description }: ParameterGroup) {
  const named = { [`${noun}Name`]: id, [`${noun}Arn`]: arn };
  return { ...named, DBParameterGroupFamily: family, Description: description };
}

export function familyOf(engine: string, version: string): string {
  const [major, minor] = version.split('.');
  return /postgres/.test(engine) ? `${engine}${major}` : `${engine}${major}.${minor}`;
}

export const valuesOf = (...groups: ParameterGroup[]): Record<string, string> =>
  Object.fromEntries(groups.flatMap((group) => [...group.values].map(([name, { value }]) => [name, value])));

function addGroup({ region, kind }: Call, id: string, family: string, about: string, tags: Tag[] = []) {
  const { group: noun } = kind;
  const arn = arnOf(region.name, noun, id);
  const group: ParameterGroup = { noun, id, arn, tags, family, description: about, values: new Map() };
  region[noun].set(id, group);
  return group;
}

const isDefault = ({ id }: ParameterGroup) => id.startsWith('default.');

/** Every parameter of a group: PostgreSQL's own, and RDS's additions. */
function parametersOf(machine: Machine, group: ParameterGroup): Parameter[] {
  return [...knownTo(machine, group)].map(([name, known]) => {
    const set = group.values.get(name);
    return {
      ParameterName: name,
      ParameterValue: set?.value ?? known.value,
      Source: set ? 'user' : OF_RDS[name] ? 'system' : 'engine-default',
      ApplyType: known.restart ? 'static' : 'dynamic',
      IsModifiable: !FIXED.includes(name),
      ApplyMethod: set?.method ?? (known.restart ? 'pending-reboot' : 'immediate'),
    };
  });
}

/** Sets values; one wrong value refuses all. */
function setParameters(machine: Machine, group: ParameterGroup, parameters: Parameter[]): void {
  const known = knownTo(machine, group);
  if (parameters.length > 20) rejectValue('At most 20 parameters may be modified in one request.');
  for (const { ParameterName: name, ParameterValue: value, ApplyMethod: method } of parameters) {
    if (!name || value === undefined || !method)
      rejectValue('Each parameter needs ParameterName, ParameterValue and ApplyMethod.');
    if (!known.has(name)) rejectValue(`Could not find parameter with name: ${name}`);
    if (FIXED.includes(name)) rejectValue(`The parameter ${name} cannot be modified.`);
    if (known.get(name)!.restart && method === 'immediate')
      rejectCombination(`cannot use immediate apply method for static parameter: ${name}`);
  }
  for (const { ParameterName, ParameterValue, ApplyMethod } of parameters)
    group.values.set(ParameterName!, { value: ParameterValue!, method: ApplyMethod! });
}

const knownTo = (machine: Machine, { family }: ParameterGroup): Map<string, Known> =>
  /postgres/.test(family) ? new Map([...machine.parameters, ...Object.entries(OF_RDS)]) : OF_MYSQL;

const OF_RDS: Record<string, Known> = {
  'rds.force_ssl': { restart: false, value: '1' },
  'rds.logical_replication': { restart: true, value: '0' },
  'rds.extensions': { restart: false },
  shared_preload_libraries: { restart: true, value: 'pg_stat_statements' },
  timezone: { restart: false, value: 'UTC' },
};

/** Only one, because there is no server behind it. */
const OF_MYSQL = new Map([['max_connections', { restart: false }]]);

/** Settings that RDS manages itself. */
const FIXED =
  `archive_command archive_mode data_directory fsync full_page_writes hba_file listen_addresses port
  rds.extensions restore_command unix_socket_directories wal_level`.split(/\s+/);
