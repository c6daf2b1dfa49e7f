import type { Target } from '../../domain/plan/policy.ts';
import { type DumpPoint, isDump, type RecoveryPoint } from '../../domain/points/recovery-point.ts';
import { placeNamed } from '../../points/places.ts';
import { type Vaults, vaultOf } from '../../points/replica.ts';
import { bearsOurTags, tagsOf } from '../../points/snapshot-tags.ts';
import type { Log } from '../../ports/messages.ts';
import type { Platform } from '../../ports/platform.ts';

type StoredDeps = Vaults & { platform: Platform; home: string; stage: string; log: Log };

/**
 * Locks and holds are read from the vault, not from the catalog: a person may have set one since, on any of the
 * objects, and a dump that died may have left a locked one that the catalog knows only by its key.
 */
export async function withLocks(point: DumpPoint, deps: Vaults): Promise<DumpPoint> {
  // Its deletion will report the error, and stop no other.
  if (point.place === 'replica' && !deps.replica) return point;
  const vault = vaultOf(point, deps);
  const recorded = [point.dump, point.roles, point.manifest].flatMap((object) => object ?? []);
  const heads = await Promise.all([
    ...recorded.map((object) => vault.headVersion(object)),
    ...Object.values(point.keys).map((key) => vault.head(key)),
  ]);
  const lockedUntil = heads
    .flatMap((head) => head?.lockedUntil ?? [])
    .sort()
    .at(-1);
  const { lockedUntil: _was, ...rest } = point;
  return {
    ...rest,
    lockedUntil,
    ...(heads.some((head) => head?.legalHold) ? { legalHold: true } : {}),
  };
}

/** The manifest goes first: without it a dump is no recovery point, so a half-deleted one cannot pass for one. */
export async function removePoint(target: Target, point: RecoveryPoint, deps: StoredDeps): Promise<void> {
  if (!isDump(point)) {
    const { of, id } = point.snapshot;
    const place = placeNamed(target, point.place, deps.home);
    const there = await deps.platform.snapshot(of, id, place);
    if (!there) return;
    // A refused point has the name of a snapshot that Understudy did not take.
    if (bearsOurTags(there, tagsOf(point, target, deps, point.label)))
      await deps.platform.deleteSnapshot(of, id, place);
    else deps.log.warn('a snapshot of this name is not ours and stays', { target: target.id, snapshot: id });
    return;
  }
  const vault = vaultOf(point, deps);
  await vault.removeAllVersions(point.keys.manifest);
  await vault.removeAllVersions(point.keys.dump);
  await vault.removeAllVersions(point.keys.roles);
}
