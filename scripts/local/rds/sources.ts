import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../ports.ts';
import { backUp } from './coming-up.ts';
import { groupFor, valuesOf } from './groups.ts';
import { CLUSTER, INSTANCE, type Kind } from './kinds.ts';
import { equip } from './master.ts';
import { join } from './members.ts';
import { DEFAULT_KEY, keyArn, newName } from './names.ts';
import { newServer, start } from './postgres.ts';
import { callIn } from './regions.ts';
import { addResource } from './resources.ts';
import { latestOf } from './show.ts';
import { emptyStore, type Store, storeOf } from './store.ts';
import type { Call, Origin, ParameterGroup, Resource, World } from './world.ts';

/** A source, made for a test. */
export type SourceOptions = {
  id: string;
  region?: string;
  database: string;
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
  /** `mysql` and `mariadb` have no server behind them. */
  engine?: 'postgres' | 'mysql' | 'mariadb';
};

export const HOME_REGION = 'eu-central-1';

/** Resolves when it is available and, with backups on, has a moment to restore to. */
export async function createInstance(world: World, options: SourceOptions): Promise<void> {
  await createSource(callIn(world, options.region ?? HOME_REGION), INSTANCE, options);
}

/** An Aurora cluster with one instance. */
export async function createCluster(
  world: World,
  { instanceId, ...options }: Omit<SourceOptions, 'engine'> & { instanceId: string },
): Promise<void> {
  const call = callIn(world, options.region ?? HOME_REGION);
  const cluster = await createSource(call, CLUSTER, options);
  const member = { ...cluster, id: instanceId, cluster, retention: cluster.shown.BackupRetentionPeriod };
  const group = groupFor(call, INSTANCE, cluster.origin);
  const instance = addResource(call, INSTANCE, { ...member, group }, {});
  await join(instance, cluster);
  Object.assign(instance, { status: 'available', reachable: true });
}

async function createSource(call: Call, kind: Kind, options: SourceOptions): Promise<Resource> {
  const engine = kind === CLUSTER ? 'aurora-postgresql' : (options.engine ?? 'postgres');
  const origin = originOf(call, options, engine);
  const group = groupFor(call, kind, origin, options.parameterGroup);
  const { id, database, backupRetention: retention = 7, tags = {} } = options;
  const store = await newStore(call.world, origin, options, group);
  const source = addResource(
    call,
    kind,
    {
      ...{ id: newName(id, kind.noun), origin, group, store, database, retention },
      class: 'db.t4g.micro',
      subnetGroup: 'default',
    },
    {
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      CopyTagsToSnapshot: options.copyTagsToSnapshot ?? false,
      DeletionProtection: options.deletionProtection ?? false,
    },
  );
  source.reachable = true;
  if (retention > 0) await backUp(call, source);
  source.status = 'available';
  // Moments are whole seconds, so the first one comes up to a second after the backup.
  while (retention > 0 && !(await latestOf(call, source))) await sleep(100);
  return source;
}

function originOf({ world, region }: Call, { encrypted, kmsKeyId }: SourceOptions, engine: string): Origin {
  const isPostgres = /postgres/.test(engine);
  const isAurora = engine.startsWith('aurora');
  return {
    Engine: engine,
    EngineVersion: isPostgres ? world.machine.version : engine === 'mysql' ? '8.0.44' : '10.11.15',
    MasterUsername: isPostgres ? 'postgres' : 'admin',
    AllocatedStorage: isAurora ? 1 : 20,
    StorageType: isAurora ? 'aurora' : 'gp3',
    KmsKeyId: encrypted || kmsKeyId ? keyArn(region.name, kmsKeyId ?? DEFAULT_KEY) : undefined,
    PreferredBackupWindow: '02:00-02:30',
  };
}

async function newStore(
  { machine }: World,
  { Engine, MasterUsername: user }: Origin,
  { database, masterPassword: password }: SourceOptions,
  group: ParameterGroup,
): Promise<Store> {
  if (!/postgres/.test(Engine)) return emptyStore(await freePort());
  const server = await newServer(machine);
  server.parameters = valuesOf(group);
  await start(server, { open: !Engine.startsWith('aurora') });
  await equip(server, { database, user, password });
  return storeOf(server);
}
