import type { Schedule } from '../../../../lib/domain/plan/schedule.ts';
import { SCHEDULED_JOBS } from '../../../../lib/domain/runs/job.ts';
import { deriveStatus, FEW, MANY, reachFarEnough } from '../../../../lib/domain/status/derive-status.ts';
import { isOwedStill, type Owing, type TargetStatus } from '../../../../lib/domain/status/target-status.ts';
import { utc } from '../../../../lib/domain/time.ts';
import type { Catalog } from '../../../../lib/ports/catalog.ts';
import type { Clock } from '../../../../lib/ports/clock.ts';
import { copy, type Store, type StoredStatus } from './store.ts';

type Source = Pick<Catalog, 'runs' | 'points' | 'evidence'>;

export function memoryStatuses(
  store: Store,
  source: Source,
  clock: Clock,
  home?: string,
): Pick<Catalog, 'statuses' | 'owe' | 'observe' | 'observed' | 'refreshStatus'> {
  const derive = async (target: string, known: StoredStatus | undefined): Promise<TargetStatus> => {
    const [points, proofs, ...runs] = await Promise.all([
      recentPoints(source, target),
      source.evidence(target, 50),
      ...SCHEDULED_JOBS.map((job) => source.runs(target, job, 20)),
    ]);
    const all = runs.flat();
    const [begun] = all.map((run) => run.startedAt).sort();
    const firstSeenAt = known?.firstSeenAt ?? begun ?? utc(clock.now());
    const { owed, platform, heartbeatAt } = known ?? {};
    const { lastPassed, lastFired } = known?.status ?? {};
    const beside = copy({ owed, platform, heartbeatAt, home, lastPassed, lastFired });
    return copy(deriveStatus(target, firstSeenAt, points, all, proofs, beside));
  };
  return {
    async refreshStatus(target) {
      for (;;) {
        const known = store.statuses.get(target);
        const status = await derive(target, known);
        // Something changed while it was derived: derive again rather than keep something old.
        if (store.statuses.get(target)?.version !== known?.version) continue;
        const { firstSeenAt } = status;
        const version = (known?.version ?? 0) + 1;
        store.statuses.set(target, { ...known, firstSeenAt, status: copy(status), stale: false, version });
        return status;
      }
    },

    async owe(target, schedules, now) {
      const known = store.statuses.get(target);
      const firstSeenAt = known?.firstSeenAt ?? utc(now);
      const owed: NonNullable<TargetStatus['owed']> = {};
      for (const [job, { cron, timezone }] of Object.entries(schedules as Record<string, Schedule>)) {
        const was = known?.owed?.[job as Owing];
        const isSame = isOwedStill(job, was, { cron, timezone });
        const since = isSame ? was.since : known?.owed ? utc(now) : firstSeenAt;
        owed[job as Owing] = { cron, timezone, since };
      }
      const version = (known?.version ?? 0) + 1;
      store.statuses.set(target, { ...known, firstSeenAt, owed, stale: true, version });
    },

    async observed(target) {
      const { platform, heartbeatAt } = store.statuses.get(target) ?? {};
      return copy({ ...(platform ? { platform } : {}), ...(heartbeatAt ? { heartbeatAt } : {}) });
    },

    async observe(target, seen, now) {
      const known = store.statuses.get(target);
      const firstSeenAt = known?.firstSeenAt ?? utc(now);
      const version = (known?.version ?? 0) + 1;
      const status = known?.status && { ...known.status, ...copy(seen) };
      const stale = known?.stale ?? true;
      store.statuses.set(target, {
        ...known,
        ...copy(seen),
        firstSeenAt,
        ...(status ? { status } : {}),
        stale,
        version,
      });
    },

    async statuses(targets) {
      const found = new Map<string, TargetStatus>();
      for (const target of targets) {
        const known = store.statuses.get(target);
        if (known?.firstSeenAt === undefined) continue;
        found.set(target, known.status && !known.stale ? copy(known.status) : await derive(target, known));
      }
      return found;
    },
  };
}

async function recentPoints(source: Source, target: string) {
  const newest = await source.points(target, { limit: FEW });
  return reachFarEnough(newest) ? newest : source.points(target, { limit: MANY });
}
