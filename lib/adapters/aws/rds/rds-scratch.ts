import {
  CreateDBInstanceCommand,
  type DBInstance,
  ModifyDBClusterCommand,
  ModifyDBInstanceCommand,
  paginateDescribeDBClusters,
  paginateDescribeDBInstances,
  type RDSClient,
} from '@aws-sdk/client-rds';
import { codeOf, UnderstudyError } from '../../../domain/errors.ts';
import { SCRATCH_PREFIX } from '../../../domain/names.ts';
import { TAGS } from '../../../domain/points/platform-source.ts';
import type { ScratchInstances, ScratchOrder, ScratchState } from '../../../ports/platform.ts';
import { asking, ifThere } from './rds-errors.ts';
import { quarantineParameters, removeParameters, strayParameters } from './scratch-parameters.ts';
import { removeCluster, removeInstance } from './scratch-removal.ts';
import { restore } from './scratch-restore.ts';
import { memberOf, scratchCluster, scratchInstance } from './scratch-state.ts';
import { tagList } from './snapshots.ts';
import { describeCluster, describeInstance } from './sources.ts';

/** Scratch instances and clusters of RDS. Every call that changes something checks the name first. */
export function rdsScratch(client: RDSClient): ScratchInstances {
  const look: ScratchInstances['look'] = async (kind, name) => {
    if (kind === 'rds') {
      const instance = await describeInstance(client, name);
      return instance && scratchInstance(instance);
    }
    const cluster = await describeCluster(client, name);
    if (!cluster) return undefined;
    const member = await describeInstance(client, memberOf(name));
    return scratchCluster(cluster, member);
  };
  return {
    look,
    quarantineParameters: (kind, sourceGroup, name, tags) =>
      quarantineParameters(client, kind, sourceGroup, scratchOnly(name), tags),
    removeParameters: (kind, name) => removeParameters(client, kind, scratchOnly(name)),
    strayParameters: (known) => strayParameters(client, (name) => isScratch(name) && !known.has(name)),
    async begin(order) {
      scratchOnly(order.name);
      const there = await look(order.kind, order.name);
      if (there) return adopt(order, there);
      await asking(`restoring onto ${order.name}`, () => restore(client, order)).catch(async (error) => {
        // The answer to an earlier attempt may have been lost, and the SDK may have repeated the call.
        const now = codeOf(error) === 'instance-exists' && (await look(order.kind, order.name));
        if (!now) throw error;
        adopt(order, now);
      });
    },
    async addMember(order) {
      const member = memberOf(scratchOnly(order.name));
      if (await describeInstance(client, member)) return;
      await ifThere(`adding an instance to ${order.name}`, /^DBInstanceAlreadyExists/, () =>
        client.send(
          new CreateDBInstanceCommand({
            DBInstanceIdentifier: member,
            DBClusterIdentifier: order.name,
            DBInstanceClass: order.instanceClass,
            Engine: order.engine,
            PubliclyAccessible: false,
            AutoMinorVersionUpgrade: false,
            Tags: tagList(order.tags),
          }),
        ),
      );
    },
    async secure(kind, name, password) {
      scratchOnly(name);
      const give = asking(`giving ${name} a password of its own`, async () => {
        if (kind === 'aurora')
          await client.send(
            new ModifyDBClusterCommand({
              DBClusterIdentifier: name,
              MasterUserPassword: password,
              // The least that RDS accepts for a cluster.
              BackupRetentionPeriod: 1,
              ApplyImmediately: true,
            }),
          );
        else
          await client.send(
            new ModifyDBInstanceCommand({
              DBInstanceIdentifier: name,
              MasterUserPassword: password,
              BackupRetentionPeriod: 0,
              ApplyImmediately: true,
            }),
          );
      });
      await give.catch(async (error) => {
        // A repeated call while the change is pending: only this rehearsal sets the password.
        const now = codeOf(error) === 'source-busy' ? await look(kind, name) : undefined;
        if (now?.status !== 'resetting-master-credentials') throw error;
      });
    },
    async remove(kind, name) {
      scratchOnly(name);
      return kind === 'aurora' ? removeCluster(client, name) : removeInstance(client, name);
    },
    async list() {
      const found: ScratchState[] = [];
      const members = new Map<string, DBInstance>();
      for await (const page of paginateDescribeDBInstances({ client }, {})) {
        for (const instance of page.DBInstances ?? []) {
          if (!isScratch(instance.DBInstanceIdentifier)) continue;
          if (instance.DBClusterIdentifier) members.set(instance.DBClusterIdentifier, instance);
          else found.push(scratchInstance(instance));
        }
      }
      for await (const page of paginateDescribeDBClusters({ client }, {})) {
        for (const cluster of page.DBClusters ?? [])
          if (isScratch(cluster.DBClusterIdentifier))
            found.push(scratchCluster(cluster, members.get(cluster.DBClusterIdentifier)));
      }
      return found;
    },
  };
}

const isScratch = (name?: string): name is string => name?.startsWith(SCRATCH_PREFIX) === true;

/** A mistake anywhere else must end in this refusal, not in a deleted database. */
function scratchOnly(name: string): string {
  if (isScratch(name)) return name;
  throw new UnderstudyError('not-scratch', `${name} is not a scratch instance; Understudy leaves it alone`);
}

function adopt(order: ScratchOrder, there: ScratchState): void {
  if ([TAGS.run, TAGS.stage].every((tag) => there.tags[tag] === order.tags[tag])) return;
  throw new UnderstudyError(
    'instance-exists',
    `the instance ${order.name} exists already and does not belong to ${order.tags[TAGS.run]}`,
    { hint: 'delete it if you do not need it, then rehearse again' },
  );
}
