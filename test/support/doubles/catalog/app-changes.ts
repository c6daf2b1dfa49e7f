import { ClaimLost } from '../../../../lib/domain/errors.ts';
import { isChanging } from '../../../../lib/domain/incidents/app-change.ts';
import type { Catalog } from '../../../../lib/ports/catalog.ts';
import { copy, type Store } from './store.ts';

type AppChanges = Pick<Catalog, 'beginAppChange' | 'putAppChange' | 'appChange'>;

export function memoryAppChanges({ appChanges }: Store): AppChanges {
  return {
    appChange: async (target) => copy(appChanges.get(target)),
    async beginAppChange(record, now) {
      const known = appChanges.get(record.target);
      if (known && (isChanging(known, now) || known.id === record.id)) return copy(known);
      appChanges.set(record.target, copy(record));
      return copy(record);
    },
    async putAppChange(record) {
      if (appChanges.get(record.target)?.token !== record.token)
        throw new ClaimLost(`${record.job} of ${record.target}`);
      appChanges.set(record.target, copy(record));
    },
  };
}
