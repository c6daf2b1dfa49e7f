import type { Engine, OnRead } from '../../../ports/database.ts';
import { lazily } from '../../lazily.ts';
import { trustAlso } from './authorities.ts';

export type PostgresSettings = {
  /** Where PostgreSQL's programs are, the preferred ones first. */
  binDirectories: () => readonly string[];
  /** Below it each scratch server has a directory of its own. */
  scratchDirectory: string;
  /** The account that scratch servers run as when this process is root. */
  owner?: string | undefined;
  /** A file of authorities that are trusted beside the system's and RDS's. */
  caFile?: string | undefined;
  onRead?: OnRead;
};

/** PostgreSQL as the workflows know it. Each part is loaded, and programs are looked for, when first needed. */
export function postgres({
  binDirectories,
  scratchDirectory,
  owner,
  caFile,
  onRead,
}: PostgresSettings): Engine {
  trustAlso(caFile);
  let found: Promise<Parameters<typeof import('./hold.ts')['hold']>[2]> | undefined;
  const programs = () => {
    found ??= import('./programs.ts').then(({ findPrograms }) => findPrograms(binDirectories()));
    return found;
  };
  return {
    async hold(credentials, policy, signal, extract) {
      const { hold } = await import('./hold.ts');
      return hold(credentials, policy, await programs(), signal, onRead, extract);
    },
    async inspect(archive, clientMajor, depth, signal) {
      const { inspect } = await import('./inspect.ts');
      return inspect(archive, await programs(), clientMajor, depth, signal);
    },
    async doctor(credentials, policy) {
      const { doctor } = await import('./doctor/doctor.ts');
      return doctor(credentials, policy, await programs());
    },
    scratch: (secondsLeft) =>
      lazily(async () => {
        const { localScratch } = await import('./local-scratch.ts');
        const settings = { base: scratchDirectory, binDirectories: binDirectories(), owner, secondsLeft };
        return localScratch({ ...settings, onRead });
      }),
    instances: lazily(async () => (await import('./instance.ts')).postgresInstances()),
    destinations: {
      async restore(into, request) {
        const { restoreOnto } = await import('./restore/onto.ts');
        return restoreOnto(into, await programs(), request);
      },
      async load(into, request) {
        const { loadWhole } = await import('./restore/whole-database.ts');
        return loadWhole(into, await programs(), scratchDirectory, request);
      },
      async give(into, request) {
        const { giveBeside } = await import('./restore/give-beside.ts');
        return giveBeside(into, request);
      },
      list: async (archive) => (await import('./restore/onto.ts')).listArchive(archive),
    },
    switching: lazily(async () => (await import('./switching.ts')).postgresSwitching()),
    databases: lazily(async () => (await import('./databases.ts')).postgresDatabases()),
    heartbeat: lazily(async () => (await import('./heartbeat-table.ts')).postgresHeartbeat()),
  };
}
