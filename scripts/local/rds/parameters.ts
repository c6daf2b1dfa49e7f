import type { Parameter } from '@aws-sdk/client-rds';
import { invalid, unfit } from './errors.ts';
import type { Parameter as Known, Machine } from './machine.ts';
import type { ParameterGroup } from './world.ts';

/** Every parameter of a group: what PostgreSQL itself knows, and what RDS adds to it. */
export function parametersOf(machine: Machine, group: ParameterGroup): Parameter[] {
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

/** Sets values, of which one wrong refuses all. */
export function setParameters(machine: Machine, group: ParameterGroup, parameters: Parameter[]): void {
  const known = knownTo(machine, group);
  if (parameters.length > 20) invalid('At most 20 parameters may be modified in one request.');
  for (const { ParameterName: name, ParameterValue: value, ApplyMethod: method } of parameters) {
    if (!name || value === undefined || !method)
      invalid('Each parameter needs ParameterName, ParameterValue and ApplyMethod.');
    if (!known.has(name)) invalid(`Could not find parameter with name: ${name}`);
    if (FIXED.includes(name)) invalid(`The parameter ${name} cannot be modified.`);
    if (known.get(name)!.restart && method === 'immediate')
      unfit(`cannot use immediate apply method for static parameter: ${name}`);
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

/** One, because no server is behind it. */
const OF_MYSQL = new Map([['max_connections', { restart: false }]]);

/** Settings that RDS keeps for itself. */
const FIXED =
  `archive_command archive_mode data_directory fsync full_page_writes hba_file listen_addresses port
  rds.extensions restore_command unix_socket_directories wal_level`.split(/\s+/);
