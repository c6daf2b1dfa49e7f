import {
  CreateDBInstanceCommand,
  ModifyDBClusterCommand,
  ModifyDBInstanceCommand,
  type RDSClient,
} from '@aws-sdk/client-rds';
import { codeOf, UnderstudyError } from '../../../domain/errors.ts';
import { TAGS } from '../../../domain/points/platform-source.ts';
import type { ScratchInstances, ScratchOrder, ScratchState } from '../../../ports/platform.ts';
import { asking, ifThere } from './rds-errors.ts';
import { quarantineParameters, removeParameters } from './scratch-parameters.ts';
import { restore } from './scratch-restore.ts';
import { memberOf, scratchCluster, scratchInstance } from './scratch-state.ts';
import { tagList } from './snapshots.ts';
import { describeCluster, describeInstance } from './sources.ts';

type Copies = Pick<
  ScratchInstances,
  'look' | 'quarantineParameters' | 'removeParameters' | 'begin' | 'addMember' | 'secure'
>;

/**
 * Instances and clusters that a restore makes, for a rehearsal or an emergency. Every call that changes something
 * passes the name through `only`, which refuses all but its own; `backups` are the copy's own from the beginning.
 */
export function copies(
  client: RDSClient,
  only: (name: string) => string,
  { backups }: { backups: 'off' | 'as ordered' },
): Copies {
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
      quarantineParameters(client, kind, sourceGroup, only(name), tags),
    removeParameters: (kind, name) => removeParameters(client, kind, only(name)),
    async begin(order) {
      only(order.name);
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
      const member = memberOf(only(order.name));
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
      only(name);
      const give = asking(`giving ${name} a password of its own`, async () => {
        if (kind === 'aurora')
          await client.send(
            new ModifyDBClusterCommand({
              DBClusterIdentifier: name,
              MasterUserPassword: password,
              // The least that RDS accepts for a cluster.
              ...(backups === 'off' ? { BackupRetentionPeriod: 1 } : {}),
              ApplyImmediately: true,
            }),
          );
        else
          await client.send(
            new ModifyDBInstanceCommand({
              DBInstanceIdentifier: name,
              MasterUserPassword: password,
              ...(backups === 'off' ? { BackupRetentionPeriod: 0 } : {}),
              ApplyImmediately: true,
            }),
          );
      });
      await give.catch(async (error) => {
        // A repeated call while the change is pending: only this restore sets the password.
        const now = codeOf(error) === 'source-busy' ? await look(kind, name) : undefined;
        if (now?.status !== 'resetting-master-credentials') throw error;
      });
    },
  };
}

function adopt(order: ScratchOrder, there: ScratchState): void {
  if ([TAGS.run, TAGS.stage].every((tag) => there.tags[tag] === order.tags[tag])) return;
  throw new UnderstudyError(
    'instance-exists',
    `the instance ${order.name} exists already and does not belong to ${order.tags[TAGS.run]}`,
    { hint: 'delete it if you do not need it, then try again' },
  );
}
