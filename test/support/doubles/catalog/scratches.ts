import { monthOf } from '../../../../lib/domain/scratch.ts';
import { secondsBetween } from '../../../../lib/domain/time.ts';
import type { Catalog } from '../../../../lib/ports/catalog.ts';
import { copy, type Store } from './store.ts';

type Scratches = Pick<
  Catalog,
  'beginScratch' | 'startScratch' | 'identifyScratch' | 'endScratch' | 'openScratches' | 'scratchSeconds'
>;

export function memoryScratches(store: Store): Scratches {
  const keyOf = (target: string, name: string) => `${target} ${name}`;
  const onRecord = (target: string, name: string) => {
    const known = store.scratches.get(keyOf(target, name));
    if (!known) throw new Error(`there is no record of ${name}`);
    return known;
  };
  return {
    async beginScratch(record) {
      const key = keyOf(record.target, record.name);
      const known = store.scratches.get(key);
      if (!known || known.state === 'gone') store.scratches.set(key, copy(record));
      return copy(store.scratches.get(key)!);
    },
    async startScratch(target, name, startedAt, expiresAt) {
      const known = onRecord(target, name);
      if (known.startedAt === undefined) Object.assign(known, { startedAt, expiresAt });
      return copy(known);
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
    },
    openScratches: async () =>
      copy([...store.scratches.values()].filter((record) => record.state === 'making')),
    scratchSeconds: async (policy, month) => store.scratchUse.get(`${policy} ${month}`) ?? 0,
  };
}
