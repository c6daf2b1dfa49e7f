import type { Target } from '../../domain/plan/policy.ts';
import { isDump, type PointState, type RecoveryPoint } from '../../domain/points/recovery-point.ts';
import { secondsBetween } from '../../domain/time.ts';
import type { Vault } from '../../ports/vault.ts';

/** How long an object without a point may be a dump in progress, in seconds. */
const ORPHAN_AGE = 7 * 86_400;

/** `crm/2026/11/20/20261120T010000Z-1.manifest.json`: the dump's name, its moment, and which of its objects it is. */
const NAMED = /^(?<dump>.*\/(?<moment>\d{8}T\d{6}Z)-\d+)\.(?<what>dump|roles\.sql|manifest\.json)$/;

/** States of a dump that another of its moment could replace: it is good, or was until retention deleted it. */
const GOOD: readonly PointState[] = ['verified', 'rehearsed', 'expiring', 'expired'];

/**
 * Objects in the vault that no point names, in the vault's order. Orphans may be deleted. They come from a worker
 * that had lost its claim: old, neither locked nor on hold, of a moment that the catalog knows, and not a complete
 * dump, unless the catalog has a good one of that moment. Any other complete dump is unknown: it may be the only one,
 * so it stays.
 */
export async function unnamedObjects(
  target: Target,
  points: readonly RecoveryPoint[],
  { vault }: { vault: Pick<Vault, 'list' | 'head'> },
  now: Date,
): Promise<{ orphans: string[]; unknown: string[] }> {
  const dumps = points.filter(isDump);
  const named = new Set(dumps.flatMap(({ keys }) => Object.values(keys)));
  const momentOf = ({ id }: RecoveryPoint) => id.split('-')[0]!;
  const known = new Set(dumps.map(momentOf));
  const good = new Set(dumps.filter(({ state }) => GOOD.includes(state)).map(momentOf));
  const found = new Map<string, { moment: string; keys: string[]; whole: boolean }>();
  for await (const { key, lastModified } of vault.list(`${target.id}/`)) {
    const { dump, moment, what } = NAMED.exec(key)?.groups ?? {};
    if (named.has(key) || !dump || !moment || secondsBetween(lastModified, now) <= ORPHAN_AGE) continue;
    const { keys, whole } = found.get(dump) ?? { keys: [], whole: false };
    found.set(dump, { moment, keys: [...keys, key], whole: whole || what === 'manifest.json' });
  }
  const orphans: string[] = [];
  const unknown: string[] = [];
  for (const [dump, { moment, keys, whole }] of found) {
    if (whole && !good.has(moment)) unknown.push(dump);
    else if (known.has(moment)) orphans.push(...(await unlocked(keys, vault, now)));
  }
  return { orphans, unknown };
}

async function unlocked(keys: readonly string[], vault: Pick<Vault, 'head'>, now: Date): Promise<string[]> {
  const free: string[] = [];
  for (const key of keys) {
    const head = await vault.head(key);
    const locked = head?.lockedUntil !== undefined && new Date(head.lockedUntil) > now;
    if (!locked && !head?.legalHold) free.push(key);
  }
  return free;
}
