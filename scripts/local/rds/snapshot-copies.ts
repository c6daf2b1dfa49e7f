import { usableKey } from './allowances.ts';
import { refuse } from './errors.ts';
import { arnOf } from './names.ts';
import { findAnywhere, mustBeAvailable, type SnapshotKind, snapshotsOf } from './snapshot-kinds.ts';
import { newSnapshotName } from './snapshots.ts';
import { copyBackup } from './store.ts';
import { fromTags } from './tags.ts';
import { type Call, flagsOf, type Snapshot } from './world.ts';

export type CopyWishes = {
  source: string;
  target: string;
  KmsKeyId?: string | undefined;
  PreSignedUrl?: string | undefined;
  CopyTags?: boolean | undefined;
  Tags?: Parameters<typeof fromTags>[0];
};

/** A snapshot of its own, also when its source is gone. */
export async function copySnapshot(call: Call, kind: SnapshotKind, wishes: CopyWishes): Promise<Snapshot> {
  const { world, region } = call;
  const source = findAnywhere(call, kind, wishes.source);
  mustBeAvailable(kind, source);
  const id = newSnapshotName(call, kind, wishes.target);
  const crosses = source.region !== region.name;
  if (crosses) mustBeFree(call, kind);
  const key = keyOfCopy(call, source, wishes, crosses);
  const tags = fromTags(wishes.Tags);
  const copy: Snapshot = {
    ...source,
    region: region.name,
    id,
    arn: arnOf(region.name, kind.arn, id),
    type: 'manual',
    status: 'creating',
    progress: 0,
    origin: { ...source.origin, key },
    createdAt: new Date(),
    copiedFrom: source.arn,
    tags: tags.size > 0 ? tags : new Map(wishes.CopyTags ? source.tags : []),
    sharedWith: new Set(),
  };
  delete copy.backup;
  snapshotsOf(region, kind).set(id, copy);
  const backup = await copyBackup(world.machine, source.backup!);
  copy.busy = world.background.start(`the copy ${id}`, async () => {
    do await world.background.lasting();
    while (flagsOf(world, copy).stuckSnapshots && copy.status === 'creating');
    copy.backup = backup;
    if (copy.status !== 'creating') return;
    Object.assign(copy, {
      createdAt: new Date(),
      progress: 100,
      status: flagsOf(world, copy).failedSnapshots ? 'failed' : 'available',
    });
  });
  return copy;
}

function mustBeFree({ world, region }: Call, kind: SnapshotKind): void {
  const most = world.settings.quotas.copies;
  const going = [...snapshotsOf(region, kind).values()].filter(
    (snapshot) =>
      snapshot.status === 'creating' &&
      snapshot.copiedFrom &&
      snapshot.copiedFrom.split(':')[3] !== region.name,
  );
  if (going.length >= most)
    refuse('SnapshotQuotaExceeded', `Cannot copy more than ${most} snapshots across regions`);
}

/** A key stays in its Region, so an encrypted copy elsewhere needs one there, and a source that was asked with a signature. */
function keyOfCopy(call: Call, source: Snapshot, wishes: CopyWishes, crosses: boolean): string | undefined {
  const given = wishes.KmsKeyId;
  if (!source.origin.key) return given && usableKey(call, given);
  if (!crosses) return usableKey(call, given ?? source.origin.key);
  if (!given)
    refuse(
      'InvalidParameterValue',
      'An encrypted snapshot cannot be copied to another Region without the KmsKeyId of a key there.',
    );
  const key = usableKey(call, given);
  mustBeSigned(call, source, given, wishes.PreSignedUrl);
  return key;
}

function mustBeSigned({ region }: Call, source: Snapshot, key: string, url: string | undefined): void {
  const query = url ? new URL(url).searchParams : undefined;
  const fits =
    query?.get('DestinationRegion') === region.name &&
    query.get('KmsKeyId') === key &&
    query.get('X-Amz-Credential')?.split('/')[2] === source.region;
  if (!fits)
    refuse('InvalidParameterValue', 'The PreSignedUrl does not ask the source Region for this copy.');
}
