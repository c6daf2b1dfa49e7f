import type { Catalog } from '../../../../lib/ports/catalog.ts';
import type { Clock } from '../../../../lib/ports/clock.ts';
import { manualClock } from '../clock.ts';
import { memoryAcknowledgements } from './acknowledgements.ts';
import { memoryCancelRequests } from './cancel-requests.ts';
import { memoryFindings } from './findings.ts';
import { memoryPoints } from './points.ts';
import { memoryRuns } from './runs.ts';
import { memoryScratches } from './scratches.ts';
import { memoryStatuses } from './statuses.ts';
import { copy, emptyStore, newestFirst, type Store } from './store.ts';
import { memoryTimeline } from './timeline.ts';

/**
 * The catalog in memory. Each method reads and writes in one go, so that none sees another half done.
 * `home` is the Region whose snapshots are no copies.
 */
export function memoryCatalog(clock: Clock = manualClock(), home?: string): Catalog {
  const store = emptyStore();
  const base = {
    ...memoryRuns(store),
    ...memoryPoints(store),
    ...memoryFindings(store),
    ...evidence(store),
    ...memoryTimeline(store),
    ...memoryScratches(store),
    ...memoryAcknowledgements(store),
    ...memoryCancelRequests(store),
  };
  return { ...base, ...memoryStatuses(store, base, clock, home) };
}

function evidence(store: Store): Pick<Catalog, 'addEvidence' | 'evidence'> {
  return {
    async addEvidence(record) {
      store.evidence.set(`${record.target} ${record.at} ${record.run}`, copy(record));
    },
    async evidence(target, limit) {
      const of = [...store.evidence.values()].filter((each) => each.target === target);
      return newestFirst(of, (each) => `${each.at} ${each.run}`, limit);
    },
  };
}
