import { type Finding, finding } from '../domain/findings/finding.ts';
import type { Target } from '../domain/plan/policy.ts';
import type { PlatformSnapshot } from '../domain/points/platform-source.ts';

/** What a snapshot is compared with: its source when it was taken, or the snapshot it is a copy of. */
export type Origin = { engine: string; engineVersion: string; bytes: number };

/** The state of a key, as far as it is known. */
export type KeyState = 'usable' | 'unusable' | 'unknown';

/**
 * Is an available snapshot as promised: encrypted, of its source's engine and size, with a usable key? This shows
 * only that it is there; a rehearsal shows that it restores.
 */
export function checkSnapshot(
  target: Target,
  point: string,
  snapshot: PlatformSnapshot,
  origin: Origin | undefined,
  key: KeyState,
): Finding[] {
  const about = { target, subject: point };
  const found: Finding[] = [];
  // A cache is a cache first: its encryption was chosen with it, and nothing of it is restored elsewhere.
  if (
    !snapshot.encrypted &&
    snapshot.of !== 'elasticache' &&
    target.policy.snapshot.encryption === 'required'
  )
    found.push(
      finding('snapshot-unencrypted', {
        ...about,
        message: `${point} of ${target.id} is not encrypted; the policy ${target.policy.name} requires it`,
      }),
    );
  found.push(...checkKey(target, point, snapshot.kmsKey, key));
  const odd = origin && implausible(snapshot, origin);
  if (odd)
    found.push(finding('snapshot-implausible', { ...about, message: `${point} of ${target.id} ${odd}` }));
  return found;
}

/** Can it be restored, as far as its key allows? */
export function checkKey(
  target: Target,
  point: string,
  kmsKey: string | undefined,
  key: KeyState,
): Finding[] {
  if (key !== 'unusable') return [];
  const message = `${point} of ${target.id} is encrypted with ${kmsKey}, which cannot be used`;
  return [finding('restore-key-unusable', { target, subject: point, message })];
}

/** Sizes are allocated storage: a snapshot has its source's, unless that was enlarged. Aurora and caches report none. */
function implausible(snapshot: PlatformSnapshot, origin: Origin): string | undefined {
  if (snapshot.engine !== origin.engine && origin.engine !== '' && snapshot.engine !== '')
    return `has engine ${snapshot.engine}, its source ${origin.engine}`;
  const gb = (bytes: number) => `${Math.round(bytes / 1024 ** 3)} GiB`;
  if (snapshot.of !== 'rds' || origin.bytes === 0) return undefined;
  if (snapshot.bytes === 0) return 'has no storage at all';
  if (snapshot.bytes < origin.bytes / 2)
    return `has ${gb(snapshot.bytes)} of storage, its source ${gb(origin.bytes)}`;
  return undefined;
}
