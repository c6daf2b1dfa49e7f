import { refuse } from './errors.ts';
import { arnOf, resourceId } from './names.ts';
import type { Store } from './store.ts';
import { fromTags } from './tags.ts';
import type { Call, Cluster, Instance, Origin, ParameterGroup, Resource } from './world.ts';

/** What a request may say of a new instance or cluster, whichever way it is made. */
export type Wishes = {
  AvailabilityZone?: string | undefined;
  PubliclyAccessible?: boolean | undefined;
  AutoMinorVersionUpgrade?: boolean | undefined;
  MultiAZ?: boolean | undefined;
  VpcSecurityGroupIds?: string[] | undefined;
  DeletionProtection?: boolean | undefined;
  CopyTagsToSnapshot?: boolean | undefined;
  Tags?: Parameters<typeof fromTags>[0];
};

export type Making = {
  id: string;
  origin: Origin;
  store: Store;
  retention: number;
  subnetGroup: string;
  group: ParameterGroup;
  wishes: Wishes;
};

/** Puts a new instance into its Region. Of two requests that were checked at the same time, the second is refused here. */
export function addInstance(call: Call, making: Making & { cluster?: Cluster }): Instance {
  const { wishes } = making;
  if (call.region.instances.has(making.id)) refuse('DBInstanceAlreadyExists', 'DB instance already exists');
  const instance: Instance = {
    ...resource(call, 'db', making),
    cluster: making.cluster,
    groupStatus: 'in-sync',
    shown: {
      MultiAZ: wishes.MultiAZ ?? false,
      PubliclyAccessible: wishes.PubliclyAccessible ?? false,
      AutoMinorVersionUpgrade: wishes.AutoMinorVersionUpgrade ?? true,
      AvailabilityZone: wishes.AvailabilityZone ?? `${call.region.name}a`,
    },
  };
  call.region.instances.set(instance.id, instance);
  return instance;
}

export function addCluster(call: Call, making: Making): Cluster {
  if (call.region.clusters.has(making.id)) refuse('DBClusterAlreadyExistsFault', 'DB Cluster already exists');
  const cluster: Cluster = { ...resource(call, 'cluster', making), shown: { EngineMode: 'provisioned' } };
  call.region.clusters.set(cluster.id, cluster);
  return cluster;
}

function resource(call: Call, kind: 'db' | 'cluster', making: Making): Resource {
  const { id, origin, wishes } = making;
  return {
    region: call.region.name,
    id,
    arn: arnOf(call.region.name, kind, id),
    resourceId: resourceId(kind),
    status: 'creating',
    createdAt: new Date(),
    origin,
    retention: making.retention,
    deletionProtection: wishes.DeletionProtection ?? false,
    copyTags: wishes.CopyTagsToSnapshot ?? false,
    tags: fromTags(wishes.Tags),
    pending: {},
    group: making.group,
    subnetGroup: making.subnetGroup,
    securityGroups: wishes.VpcSecurityGroupIds ?? ['default'],
    store: making.store,
    reachable: false,
    flags: {},
    busy: Promise.resolve(),
  };
}
