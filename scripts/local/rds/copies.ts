import { invalid, refuse } from './errors.ts';
import { DEFAULT_KEY, forbid, keyArn, newTags, parseArn } from './names.ts';
import { find, named, regionOf } from './regions.ts';
import { usableKey } from './restores.ts';
import { addSnapshot, conclude, mustBeAvailable, newSnapshotName } from './snapshots.ts';
import { copyBackup } from './store.ts';
import type { Call, Snapshot } from './world.ts';

/** A snapshot of its own, also when its source is gone. The source lies in the Region of its ARN. */
export async function copySnapshot(call: Call): Promise<Snapshot> {
  const { world, region, kind, input } = call;
  const given = input[`Source${kind.snapshot}Identifier`]!;
  const home = regionOf(world, parseArn(given)?.region ?? region.name);
  const source: Snapshot = find({ ...call, region: home }, kind.snapshot, given);
  mustBeAvailable(source);
  const id = newSnapshotName(call, input[`Target${kind.snapshot}Identifier`]!);
  const from = home === region ? undefined : home.name;
  const isGoing = ({ status, copiedFrom = '' }: Snapshot) =>
    status === 'creating' && (parseArn(copiedFrom)?.region ?? region.name) !== region.name;
  const { copies: most } = world.settings.quotas;
  if (from && [...region[kind.snapshot].values()].filter(isGoing).length >= most)
    refuse('SnapshotQuotaExceeded', `Cannot copy more than ${most} snapshots across regions`);
  const { CopyTags: along, Tags } = input;
  const { retention, originalAt, flags, arn: copiedFrom } = source;
  const origin = { ...source.origin, KmsKeyId: keyOfCopy(call, source, from) };
  const tags = along && !Tags?.length ? source.tags : newTags(Tags);
  const copy = addSnapshot(call, id, source.source);
  Object.assign(copy, { retention, originalAt, flags, copiedFrom, origin, tags });
  const backup = await copyBackup(world.machine, source.backup!);
  void world.background.start(`the copy ${id}`, async () => {
    await world.background.lasting();
    Object.assign(copy, { backup, createdAt: new Date() });
    conclude(world, copy);
  });
  return copy;
}

/** A key stays in its Region, so an encrypted copy elsewhere needs one there, and a source that was asked with a signature. */
function keyOfCopy(call: Call, { origin }: Snapshot, from?: string): string | undefined {
  const { KmsKeyId: given, PreSignedUrl: url } = call.input;
  const key = given ?? (from ? undefined : origin.KmsKeyId);
  if (origin.KmsKeyId && !key)
    invalid('An encrypted snapshot needs the KmsKeyId of a key where its copy goes.');
  const usable = key && usableKey(call, key);
  const signed = url ? new URL(url).searchParams : undefined;
  const fits =
    signed?.get('DestinationRegion') === call.region.name &&
    signed.get('KmsKeyId') === given &&
    signed.get('X-Amz-Credential')?.split('/')[2] === from;
  if (origin.KmsKeyId && from && !fits)
    invalid('The PreSignedUrl does not ask the source Region for this copy.');
  return usable;
}

/** Says which accounts may copy and restore a snapshot. Keys that AWS manages cannot be used by another account. */
export function shareSnapshot(call: Call) {
  const { snapshot: noun } = call.kind;
  const snapshot: Snapshot = named(call, noun);
  const { AttributeName: attribute, ValuesToAdd: accounts = [] } = call.input;
  const key = snapshot.origin.KmsKeyId;
  if (attribute !== 'restore' || !accounts.every((account) => /^(\d{12}|all)$/.test(account)))
    invalid(`Invalid attribute or account: ${attribute}, ${accounts}`);
  mustBeAvailable(snapshot);
  if (snapshot.type !== 'manual') forbid(snapshot, 'is automated: share a copy of it');
  if (key === keyArn(call.region.name, DEFAULT_KEY))
    forbid(snapshot, 'has the default key: it cannot be shared');
  if (key && accounts.includes('all')) forbid(snapshot, 'is encrypted: it cannot be made public');
  for (const account of accounts) snapshot.sharedWith.add(account);
  const shown = { AttributeName: 'restore', AttributeValues: [...snapshot.sharedWith] };
  const attributes = { [`${noun}Identifier`]: snapshot.id, [`${noun}Attributes`]: [shown] };
  return { [`${noun}AttributesResult`]: attributes };
}
