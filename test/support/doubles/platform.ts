import { engineFamily } from '../../../lib/adapters/aws/rds/engine-family.ts';
import { snapshotState, sourceState } from '../../../lib/adapters/aws/states.ts';
import { UnderstudyError } from '../../../lib/domain/errors.ts';
import type { PlatformSnapshot, PlatformSource, Quota } from '../../../lib/domain/points/platform-source.ts';
import { utc } from '../../../lib/domain/time.ts';
import type { Clock } from '../../../lib/ports/clock.ts';
import type { Place, Platform } from '../../../lib/ports/platform.ts';
import { HOME } from '../builders.ts';
import { manualClock } from './clock.ts';
import { type Recorded, recorded } from './recorded.ts';

/** A snapshot as it will be, in its place; as long as `looks` is a number it is still being made. */
type Stored = { it: PlatformSnapshot; place: string; looks: number | undefined; sharedWith: string[] };
export type MemoryPlatform = Platform &
  Recorded<Platform> & {
    /** Makes a source, or another of the same kind and id in its place. */
    putSource(source: PlatformSource): void;
    removeSource(id: string): void;
    /** A snapshot that is there without anybody's call: AWS's own, or somebody else's. */
    putSnapshot(snapshot: PlatformSnapshot, place?: string): void;
    /** Makes a snapshot say this and nothing else from now on: `failed`, `creating`, `available`. */
    setStatus(id: string, status: string, place?: string): void;
    setQuota(which: 'snapshots' | 'instances', quota: Quota): void;
    /** The ids of what lies in a place. This is no look. */
    ids(place?: string): string[];
    sharedWith(id: string, place?: string): string[];
  };

/**
 * RDS and its like in memory. What is taken or copied is `creating` for as many looks as the test says, and says no
 * moment until it is available. The refusals are those that the real one has: a source that is busy, a name that is
 * taken, a quota, a key that is missing, an account that nobody shared with, and AWS's own, which nobody may delete.
 */
export function memoryPlatform(
  options: { clock?: Clock; home?: string; looks?: number; sources?: PlatformSource[] } = {},
): MemoryPlatform {
  const { clock = manualClock(), home = HOME, looks = 1, sources = [] } = options;
  const known = new Map(sources.map((source) => [source.id, structuredClone(source)]));
  const stored: Stored[] = [];
  const quotas: { snapshots: Quota; instances: Quota } = {
    snapshots: { used: 0, most: 100 },
    instances: { used: 1, most: 40 },
  };
  const find = (id: string, place: string) =>
    stored.find(({ it, place: where }) => it.id === id && where === place);
  const put = (it: PlatformSnapshot, place: string, left?: number) => {
    if (find(it.id, place)) throw refusal('snapshot-exists', `${it.id} is in ${place} already`);
    stored.push({ it: structuredClone(it), place, looks: left, sharedWith: [] });
  };
  const inUse = () => stored.filter(({ it, place }) => it.type === 'manual' && place === home).length;
  const makeRoom = (place: string) => {
    if (place === home && inUse() + quotas.snapshots.used >= quotas.snapshots.most)
      throw refusal('snapshot-quota', `there are ${quotas.snapshots.most} snapshots already`);
  };
  const port: Platform = {
    source: async ({ kind, id }) => {
      const source = known.get(id);
      return source?.kind === kind
        ? { ...structuredClone(source), state: sourceState(source.status) }
        : undefined;
    },
    snapshots: async ({ kind, id }, place) =>
      stored
        .filter(({ it, place: where }) => it.of === kind && it.sourceId === id && where === place.name)
        .map(look),
    snapshot: async (of, id, place) => {
      const found = find(id, place.name);
      return found?.it.of === of ? look(found) : undefined;
    },
    async takeSnapshot({ kind, id: sourceId }, id, tags) {
      const source = known.get(sourceId);
      if (source?.kind !== kind) throw refusal('source-not-found', `there is no ${kind} ${sourceId}`);
      if (sourceState(source.status) !== 'ready')
        throw refusal('source-busy', `${sourceId} is ${source.status}`);
      makeRoom(home);
      const { resourceId, engine, engineVersion, encrypted, kmsKey, bytes } = source;
      const same = { sourceId, resourceId, engine, engineVersion, encrypted, bytes };
      const at = utc(clock.now());
      const key = kmsKey ? { kmsKey } : {};
      put({ ...made(kind, id, home), ...same, ...key, createdAt: at, takenAt: at, tags }, home, looks);
    },
    async copySnapshot(from, { id, place, kmsKey, tags }) {
      const original = stored.find(({ it }) => it.arn === from.arn);
      if (!original) throw refusal('snapshot-not-found', `there is no ${from.arn}`);
      if (original.looks !== undefined) throw refusal('source-busy', `${from.arn} is being made`);
      const account = original.place.split('/')[1];
      if (place.account && place.account !== account && !original.sharedWith.includes(place.account))
        throw refusal('platform-denied', `${from.arn} is not shared with ${place.account}`);
      if (original.it.encrypted && !kmsKey)
        throw refusal('key-inaccessible', `an encrypted copy in ${place.name} needs a key there`);
      makeRoom(place.name);
      const at = utc(clock.now());
      const { kmsKey: _key, ...same } = original.it;
      // Of a cluster's copy nobody says when its original was taken.
      const takenAt = same.of === 'aurora' ? at : (same.takenAt ?? at);
      const key = kmsKey ? { kmsKey } : {};
      const copy = { ...same, ...made(same.of, id, place.name), ...key, createdAt: at, takenAt, tags };
      put(copy, place.name, looks);
    },
    async share(_of, id, place, account) {
      const found = find(id, place.name);
      if (!found) throw refusal('snapshot-not-found', `there is no ${id} in ${place.name}`);
      found.sharedWith.push(account);
    },
    async deleteSnapshot(_of, id, place) {
      const found = find(id, place.name);
      if (found && found.it.type !== 'manual')
        throw refusal('platform-refused', `${id} is ${found.it.type}, and only manual ones can be deleted`);
      if (found) stored.splice(stored.indexOf(found), 1);
    },
    family: async (version) => engineFamily(version),
    async quotas(_place: Place) {
      const { snapshots, instances } = quotas;
      return { snapshots: { ...snapshots, used: snapshots.used + inUse() }, instances: { ...instances } };
    },
  };
  return {
    ...recorded(port),
    putSource: (source) => void known.set(source.id, structuredClone(source)),
    removeSource: (id) => void known.delete(id),
    putSnapshot: (snapshot, place = home) => put(snapshot, place),
    setStatus(id, status, place = home) {
      const found = find(id, place);
      if (!found) throw new Error(`there is no ${id} in ${place}`);
      found.looks = undefined;
      found.it.status = status;
    },
    setQuota: (which, quota) => void Object.assign(quotas, { [which]: quota }),
    ids: (place = home) => stored.filter((each) => each.place === place).map(({ it }) => it.id),
    sharedWith: (id, place = home) => [...(find(id, place)?.sharedWith ?? [])],
  };
}

function made(of: PlatformSnapshot['of'], id: string, place: string) {
  const [region, account = '111122223333'] = place.split('/');
  const arn = `arn:aws:rds:${region}:${account}:${of === 'aurora' ? 'cluster-snapshot' : 'snapshot'}:${id}`;
  return {
    of,
    id,
    arn,
    type: 'manual' as const,
    state: 'available' as const,
    status: 'available',
    progress: 100,
  };
}

/** What is being made says so, and no moment. */
function look(stored: Stored): PlatformSnapshot {
  const { createdAt: _created, takenAt: _taken, ...rest } = stored.it;
  if (stored.looks) {
    stored.looks--;
    return structuredClone({ ...rest, state: 'making' as const, status: 'creating', progress: 0 });
  }
  stored.looks = undefined;
  return { ...structuredClone(stored.it), state: snapshotState(stored.it.status) };
}

function refusal(code: string, message: string): UnderstudyError {
  return new UnderstudyError(code, message, { hint: 'the double refuses what the service would' });
}
