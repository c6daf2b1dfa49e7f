import { join } from 'node:path';
import type { Machine } from './machine.ts';

/** A PostgreSQL server, as far as its settings need to know it. */
export type Configured = {
  machine: Machine;
  directory: string;
  port: number;
  open: boolean;
  parameters: Record<string, string>;
};

/** The later ones win: a parameter group over what is usual, and what makes it a server of ours over both. */
export const settingsOf = (server: Configured): string[] => [
  ...DEFAULTS,
  ...groupSettings(server),
  ...ownSettings(server),
];

export const archiveOf = ({ directory }: { directory: string }) => join(directory, 'wal');

const DEFAULTS = [
  'max_connections=60',
  'shared_buffers=16MB',
  'max_wal_size=128MB',
  'autovacuum_naptime=15s',
];

/** A value for another machine (a formula, a library that is not here, a setting only RDS has) would stop the server. */
function groupSettings({ parameters, machine }: Configured): string[] {
  return Object.entries(parameters)
    .filter(([name, value]) => (name.includes('.') || machine.parameters.has(name)) && !value.includes('{'))
    .map(
      ([name, value]) => `${name}=${name === 'shared_preload_libraries' ? installed(machine, value) : value}`,
    );
}

function ownSettings(server: Configured): string[] {
  const archive = archiveOf(server);
  return [
    `listen_addresses=${server.open ? '127.0.0.1' : ''}`,
    `port=${server.port}`,
    `unix_socket_directories=${server.directory}`,
    'fsync=off',
    'wal_level=logical',
    'archive_mode=on',
    // Only whole segments ever lie in the archive, because it is copied while others are being added.
    `archive_command=cp "%p" "${archive}.part" && mv "${archive}.part" "${archive}/%f"`,
    // Nobody may connect before recovery has ended; a standby's minimum settings are not asked for either.
    'hot_standby=off',
  ];
}

function installed(machine: Machine, value: string): string {
  return value
    .split(',')
    .map((library) => library.trim())
    .filter((library) => library && machine.hasLibrary(library))
    .join(',');
}
