import { rejectCall, rejectCombination } from './model.ts';
import { arnOf, newTags, rejectState, resourceId } from './nouns.ts';
import { groupFor, valuesOf } from './parameter-groups.ts';
import { restartServer, type Server, stopServer } from './postgres.ts';
import { checkNewName, find, membersOf, mustBeNew } from './regions.ts';
import { baseBackup } from './store.ts';
import { type Call, type Flags, flagsOf, type Resource, type ResourceOrigin } from './world.ts';

type Making = Pick<Resource, 'id' | 'origin' | 'class' | 'database' | 'store' | 'group' | 'subnetGroup'> & {
  retention: number;
  cluster?: Resource;
};

/** Adds a new instance or cluster to its Region. Of two requests that were checked at the same time, this refuses the second. */
export function addResource(call: Call, { retention, ...making }: Making): Resource {
  const { input } = call;
  const { noun } = call.kind;
  mustBeNew(call, noun, making.id);
  const resource: Resource = {
    ...{ ...making, noun, status: 'creating', reachable: false, pending: {}, flags: {} },
    createdAt: new Date(),
    arn: arnOf(call.region.name, noun, making.id),
    resourceId: resourceId(noun),
    shown: {
      BackupRetentionPeriod: retention,
      DeletionProtection: input.DeletionProtection ?? false,
      CopyTagsToSnapshot: input.CopyTagsToSnapshot ?? false,
      MultiAZ: input.MultiAZ ?? false,
      PubliclyAccessible: input.PubliclyAccessible ?? false,
      AutoMinorVersionUpgrade: input.AutoMinorVersionUpgrade ?? true,
    },
    tags: newTags(input.Tags),
    securityGroups: making.cluster?.securityGroups ?? input.VpcSecurityGroupIds ?? ['default'],
    busy: Promise.resolve(),
  };
  call.region[noun].set(resource.id, resource);
  return resource;
}

/** The name of a new instance or cluster, if the quota allows one more. */
export function newResourceName(call: Call, given: string): string {
  const { noun, quota, quotaExceeded } = call.kind;
  const id = checkNewName(call, noun, given);
  const most = call.world.settings.quotas[quota];
  if (call.region[noun].size >= most) rejectCall(quotaExceeded, `The quota of ${most} ${noun}s is used up`);
  return id;
}

/** Refuses a restore with another engine than its source's. */
export function sameEngine({ input }: Call, origin: ResourceOrigin): void {
  for (const name of ['Engine', 'EngineVersion'] as const)
    if ((input[name] ?? origin[name]) !== origin[name])
      rejectCombination(`The source's ${name} is ${origin[name]}.`);
}

type Starting = (server: Server) => Promise<void>;

/** The work of a restore after it was answered: `creating` until the server is up, then a first backup, then `available`. */
export function comeUp(call: Call, resource: Resource, source: { flags: Flags }, starting: Starting): void {
  const { background } = call.world;
  const flags = () => flagsOf(call.world, source);
  const { server } = resource.store;
  // It was deleted before its data was copied.
  if (resource.status !== 'creating') return;
  resource.busy = background.start(`the restore of ${resource.id}`, async () => {
    try {
      await background.lasting(server && starting(server));
      while (flags().stuckRestores && resource.status === 'creating') await background.lasting();
      if (resource.status !== 'creating') return;
      const { failedRestores } = flags();
      if (failedRestores) return fail(resource, failedRestores === true ? 'failed' : failedRestores);
      resource.reachable = true;
      if (!resource.cluster && resource.shown.BackupRetentionPeriod > 0) await backUp(call, resource);
      if (resource.status === 'creating') resource.status = 'available';
    } catch (error) {
      await fail(resource, 'failed');
      throw error;
    }
  });
}

/** Makes the base backup from which restoring to a point in time begins. */
export async function backUp({ world }: Call, resource: Resource): Promise<void> {
  const { status: before, store } = resource;
  resource.status = 'backing-up';
  const made = baseBackup(store, world.machine).then((backup) => store.bases.push(backup));
  await world.background.lasting(made);
  if (resource.status === 'backing-up') resource.status = before;
}

/** A failed member leaves its cluster's data alone. */
async function fail(resource: Resource, status: string): Promise<void> {
  if (resource.status === 'deleting') return;
  resource.status = status;
  if (!resource.cluster && resource.store.server) await stopServer(resource.store.server, 'immediate');
}

/** Only members of a cluster are made this way. By default they are like their cluster. */
export function createMember(call: Call): Resource {
  const { DBClusterIdentifier: given, DBInstanceIdentifier: name } = call.input;
  if (!given) rejectCombination('Instances are made here only with a DBClusterIdentifier.');
  const id = newResourceName(call, name!);
  const cluster: Resource = find(call, 'DBCluster', given);
  sameEngine(call, cluster.origin);
  if (!['available', 'creating', 'backing-up', 'modifying'].includes(cluster.status))
    rejectState(cluster, `is ${cluster.status}`);
  const member = addMember(call, cluster, id);
  comeUp(call, member, cluster, () => join(member, cluster));
  return member;
}

export function addMember(call: Call, cluster: Resource, id: string): Resource {
  const { origin, class: own, shown, database, store, subnetGroup } = cluster;
  const of = { class: call.input.DBInstanceClass ?? own, group: groupFor(call, origin) };
  const retention = shown.BackupRetentionPeriod;
  return addResource(call, { id, cluster, origin, database, store, subnetGroup, retention, ...of });
}

/** The first instance makes the cluster's data reachable, under both parameter groups. */
export async function join(member: Resource, cluster: Resource): Promise<void> {
  await cluster.busy;
  const { server } = cluster.store;
  if (!server || server.open) return;
  server.parameters = valuesOf(cluster.group, member.group);
  await restartServer(server, true);
}

/** Without a member a cluster accepts no connections. */
export async function leave(call: Call, member: Resource, cluster: Resource): Promise<void> {
  const others = membersOf(call, cluster).filter((other) => other !== member && other.reachable);
  const { server } = cluster.store;
  if (others.length === 0 && cluster.status !== 'deleting' && server?.ready)
    await restartServer(server, false);
}
