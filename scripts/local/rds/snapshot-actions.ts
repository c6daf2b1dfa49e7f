import { rejectCall, rejectValue } from './model.ts';
import { arnOf, DEFAULT_KEY, type Kind, keyArn, newTags, parseArn, rejectState } from './nouns.ts';
import { checkNewName, find, findNamed, mustWork, regionOf, usableKey } from './regions.ts';
import { baseBackup, copyBackup, dropBackup } from './store.ts';
import { type Call, flagsOf, type RdsSnapshot, type Region, type Resource } from './world.ts';

/** Begins a snapshot: `creating` at first, while its source is `backing-up`. */
export function handleCreateSnapshot(call: Call): RdsSnapshot {
  const { kind, input } = call;
  const source: Resource = findNamed(call, kind.noun);
  if (source.cluster) rejectValue(`${source.id} is a member of a cluster: use CreateDBClusterSnapshot.`);
  // A repeated request is refused for its name before it is refused for the state that the first one caused.
  const id = newSnapshotName(call, input[`${kind.snapshot}Identifier`]!);
  mustWork(source);
  const tags = newTags(input.Tags);
  const snapshot = addSnapshot(call, id, source);
  // Its own tags replace the source's.
  if (tags.length > 0) snapshot.tags = tags;
  const filling = call.world.background.start(`the snapshot ${id}`, () => fillSnapshot(call, snapshot));
  source.busy = Promise.all([source.busy, filling]).then(() => undefined);
  return snapshot;
}

export function addSnapshot({ region, kind }: Call, id: string, source: Resource): RdsSnapshot {
  const now = new Date();
  const snapshot: RdsSnapshot = {
    ...{ noun: kind.snapshot, id, source, origin: source.origin, flags: source.flags },
    arn: arnOf(region.name, kind.snapshot, id),
    type: id.startsWith('rds:') ? 'automated' : 'manual',
    ...{ status: 'creating', progress: 0, createdAt: now, originalAt: now },
    retention: source.shown.BackupRetentionPeriod,
    tags: source.shown.CopyTagsToSnapshot ? source.tags : [],
    sharedWith: new Set(),
  };
  region[kind.snapshot].set(id, snapshot);
  return snapshot;
}

/** Takes the base backup. The source returns to its earlier state, unless that was changed in between. */
export async function fillSnapshot({ world }: Call, snapshot: RdsSnapshot): Promise<void> {
  const { source } = snapshot;
  const before = source.status;
  if (before === 'available') source.status = 'backing-up';
  try {
    const made = baseBackup(source.store, world.machine).then((backup) => {
      const { beganAt: createdAt } = backup;
      Object.assign(snapshot, { backup, progress: 50, createdAt, originalAt: createdAt });
    });
    await world.background.lasting(made);
    conclude(world, snapshot);
  } catch (error) {
    snapshot.status = 'failed';
    throw error;
  } finally {
    if (source.status === 'backing-up') source.status = before;
  }
}

/** Sets `available` or `failed`, by the flags, unless it got another status in between. */
function conclude(world: Call['world'], snapshot: RdsSnapshot): void {
  if (snapshot.status !== 'creating') return;
  snapshot.progress = 100;
  snapshot.status = flagsOf(world, snapshot).failedSnapshots ? 'failed' : 'available';
}

function newSnapshotName(call: Call, given: string): string {
  const { world, region, kind } = call;
  const id = checkNewName(call, kind.snapshot, given);
  const most = world.settings.quotas[kind.snapshotQuota];
  if (manualOnes(region, kind) >= most)
    rejectCall('SnapshotQuotaExceeded', `Cannot create more than ${most} manual snapshots`);
  return id;
}

export const manualOnes = (region: Region, kind: Kind) =>
  [...region[kind.snapshot].values()].filter(({ type }) => type === 'manual').length;

export function mustBeAvailable(snapshot: RdsSnapshot): void {
  if (snapshot.status !== 'available') rejectState(snapshot, `is not available: it is ${snapshot.status}`);
}

/** AWS deletes its automated snapshots itself, with their instance or after the retention period. */
export function handleDeleteSnapshot(call: Call): RdsSnapshot {
  const snapshot: RdsSnapshot = findNamed(call, call.kind.snapshot);
  const { id, type, status, backup } = snapshot;
  if (type === 'automated' || !['available', 'failed'].includes(status))
    rejectState(snapshot, `is ${type} and ${status}: it cannot be deleted`);
  snapshot.status = 'deleted';
  call.region[call.kind.snapshot].delete(id);
  if (backup) dropBackup(backup);
  return snapshot;
}

export function dropAutomatedSnapshots({ region, kind }: Call, source: Resource): void {
  for (const { id, type, source: of } of [...region[kind.snapshot].values()])
    if (type === 'automated' && of === source) region[kind.snapshot].delete(id);
}

/** Filters by source and type, if they are given. There are none of other accounts or of AWS Backup. */
export function ofSourceAndType({ kind, input }: Call): (snapshot: RdsSnapshot) => boolean {
  const { SnapshotType: type } = input;
  const source = input[`${kind.noun}Identifier`]?.toLowerCase();
  const known = [undefined, 'manual', 'automated', 'shared', 'public', 'awsbackup'];
  if (!known.includes(type)) rejectValue(`Invalid snapshot type: ${type}`);
  return (snapshot) => (!type || snapshot.type === type) && (!source || snapshot.source.id === source);
}

/** Makes an independent snapshot, also if its source is deleted. The source lies in the Region of its ARN. */
export async function handleCopySnapshot(call: Call): Promise<RdsSnapshot> {
  const { world, region, kind, input } = call;
  const given = input[`Source${kind.snapshot}Identifier`]!;
  const home = regionOf(world, parseArn(given)?.region ?? region.name);
  const source: RdsSnapshot = find({ ...call, region: home }, kind.snapshot, given);
  mustBeAvailable(source);
  const id = newSnapshotName(call, input[`Target${kind.snapshot}Identifier`]!);
  const from = home === region ? undefined : home.name;
  const isGoing = ({ status, copiedFrom = '' }: RdsSnapshot) =>
    status === 'creating' && (parseArn(copiedFrom)?.region ?? region.name) !== region.name;
  const { copies: most } = world.settings.quotas;
  if (from && [...region[kind.snapshot].values()].filter(isGoing).length >= most)
    rejectCall('SnapshotQuotaExceeded', `Cannot copy more than ${most} snapshots across regions`);
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

/** A key stays in its Region, so an encrypted copy elsewhere needs one there, and a signed request to the source. */
function keyOfCopy(call: Call, { origin }: RdsSnapshot, from?: string): string | undefined {
  const { KmsKeyId: given, PreSignedUrl: url } = call.input;
  const key = given ?? (from ? undefined : origin.KmsKeyId);
  if (origin.KmsKeyId && !key)
    rejectValue('A copy of an encrypted snapshot needs the KmsKeyId of a key there.');
  const usable = key && usableKey(call, key);
  const signed = url ? new URL(url).searchParams : undefined;
  const fits =
    signed?.get('DestinationRegion') === call.region.name &&
    signed.get('KmsKeyId') === given &&
    signed.get('X-Amz-Credential')?.split('/')[2] === from;
  if (origin.KmsKeyId && from && !fits)
    rejectValue('The PreSignedUrl does not ask the source Region for it.');
  return usable;
}

/** Sets which accounts may copy and restore a snapshot. Another account cannot use keys that AWS manages. */
export function handleShareSnapshot(call: Call) {
  const { snapshot: noun } = call.kind;
  const snapshot: RdsSnapshot = findNamed(call, noun);
  const { AttributeName: attribute, ValuesToAdd: accounts = [] } = call.input;
  const key = snapshot.origin.KmsKeyId;
  if (attribute !== 'restore' || !accounts.every((account) => /^(\d{12}|all)$/.test(account)))
    rejectValue(`Invalid attribute or account: ${attribute}, ${accounts}`);
  mustBeAvailable(snapshot);
  if (snapshot.type !== 'manual') rejectState(snapshot, 'is automated: share a copy of it');
  if (key === keyArn(call.region.name, DEFAULT_KEY)) rejectState(snapshot, 'has the default key of RDS');
  if (key && accounts.includes('all')) rejectState(snapshot, 'is encrypted: it cannot be made public');
  for (const account of accounts) snapshot.sharedWith.add(account);
  const shown = { AttributeName: 'restore', AttributeValues: [...snapshot.sharedWith] };
  const attributes = { [`${noun}Identifier`]: snapshot.id, [`${noun}Attributes`]: [shown] };
  return { [`${noun}AttributesResult`]: attributes };
}
