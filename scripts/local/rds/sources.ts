import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../ports.ts';
import { backUp } from './coming-up.ts';
import { groupFor, valuesOf } from './groups.ts';
import { join } from './instances.ts';
import { equip } from './master.ts';
import { keyArn, newName } from './names.ts';
import { newServer, start } from './postgres.ts';
import { callIn } from './regions.ts';
import { addCluster, addInstance } from './resources.ts';
import { latestOf } from './show.ts';
import { emptyStore, type Store, storeOf } from './store.ts';
import type { Call, Cluster, Instance, Origin, ParameterGroup, Resource, World } from './world.ts';

/** A source, made for a test. */
export type SourceOptions = {
  id: string;
  region?: string;
  database: string;
  masterUser?: string;
  masterPassword: string;
  /** In days; 7 unless given, 0 takes no backups. */
  backupRetention?: number;
  encrypted?: boolean;
  /** An ARN, id or alias; the default key of RDS unless given. */
  kmsKeyId?: string;
  tags?: Record<string, string>;
  copyTagsToSnapshot?: boolean;
  deletionProtection?: boolean;
  parameterGroup?: string;
  subnetGroup?: string;
  instanceClass?: string;
  allocatedStorage?: number;
  /** `mysql` and `mariadb` have no server behind them. */
  engine?: 'postgres' | 'mysql' | 'mariadb';
  engineVersion?: string;
};

export const HOME_REGION = 'eu-central-1';

/** Resolves when it is available and, with backups on, has a moment to restore to. */
export async function createInstance(world: World, options: SourceOptions): Promise<Instance> {
  const call = callIn(world, options.region ?? HOME_REGION);
  const origin = originOf(call, options, options.engine ?? 'postgres');
  const group = groupFor(call, 'db', origin.engine, origin.version, options.parameterGroup);
  const store = await newStore(world, origin, options.masterPassword, group);
  const instance = addInstance(call, { ...making(options), origin, store, group });
  await settleIn(call, instance);
  return instance;
}

/** An Aurora cluster with one instance. */
export async function createCluster(
  world: World,
  options: Omit<SourceOptions, 'engine'> & { instanceId: string },
): Promise<Cluster> {
  const call = callIn(world, options.region ?? HOME_REGION);
  const origin = originOf(call, options, 'aurora-postgresql');
  const group = groupFor(call, 'cluster', origin.engine, origin.version, options.parameterGroup);
  const store = await newStore(world, origin, options.masterPassword, group);
  const cluster = addCluster(call, { ...making(options), origin, store, group });
  await settleIn(call, cluster);
  const member = addInstance(call, {
    ...making({ ...options, id: options.instanceId }),
    cluster,
    origin,
    store,
    group: groupFor(call, 'db', origin.engine, origin.version),
  });
  await join(member, cluster);
  Object.assign(member, { status: 'available', reachable: true });
  return cluster;
}

function originOf({ world, region }: Call, options: SourceOptions, engine: string): Origin {
  const { encrypted, kmsKeyId } = options;
  const isPostgres = /postgres/.test(engine);
  return {
    engine,
    version:
      options.engineVersion ??
      (isPostgres ? world.machine.version : engine === 'mysql' ? '8.0.44' : '10.11.15'),
    database: options.database,
    master: options.masterUser ?? (isPostgres ? 'postgres' : 'admin'),
    class: options.instanceClass ?? 'db.t4g.micro',
    storage: options.allocatedStorage ?? 20,
    storageType: 'gp3',
    key: encrypted || kmsKeyId ? keyArn(region.name, kmsKeyId ?? 'alias/aws/rds') : undefined,
    backupWindow: '02:00-02:30',
  };
}

const making = (options: SourceOptions) => ({
  id: newName(options.id, 'DBInstanceIdentifier'),
  retention: options.backupRetention ?? 7,
  subnetGroup: options.subnetGroup ?? 'default',
  wishes: {
    Tags: Object.entries(options.tags ?? {}).map(([Key, Value]) => ({ Key, Value })),
    CopyTagsToSnapshot: options.copyTagsToSnapshot,
    DeletionProtection: options.deletionProtection,
  },
});

async function newStore(
  world: World,
  origin: Origin,
  password: string,
  group: ParameterGroup,
): Promise<Store> {
  if (!/postgres/.test(origin.engine)) return emptyStore(await freePort());
  const server = await newServer(world.machine);
  server.parameters = valuesOf(group);
  await start(server, { open: !origin.engine.startsWith('aurora') });
  await equip(server, { database: origin.database, user: origin.master, password });
  return storeOf(server);
}

async function settleIn(call: Call, resource: Resource): Promise<void> {
  resource.reachable = true;
  if (resource.retention > 0) await backUp(call, resource);
  resource.status = 'available';
  // Moments are whole seconds, so the first one comes up to a second after the backup.
  while (resource.retention > 0 && !(await latestOf(call, resource))) await sleep(100);
}
