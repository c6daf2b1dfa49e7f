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

/** Puts a new instance or cluster into its Region. Of two requests that were checked at the same time, the second is refused here. */
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

/** The name of a new instance or cluster, if there may be one more. */
export function newResourceName(call: Call, given: string): string {
  const { noun, quota, quotaExceeded } = call.kind;
  const id = checkNewName(call, noun, given);
  const most = call.world.settings.quotas[quota];
  if (call.region[noun].size >= most) rejectCall(quotaExceeded, `The quota of ${most} ${noun}s is used up`);
  return id;
}

/** What is restored has its source's engine. */
export function sameEngine({ input }: Call, origin: ResourceOrigin): void {
  for (const name of ['Engine', 'EngineVersion'] as const)
    if ((input[name] ?? origin[name]) !== origin[name])
      rejectCombination(`The source's ${name} is ${origin[name]}.`);
}

type Starting = (server: Server) => Promise<void>;

/** What a restore does after it was answered: `creating` until the server is up, then a first backup, then `available`. */
export function comeUp(call: Call, resource: Resource, source: { flags: Flags }, starting: Starting): void {
  const { background } = call.world;
  const flags = () => flagsOf(call.world, source);
  const { server } = resource.store;
  // Deleted before its data was there.
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

/** The base backup that restoring to a point in time begins from. */
export async function backUp({ world }: Call, resource: Resource): Promise<void> {
  const { status: before, store } = resource;
  resource.status = 'backing-up';
  const made = baseBackup(store, world.machine).then((backup) => store.bases.push(backup));
  await world.background.lasting(made);
  if (resource.status === 'backing-up') resource.status = before;
}

/** A member that fails leaves its cluster's data alone. */
async function fail(resource: Resource, status: string): Promise<void> {
  if (resource.status === 'deleting') return;
  resource.status = status;
  if (!resource.cluster && resource.store.server) await stopServer(resource.store.server, 'immediate');
}

/** Only members of a cluster are made this way here. What is not said of them is as in their cluster. */
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

/** The cluster's data becomes reachable with its first instance, under both their parameter groups. */
export async function join(member: Resource, cluster: Resource): Promise<void> {
  await cluster.busy;
  const { server } = cluster.store;
  if (!server || server.open) return;
  server.parameters = valuesOf(cluster.group, member.group);
  await restartServer(server, true);
}

/** Without a member a cluster takes no connections. */
export async function leave(call: Call, member: Resource, cluster: Resource): Promise<void> {
  const others = membersOf(call, cluster).filter((other) => other !== member && other.reachable);
  const { server } = cluster.store;
  if (others.length === 0 && cluster.status !== 'deleting' && server?.ready)
    await restartServer(server, false);
}
