import { parseRunName, VAULT } from '../names.ts';
import {
  counts,
  type DumpPoint,
  foundBad,
  isDump,
  isSnapshot,
  isVerified,
  type RecoveryPoint,
  type SnapshotPoint,
} from '../points/recovery-point.ts';
import type { Evidence } from '../proof/evidence.ts';
import type { ScheduledJob } from '../runs/job.ts';
import type { Run } from '../runs/run.ts';
import { secondsBetween } from '../time.ts';
import {
  type PointSummary,
  type PointsSummary,
  REHEARSING,
  type RunSummary,
  type TargetStatus,
} from './target-status.ts';

/** How many of the newest points are read at first, and at most. */
export const FEW = 100;
export const MANY = 2000;
const FAR = 8 * 86_400;

/** Do these points reach back far enough to include a weekly one of any kind and place? */
export function reachFarEnough(newestFirst: readonly RecoveryPoint[]): boolean {
  const [first, last] = [newestFirst[0], newestFirst.at(-1)];
  if (newestFirst.length < FEW || !first || !last) return true;
  return secondsBetween(last.scheduledFor, first.scheduledFor) >= FAR;
}

/** Derives a target's status. Points, runs of each job and evidence come newest first. */
export function deriveStatus(
  target: string,
  firstSeenAt: string,
  points: readonly RecoveryPoint[],
  runs: readonly Run[],
  evidence: readonly Evidence[],
  known: Pick<TargetStatus, 'owed' | 'platform' | 'heartbeatAt' | 'lastPassed' | 'lastFired'> & {
    home?: string;
  } = {},
): TargetStatus {
  const { home, ...kept } = known;
  const stored = points.filter((point) => point.availableAt !== undefined && point.snapshotAt !== undefined);
  const bySnapshot = [...stored].sort((a, b) => b.snapshotAt!.localeCompare(a.snapshotAt!));
  const dumps = bySnapshot.filter(isDump).filter((point) => point.place === VAULT);
  const snapshots = bySnapshot.filter(isSnapshot);
  const here = snapshots.filter((point) => home === undefined || point.place === home);
  const waiting = dumps.findLast((point) => point.state === 'available' && point.rebuiltAt === undefined);
  const status: TargetStatus = {
    target,
    firstSeenAt,
    ...newestOf(dumps),
    ...(waiting ? { waiting: summaryOf(waiting) } : {}),
    ...(here.length > 0 ? { snapshots: newestOf(here) } : {}),
    lastRun: {},
    lastSuccess: {},
    usual: usual(dumps.filter(isVerified).slice(0, 14), here.filter(isVerified).slice(0, 14)),
    ...kept,
  };
  const lastFired = { ...known.lastFired };
  status.lastFired = lastFired;
  const lastPassed = passedBySort(evidence, known.lastPassed);
  if (lastPassed) status.lastPassed = lastPassed;
  const copies = copiesOf(bySnapshot, home);
  if (copies) status.copies = copies;

  for (const run of runs) {
    const job = run.job as ScheduledJob;
    status.lastRun[job] ??= summary(run);
    if (!run.label && run.scheduledFor > (lastFired[job] ?? '')) lastFired[job] = run.scheduledFor;
    if (run.state === 'succeeded') status.lastSuccess[job] ??= summary(run);
  }
  const [last] = evidence;
  if (last) {
    const { at, point, outcome, strength, exceptions, rto, rpo, simulation } = last;
    status.lastRehearsal = {
      at,
      point,
      outcome,
      strength,
      simulation,
      exceptions,
      rto,
      rpo,
    };
  }
  const passed = evidence.find((each) => each.outcome === 'passed');
  if (passed)
    status.lastPassedRehearsal = {
      at: passed.at,
      point: passed.point,
      strength: passed.strength,
      rto: passed.rto,
    };
  return status;
}

/** The newest point, the newest that counts, and the newest that was restored. */
function newestOf(newestFirst: readonly RecoveryPoint[]): PointsSummary {
  const good = newestFirst.filter(counts);
  const rehearsed = good.find((point) => point.state === 'rehearsed');
  return {
    ...(newestFirst[0] ? { newestPoint: summaryOf(newestFirst[0]) } : {}),
    ...(good[0] ? { newestVerified: summaryOf(good[0]) } : {}),
    ...(rehearsed ? { newestRehearsed: summaryOf(rehearsed) } : {}),
  };
}

/** The newest of each sort, of these or known before: a monthly one does not stay among the newest. */
function passedBySort(
  evidence: readonly Evidence[],
  before: TargetStatus['lastPassed'] = {},
): TargetStatus['lastPassed'] {
  const passed: NonNullable<TargetStatus['lastPassed']> = { ...before };
  for (const { run, at, outcome } of evidence) {
    const job = parseRunName(run)?.job;
    const sort = REHEARSING.find((each) => each === (job === 'simulation' ? 'rehearse' : job));
    if (outcome === 'passed' && sort && at > (passed[sort] ?? '')) passed[sort] = at;
  }
  return Object.keys(passed).length > 0 ? passed : undefined;
}

/** The newest verified point of each place besides the vault and the source's own Region. */
function copiesOf(newestFirst: readonly RecoveryPoint[], home: string | undefined): TargetStatus['copies'] {
  const copies: Record<string, PointSummary> = {};
  for (const point of newestFirst.filter(counts)) {
    if (point.place === VAULT || point.place === home || (home === undefined && isSnapshot(point))) continue;
    copies[`${isDump(point) ? 'dump' : 'snapshot'}@${point.place}`] ??= summaryOf(point);
  }
  return Object.keys(copies).length > 0 ? copies : undefined;
}

function summaryOf(point: RecoveryPoint): PointSummary {
  const { id, snapshotAt, availableAt, state } = point;
  const bad = foundBad(point);
  return { id, snapshotAt: snapshotAt!, availableAt: availableAt!, state, bad };
}

function summary(run: Run): RunSummary {
  const { scheduledFor, state, attempt, endedAt, summary } = run;
  return { scheduledFor, state, attempt, endedAt, summary };
}

function usual(dumps: readonly DumpPoint[], snapshots: readonly SnapshotPoint[]): TargetStatus['usual'] {
  const measured = {
    dump: median(dumps.flatMap((point) => point.dumpSeconds ?? [])),
    verify: median(dumps.flatMap((point) => point.verifySeconds ?? [])),
    bytes: median(dumps.flatMap((point) => point.dump?.bytes ?? [])),
    snapshot: median(snapshots.flatMap((point) => point.takeSeconds ?? [])),
  };
  return Object.fromEntries(Object.entries(measured).filter(([, value]) => value !== undefined));
}

/** Middle value; undefined of none. */
export function median(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}
