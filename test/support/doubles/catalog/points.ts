import { UnderstudyError } from '../../../../lib/domain/errors.ts';
import { VAULT } from '../../../../lib/domain/names.ts';
import { type DumpPoint, mayBecome } from '../../../../lib/domain/points/recovery-point.ts';
import type { Catalog } from '../../../../lib/ports/catalog.ts';
import { held } from './runs.ts';
import { copy, newestFirst, pointKey, type Store } from './store.ts';

type Points = Pick<
  Catalog,
  'putPoint' | 'adoptPoint' | 'movePoint' | 'acquitPoint' | 'pointAt' | 'point' | 'points'
>;

export function memoryPoints(store: Store): Points {
  const byId = (target: string, id: string) =>
    [...store.points.values()].find((point) => point.target === target && point.id === id);
  const statusIsStale = (target: string) => {
    const status = store.statuses.get(target);
    store.statuses.set(target, { ...status, stale: true, version: (status?.version ?? 0) + 1 });
  };
  return {
    async putPoint(claim, point) {
      held(store, claim);
      const key = pointKey(point.target, point);
      const known = store.points.get(key);
      if (known && !mayBecome(known.state, point.state))
        throw new UnderstudyError(
          'point-state',
          `${point.id} may not become ${point.state} from ${known.state}`,
        );
      store.points.set(key, copy(point));
      statusIsStale(point.target);
    },
    async adoptPoint(point) {
      const key = pointKey(point.target, point);
      if (store.points.has(key)) return false;
      store.points.set(key, copy(point));
      statusIsStale(point.target);
      return true;
    },
    async movePoint(target, id, to, changes = {}) {
      const known = byId(target, id);
      if (!known || !mayBecome(known.state, to)) return false;
      Object.assign(known, copy(changes), { state: to });
      statusIsStale(target);
      return true;
    },
    async acquitPoint(target, id, why, changes) {
      const known = byId(target, id);
      if (known?.state !== 'corrupt' || known.why !== why) return false;
      delete known.why;
      Object.assign(known, copy(changes), { state: 'verified' });
      statusIsStale(target);
      return true;
    },
    async pointAt(target, scheduledFor) {
      const name = { scheduledFor, kind: 'dump', place: VAULT } as const;
      return copy(store.points.get(pointKey(target, name)) as DumpPoint | undefined);
    },
    point: async (target, id) => copy(byId(target, id)),
    async points(target, { limit, states } = {}) {
      const wanted = [...store.points.values()].filter(
        (point) => point.target === target && (!states || states.includes(point.state)),
      );
      return newestFirst(wanted, (point) => pointKey(target, point), limit);
    },
  };
}
