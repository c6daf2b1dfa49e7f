import { parseVaultKey, type VaultKeys } from '../../domain/names.ts';
import type { ListedKey } from '../../ports/vault.ts';

/** The objects of one attempt of a dump, as they were listed. */
export type StoredAttempt = Partial<Record<keyof VaultKeys, ListedKey>>;

/** Everything in a vault of one dump: its attempts by number. */
export type StoredDump = { target: string; scheduledFor: string; attempts: Map<number, StoredAttempt> };

/**
 * Dumps in the order of the listing, one held at a time: S3 sorts by bytes, so the objects of one moment follow each
 * other. Keys that no dump writes are counted in `others`.
 */
export async function* dumpsIn(
  listing: AsyncIterable<ListedKey>,
  others: { count: number },
): AsyncGenerator<StoredDump> {
  let last: StoredDump | undefined;
  for await (const listed of listing) {
    const named = parseVaultKey(listed.key);
    if (!named) {
      others.count++;
      continue;
    }
    const { target, scheduledFor, attempt, what } = named;
    if (last?.target !== target || last.scheduledFor !== scheduledFor) {
      if (last) yield last;
      last = { target, scheduledFor, attempts: new Map() };
    }
    last.attempts.set(attempt, { ...last.attempts.get(attempt), [what]: listed });
  }
  if (last) yield last;
}
