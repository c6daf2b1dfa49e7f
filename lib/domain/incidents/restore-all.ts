import type { RestoreSettings, Target } from '../plan/policy.ts';
import { type RestoreAllSettings, type RestoreStep, targetsOfSteps } from '../plan/restore-all-steps.ts';
import { secondsBetween, utc } from '../time.ts';
import { confirmationFrom } from './confirmation.ts';
import type { RestoreRecord } from './restore-record.ts';
import { isStopped, type RestorePlan, type Way } from './way.ts';

/** What becomes of one target. Durations in seconds. */
export type TargetInAll = {
  target: string;
  priority: Target['priority'];
  /** The promised time to restore. */
  rto: number;
  /** The way that `--go` takes. */
  way?: Way;
  /** Only a person can take this way: a dump into a database of theirs. */
  byHand?: Way;
  /** Its instance comes back with the restore of this target. */
  with?: string;
  /** Nothing sends its application there: its secrets still lead to the old instance. */
  unswitched?: true;
  /** An earlier restore that is taken up, and the moment that it goes back to. */
  takenUp?: { restore: string; asOf: string; startedAt: string };
  /** Why nothing brings it back. */
  why?: string;
  /** From the beginning of it all until it can be approved, as measured; absent where nothing was. */
  readyAfter?: number;
};

export type StepInAll = RestoreStep & {
  restores: TargetInAll[];
  /** From the beginning of it all, as far as times are known. */
  endsAfter: number;
};

export type RestoreAllPlan = {
  madeAt: string;
  /** The moment that somebody wants back; absent: as new as possible. */
  wanted?: string;
  atOnce: number;
  steps: StepInAll[];
  /** Targets that no step names: they are not restored. */
  inNoStep: string[];
  /** The expected total, at least: what was never measured, and people, are not in it. */
  total: number;
  unmeasured: string[];
  /** What confirms all of it. */
  confirm: string;
};

export type RestoreAllInput = {
  settings: RestoreAllSettings;
  targets: readonly Target[];
  /** The ways back, by target. */
  plans: ReadonlyMap<string, RestorePlan>;
  /** The newest restore of each, if there is one. */
  lasts?: ReadonlyMap<string, RestoreRecord>;
  at?: string | undefined;
  now: Date;
};

/**
 * The order of it all. Steps follow each other. Within one, at most `atOnce` restores are on their way at once, those of
 * the strictest RTO first, and targets on one instance are one restore.
 */
export function planRestoreAll({
  settings,
  targets,
  plans,
  lasts = new Map(),
  at,
  now,
}: RestoreAllInput): RestoreAllPlan {
  const { byStep, left } = targetsOfSteps(settings.steps, targets);
  const instances = new Map<string, First>();
  let clock = 0;
  const steps = settings.steps.map((step): StepInAll => {
    const restores = (byStep.get(step) ?? [])
      .toSorted((a, b) => a.policy.objectives.rto - b.policy.objectives.rto || a.id.localeCompare(b.id))
      .map((target) => inAll(target, plans.get(target.id)!, instances))
      .map((each) => ({ ...each, ...takenUpOf(each, lasts.get(each.target), at, now) }));
    const timed = inLanes(restores, settings.atOnce, clock);
    clock = 'function' in step ? clock + step.within : timed.endsAfter;
    return { ...step, restores: timed.restores, endsAfter: clock };
  });
  const restores = steps.flatMap((step) => withTheirs(step.restores, steps));
  const plan = {
    madeAt: utc(now),
    ...(at === undefined ? {} : { wanted: at }),
    atOnce: settings.atOnce,
    steps: steps.map((step) => ({ ...step, restores: withTheirs(step.restores, steps) })),
    inNoStep: left.map(({ id }) => id),
    total: clock,
    unmeasured: restores
      .filter(({ way, readyAfter }) => way && readyAfter === undefined)
      .map(({ target }) => target),
  };
  return { ...plan, confirm: confirmationOfAll(plan, plan.madeAt) };
}

/**
 * What confirms the whole as it was shown at a moment: the steps, the targets, and the way of each. Of a moment only
 * that it is one: the newest moves on while somebody decides.
 */
export function confirmationOfAll(
  { wanted, steps, atOnce }: Pick<RestoreAllPlan, 'wanted' | 'steps' | 'atOnce'>,
  madeAt: string,
): string {
  const shown = steps.map(({ restores, endsAfter: _ends, ...step }) => ({
    step,
    restores: restores.map(({ target, way, byHand, takenUp, with: other }) => ({
      target,
      kind: way?.kind ?? byHand?.kind,
      point: way?.point ?? byHand?.point,
      failed: way?.lastFailed?.at,
      stopping: way?.concerns.filter(({ stops }) => stops).map(({ code }) => code),
      // Those of this very run came after it was shown.
      takenUp: takenUp && takenUp.startedAt < madeAt ? takenUp.restore : undefined,
      other,
    })),
  }));
  return confirmationFrom(madeAt, { madeAt, wanted, atOnce, shown });
}

/** Will a target be back later than promised? Undefined where nothing was measured. */
export function isLate({ rto, readyAfter }: Pick<TargetInAll, 'rto' | 'readyAfter'>): boolean | undefined {
  return readyAfter === undefined ? undefined : readyAfter > rto;
}

/** The target whose restore brings back an instance. */
type First = Pick<Way, 'kind'> & { target: string; does: RestoreSettings };

/** By its name everybody gets to the new instance; by secrets, who has one that is switched. */
function isSwitched({ connection }: Target, { does }: First): boolean {
  const { cutover, secrets } = does;
  return cutover === 'rename' || (cutover === 'secret' && secrets.includes(connection?.secret ?? ''));
}

/** A restore that was done so recently may be this one's, in seconds. */
const RECENT = 86_400;

/**
 * Is an earlier restore taken up? One that is under way is: there is one at a time. One that was done within a day is, if
 * it went back to the same moment where one is wanted: a second one would throw away what was written since.
 */
export function isTakenUp(
  record: RestoreRecord,
  asOf: string,
  wanted: string | undefined,
  now: Date,
): boolean {
  const isRecent = record.state === 'done' && secondsBetween(record.startedAt, now) < RECENT;
  return record.state === 'running' || (isRecent && (wanted === undefined || record.way.asOf === asOf));
}

function takenUpOf(
  { way }: TargetInAll,
  last: RestoreRecord | undefined,
  wanted: string | undefined,
  now: Date,
): Pick<TargetInAll, 'takenUp'> {
  if (!way || !last || !isTakenUp(last, way.asOf, wanted, now)) return {};
  return { takenUp: { restore: last.id, asOf: last.way.asOf, startedAt: last.startedAt } };
}

function inAll(target: Target, plan: RestorePlan, instances: Map<string, First>): TargetInAll {
  const { id, priority, platform, policy } = target;
  const base = { target: id, priority, rto: policy.objectives.rto };
  const way = wayOfAll(plan);
  const instance = platform && `${platform.kind} ${platform.id}`;
  const first = instance === undefined ? undefined : instances.get(instance);
  if (way && first !== undefined) {
    // A dump brings one database back, and an instance is restored by one at a time.
    if (first.kind !== 'dump')
      return {
        ...base,
        with: first.target,
        ...(isSwitched(target, first) ? {} : { unswitched: true as const }),
      };
    const why = `only after ${first.target}, which is on the same instance: ./understudy restore ${id} --go`;
    return { ...base, why };
  }
  if (way) {
    if (instance !== undefined) instances.set(instance, { target: id, kind: way.kind, does: plan.does });
    return { ...base, way };
  }
  const byHand = plan.recommended && plan.ways[plan.recommended.way];
  if (byHand) return { ...base, byHand };
  const why = plan.noWays.map((each) => `no ${each.kind}: ${each.why}`).join('; ');
  return { ...base, why: why || 'Understudy has nothing that it could restore into service' };
}

/** The recommended way if `restore --go` can take it, else the first that it can, of those that nothing would stop. */
function wayOfAll({ ways, recommended }: RestorePlan): Way | undefined {
  const best = recommended && ways[recommended.way];
  const possible = ways.filter(({ confirm }) => confirm !== undefined);
  return best?.confirm ? best : (possible.find((way) => !isStopped(way)) ?? possible[0]);
}

/** When each is ready if so many are on their way at once, in their order. */
function inLanes(
  restores: readonly TargetInAll[],
  atOnce: number,
  begins: number,
): { restores: TargetInAll[]; endsAfter: number } {
  const lanes = Array.from({ length: atOnce }, () => begins);
  const timed = restores.map((restore) => {
    const takes = restore.way?.takes?.middle;
    if (takes === undefined) return restore;
    const free = lanes.indexOf(Math.min(...lanes));
    lanes[free]! += takes;
    return { ...restore, readyAfter: lanes[free]! };
  });
  return { restores: timed, endsAfter: Math.max(...lanes) };
}

/** Those that come back with another's instance are ready when that is. */
function withTheirs(restores: readonly TargetInAll[], steps: readonly StepInAll[]): TargetInAll[] {
  const all = new Map(steps.flatMap((step) => step.restores.map((each) => [each.target, each])));
  return restores.map((restore) => {
    const readyAfter = restore.with === undefined ? restore.readyAfter : all.get(restore.with)?.readyAfter;
    return { ...restore, ...(readyAfter === undefined ? {} : { readyAfter }) };
  });
}
