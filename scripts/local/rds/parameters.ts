import type { Parameter } from '@aws-sdk/client-rds';
import { refuse } from './errors.ts';
import type { Parameter as Known, Machine } from './machine.ts';
import type { ParameterGroup } from './world.ts';

/** Every parameter of a group: what PostgreSQL itself knows, and what RDS adds to it. */
export function parametersOf(machine: Machine, group: ParameterGroup): Parameter[] {
  return [...knownTo(machine, group)].map(([name, known]) => {
    const set = group.values.get(name);
    return {
      ParameterName: name,
      ParameterValue: set?.value ?? known.value,
      Description: known.about,
      Source: set ? 'user' : name in OF_RDS ? 'system' : 'engine-default',
      ApplyType: known.restart ? 'static' : 'dynamic',
      DataType: known.type,
      IsModifiable: !FIXED.has(name),
      ApplyMethod: set?.method ?? (known.restart ? 'pending-reboot' : 'immediate'),
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
      refuse('InvalidParameterValue', 'Each parameter needs ParameterName, ParameterValue and ApplyMethod.');
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
  const postgres = [...machine.parameters, ...Object.entries(OF_RDS)];
  const all = /postgres/.test(family) ? postgres : Object.entries(OF_MYSQL);
  return new Map(all.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const known = (type: string, about: string, restart: boolean, value?: string): Known => ({
  type,
  about,
  restart,
  ...(value !== undefined && { value }),
});

const OF_RDS: Record<string, Known> = {
  'rds.force_ssl': known('boolean', 'Force SSL connections.', false, '1'),
  'rds.logical_replication': known('boolean', 'Enables logical decoding.', true, '0'),
  'rds.extensions': known('list', 'Extensions that RDS provides.', false),
  shared_preload_libraries: known('list', 'Libraries to preload.', true, 'pg_stat_statements'),
  timezone: known('string', 'Sets the time zone for timestamps.', false, 'UTC'),
};

/** A few, because no server is behind them. */
const OF_MYSQL: Record<string, Known> = {
  event_scheduler: known('string', 'Runs scheduled events.', false, 'ON'),
  max_connections: known('integer', 'Clients at once.', false),
  time_zone: known('string', 'The server time zone.', false, 'UTC'),
};

/** Settings that RDS keeps for itself. */
const FIXED = new Set(
  (
    'archive_command archive_mode data_directory fsync full_page_writes hba_file listen_addresses port ' +
    'rds.extensions restore_command unix_socket_directories wal_level'
  ).split(' '),
);
