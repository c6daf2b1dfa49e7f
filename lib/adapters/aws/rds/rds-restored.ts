import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import {
  ModifyDBClusterCommand,
  ModifyDBInstanceCommand,
  type RDSClient,
  RebootDBInstanceCommand,
} from '@aws-sdk/client-rds';
import { UnderstudyError } from '../../../domain/errors.ts';
import { RESTORED_NAME } from '../../../domain/names.ts';
import { type PlatformSource, TAGS } from '../../../domain/points/platform-source.ts';
import type { RestoredInstances } from '../../../ports/platform.ts';
import { sourceState } from '../states.ts';
import { copies } from './copies.ts';
import { leftBehind } from './left-behind.ts';
import { asking } from './rds-errors.ts';
import { groupLikeDefault, removeOwnGroup } from './scratch-parameters.ts';
import { removeCluster, removeInstance } from './scratch-removal.ts';
import { memberOf } from './scratch-state.ts';
import { completeSettings } from './settings.ts';
import { describeCluster, describeInstance } from './sources.ts';

/**
 * What an emergency restore makes on RDS. It changes only what has the name of a restored or a replaced database, and a
 * living one by nothing but its new name.
 */
export function rdsRestored(client: RDSClient, cloudwatch: CloudWatchClient): RestoredInstances {
  const made = copies(client, restoredOnly, { backups: 'as ordered' });
  return {
    ...made,
    async removeParameters(kind, name) {
      await made.removeParameters(kind, name);
      await removeOwnGroup(client, kind, restoredOnly(name));
    },
    complete: (kind, old, name) => completeSettings(client, kind, old, restoredOnly(name)),
    leftBehind: (about) => leftBehind(client, cloudwatch, about),
    release: (kind, old, name) => release(client, kind, old, restoredOnly(name)),
    removeDrilled: (kind, name) => removeDrilled(client, kind, restoredOnly(name)),
    rename: (kind, resourceId, from, to, leaving) => rename(client, kind, resourceId, from, to, leaving),
  };
}

/** A mistake anywhere else must end in this refusal, not in a changed database. */
function restoredOnly(name: string): string {
  if (RESTORED_NAME.test(name)) return name;
  throw new UnderstudyError(
    'not-restored',
    `${name} is not made by an emergency restore; Understudy leaves it alone`,
  );
}

async function release(
  client: RDSClient,
  kind: 'rds' | 'aurora',
  like: Pick<PlatformSource, 'securityGroups' | 'parameterGroup'>,
  name: string,
): Promise<'done' | 'working'> {
  const { securityGroups } = like;
  const parameterGroup = await groupLikeDefault(client, kind, like.parameterGroup, name);
  const cluster = kind === 'aurora' ? await describeCluster(client, name) : undefined;
  const instance = await describeInstance(client, kind === 'aurora' ? memberOf(name) : name);
  const group = instance?.DBParameterGroups?.[0];
  const groups = (cluster ?? instance)?.VpcSecurityGroups ?? [];
  const open = sameSet(
    groups.filter(({ Status }) => Status !== 'removing').map((each) => each.VpcSecurityGroupId ?? ''),
    securityGroups,
  );
  const parameters = cluster ? cluster.DBClusterParameterGroup : group?.DBParameterGroupName;
  const status = cluster ? [cluster.Status, instance?.DBInstanceStatus] : [instance?.DBInstanceStatus];
  if (status.some((each) => sourceState(each ?? 'unknown') !== 'ready')) return 'working';
  if (!open || (parameterGroup !== undefined && parameters !== parameterGroup)) {
    const changes = { VpcSecurityGroupIds: securityGroups, ApplyImmediately: true };
    await asking(`ending the quarantine of ${name}`, async () => {
      if (cluster)
        await client.send(
          new ModifyDBClusterCommand({
            DBClusterIdentifier: name,
            ...changes,
            DBClusterParameterGroupName: parameterGroup,
          }),
        );
      else
        await client.send(
          new ModifyDBInstanceCommand({
            DBInstanceIdentifier: name,
            ...changes,
            DBParameterGroupName: parameterGroup,
          }),
        );
    });
    return 'working';
  }
  if (groups.some(({ Status }) => Status !== 'active')) return 'working';
  // Of a cluster only its members say whether its parameters work.
  const state = cluster
    ? cluster.DBClusterMembers?.map(({ DBClusterParameterGroupStatus }) => DBClusterParameterGroupStatus)
    : [group?.ParameterApplyStatus];
  if (state?.some((each) => each === 'applying')) return 'working';
  if (!state?.some((each) => each === 'pending-reboot')) return 'done';
  await asking(`restarting ${name}`, () =>
    client.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: instance!.DBInstanceIdentifier })),
  );
  return 'working';
}

/** Only what says so itself is a drill's: everything else that a restore has made may be production. */
async function removeDrilled(
  client: RDSClient,
  kind: 'rds' | 'aurora',
  name: string,
): Promise<'removing' | 'gone'> {
  const found =
    kind === 'aurora'
      ? ((await describeCluster(client, name)) ?? (await describeInstance(client, memberOf(name))))
      : await describeInstance(client, name);
  if (!found) return 'gone';
  if (found.TagList?.every(({ Key, Value }) => Key !== TAGS.drill || Value !== 'yes') ?? true)
    throw new UnderstudyError('not-drilled', `${name} was not made by a drill; Understudy leaves it alone`);
  return kind === 'aurora' ? removeCluster(client, name) : removeInstance(client, name);
}

const sameSet = (one: readonly string[], other: readonly string[]) =>
  [...one].sort().join() === [...other].sort().join();

async function rename(
  client: RDSClient,
  kind: 'rds' | 'aurora',
  resourceId: string,
  from: string,
  to: string,
  leaving?: string,
): Promise<'done' | 'working'> {
  const describe = async (name: string) => {
    const found =
      kind === 'aurora' ? await describeCluster(client, name) : await describeInstance(client, name);
    if (!found) return undefined;
    const { DbClusterResourceId, Status } = found as { DbClusterResourceId?: string; Status?: string };
    const { DbiResourceId, DBInstanceStatus } = found as {
      DbiResourceId?: string;
      DBInstanceStatus?: string;
    };
    const { DBInstanceIdentifier, DBClusterIdentifier } = (found.PendingModifiedValues ?? {}) as Record<
      string,
      unknown
    >;
    return {
      id: DbClusterResourceId ?? DbiResourceId,
      status: Status ?? DBInstanceStatus ?? 'unknown',
      // A name that was asked for comes, whatever is asked for now.
      isLeaving: DBInstanceIdentifier !== undefined || DBClusterIdentifier !== undefined,
    };
  };
  const [there, here] = [await describe(to), await describe(from)];
  if (there?.id === resourceId)
    return sourceState(there.status) === 'ready' && !there.isLeaving ? 'done' : 'working';
  // Who had the name may still answer to it for a moment.
  if (there && there.id === leaving) return 'working';
  // Between the two names it may answer to neither, or still to the old one.
  if (here?.id !== resourceId) {
    if (there === undefined && here === undefined) return 'working';
    throw new UnderstudyError(
      there ? 'instance-exists' : 'source-not-found',
      there ? `${to} is the name of another one, ${there.id}` : `${from} is another one than ${resourceId}`,
      { hint: 'look at both in the console; nothing was renamed' },
    );
  }
  if (there)
    throw new UnderstudyError('instance-exists', `${to} is the name of another one, ${there.id}`, {
      hint: 'rename it or delete it, then try again',
    });
  if (sourceState(here.status) !== 'ready') return 'working';
  await asking(`renaming ${from} to ${to}`, async () => {
    if (kind === 'aurora')
      await client.send(
        new ModifyDBClusterCommand({
          DBClusterIdentifier: from,
          NewDBClusterIdentifier: to,
          ApplyImmediately: true,
        }),
      );
    else
      await client.send(
        new ModifyDBInstanceCommand({
          DBInstanceIdentifier: from,
          NewDBInstanceIdentifier: to,
          ApplyImmediately: true,
        }),
      );
  });
  return 'working';
}
