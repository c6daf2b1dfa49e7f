import { deriveStatus } from '../../../../lib/domain/derive-status.ts';
import { SCHEDULED_JOBS } from '../../../../lib/domain/job.ts';
import type { TargetStatus } from '../../../../lib/domain/target-status.ts';
import { utc } from '../../../../lib/domain/time.ts';
import type { Catalog } from '../../../../lib/ports/catalog.ts';
import type { Clock } from '../../../../lib/ports/clock.ts';
import { manualClock } from '../clock.ts';
import { memoryFindings } from './findings.ts';
import { memoryPoints } from './points.ts';
import { memoryRuns } from './runs.ts';
import { copy, emptyStore, newestFirst, type Store } from './store.ts';

type Source = Pick<Catalog, 'runs' | 'points' | 'evidence'>;

/** The catalog in memory. Each method is done in one go, so that none sees another half done. */
export function memoryCatalog(clock: Clock = manualClock()): Catalog {
  const store = emptyStore();
  const base = { ...memoryRuns(store), ...memoryPoints(store), ...memoryFindings(store), ...evidence(store) };
  return { ...base, ...statuses(store, base, clock) };
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

function statuses(
  store: Store,
  source: Source,
  clock: Clock,
): Pick<Catalog, 'statuses' | 'firstSeen' | 'refreshStatus'> {
  const refreshStatus = async (target: string): Promise<TargetStatus> => {
    for (;;) {
      const seen = store.statuses.get(target);
      const [points, proofs, ...runs] = await Promise.all([
        source.points(target, { limit: 100 }),
        source.evidence(target, 20),
        ...SCHEDULED_JOBS.map((job) => source.runs(target, job, 20)),
      ]);
      const all = runs.flat();
      const [begun] = all.map((run) => run.startedAt).sort();
      const firstSeenAt = seen?.firstSeenAt ?? begun ?? utc(clock.now());
      const status = deriveStatus(target, firstSeenAt, points, all, proofs);
      if (store.statuses.get(target)?.version !== seen?.version) continue;
      const version = (seen?.version ?? 0) + 1;
      store.statuses.set(target, { firstSeenAt, status: copy(status), stale: false, version });
      return copy(status);
    }
  };
  return {
    refreshStatus,
    async firstSeen(target, now) {
      const known = store.statuses.get(target);
      const firstSeenAt = known?.firstSeenAt ?? utc(now);
      store.statuses.set(target, { ...known, firstSeenAt, stale: true, version: (known?.version ?? 0) + 1 });
    },
    async statuses(targets) {
      const found = new Map<string, TargetStatus>();
      for (const target of targets) {
        const known = store.statuses.get(target);
        if (known?.firstSeenAt === undefined) continue;
        found.set(target, known.status && !known.stale ? copy(known.status) : await refreshStatus(target));
      }
      return found;
    },
  };
}
