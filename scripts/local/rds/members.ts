import { comeUp } from './coming-up.ts';
import { refuse } from './errors.ts';
import { groupFor, valuesOf } from './groups.ts';
import { CLUSTER, INSTANCE, type Input } from './kinds.ts';
import { codeOf } from './names.ts';
import { restart } from './postgres.ts';
import { find, membersOf } from './regions.ts';
import { addResource, newResourceName } from './resources.ts';
import { sameEngine } from './restores.ts';
import type { Call, Resource } from './world.ts';

/** Only members of a cluster are made this way here. What is not said of them is as in their cluster. */
export async function createMember(call: Call, input: Input): Promise<Resource> {
  const given = input.DBClusterIdentifier;
  if (!given)
    refuse('InvalidParameterCombination', 'Instances are made here only with a DBClusterIdentifier.');
  const id = newResourceName(call, INSTANCE, input.DBInstanceIdentifier!);
  const cluster: Resource = find(call, CLUSTER.noun, given);
  sameEngine(cluster.origin, input);
  if (!['available', 'creating', 'backing-up', 'modifying'].includes(cluster.status))
    refuse(codeOf('DBCluster', 'State'), `The cluster ${cluster.id} is ${cluster.status}.`);
  const { origin, database, store, shown, subnetGroup, securityGroups } = cluster;
  const member = addResource(
    call,
    INSTANCE,
    {
      ...{ id, cluster, origin, database, store, subnetGroup },
      class: input.DBInstanceClass!,
      retention: shown.BackupRetentionPeriod,
      group: groupFor(call, INSTANCE, origin),
    },
    input,
  );
  member.securityGroups = securityGroups;
  comeUp(call, member, cluster, () => join(member, cluster));
  return member;
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
