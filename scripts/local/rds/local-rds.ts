import { rmSync } from 'node:fs';
import { background } from './background.ts';
import * as sources from './create-source.ts';
import { makeMachine } from './machine.ts';
import { loadModel } from './model.ts';
import { INSTANCE } from './nouns.ts';
import { runAsAdmin } from './postgres.ts';
import { regionOf } from './regions.ts';
import { type InjectFault, type RdsService, serveRds } from './serve-rds.ts';
import { dropStore } from './store.ts';
import type { LocalRdsSettings, LocalRdsWorld } from './world.ts';

/** RDS on this machine: its API in front of real PostgreSQL servers. */
export type LocalRds = Awaited<ReturnType<typeof startLocalRds>>;
export type LocalInstance = ReturnType<LocalRds['instance']>;

/** The subnet groups are those besides `default`, in every Region. */
export type LocalRdsOptions = { pace?: number; subnetGroups?: string[] };

export async function startLocalRds({ pace = 300, subnetGroups = [] }: LocalRdsOptions = {}) {
  const machine = makeMachine();
  const settings: LocalRdsSettings = {
    pace,
    quotas: { instances: 40, clusters: 40, snapshots: 100, clusterSnapshots: 100, copies: 20 },
    inaccessibleKeys: new Set(),
    violations: [],
  };
  const shared = { settings, machine, background: background(settings) };
  const world: LocalRdsWorld = {
    ...shared,
    regions: new Map(),
    addresses: new Map(),
    subnetGroups,
    flags: {},
  };
  const desk: RdsService = { world, model: loadModel(), calls: [], fault: () => rds.fault };
  const server = await serveRds(desk);
  const stopNow = () => machine.children.forEach((child) => void child.kill('SIGQUIT'));
  process.once('exit', stopNow);

  const rds = Object.assign(settings, {
    /** For AWS_ENDPOINT_URL_RDS. */
    endpoint: server.endpoint,
    /** Contains everything, until `close`. */
    directory: machine.root,
    /** Every call, in order. The Region comes from the signature. */
    calls: desk.calls,
    fault: undefined as InjectFault | undefined,
    /** For test set-up: makes a source, available when it resolves. */
    createInstance: async (options: sources.SourceOptions) =>
      void (await sources.createSource(world, INSTANCE, options)),
    /** An Aurora cluster with one member. */
    createCluster: (options: sources.ClusterOptions) => sources.createCluster(world, options),
    /** The server of an instance or cluster, as its internal superuser sees it. */
    instance(id: string, region: string = sources.HOME_REGION) {
      const { DBInstance, DBCluster } = regionOf(world, region);
      const found = DBInstance.get(id) ?? DBCluster.get(id);
      if (!found) throw new Error(`there is no ${id}`);
      const { port, server } = found.store;
      const pid = server?.process?.pid;
      return { port, pid, sql: (database: string, text: string) => runAsAdmin(server!, database, text) };
    },
    /** What AWS does at night; resolves with the snapshot's name when it is available. */
    takeAutomatedSnapshot: (id: string) => sources.takeAutomatedSnapshot(world, id),
    /** Forces what AWS would do by itself. The id is an instance's, a cluster's or a snapshot's, or '*' for flags. */
    set: (id: string, to: sources.Changes, region?: string) => sources.changeResource(world, id, to, region),
    /** Ends every server and removes everything. */
    async close() {
      await server.close();
      await shared.background.end();
      for (const { DBInstance, DBCluster } of world.regions.values())
        for (const { store } of [...DBInstance.values(), ...DBCluster.values()]) await dropStore(store);
      process.off('exit', stopNow);
      rmSync(machine.root, { recursive: true, force: true });
    },
  });
  return rds;
}
