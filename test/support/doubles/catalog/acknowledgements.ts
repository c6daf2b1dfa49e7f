import { isInForce } from '../../../../lib/domain/findings/acknowledgement.ts';
import { utc } from '../../../../lib/domain/time.ts';
import type { Catalog } from '../../../../lib/ports/catalog.ts';
import { copy, newestFirst, type Store } from './store.ts';

type Acknowledgements = Pick<Catalog, 'acknowledge' | 'endAcknowledgement' | 'acknowledgements'>;

export function memoryAcknowledgements(store: Store): Acknowledgements {
  return {
    async acknowledge(made) {
      store.acknowledgements.set(`${made.target} ${made.at} ${made.code} ${made.subject ?? ''}`, copy(made));
    },
    async endAcknowledgement({ target, code, subject }, by, now) {
      const ended = [...store.acknowledgements.values()].filter(
        (each) => each.target === target && each.code === code && isInForce(each, now),
      );
      const meant = ended.filter((each) => subject === undefined || each.subject === subject);
      const before = copy(meant);
      for (const each of meant) Object.assign(each, { endedAt: utc(now), endedBy: by });
      return before;
    },
    async acknowledgements(target) {
      const wanted = [...store.acknowledgements.values()].filter((each) =>
        target === undefined ? each.endedAt === undefined : each.target === target,
      );
      return newestFirst(wanted, ({ at, code, subject }) => `${at} ${code} ${subject ?? ''}`);
    },
  };
}
