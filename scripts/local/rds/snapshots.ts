import type { Tag } from '@aws-sdk/client-rds';
import { refuse } from './errors.ts';
import type { Input, Kind } from './kinds.ts';
import { arnOf, codeOf, newName } from './names.ts';
import { find, mustWork } from './regions.ts';
import { baseBackup, dropBackup } from './store.ts';
import { newTags } from './tags.ts';
import { type Call, flagsOf, type Region, type Resource, type Snapshot } from './world.ts';

/** A snapshot that is being made: `creating` at first, while its source is `backing-up`. */
export function takeSnapshot(call: Call, kind: Kind, input: Input): Snapshot {
  const source = find(call, kind.noun, input[`${kind.noun}Identifier`]!);
  if (source.cluster)
    refuse('InvalidParameterValue', `${source.id} is a member of a cluster: use CreateDBClusterSnapshot.`);
  // A request that is sent again is refused for its name before it is refused for the state that it caused itself.
  const id = newSnapshotName(call, kind, input[`${kind.snapshot}Identifier`]!);
  mustWork(source);
  const tags = newTags(input.Tags);
  const { background } = call.world;
  // Tags of its own replace the source's.
  const snapshot = addSnapshot(call, kind, {
    id,
    source,
    type: 'manual',
    tags: tags.length > 0 ? tags : undefined,
  });
  const filling = background.start(`the snapshot ${id}`, () => fill(call, snapshot));
  source.busy = Promise.all([source.busy, filling]).then(() => undefined);
  return snapshot;
}

export function addSnapshot(
  call: Call,
  kind: Kind,
  { source, tags, ...given }: Pick<Snapshot, 'id' | 'source' | 'type'> & { tags?: Tag[] | undefined },
): Snapshot {
  const now = new Date();
  const snapshot: Snapshot = {
    ...given,
    noun: kind.snapshot,
    arn: arnOf(call.region.name, kind.snapshot, given.id),
    status: 'creating',
    progress: 0,
    source,
    origin: source.origin,
    retention: source.shown.BackupRetentionPeriod,
    createdAt: now,
    originalAt: now,
    tags: tags ?? (source.shown.CopyTagsToSnapshot ? [...source.tags] : []),
    sharedWith: new Set(),
    flags: source.flags,
  };
  call.region[kind.snapshot].set(given.id, snapshot);
  return snapshot;
}

/** Takes the base backup. The source goes back to the state it was in, unless that was changed meanwhile. */
export async function fill({ world }: Call, snapshot: Snapshot): Promise<void> {
  const { source } = snapshot;
  const before = source.status;
  if (before === 'available') source.status = 'backing-up';
  try {
    await world.background.lasting(
      baseBackup(source.store, world.machine).then((backup) => {
        snapshot.backup = backup;
        snapshot.createdAt = snapshot.originalAt = backup.beganAt;
        snapshot.progress = 50;
      }),
    );
    await settleSnapshot(world, snapshot, () => source.status === 'deleting');
  } catch (error) {
    snapshot.status = 'failed';
    throw error;
  } finally {
    if (source.status === 'backing-up') source.status = before;
  }
}

/** `available` or `failed`, as the flags say and as soon as they let it. */
export async function settleSnapshot(
  world: Call['world'],
  snapshot: Snapshot,
  hurry = () => false,
): Promise<void> {
  const isStuck = () => flagsOf(world, snapshot).stuckSnapshots && !hurry() && snapshot.status === 'creating';
  while (isStuck()) await world.background.lasting();
  if (snapshot.status !== 'creating') return;
  snapshot.progress = 100;
  snapshot.status = flagsOf(world, snapshot).failedSnapshots ? 'failed' : 'available';
}

export function newSnapshotName({ world, region }: Call, kind: Kind, given: string): string {
  const id = newName(given, kind.snapshot, 255);
  const snapshots: Map<string, Snapshot> = region[kind.snapshot];
  if (snapshots.has(id)) refuse(codeOf(kind.snapshot, 'AlreadyExists'), `There is a snapshot ${id} already.`);
  const most = world.settings.quotas[kind.snapshotQuota];
  if (manualOnes(region, kind) >= most)
    refuse('SnapshotQuotaExceeded', `Cannot create more than ${most} manual snapshots`);
  return id;
}

export const manualOnes = (region: Region, kind: Kind) =>
  [...region[kind.snapshot].values()].filter(({ type }) => type === 'manual').length;

export function mustBeAvailable({ noun, id, status }: Snapshot): void {
  if (status !== 'available')
    refuse(codeOf(noun, 'State'), `The snapshot ${id} is not available. It is ${status}.`);
}

/** AWS deletes its automated snapshots itself, with their instance or after the retention period. */
export function deleteSnapshot(call: Call, kind: Kind, input: Input): Snapshot {
  const snapshot = find(call, kind.snapshot, input[`${kind.snapshot}Identifier`]!);
  const { id, type, status } = snapshot;
  if (type === 'automated')
    refuse(codeOf(kind.snapshot, 'State'), `Deletion of automated snapshots is not allowed: ${id}`);
  if (!['available', 'failed'].includes(status))
    refuse(
      codeOf(kind.snapshot, 'State'),
      `${id} is ${status}: only an available or failed snapshot is deleted.`,
    );
  snapshot.status = 'deleted';
  call.region[kind.snapshot].delete(id);
  if (snapshot.backup) dropBackup(snapshot.backup);
  return snapshot;
}

export function dropAutomatedSnapshots({ region }: Call, kind: Kind, source: Resource): void {
  for (const snapshot of [...region[kind.snapshot].values()])
    if (snapshot.type === 'automated' && snapshot.source === source)
      region[kind.snapshot].delete(snapshot.id);
}

/** Of the types that a request may ask for. Those of other accounts and of AWS Backup are not here. */
export function ofType(type: string | undefined): (snapshot: Snapshot) => boolean {
  const known = [undefined, 'manual', 'automated', 'shared', 'public', 'awsbackup'];
  if (!known.includes(type)) refuse('InvalidParameterValue', `Invalid snapshot type: ${type}`);
  return (snapshot) => !type || snapshot.type === type;
}
