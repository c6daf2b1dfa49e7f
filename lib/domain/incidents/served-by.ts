import type { PlatformRef } from '../points/platform-source.ts';
import { shortMoment } from '../time.ts';
import type { RestoreRecord } from './restore-record.ts';

/** The database that serves a target since a cutover by secret, and the one that understudy.yml still names. */
export type ServedBy = { kind: RestoreRecord['kind']; name: string; since: string; named: string };

/**
 * Undefined where the plan names the database that serves. Restores with the newest first: the last that is in effect counts.
 * By name a new database takes the old one's, so nothing is to be changed; one beside the living one is on its instance.
 */
export function servedBy(
  platform: Pick<PlatformRef, 'id'> | undefined,
  restores: readonly RestoreRecord[],
): ServedBy | undefined {
  const switched = restores.filter((each) => each.kind !== 'database' && each.switched !== undefined);
  const last = switched.find(({ state }) => state === 'done');
  // A connection goes by its secret, which was switched.
  if (platform && last && bySecret(last) && last.made && last.old?.name === platform.id)
    return { kind: last.kind, name: last.made.name, since: last.switched!.at, named: platform.id };
  return platform && servedByOld(platform.id, switched);
}

/** The same where the plan names a database that was taken back. */
function servedByOld(named: string, restores: readonly RestoreRecord[]): ServedBy | undefined {
  let found: ServedBy | undefined;
  for (const restore of restores) {
    const { kind, state, made, old, endedAt, startedAt } = restore;
    // What one took back may be what an earlier one had made, and was taken back, too.
    if (!bySecret(restore) || state !== 'rolled-back' || !old || made?.name !== (found?.name ?? named))
      continue;
    const since = endedAt ?? startedAt;
    found = { kind, name: old.name, since: found && found.since > since ? found.since : since, named };
  }
  const later = restores.find(
    (each) => bySecret(each) && each.state === 'done' && each.made && each.old?.name === found?.name,
  );
  return found && later ? { ...found, name: later.made!.name, since: later.switched!.at } : found;
}

const bySecret = ({ settings }: RestoreRecord) => settings.cutover === 'secret';

export function formatServedBy(target: string, { kind, name, since, named }: ServedBy): string {
  return `${name} serves ${target} since ${shortMoment(since)} UTC; understudy.yml still names ${named}, so everything here is about that one: set ${kind}: ${name} and deploy`;
}
