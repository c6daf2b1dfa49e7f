import { refuse } from './errors.ts';
import { arnOf, newName } from './names.ts';
import { type SnapshotKind, snapshotsOf } from './snapshot-kinds.ts';
import { baseBackup } from './store.ts';
import { fromTags } from './tags.ts';
import { type Call, flagsOf, type Resource, type Snapshot } from './world.ts';

/** A snapshot that is being made: `creating` at first, while its source is `backing-up`. */
export function takeSnapshot(
  call: Call,
  kind: SnapshotKind,
  options: { id: string; source: Resource; tags?: Parameters<typeof fromTags>[0] },
): Snapshot {
  const id = newSnapshotName(call, kind, options.id);
  const { source } = options;
  const tags = fromTags(options.tags);
  const snapshot = addSnapshot(call, kind, { id, source, type: 'manual' });
  // Tags of its own replace the source's.
  snapshot.tags = tags.size > 0 ? tags : new Map(source.copyTags ? source.tags : []);
  snapshot.busy = call.world.background.start(`the snapshot ${id}`, () => fill(call, snapshot, source));
  source.busy = Promise.all([source.busy, snapshot.busy]).then(() => undefined);
  return snapshot;
}

export function addSnapshot(
  call: Call,
  kind: SnapshotKind,
  { id, source, type }: { id: string; source: Resource; type: Snapshot['type'] },
): Snapshot {
  const now = new Date();
  const snapshot: Snapshot = {
    region: call.region.name,
    id,
    arn: arnOf(call.region.name, kind.arn, id),
    type,
    status: 'creating',
    progress: 0,
    sourceId: source.id,
    sourceResourceId: source.resourceId,
    sourceCreatedAt: source.createdAt,
    sourcePort: source.store.port,
    retention: source.retention,
    origin: source.origin,
    createdAt: now,
    originalAt: now,
    tags: new Map(),
    sharedWith: new Set(),
    flags: source.flags,
    busy: Promise.resolve(),
  };
  snapshotsOf(call.region, kind).set(id, snapshot);
  return snapshot;
}

/** Takes the base backup. The source goes back to the state it was in, unless somebody changed it meanwhile. */
export async function fill({ world }: Call, snapshot: Snapshot, source: Resource): Promise<void> {
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
    const isStuck = () => flagsOf(world, snapshot).stuckSnapshots && source.status !== 'deleting';
    while (isStuck() && snapshot.status === 'creating') await world.background.lasting();
    if (snapshot.status !== 'creating') return;
    snapshot.progress = 100;
    snapshot.status = flagsOf(world, snapshot).failedSnapshots ? 'failed' : 'available';
  } catch (error) {
    snapshot.status = 'failed';
    throw error;
  } finally {
    if (source.status === 'backing-up') source.status = before;
  }
}

export function newSnapshotName({ world, region }: Call, kind: SnapshotKind, given: string): string {
  const id = newName(given, kind.parameter, 255);
  const snapshots = snapshotsOf(region, kind);
  if (snapshots.has(id))
    refuse(
      kind.exists,
      `Cannot create the snapshot because a snapshot with the identifier ${id} already exists.`,
    );
  const manual = [...snapshots.values()].filter((snapshot) => snapshot.type === 'manual').length;
  const most = world.settings.quotas[kind.quota];
  if (manual >= most) refuse('SnapshotQuotaExceeded', `Cannot create more than ${most} manual snapshots`);
  return id;
}
