import { refuse, unfit } from './errors.ts';
import { arnOf, newTags, resourceId } from './names.ts';
import { type Server, stop } from './postgres.ts';
import { mustBeNew, newName } from './regions.ts';
import { baseBackup } from './store.ts';
import { type Call, type Flags, flagsOf, type Origin, type Resource } from './world.ts';

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
  const id = newName(call, noun, given);
  const most = call.world.settings.quotas[quota];
  if (call.region[noun].size >= most) refuse(quotaExceeded, `The quota of ${most} ${noun}s is used up`);
  return id;
}

/** What is restored has its source's engine. */
export function sameEngine({ input }: Call, origin: Origin): void {
  for (const name of ['Engine', 'EngineVersion'] as const)
    if ((input[name] ?? origin[name]) !== origin[name])
      unfit(`The ${name} does not fit the source's, which is ${origin[name]}.`);
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
  if (!resource.cluster && resource.store.server) await stop(resource.store.server, 'immediate');
}
