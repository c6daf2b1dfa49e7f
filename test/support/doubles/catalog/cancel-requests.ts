import type { RunName } from '../../../../lib/domain/names.ts';
import type { CancelRequest } from '../../../../lib/domain/runs/run.ts';
import type { Catalog } from '../../../../lib/ports/catalog.ts';
import { copy, type Store } from './store.ts';

export function memoryCancelRequests(store: Store): Pick<Catalog, 'requestCancel' | 'cancelRequest'> {
  const keyOfRun = ({ target, job, scheduledFor }: RunName) => `${target} ${job} ${scheduledFor}`;
  return {
    async requestCancel(request) {
      store.cancelRequests.set(keyOfRun(request), copy(request));
    },
    async cancelRequest(claim) {
      const found: CancelRequest | undefined = store.cancelRequests.get(keyOfRun(claim));
      return found?.token === claim.token ? copy(found) : undefined;
    },
  };
}
