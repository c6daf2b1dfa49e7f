import { refuse } from './errors.ts';
import type { Input, Kind } from './kinds.ts';
import { arnOf, codeOf, newName, resourceId } from './names.ts';
import { find } from './regions.ts';
import { newTags } from './tags.ts';
import type { Call, Resource } from './world.ts';

type Making = Pick<Resource, 'id' | 'origin' | 'class' | 'database' | 'store' | 'group' | 'subnetGroup'> & {
  retention: number;
  cluster?: Resource;
};

/** Puts a new instance or cluster into its Region. Of two requests that were checked at the same time, the second is refused here. */
export function addResource(
  call: Call,
  kind: Kind,
  { retention, ...making }: Making,
  input: Input,
): Resource {
  mustBeNew(call, kind, making.id);
  const { noun } = kind;
  const resource: Resource = {
    ...making,
    noun,
    arn: arnOf(call.region.name, noun, making.id),
    resourceId: resourceId(noun),
    status: 'creating',
    createdAt: new Date(),
    shown: {
      BackupRetentionPeriod: retention,
      DeletionProtection: input.DeletionProtection ?? false,
      CopyTagsToSnapshot: input.CopyTagsToSnapshot ?? false,
      MultiAZ: input.MultiAZ ?? false,
      PubliclyAccessible: input.PubliclyAccessible ?? false,
      AutoMinorVersionUpgrade: input.AutoMinorVersionUpgrade ?? true,
    },
    tags: newTags(input.Tags),
    pending: {},
    securityGroups: input.VpcSecurityGroupIds ?? ['default'],
    reachable: false,
    flags: {},
    busy: Promise.resolve(),
  };
  call.region[noun].set(resource.id, resource);
  return resource;
}

/** The name of a new instance or cluster, if there may be one more. */
export function newResourceName(call: Call, kind: Kind, given: string): string {
  const id = newName(given, kind.noun);
  mustBeNew(call, kind, id);
  const most = call.world.settings.quotas[kind.quota];
  if (call.region[kind.noun].size >= most)
    refuse(kind.quotaExceeded, `The quota of ${most} ${kind.noun}s is used up`);
  return id;
}

export function knownSubnetGroup(call: Call, given = 'default'): string {
  return find(call, 'DBSubnetGroup', given).id;
}

/** As many days as there may be. */
export function daysOfBackups(kind: Kind, given: number): number {
  if (given < kind.leastRetention || given > 35)
    refuse(
      'InvalidParameterValue',
      `Invalid backup retention period: ${given}. It is ${kind.leastRetention} to 35`,
    );
  return given;
}

function mustBeNew({ region }: Call, { noun }: Kind, id: string): void {
  if (region[noun].has(id)) refuse(codeOf(noun, 'AlreadyExists'), `There is a ${noun} ${id} already`);
}
