import { monthOf, type Standing } from '../../../../lib/domain/runs/scratch-record.ts';
import { secondsBetween } from '../../../../lib/domain/time.ts';
import type { Catalog } from '../../../../lib/ports/catalog.ts';
import { copy, type Store } from './store.ts';

type Scratches = Pick<
  Catalog,
  | 'beginScratch'
  | 'standing'
  | 'startScratch'
  | 'identifyScratch'
  | 'endScratch'
  | 'openScratches'
  | 'scratchSeconds'
>;

export function memoryScratches(store: Store): Scratches {
  const keyOf = (target: string, name: string) => `${target} ${name}`;
  const onRecord = (target: string, name: string) => {
    const known = store.scratches.get(keyOf(target, name));
    if (!known) throw new Error(`there is no record of ${name}`);
    return known;
  };
  const standingOf = (policy: string): Standing => {
    const known = store.standing.get(policy) ?? { version: 0, since: {} };
    store.standing.set(policy, known);
    return known;
  };
  return {
    async beginScratch(record) {
      const key = keyOf(record.target, record.name);
      const known = store.scratches.get(key);
      if (!known || known.state === 'gone') store.scratches.set(key, copy(record));
      return copy(store.scratches.get(key)!);
    },
    standing: async (policy) => copy(standingOf(policy)),
    async startScratch({ target, name, policy }, startedAt, expiresAt, seen) {
      const known = onRecord(target, name);
      const standing = standingOf(policy);
      if (known.startedAt === undefined && known.state === 'making' && standing.version === seen.version) {
        Object.assign(known, { startedAt, expiresAt });
        standing.version++;
        standing.since[name] = startedAt;
      }
      return known.startedAt === undefined ? undefined : copy(known);
    },
    async identifyScratch(target, name, resourceId) {
      onRecord(target, name).resourceId = resourceId;
    },
    async endScratch({ target, name, policy, beganAt }, goneAt) {
      const known = store.scratches.get(keyOf(target, name));
      if (!known || known.state === 'gone') return;
      Object.assign(known, { state: 'gone', goneAt });
      const { startedAt } = known;
      const use = `${policy} ${monthOf(startedAt ?? beganAt)}`;
      const seconds = startedAt ? Math.max(0, secondsBetween(startedAt, goneAt)) : 0;
      store.scratchUse.set(use, (store.scratchUse.get(use) ?? 0) + seconds);
      if (startedAt === undefined) return;
      const standing = standingOf(policy);
      standing.version++;
      delete standing.since[name];
    },
    openScratches: async () =>
      copy([...store.scratches.values()].filter((record) => record.state === 'making')),
    scratchSeconds: async (policy, month) => store.scratchUse.get(`${policy} ${month}`) ?? 0,
  };
}
