import type { Parameter } from '@aws-sdk/client-rds';
import { refuse } from './errors.ts';
import type { Parameter as Known, Machine } from './machine.ts';
import type { ParameterGroup } from './world.ts';

/** Every parameter of a group: what PostgreSQL itself knows, and what RDS adds to it. */
export function parametersOf(machine: Machine, group: ParameterGroup): Parameter[] {
  return [...knownTo(machine, group)].map(([name, known]) => {
    const set = group.values.get(name);
    const value = set?.value ?? known.value;
    return {
      ParameterName: name,
      ParameterValue: value,
      Description: known.about,
      Source: set ? 'user' : name in OF_RDS ? 'system' : 'engine-default',
      ApplyType: known.restart ? 'static' : 'dynamic',
      DataType: known.type,
      IsModifiable: !FIXED.has(name),
      ApplyMethod: (set?.method ??
        (known.restart ? 'pending-reboot' : 'immediate')) as Parameter['ApplyMethod'],
    };
  });
}

/** Sets values, of which one wrong refuses all. */
export function setParameters(machine: Machine, group: ParameterGroup, parameters: Parameter[]): void {
  if (parameters.length > 20)
    refuse('InvalidParameterValue', 'At most 20 parameters may be modified in one request.');
  const known = knownTo(machine, group);
  for (const { ParameterName: name, ParameterValue: value, ApplyMethod: method } of parameters) {
    if (!name || value === undefined || !method)
      refuse(
        'InvalidParameterValue',
        'ParameterName, ParameterValue and ApplyMethod must be given for each parameter.',
      );
    const parameter = known.get(name);
    if (!parameter) refuse('InvalidParameterValue', `Could not find parameter with name: ${name}`);
    if (FIXED.has(name)) refuse('InvalidParameterValue', `The parameter ${name} cannot be modified.`);
    if (parameter.restart && method === 'immediate')
      refuse(
        'InvalidParameterCombination',
        `cannot use immediate apply method for static parameter: ${name}`,
      );
  }
  for (const { ParameterName, ParameterValue, ApplyMethod } of parameters)
    group.values.set(ParameterName!, { value: ParameterValue!, method: ApplyMethod! });
}

function knownTo(machine: Machine, { family }: ParameterGroup): Map<string, Known> {
  const all = /postgres/.test(family)
    ? [...machine.parameters, ...Object.entries(OF_RDS)]
    : Object.entries(OF_MYSQL);
  return new Map(all.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const OF_RDS: Record<string, Known> = {
  'rds.force_ssl': { restart: false, type: 'boolean', value: '1', about: 'Force SSL connections.' },
  'rds.logical_replication': {
    restart: true,
    type: 'boolean',
    value: '0',
    about: 'Enables logical decoding.',
  },
  'rds.extensions': { restart: false, type: 'list', about: 'Extensions that RDS provides.' },
  shared_preload_libraries: {
    restart: true,
    type: 'list',
    value: 'pg_stat_statements',
    about: 'Lists shared libraries to preload into server.',
  },
  timezone: { restart: false, type: 'string', value: 'UTC', about: 'Sets the time zone for timestamps.' },
};

/** A few, because no server is behind them. */
const OF_MYSQL: Record<string, Known> = {
  event_scheduler: { restart: false, type: 'string', value: 'ON', about: 'Runs scheduled events.' },
  max_connections: { restart: false, type: 'integer', about: 'Clients at once.' },
  time_zone: { restart: false, type: 'string', value: 'UTC', about: 'The server time zone.' },
};

/** Settings that RDS keeps for itself. */
const FIXED = new Set([
  'archive_command',
  'archive_mode',
  'data_directory',
  'fsync',
  'full_page_writes',
  'hba_file',
  'listen_addresses',
  'port',
  'rds.extensions',
  'restore_command',
  'unix_socket_directories',
  'wal_level',
]);
