import type { Target } from '../domain/policy.ts';
import { isDump, type RecoveryPoint } from '../domain/recovery-point.ts';
import { secondsBetween } from '../domain/time.ts';
import type { Vault } from '../ports/vault.ts';

/** An object that no point names may be a dump that is being written; after this it is not. In seconds. */
const ORPHAN_AGE = 7 * 86_400;

/** `crm/2026/11/20/20261120T010000Z-1.manifest.json`: the dump's name, its moment, and which of its objects it is. */
const NAMED = /^(?<dump>.*\/(?<moment>\d{8}T\d{6}Z)-\d+)\.(?<what>dump|roles\.sql|manifest\.json)$/;

/**
 * What lies in the vault and is named by no point, in the vault's order. Orphans, which may go, are what a worker left
 * that had lost its claim: old, neither locked nor on hold, and of a moment of which the catalog has another dump. A
 * moment of which it has none it has forgotten: that dump is unknown, perhaps the only one there is, and stays.
 */
export async function unnamedObjects(
  target: Target,
  points: readonly RecoveryPoint[],
  { vault }: { vault: Pick<Vault, 'list' | 'head'> },
  now: Date,
): Promise<{ orphans: string[]; unknown: string[] }> {
  const dumps = points.filter(isDump);
  const named = new Set(dumps.flatMap(({ keys }) => Object.values(keys)));
  const moments = new Set(dumps.map(({ id }) => id.split('-')[0]));
  const orphans: string[] = [];
  const unknown: string[] = [];
  for await (const { key, lastModified } of vault.list(`${target.id}/`)) {
    if (named.has(key) || secondsBetween(lastModified, now) <= ORPHAN_AGE) continue;
    const { dump, moment, what } = NAMED.exec(key)?.groups ?? {};
    if (!moments.has(moment)) {
      // Without its manifest it is no recovery point, and nothing that anybody counts.
      if (what === 'manifest.json') unknown.push(dump!);
      continue;
    }
    const head = await vault.head(key);
    const locked = head?.lockedUntil !== undefined && new Date(head.lockedUntil) > now;
    if (!locked && !head?.legalHold) orphans.push(key);
  }
  return { orphans, unknown };
}
