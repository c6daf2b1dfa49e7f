import type { PlatformKind } from '../../domain/points/platform-source.ts';
import type { Platform } from '../../ports/platform.ts';

/** Platforms, each loaded at the first call for its kind, so that an unused one is never loaded. */
export type Platforms = { rds: () => Promise<Platform>; elasticache: () => Promise<Platform> };

/** One platform in front of those that know their kinds. Quotas and engines are those of RDS. */
export function platformOf(platforms: Platforms): Platform {
  const loaded = new Map<keyof Platforms, Promise<Platform>>();
  const of = (kind: PlatformKind): Promise<Platform> => {
    const name = kind === 'elasticache' ? 'elasticache' : 'rds';
    const it = loaded.get(name) ?? platforms[name]();
    loaded.set(name, it);
    return it;
  };
  return {
    source: async (ref) => (await of(ref.kind)).source(ref),
    snapshots: async (ref, place) => (await of(ref.kind)).snapshots(ref, place),
    snapshot: async (kind, id, place) => (await of(kind)).snapshot(kind, id, place),
    takeSnapshot: async (ref, id, tags) => (await of(ref.kind)).takeSnapshot(ref, id, tags),
    copySnapshot: async (from, to) => (await of(from.of)).copySnapshot(from, to),
    share: async (kind, id, place, account) => (await of(kind)).share(kind, id, place, account),
    deleteSnapshot: async (kind, id, place) => (await of(kind)).deleteSnapshot(kind, id, place),
    family: async (version) => (await of('rds')).family(version),
    quotas: async (place) => (await of('rds')).quotas(place),
  };
}
