import {
  type Acknowledged,
  type Acknowledgement,
  isInForce,
  isSettled,
  marked,
} from '../../domain/findings/acknowledgement.ts';
import { DEPLOYMENT, type Finding } from '../../domain/findings/finding.ts';
import type { OpenFinding } from '../../domain/findings/finding-record.ts';
import { type ServedBy, servedBy } from '../../domain/incidents/served-by.ts';
import { MEANS, type Means } from '../../domain/plan/objective.ts';
import type { Plan, Target } from '../../domain/plan/policy.ts';
import { nextFirings } from '../../domain/plan/schedule.ts';
import type { RecoveryPoint } from '../../domain/points/recovery-point.ts';
import { checkLateness, newestBy } from '../../domain/status/lateness.ts';
import type { TargetStatus } from '../../domain/status/target-status.ts';
import { secondsBetween } from '../../domain/time.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Clock } from '../../ports/clock.ts';

export type StatusDeps = { plan: Plan; catalog: Catalog; clock: Clock };

/** An objective as it is at this moment, in seconds. */
export type Achieved = { promised: number; achieved?: number; met: boolean };

/** The overview: one entry for each target. Seconds and UTC. */
export type TargetReport = {
  target: string;
  policy: string;
  priority: string;
  owner?: string;
  /** `good`: nothing is open and nothing is late. `unknown`: something promised has not been measured yet. */
  state: 'good' | 'bad' | 'unknown';
  /** By means with an RPO: the current age of the data that it would bring back. */
  rpo: Partial<Record<Means, Achieved>>;
  rto: { promised: number; achieved?: number; met?: boolean };
  newestVerified?: TargetStatus['newestVerified'];
  newestSnapshot?: TargetStatus['newestVerified'];
  platform?: TargetStatus['platform'];
  /** Another database serves it than the plan names, which everything here is about. */
  servedBy?: ServedBy;
  /** How far back the policy wants every moment to be restorable, in seconds: for instances and clusters. */
  pitrWindow?: number;
  copies?: TargetStatus['copies'];
  waiting?: TargetStatus['waiting'];
  lastRehearsal?: TargetStatus['lastRehearsal'];
  lastRun: TargetStatus['lastRun'];
  next: Partial<Record<string, string>>;
  open: ShownFinding[];
  /** Acknowledgements in force, of open and of expected findings. */
  acknowledged: Acknowledgement[];
};

/** Open findings, with `acknowledged` if a person has acknowledged them. */
export type ShownFinding = (OpenFinding | Finding) & { acknowledged?: Acknowledged };

export type StatusReport = {
  at: string;
  targets: TargetReport[];
  deployment: ShownFinding[];
  /** Of the deployment itself. */
  acknowledged: Acknowledgement[];
};

/** The state of every target (or one), judged at this moment and not at the watch's last look. */
export async function status(deps: StatusDeps, only?: string): Promise<StatusReport> {
  const now = deps.clock.now();
  const targets = deps.plan.targets.filter((target) => only === undefined || target.id === only);
  const [known, open, acknowledgements, restores] = await Promise.all([
    deps.catalog.statuses(targets.map((target) => target.id)),
    deps.catalog.openFindings(),
    // One target's findings are read as they are now; the index of all lags by a moment.
    only === undefined
      ? deps.catalog.acknowledgements()
      : Promise.all([only, DEPLOYMENT.id].map((each) => deps.catalog.acknowledgements(each))),
    // Those of all targets are standing until the old database is deleted.
    only === undefined ? deps.catalog.standingRestores() : deps.catalog.restoresOf(only),
  ]);
  const newestRestores = [...restores].sort((a, b) => b.id.localeCompare(a.id));
  const inForce = acknowledgements.flat().filter((each) => isInForce(each, now));
  return {
    at: now.toISOString(),
    targets: targets.map((target) =>
      report(
        target,
        known.get(target.id),
        open.filter((each) => each.target === target.id),
        inForce.filter((each) => each.target === target.id),
        servedBy(
          target.platform,
          newestRestores.filter((each) => each.target === target.id),
        ),
        now,
      ),
    ),
    acknowledged: inForce.filter((each) => each.target === DEPLOYMENT.id),
    deployment: open
      .filter((each) => each.target === DEPLOYMENT.id)
      .map((each) => marked(each, inForce, now)),
  };
}

function report(
  target: Target,
  known: TargetStatus | undefined,
  open: OpenFinding[],
  acknowledgements: Acknowledgement[],
  by: ServedBy | undefined,
  now: Date,
): TargetReport {
  const { rpo, rto } = target.policy.objectives;
  // Something may have become late since the watch's last look; the overview must not report good until the next.
  const late = known ? checkLateness(target, known, now) : [];
  const unsaid = late.filter(
    (each) => !open.some((other) => other.code === each.code && other.subject === each.subject),
  );
  const all = [...open, ...unsaid].map((each) => marked(each, acknowledgements, now));
  // A bad newest point is never good, whatever is known of the ones before it.
  const spoilt =
    known?.newestPoint?.state === 'corrupt' ||
    known?.newestPoint?.bad !== undefined ||
    known?.lastRun.dump?.state === 'failed';
  const measured = known?.lastPassedRehearsal?.rto;
  return {
    target: target.id,
    policy: target.policy.name,
    priority: target.priority,
    owner: target.owner,
    state:
      spoilt || by || all.some((each) => each.severity !== 'P3' && !isSettled(each))
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
    newestVerified: known?.newestVerified,
    newestSnapshot: known?.snapshots?.newestVerified,
    platform: known?.platform,
    ...(by ? { servedBy: by } : {}),
    ...(target.platform && target.platform.kind !== 'elasticache'
      ? { pitrWindow: target.policy.pitr.window }
      : {}),
    copies: known?.copies,
    waiting: known?.waiting,
    lastRehearsal: known?.lastRehearsal,
    lastRun: known?.lastRun ?? {},
    next: Object.fromEntries(
      Object.entries(target.policy.schedules).map(([job, schedule]) => [
        job,
        nextFirings(schedule, now, 1)[0],
      ]),
    ),
    open: all,
    acknowledged: acknowledgements,
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
export function listPoints(deps: StatusDeps, target: string, limit = 100): Promise<RecoveryPoint[]> {
  return deps.catalog.points(target, { limit });
}
