import { checkLateness, newestBy } from '../checks/lateness.ts';
import { DEPLOYMENT, type Finding } from '../domain/finding.ts';
import { MEANS, type Means } from '../domain/objective.ts';
import type { Plan, Target } from '../domain/policy.ts';
import type { RecoveryPoint } from '../domain/recovery-point.ts';
import { nextFirings } from '../domain/schedule.ts';
import type { TargetStatus } from '../domain/target-status.ts';
import { secondsBetween } from '../domain/time.ts';
import type { Catalog, OpenFinding } from '../ports/catalog.ts';
import type { Clock } from '../ports/clock.ts';

export type StatusDeps = { plan: Plan; catalog: Catalog; clock: Clock };

/** An objective as it stands at this moment, in seconds. */
export type Achieved = { promised: number; achieved?: number; met: boolean };

/** What one looks at every morning, one entry a target. Seconds and UTC. */
export type TargetReport = {
  target: string;
  policy: string;
  priority: string;
  owner?: string;
  /** `good`: nothing is open and nothing is late. `unknown`: of something promised nothing is known yet. */
  state: 'good' | 'bad' | 'unknown';
  /** By the means that an RPO is promised for: how old what it would bring back is now. */
  rpo: Partial<Record<Means, Achieved>>;
  rto: { promised: number; achieved?: number; met?: boolean };
  newestVerified?: TargetStatus['newestVerified'];
  newestSnapshot?: TargetStatus['newestVerified'];
  platform?: TargetStatus['platform'];
  /** How far back the policy wants every moment to be restorable, in seconds: of instances and clusters. */
  pitrWindow?: number;
  copies?: TargetStatus['copies'];
  waiting?: TargetStatus['waiting'];
  lastRehearsal?: TargetStatus['lastRehearsal'];
  lastRun: TargetStatus['lastRun'];
  next: Partial<Record<string, string>>;
  open: (OpenFinding | Finding)[];
};

/** The state of every target (or one), judged at this moment and not at the watch's last look. */
export async function status(
  deps: StatusDeps,
  only?: string,
): Promise<{ at: string; targets: TargetReport[]; deployment: OpenFinding[] }> {
  const now = deps.clock.now();
  const targets = deps.plan.targets.filter((target) => only === undefined || target.id === only);
  const [known, open] = await Promise.all([
    deps.catalog.statuses(targets.map((target) => target.id)),
    deps.catalog.openFindings(),
  ]);
  return {
    at: now.toISOString(),
    targets: targets.map((target) =>
      report(
        target,
        known.get(target.id),
        open.filter((each) => each.target === target.id),
        now,
      ),
    ),
    deployment: open.filter((each) => each.target === DEPLOYMENT.id),
  };
}

function report(
  target: Target,
  known: TargetStatus | undefined,
  open: OpenFinding[],
  now: Date,
): TargetReport {
  const { rpo, rto } = target.policy.objectives;
  // The watch may not have looked since something grew late; the table must not say good until it has.
  const late = known ? checkLateness(target, known, now) : [];
  const unsaid = late.filter(
    (each) => !open.some((other) => other.code === each.code && other.subject === each.subject),
  );
  const all = [...open, ...unsaid];
  // A bad newest point is never well, whatever is said of the ones before it.
  const spoilt =
    known?.newestPoint?.state === 'corrupt' ||
    known?.newestPoint?.bad !== undefined ||
    known?.lastRun.dump?.state === 'failed';
  const measured = known?.lastPassedRehearsal?.rto;
  return {
    target: target.id,
    policy: target.policy.name,
    priority: target.priority,
    ...(target.owner ? { owner: target.owner } : {}),
    state:
      spoilt || all.some((each) => each.severity !== 'P3')
        ? 'bad'
        : MEANS.every((means) => rpo[means] === undefined || (known && newestBy(known, means)))
          ? 'good'
          : 'unknown',
    rpo: Object.fromEntries(
      MEANS.flatMap((means) =>
        rpo[means] === undefined ? [] : [[means, achievedBy(means, rpo[means], known, now)]],
      ),
    ),
    rto: {
      promised: rto,
      ...(measured ? { achieved: measured.achieved, met: measured.achieved <= rto } : {}),
    },
    ...(known?.newestVerified ? { newestVerified: known.newestVerified } : {}),
    ...(known?.snapshots?.newestVerified ? { newestSnapshot: known.snapshots.newestVerified } : {}),
    ...(known?.platform ? { platform: known.platform } : {}),
    ...(target.platform && target.platform.kind !== 'elasticache'
      ? { pitrWindow: target.policy.pitr.window }
      : {}),
    ...(known?.copies ? { copies: known.copies } : {}),
    ...(known?.waiting ? { waiting: known.waiting } : {}),
    ...(known?.lastRehearsal ? { lastRehearsal: known.lastRehearsal } : {}),
    lastRun: known?.lastRun ?? {},
    next: Object.fromEntries(
      Object.entries(target.policy.schedules).map(([job, schedule]) => [
        job,
        nextFirings(schedule, now, 1)[0],
      ]),
    ),
    open: all,
  };
}

function achievedBy(means: Means, promised: number, known: TargetStatus | undefined, now: Date): Achieved {
  const newest = known && newestBy(known, means);
  const achieved = newest && secondsBetween(newest.at, now);
  return achieved === undefined
    ? { promised, met: false }
    : { promised, achieved, met: achieved <= promised };
}

/** Recovery points of a target, newest first. */
export function points(deps: StatusDeps, target: string, limit = 100): Promise<RecoveryPoint[]> {
  return deps.catalog.points(target, { limit });
}
