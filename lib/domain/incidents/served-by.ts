import type { PlatformRef } from '../points/platform-source.ts';
import { shortMoment } from '../time.ts';
import type { RestoreRecord } from './restore-record.ts';

/** The database that serves a target since a cutover by secret, and the one that understudy.yml still names. */
export type ServedBy = { kind: RestoreRecord['kind']; name: string; since: string; named: string };

/**
 * Undefined where the plan names the database that serves. Restores with the newest first: the last that is in effect counts.
 * By name a new database takes the old one's, so nothing is to be changed.
 */
export function servedBy(
  platform: Pick<PlatformRef, 'id'> | undefined,
  restores: readonly RestoreRecord[],
): ServedBy | undefined {
  const last = restores.find(({ state, switched }) => state === 'done' && switched !== undefined);
  const { kind, made, old, switched, settings } = last ?? {};
  // A connection goes by its secret, which was switched.
  if (
    !kind ||
    kind === 'database' ||
    !made ||
    !switched ||
    settings?.cutover !== 'secret' ||
    platform?.id !== old?.name
  )
    return undefined;
  return { kind, name: made.name, since: switched.at, named: old!.name };
}

export function formatServedBy(target: string, { kind, name, since, named }: ServedBy): string {
  return `${name} serves ${target} since ${shortMoment(since)} UTC; understudy.yml still names ${named}, so everything here is about that one: set ${kind}: ${name} and deploy`;
}
