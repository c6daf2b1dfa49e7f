import type { Evidence } from './evidence.ts';
import type { ScheduledJob } from './job.ts';
import { counts, type RecoveryPoint } from './recovery-point.ts';
import type { Run } from './run.ts';
import type { PointSummary, RunSummary, TargetStatus } from './target-status.ts';

/** Derives what one looks at every morning. Points, runs of each job and evidence come newest first. */
export function deriveStatus(
  target: string,
  firstSeenAt: string,
  points: readonly RecoveryPoint[],
  runs: readonly Run[],
  evidence: readonly Evidence[],
  owed?: TargetStatus['owed'],
): TargetStatus {
  const stored = points.filter((point) => point.availableAt !== undefined && point.snapshotAt !== undefined);
  const bySnapshot = [...stored].sort((a, b) => b.snapshotAt!.localeCompare(a.snapshotAt!));
  const good = bySnapshot.filter(counts);
  const status: TargetStatus = {
    target,
    firstSeenAt,
    lastRun: {},
    lastSuccess: {},
    usual: usual(good.slice(0, 14)),
    ...(owed ? { owed } : {}),
  };
  set(status, 'newestPoint', bySnapshot[0]);
  set(status, 'newestVerified', good[0]);
  set(
    status,
    'newestRehearsed',
    good.find((point) => point.state === 'rehearsed'),
  );
  set(
    status,
    'waiting',
    bySnapshot.findLast((point) => point.state === 'available'),
  );

  for (const run of runs) {
    const job = run.job as ScheduledJob;
    status.lastRun[job] ??= summary(run);
    if (run.state === 'succeeded') status.lastSuccess[job] ??= summary(run);
  }
  const [last] = evidence;
  if (last) {
    const { at, point, outcome, strength, rto, rpo, simulation } = last;
    status.lastRehearsal = {
      at,
      point,
      outcome,
      strength,
      simulation,
      ...(rto ? { rto } : {}),
      ...(rpo ? { rpo } : {}),
    };
  }
  const passed = evidence.find((each) => each.outcome === 'passed');
  if (passed)
    status.lastPassedRehearsal = {
      at: passed.at,
      point: passed.point,
      strength: passed.strength,
      ...(passed.rto ? { rto: passed.rto } : {}),
    };
  return status;
}

function set(
  status: TargetStatus,
  key: 'newestPoint' | 'newestVerified' | 'newestRehearsed' | 'waiting',
  point: RecoveryPoint | undefined,
): void {
  if (!point) return;
  const { id, state } = point;
  const found: PointSummary = { id, snapshotAt: point.snapshotAt!, availableAt: point.availableAt!, state };
  status[key] = found;
}

function summary(run: Run): RunSummary {
  const { scheduledFor, state, attempt, endedAt, summary } = run;
  return { scheduledFor, state, attempt, ...(endedAt ? { endedAt } : {}), ...(summary ? { summary } : {}) };
}

function usual(points: readonly RecoveryPoint[]): TargetStatus['usual'] {
  const dump = median(points.flatMap((point) => point.dumpSeconds ?? []));
  const verify = median(points.flatMap((point) => point.verifySeconds ?? []));
  const bytes = median(points.flatMap((point) => point.dump?.bytes ?? []));
  return {
    ...(dump === undefined ? {} : { dump }),
    ...(verify === undefined ? {} : { verify }),
    ...(bytes === undefined ? {} : { bytes }),
  };
}

/** Middle value; undefined of none. */
export function median(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}
