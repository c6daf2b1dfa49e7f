import { rmSync } from 'node:fs';
import { automatedSnapshot } from './automated.ts';
import { background } from './background.ts';
import { type Changes, change } from './changes.ts';
import type { Desk, Fault, RecordedCall } from './handle.ts';
import { makeMachine } from './machine.ts';
import { loadModel } from './model.ts';
import { type Rows, sql } from './postgres.ts';
import { regionOf } from './regions.ts';
import { serve } from './server.ts';
import { createCluster, createInstance, HOME_REGION, type SourceOptions } from './sources.ts';
import { dropStore } from './store.ts';
import type { Quotas, Settings, World } from './world.ts';

/** RDS on this machine: its API in front of real PostgreSQL servers. */
export type LocalRds = Settings & {
  /** For AWS_ENDPOINT_URL_RDS. */
  endpoint: string;
  /** Below it lies everything, until `close`. */
  directory: string;
  /** Every call, in order. The Region comes from the signature. */
  calls: RecordedCall[];
  fault: Fault | undefined;
  /** For test set-up: makes a source, available when it resolves. */
  createInstance(options: SourceOptions): Promise<void>;
  /** An Aurora cluster with one member. */
  createCluster(options: Omit<SourceOptions, 'engine'> & { instanceId: string }): Promise<void>;
  /** An instance or cluster as the internal superuser sees it. */
  instance(id: string, region?: string): LocalInstance;
  /** What AWS does at night; resolves with the snapshot's name when it is available. */
  takeAutomatedSnapshot(id: string, region?: string): Promise<string>;
  /** Forces what AWS would do by itself. The id is an instance's, a cluster's or a snapshot's, or '*' for flags. */
  set(id: string, changes: Changes, region?: string): Promise<void>;
  /** Ends every server and removes everything. */
  close(): Promise<void>;
};

export type LocalInstance = {
  port: number;
  /** The server's process; undefined where there is none. */
  pid: number | undefined;
  url(database: string): string;
  sql(database: string, text: string): Promise<Rows>;
};

export type LocalRdsOptions = {
  pace?: number;
  quotas?: Partial<Quotas>;
  /** Besides `default`, in every Region. */
  subnetGroups?: string[];
};

export async function startLocalRds(options: LocalRdsOptions = {}): Promise<LocalRds> {
  const model = loadModel();
  const machine = makeMachine();
  const settings: Settings = {
    pace: options.pace ?? 300,
    quotas: {
      instances: 40,
      clusters: 40,
      snapshots: 100,
      clusterSnapshots: 100,
      copies: 20,
      ...options.quotas,
    },
    inaccessibleKeys: new Set(),
    violations: [],
  };
  const world: World = {
    settings,
    machine,
    background: background(
      () => settings.pace,
      (message) => settings.violations.push(message),
    ),
    regions: new Map(),
    subnetGroups: options.subnetGroups ?? [],
    flags: {},
  };
  const calls: RecordedCall[] = [];
  const desk: Desk = { world, model, calls, fault: () => rds.fault };
  const server = await serve(desk);
  const stopNow = () => {
    for (const child of machine.children) child.kill('SIGQUIT');
  };
  process.once('exit', stopNow);

  const rds: LocalRds = Object.assign(settings, {
    endpoint: server.endpoint,
    directory: machine.root,
    calls,
    fault: undefined,
    createInstance: (source: SourceOptions) => createInstance(world, source),
    createCluster: (source: Parameters<LocalRds['createCluster']>[0]) => createCluster(world, source),
    instance: (id: string, region?: string) => inside(world, id, region),
    takeAutomatedSnapshot: (id: string, region = HOME_REGION) => automatedSnapshot(world, id, region),
    set: (id: string, changes: Changes, region = HOME_REGION) => change(world, id, changes, region),
    async close() {
      await server.close();
      await world.background.end();
      for (const { DBInstance, DBCluster } of world.regions.values())
        for (const resources of [DBInstance, DBCluster])
          await Promise.all([...resources.values()].map(({ store }) => dropStore(store)));
      process.off('exit', stopNow);
      rmSync(machine.root, { recursive: true, force: true });
    },
  });
  return rds;
}

function inside(world: World, id: string, region = HOME_REGION): LocalInstance {
  const { DBInstance, DBCluster } = regionOf(world, region);
  const { store } = DBInstance.get(id) ?? DBCluster.get(id) ?? missing(`${id} in ${region}`);
  const { port, server } = store;
  return {
    port,
    pid: server?.process?.pid,
    url: (database) => `postgresql://rdsadmin:${world.machine.password}@127.0.0.1:${port}/${database}`,
    sql: (database, text) => sql(server ?? missing(`a server of ${id}`), database, text),
  };
}

function missing(what: string): never {
  throw new Error(`there is no ${what}`);
}
