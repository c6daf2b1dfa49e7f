import { parseRunName, SCRATCH_PREFIX, scratchName } from '../names.ts';
import type { ScratchRecord } from './scratch-record.ts';

/** A scratch instance as it was found by its name. */
export type Found = {
  name: string;
  resourceId: string;
  tags: Record<string, string>;
  members: readonly { name: string }[];
  endpoint?: { host: string } | undefined;
};
export type Tags = { run: string; stage: string; expires: string };

/** What to do with a resource that has a scratch name, and why. */
export type Verdict =
  | { do: 'delete'; why: string }
  | { do: 'leave'; why: string }
  /** Not made by Understudy as far as it knows: reported, and never touched. */
  | { do: 'report'; why: string };

/**
 * May this be deleted? Only a resource that has a scratch name, belongs to this stage, is expired by its own tag, and
 * is either on record by its resource id or provably Understudy's: its name follows from the run in its tag, and no
 * record contradicts. The caller checks last of all that no secret leads to it.
 */
export function verdictOf(
  found: Found,
  record: ScratchRecord | undefined,
  stage: string,
  tags: Tags,
  now: Date,
): Verdict {
  if (!found.name.startsWith(SCRATCH_PREFIX)) return { do: 'leave', why: 'it has no scratch name' };
  const run = found.tags[tags.run];
  const expires = found.tags[tags.expires];
  if (found.tags[tags.stage] !== undefined && found.tags[tags.stage] !== stage)
    return { do: 'leave', why: `it belongs to stage ${found.tags[tags.stage]}` };
  if (run === undefined || expires === undefined || found.tags[tags.stage] === undefined)
    return { do: 'report', why: 'it has a scratch name but not the tags of a scratch instance' };
  if (record?.resourceId !== undefined && record.resourceId !== found.resourceId)
    return {
      do: 'report',
      why: `the catalog has ${record.resourceId} under this name, and this is ${found.resourceId}`,
    };
  if (record?.resourceId === undefined && !isMadeBy(found.name, run, stage))
    return { do: 'report', why: `its name does not follow from the run ${run} in its tag` };
  const end = new Date(expires);
  if (Number.isNaN(end.getTime())) return { do: 'report', why: `its expiry "${expires}" is no moment` };
  if (end > now) return { do: 'leave', why: `it is in use until ${expires}` };
  return { do: 'delete', why: `it expired at ${expires}` };
}

/** Did a rehearsal of this stage make a parameter group? Others are left alone without a finding: they cost nothing. */
export function isStrayOf(
  { name, tags: found }: Pick<Found, 'name' | 'tags'>,
  stage: string,
  tags: Tags,
): boolean {
  const expires = new Date(found[tags.expires] ?? '');
  return (
    found[tags.stage] === stage &&
    !Number.isNaN(expires.getTime()) &&
    isMadeBy(name, found[tags.run] ?? '', stage)
  );
}

/** Why the resource of a record's name is not the one that the rehearsal made; undefined when it is. */
export function foreignTo(
  record: ScratchRecord,
  found: Found,
  stage: string,
  tags: Tags,
): string | undefined {
  if (found.tags[tags.stage] !== stage) return `it belongs to stage ${found.tags[tags.stage] ?? '(none)'}`;
  if (found.tags[tags.run] !== record.run) return `it belongs to ${found.tags[tags.run] ?? 'no rehearsal'}`;
  if (record.resourceId !== undefined && record.resourceId !== found.resourceId)
    return `on record is ${record.resourceId}, and this is ${found.resourceId}`;
  return undefined;
}

/** Every host name of a scratch instance. */
export function namesOf({ name, members, endpoint }: Found): string[] {
  return [name, ...members.map((member) => member.name), ...(endpoint ? [endpoint.host] : [])];
}

/** Does a host name lead to one of these? Local instances share an address, and their names are in no host. */
export function leadsTo(host: string, names: readonly string[]): boolean {
  const wanted = host.toLowerCase();
  const isLoopback = wanted.startsWith('127.') || wanted === 'localhost' || wanted === '::1';
  return !isLoopback && names.some((name) => wanted === name || wanted.split('.')[0] === name);
}

function isMadeBy(name: string, run: string, stage: string): boolean {
  const of = parseRunName(run);
  return of !== undefined && name === scratchName(stage, of.target, of);
}
