import type {
  RestoreDBInstanceFromDBSnapshotMessage,
  RestoreDBInstanceToPointInTimeMessage,
} from '@aws-sdk/client-rds';
import {
  backupRetention,
  keyOfRestore,
  knownSubnetGroup,
  newInstanceName,
  sameEngine,
} from './allowances.ts';
import { comeUp } from './coming-up.ts';
import { refuse } from './errors.ts';
import { findInstance } from './find.ts';
import { groupFor, valuesOf } from './groups.ts';
import { momentOf } from './moments.ts';
import { start } from './postgres.ts';
import { addInstance, type Making } from './resources.ts';
import { backupArn, showInstance } from './show.ts';
import { findSnapshot, mustBeAvailable, OF_INSTANCE } from './snapshot-kinds.ts';
import { type Backup, restoredStore, startAt } from './store.ts';
import { toTags } from './tags.ts';
import type { Call, Instance, Origin } from './world.ts';

type Input = RestoreDBInstanceFromDBSnapshotMessage | RestoreDBInstanceToPointInTimeMessage;

export async function restoreDBInstanceFromDBSnapshot(
  call: Call,
  input: RestoreDBInstanceFromDBSnapshotMessage,
) {
  if (!input.DBSnapshotIdentifier)
    refuse('InvalidParameterCombination', 'DBSnapshotIdentifier must be given.');
  const snapshot = findSnapshot(call, OF_INSTANCE, input.DBSnapshotIdentifier);
  mustBeAvailable(OF_INSTANCE, snapshot);
  const plan = planOf(call, input.DBInstanceIdentifier!, input, snapshot);
  // The snapshot's tags go along where no others are given.
  const wishes = { ...input, Tags: input.Tags ?? toTags(snapshot.tags) };
  const instance = await make(call, plan, snapshot.backup!, wishes);
  comeUp(
    call,
    instance,
    snapshot,
    () => instance.store.server && start(instance.store.server, { open: true }),
  );
  return { DBInstance: await showInstance(call, instance) };
}

export async function restoreDBInstanceToPointInTime(
  call: Call,
  input: RestoreDBInstanceToPointInTimeMessage,
) {
  const source = sourceOf(call, input);
  if (source.cluster)
    refuse('InvalidParameterValue', `${source.id} is a member of a cluster: restore the cluster.`);
  if (source.retention === 0)
    refuse('PointInTimeRestoreNotEnabled', `Point in time restore is not enabled for ${source.id}.`);
  const plan = planOf(call, input.TargetDBInstanceIdentifier!, input, source);
  const { until, base } = await momentOf(call, source, {
    time: input.RestoreTime,
    latest: input.UseLatestRestorableTime,
  });
  const instance = await make(call, plan, base, input, source);
  comeUp(call, instance, source, () => instance.store.server && startAt(instance.store.server, until, true));
  return { DBInstance: await showInstance(call, instance) };
}

/** Everything that can be refused is, before any data is copied. */
function planOf(call: Call, name: string, input: Input, from: { origin: Origin; retention: number }) {
  const { origin } = from;
  const id = newInstanceName(call, name);
  const subnetGroup = knownSubnetGroup(call.region, input.DBSubnetGroupName);
  const group = groupFor(call, 'db', origin.engine, origin.version, input.DBParameterGroupName);
  sameEngine(origin, input.Engine);
  return {
    id,
    subnetGroup,
    group,
    retention: backupRetention(input.BackupRetentionPeriod ?? from.retention, 0),
    origin: {
      ...origin,
      key: keyOfRestore(call, origin),
      class: input.DBInstanceClass ?? origin.class,
      storage: atLeast(origin.storage, input.AllocatedStorage),
      storageType: input.StorageType ?? origin.storageType,
      backupWindow: input.PreferredBackupWindow ?? origin.backupWindow,
    },
  };
}

/** The name is taken at once; two requests for one name must not both succeed. */
async function make(
  call: Call,
  plan: Omit<Making, 'store' | 'wishes'>,
  backup: Backup,
  wishes: Making['wishes'],
  source?: Instance,
): Promise<Instance> {
  const { store, filled } = await restoredStore(
    call.world.machine,
    backup,
    source?.store,
    valuesOf(plan.group),
  );
  const instance = addInstance(call, { ...plan, store, wishes });
  // Whoever deletes it meanwhile waits for that.
  const filling = filled();
  instance.busy = filling.catch(() => undefined);
  await filling;
  return instance;
}

function sourceOf({ region, ...call }: Call, input: RestoreDBInstanceToPointInTimeMessage): Instance {
  const {
    SourceDBInstanceIdentifier: name,
    SourceDbiResourceId: id,
    SourceDBInstanceAutomatedBackupsArn: arn,
  } = input;
  if (name) return findInstance({ region, ...call }, name);
  const all = [...region.instances.values(), ...region.retained.values()];
  const found = all.find((instance) => (id ? instance.resourceId === id : backupArn(instance) === arn));
  return (
    found ?? refuse('DBInstanceAutomatedBackupNotFound', `No automated backup of ${id ?? arn} was found.`)
  );
}

function atLeast(storage: number, given: number | undefined): number {
  if (given !== undefined && given < storage)
    refuse(
      'InvalidParameterValue',
      `The allocated storage of ${given} GiB is less than the source's ${storage}.`,
    );
  return given ?? storage;
}
