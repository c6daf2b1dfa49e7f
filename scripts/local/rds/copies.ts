import { refuse } from './errors.ts';
import type { Input, Kind } from './kinds.ts';
import { arnOf, parseArn } from './names.ts';
import { find, regionOf } from './regions.ts';
import { usableKey } from './restores.ts';
import { mustBeAvailable, newSnapshotName, settleSnapshot } from './snapshots.ts';
import { copyBackup } from './store.ts';
import { newTags } from './tags.ts';
import type { Call, Snapshot } from './world.ts';

/** A snapshot of its own, also when its source is gone. The source lies in the Region of its ARN. */
export async function copySnapshot(call: Call, kind: Kind, input: Input): Promise<Snapshot> {
  const { world, region } = call;
  const given = input[`Source${kind.snapshot}Identifier`]!;
  const home = regionOf(world, parseArn(given)?.region ?? region.name);
  const source: Snapshot = find({ world, region: home }, kind.snapshot, given);
  mustBeAvailable(source);
  const id = newSnapshotName(call, kind, input[`Target${kind.snapshot}Identifier`]!);
  const crosses = home !== region;
  if (crosses) mustBeFree(call, kind);
  const KmsKeyId = keyOfCopy(call, source, input, crosses && home.name);
  const { CopyTags: along } = input;
  const tags = newTags(input.Tags);
  const { backup: original, ...rest } = source;
  const copy: Snapshot = {
    ...rest,
    id,
    arn: arnOf(region.name, kind.snapshot, id),
    type: 'manual',
    status: 'creating',
    progress: 0,
    origin: { ...source.origin, KmsKeyId },
    createdAt: new Date(),
    copiedFrom: source.arn,
    tags: tags.length > 0 || !along ? tags : source.tags,
    sharedWith: new Set(),
  };
  region[kind.snapshot].set(id, copy);
  const backup = await copyBackup(world.machine, original!);
  void world.background.start(`the copy ${id}`, async () => {
    await world.background.lasting();
    Object.assign(copy, { backup, createdAt: new Date() });
    await settleSnapshot(world, copy);
  });
  return copy;
}

function mustBeFree({ world, region }: Call, kind: Kind): void {
  const most = world.settings.quotas.copies;
  const fromAway = ({ copiedFrom = '' }: Snapshot) =>
    ![undefined, region.name].includes(parseArn(copiedFrom)?.region);
  const all: Snapshot[] = [...region[kind.snapshot].values()];
  if (all.filter((each) => each.status === 'creating' && fromAway(each)).length >= most)
    refuse('SnapshotQuotaExceeded', `Cannot copy more than ${most} snapshots across regions`);
}

/** A key stays in its Region, so an encrypted copy elsewhere needs one there, and a source that was asked with a signature. */
function keyOfCopy(call: Call, { origin }: Snapshot, input: Input, from: string | false): string | undefined {
  const { KmsKeyId: given, PreSignedUrl: url } = input;
  const key = given ?? (from ? undefined : origin.KmsKeyId);
  if (origin.KmsKeyId && !key)
    refuse(
      'InvalidParameterValue',
      'An encrypted snapshot cannot be copied to another Region without the KmsKeyId of a key there.',
    );
  const usable = key && usableKey(call, key);
  if (!origin.KmsKeyId || !from) return usable;
  const query = url ? new URL(url).searchParams : undefined;
  const isSigned =
    query?.get('DestinationRegion') === call.region.name &&
    query.get('KmsKeyId') === given &&
    query.get('X-Amz-Credential')?.split('/')[2] === from;
  if (!isSigned)
    refuse('InvalidParameterValue', 'The PreSignedUrl does not ask the source Region for this copy.');
  return usable;
}
