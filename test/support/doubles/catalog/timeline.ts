import type { Catalog } from '../../../../lib/ports/catalog.ts';
import { copy, newestFirst, type Store } from './store.ts';

type Timeline = Pick<Catalog, 'addEvent' | 'timeline' | 'awaitNotice' | 'awaiting'>;

export function memoryTimeline(store: Store): Timeline {
  return {
    async addEvent(event) {
      const key = `${event.target} ${event.at} ${event.id}`;
      if (store.events.has(key)) return false;
      store.events.set(key, copy(event));
      return true;
    },
    async timeline(target, limit) {
      const of = [...store.events.values()].filter((event) => event.target === target);
      return newestFirst(of, (event) => `${event.at} ${event.id}`, limit);
    },
    awaitNotice: async (subject, token) => void store.waits.set(subject, token),
    awaiting: async (subject) => store.waits.get(subject),
  };
}
