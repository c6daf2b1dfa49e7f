import { rejectCall, rejectCombination, rejectValue } from './model.ts';
import { INSTANCE } from './nouns.ts';
import { groupFor, valuesOf } from './parameter-groups.ts';
import { startServer } from './postgres.ts';
import { find, usableKey } from './regions.ts';
import { addResource, comeUp, newResourceName, sameEngine } from './resources.ts';
import { latestOf } from './show-resource.ts';
import { mustBeAvailable } from './snapshot-actions.ts';
import type { Backup, Store } from './store.ts';
import { baseBefore, earliestOf, restoredStore, startAt, wholeSecond } from './store.ts';
import type { Call, RdsSnapshot, Resource } from './world.ts';

/** A restored cluster has data and no instance: it accepts no connections until one is made. */
export async function restoreFromSnapshot(call: Call): Promise<Resource> {
  const { kind, input } = call;
  const snapshot: RdsSnapshot = find(call, kind.snapshot, input[kind.restored]!);
  mustBeAvailable(snapshot);
  const restored = await make(call, input[`${kind.noun}Identifier`]!, snapshot, snapshot.backup!);
  // The snapshot's tags apply if the request has none.
  if (!input.Tags) restored.tags = snapshot.tags;
  comeUp(call, restored, snapshot, (server) => startServer(server, kind === INSTANCE));
  return restored;
}

export async function restoreToPointInTime(call: Call): Promise<Resource> {
  const { kind, input } = call;
  const source: Resource = find(call, kind.noun, input[`Source${kind.noun}Identifier`]!);
  const { origin, shown, store } = source;
  const retention = shown.BackupRetentionPeriod;
  if (source.cluster) rejectValue(`${source.id} is a member of a cluster: restore the cluster.`);
  if (retention === 0)
    rejectCall('PointInTimeRestoreNotEnabled', `${source.id} has no backups to restore from.`);
  const { until, base } = await momentOf(call, source);
  const restored = await make(call, input[kind.target]!, { source, origin, retention }, base, store);
  comeUp(call, restored, source, (server) => startAt(server, until, kind === INSTANCE));
  return restored;
}

type From = Pick<RdsSnapshot, 'source' | 'origin' | 'retention'>;

/** Makes every check before any data is copied, and takes the name at once: of two requests for it one succeeds. */
async function make(call: Call, name: string, from: From, backup: Backup, replayed?: Store) {
  const { input, kind } = call;
  const { source, origin, retention: before } = from;
  const { BackupRetentionPeriod: retention = before, DBInstanceClass: given = source.class } = input;
  const id = newResourceName(call, name);
  const subnetGroup = find(call, 'DBSubnetGroup', input.DBSubnetGroupName ?? 'default').id;
  const group = groupFor(call, origin, input[`${kind.group}Name`]);
  sameEngine(call, origin);
  if (origin.KmsKeyId) usableKey(call, origin.KmsKeyId);
  if (retention < kind.leastRetention || retention > 35)
    rejectValue(`Invalid backup retention: ${retention}`);
  const { store, filled } = await restoredStore(call.world.machine, backup, valuesOf(group), replayed);
  const of = { class: given, database: source.database, retention };
  const restored = addResource(call, { id, subnetGroup, group, origin, store, ...of });
  // A deletion waits for that.
  const filling = filled();
  restored.busy = filling.catch(() => undefined);
  await filling;
  return restored;
}

/** The moment of a request, in whole seconds, and the base backup to replay from. */
async function momentOf(call: Call, source: Resource) {
  const { [call.kind.time]: time, UseLatestRestorableTime: wantsLatest = false } = call.input;
  if ((time !== undefined) === wantsLatest)
    rejectCombination('Give either a time or UseLatestRestorableTime.');
  const latest = await latestOf(call, source);
  const until = time ? wholeSecond(time.getTime()) : latest;
  const base = until && latest && until <= latest && baseBefore(source.store, until);
  const bounds = [earliestOf(source.store), latest].map((each) => each?.toISOString() ?? 'none yet');
  if (base) return { until, base };
  rejectValue(`${source.id} can be restored to a time from ${bounds[0]} to ${bounds[1]} only.`);
}
