import { unfit } from './errors.ts';
import { groupFor, valuesOf } from './groups.ts';
import { forbid } from './names.ts';
import { restart } from './postgres.ts';
import { find, membersOf } from './regions.ts';
import { addResource, comeUp, newResourceName, sameEngine } from './resources.ts';
import type { Call, Resource } from './world.ts';

/** Only members of a cluster are made this way here. What is not said of them is as in their cluster. */
export function createMember(call: Call): Resource {
  const { DBClusterIdentifier: given, DBInstanceIdentifier: name } = call.input;
  if (!given) unfit('Instances are made here only with a DBClusterIdentifier.');
  const id = newResourceName(call, name!);
  const cluster: Resource = find(call, 'DBCluster', given);
  sameEngine(call, cluster.origin);
  if (!['available', 'creating', 'backing-up', 'modifying'].includes(cluster.status))
    forbid(cluster, `is ${cluster.status}`);
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
  await restart(server, true);
}

/** Without a member a cluster takes no connections. */
export async function leave(call: Call, member: Resource, cluster: Resource): Promise<void> {
  const others = membersOf(call, cluster).filter((other) => other !== member && other.reachable);
  const { server } = cluster.store;
  if (others.length === 0 && cluster.status !== 'deleting' && server?.ready) await restart(server, false);
}
