import { setTimeout as sleep } from 'node:timers/promises';
import { CLUSTER, DEFAULT_KEY, INSTANCE, type Kind, keyArn } from './nouns.ts';
import { groupFor, valuesOf } from './parameter-groups.ts';
import { createInitialRoles, newServer, restartServer, startServer } from './postgres.ts';
import { callIn, regionOf } from './regions.ts';
import { addMember, addResource, backUp, join } from './resources.ts';
import { latestOf } from './show-resource.ts';
import { addSnapshot, fillSnapshot } from './snapshot-actions.ts';
import { storeOf } from './store.ts';
import type { Flags, LocalRdsWorld, Resource } from './world.ts';

/** A source, made for a test. */
export type SourceOptions = {
  id: string;
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
export type ClusterOptions = Omit<SourceOptions, 'engine'> & { instanceId: string };

export const HOME_REGION = 'eu-central-1';

/** An Aurora cluster with one instance. */
export async function createCluster(world: LocalRdsWorld, options: ClusterOptions): Promise<void> {
  const cluster = await createSource(world, CLUSTER, options);
  const member = addMember(callIn(world, HOME_REGION), cluster, options.instanceId);
  await join(member, cluster);
  Object.assign(member, { status: 'available', reachable: true });
}

/** Resolves when it is available and, with backups on, can be restored to a moment. */
export async function createSource(
  world: LocalRdsWorld,
  kind: Kind,
  options: SourceOptions,
): Promise<Resource> {
  const { database, backupRetention: retention = 7, tags = {} } = options;
  const engine = kind === CLUSTER ? 'aurora-postgresql' : (options.engine ?? 'postgres');
  const call = callIn(world, HOME_REGION, kind, {
    Tags: tagList(tags),
    CopyTagsToSnapshot: options.copyTagsToSnapshot ?? false,
    DeletionProtection: options.deletionProtection ?? false,
  });
  const isPostgres = /postgres/.test(engine);
  const { encrypted, kmsKeyId = encrypted ? DEFAULT_KEY : undefined } = options;
  const origin = {
    Engine: engine,
    EngineVersion: isPostgres ? world.machine.version : engine === 'mysql' ? '8.0.44' : '10.11.15',
    MasterUsername: isPostgres ? 'postgres' : 'admin',
    AllocatedStorage: kind === CLUSTER ? 1 : 20,
    StorageType: kind === CLUSTER ? 'aurora' : 'gp3',
    KmsKeyId: kmsKeyId && keyArn(HOME_REGION, kmsKeyId),
    PreferredBackupWindow: '02:00-02:30',
  };
  const group = groupFor(call, origin, options.parameterGroup);
  const server = isPostgres ? await newServer(world.machine, valuesOf(group)) : undefined;
  const store = await storeOf(server);
  const user = origin.MasterUsername;
  if (server) await startServer(server, kind === INSTANCE);
  if (server) await createInitialRoles(server, { database, user, password: options.masterPassword });
  const of = { class: 'db.t4g.micro', subnetGroup: 'default', database, retention };
  const source = addResource(call, { id: options.id, origin, group, store, ...of });
  source.reachable = true;
  if (retention > 0) await backUp(call, source);
  source.status = 'available';
  // Moments are whole seconds, so the first one comes up to a second after the backup.
  while (retention > 0 && !(await latestOf(call, source))) await sleep(100);
  return source;
}

export type Changes = Flags & {
  /** `stopped` closes an instance's port, `available` opens it. A stopped or full one has no new moments. */
  status?: string;
  /** Of snapshots: when it was taken. */
  createdAt?: Date;
  tags?: Record<string, string>;
};

export async function changeResource(
  world: LocalRdsWorld,
  id: string,
  changes: Changes,
  regionName = HOME_REGION,
) {
  const { status, createdAt, tags, ...flags } = changes;
  if (id === '*') return void Object.assign(world.flags, flags);
  const region = regionOf(world, regionName);
  const resource = region.DBInstance.get(id) ?? region.DBCluster.get(id);
  const found = resource ?? region.DBSnapshot.get(id) ?? region.DBClusterSnapshot.get(id);
  if (!found) throw new Error(`there is no ${id} in ${regionName}`);
  Object.assign(found.flags, flags);
  if (tags) found.tags = tagList(tags);
  if (createdAt) Object.assign(found, { createdAt, originalAt: createdAt });
  if (status !== undefined) found.status = status;
  if (status !== undefined && resource && !resource.cluster) {
    const { noun, store } = resource;
    store.frozen = ['stopped', 'stopping', 'storage-full'].includes(status);
    await store.looking;
    if (store.server && noun === 'DBInstance' && ['stopped', 'available'].includes(status))
      await restartServer(store.server, status === 'available');
  }
}

/** The nightly backup, named `rds:ID-YYYY-MM-DD-HH-MM`. Restoring to a later moment begins from it, too. */
export async function takeAutomatedSnapshot(world: LocalRdsWorld, id: string): Promise<string> {
  const { DBInstance, DBCluster } = regionOf(world, HOME_REGION);
  const source = DBInstance.get(id) ?? DBCluster.get(id);
  while (source && /^(creating|backing-up|resetting)/.test(source.status)) await sleep(20);
  if (source?.status !== 'available') throw new Error(`no backup is taken of ${id}: it is ${source?.status}`);
  const call = callIn(world, HOME_REGION, source.noun === 'DBInstance' ? INSTANCE : CLUSTER);
  const name = (at: number) => `rds:${id}-${new Date(at).toISOString().slice(0, 16).replace(/[T:]/g, '-')}`;
  let at = Date.now();
  while (call.region[call.kind.snapshot].has(name(at))) at += 60_000;
  const snapshot = addSnapshot(call, name(at), source);
  await world.background.start(`the snapshot ${snapshot.id}`, () => fillSnapshot(call, snapshot));
  if (snapshot.backup && source.shown.BackupRetentionPeriod > 0) source.store.bases.push(snapshot.backup);
  return snapshot.id;
}

const tagList = (of: Record<string, string>) => Object.entries(of).map(([Key, Value]) => ({ Key, Value }));
