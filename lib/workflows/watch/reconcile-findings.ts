import { type AlertDeps, closeQuietly, findingOf, raise, resolve } from '../../alerting/alerts.ts';
import type { About } from '../../alerting/finding-records.ts';
import { DEPLOYMENT, FINDINGS, type Finding, type FindingCode } from '../../domain/findings/finding.ts';
import type { OpenFinding } from '../../domain/findings/finding-record.ts';
import type { SubjectKind } from '../../domain/findings/registry.ts';
import { parsePointId } from '../../domain/names.ts';
import { type Plan, placeOf, type Target, targetOf } from '../../domain/plan/policy.ts';
import { assertionSubject, RESTORED_SORTS } from '../../domain/proof/evidence.ts';
import { SCHEDULED_JOBS } from '../../domain/runs/job.ts';
import { httpSteps, sqlSteps } from '../../domain/smoke/smoke-step.ts';
import type { TargetStatus } from '../../domain/status/target-status.ts';
import { secondsBetween } from '../../domain/time.ts';
import { jobFailed } from '../../execution/claim.ts';
import { placeOfCopy } from '../../points/places.ts';
import { withoutStopping } from './look.ts';

export type ReconcileDeps = AlertDeps & { plan: Plan; home: string };

const DAY = 86_400;

/** A code that was asked about for one target: a question that failed for another leaves it open there. */
export const askedOf = (target: string, code: FindingCode) => `${target}#${code}`;

/**
 * Goes through everything open that was not found now: resolves what this look asked about or saw to be over, and
 * raises the rest again as it is, which sends reminders and alerts that had not arrived.
 */
export async function reconcileFindings(
  deps: ReconcileDeps,
  look: { findings: readonly Finding[]; over: readonly About[] },
  asked: ReadonlySet<string>,
  statuses: ReadonlyMap<string, TargetStatus>,
  now: Date,
): Promise<void> {
  const found = new Set(look.findings.map(identity));
  const over = new Set(look.over.map(identity));
  const open = await deps.catalog.openFindings();
  const rest = open.filter((each) => !found.has(identity(each)));
  const steps = [
    ...rest.map(
      (each) => () =>
        over.has(identity(each)) ? resolve(deps, each) : reconcileOne(deps, each, asked, statuses, now),
    ),
    ...forgottenFailures(deps, statuses, open, now).map((each) => () => raise(deps, each)),
  ];
  await withoutStopping(steps, (step) => step());
}

async function reconcileOne(
  deps: ReconcileDeps,
  open: OpenFinding,
  asked: ReadonlySet<string>,
  statuses: ReadonlyMap<string, TargetStatus>,
  now: Date,
): Promise<void> {
  // A code of another version of Understudy: no look closes it any more.
  if (!Object.hasOwn(FINDINGS, open.code)) return resolve(deps, open, 'dropped');
  if (!isStillPlanned(deps, open)) return resolve(deps, open, 'dropped');
  if (await isGone(deps, open)) return resolve(deps, open, 'dropped');
  if (isEvent(deps.plan, open) && !open.untold && secondsBetween(open.since, now) >= DAY)
    return closeQuietly(deps, open);
  const succeeded = open.code === 'job-failed' && lastRunState(statuses, open) === 'succeeded';
  if (asked.has(open.code) || asked.has(askedOf(open.target, open.code)) || succeeded)
    return resolve(deps, open);
  return raise(deps, findingOf(open));
}

/** It happened once, and nothing in the future would show that it is over. */
function isEvent(plan: Plan, { target, code, subject }: Finding): boolean {
  const { about, closedBy } = FINDINGS[code];
  return closedBy.includes('time') || (about === 'job' && !comesAgain(targetOf(plan, target), subject));
}

/** Does this job run on a schedule? One that only a person requested may never succeed, because it is not repeated. */
function comesAgain(target: Target | undefined, job: string): boolean {
  const scheduled: Partial<Record<string, unknown>> = target?.policy.schedules ?? {};
  return !UNASKED.some((each) => each === job) || scheduled[job] !== undefined;
}

/** Jobs that only their own schedule starts; a verification comes with its dump, a copy with its snapshot. */
const UNASKED = SCHEDULED_JOBS.filter((job) => job !== 'verify');

/** A snapshot by AWS or another tool that was deleted: no rehearsal will ever find it good. */
async function isGone(deps: ReconcileDeps, { target, code, subject }: Finding): Promise<boolean> {
  if (!['point', 'snapshot'].includes(FINDINGS[code].about)) return false;
  const kind = parsePointId(subject)?.kind;
  if (kind !== 'automated' && kind !== 'foreign') return false;
  return (await deps.catalog.point(target, subject))?.state === 'expired';
}

/** Does the plan still have the finding's subject? Otherwise no look checks it again. */
function isStillPlanned({ plan, home }: ReconcileDeps, found: Finding): boolean {
  if (found.target === DEPLOYMENT.id)
    return STILL_IN_DEPLOYMENT[FINDINGS[found.code].about]?.(found.subject, plan, home) ?? true;
  const target = targetOf(plan, found.target);
  return (
    target !== undefined &&
    (STILL_IN_TARGET[FINDINGS[found.code].about]?.(found.subject, target, home) ?? true)
  );
}

const STILL_IN_DEPLOYMENT: Partial<
  Record<SubjectKind, (subject: string, plan: Plan, home: string) => boolean>
> = {
  place: (place, { targets }, home) => place === home || copiesOf(targets).includes(place),
};

const STILL_IN_TARGET: Partial<
  Record<SubjectKind, (subject: string, target: Target, home: string) => boolean>
> = {
  source: (_, { platform }) => platform !== undefined,
  instance: (id, { platform }) => platform?.id === id,
  place: (place, target) => copiesOf([target]).includes(place),
  snapshot(id, target, home) {
    const place = parsePointId(id)?.place ?? home;
    return target.platform !== undefined && (place === home || copiesOf([target]).includes(place));
  },
  job(job, target) {
    const place = placeOfCopy(job);
    return !place || copiesOf([target]).includes(place);
  },
  assertion: (subject, { assertions }) =>
    assertions.some(({ name }) => RESTORED_SORTS.some((sort) => subject === assertionSubject(name, sort))),
  smoke: (subject, target) =>
    [...sqlSteps(target.smoke), ...sentToCopies(target)].some(({ name }) =>
      RESTORED_SORTS.some((sort) => subject === assertionSubject(name, sort)),
    ),
};

/** Steps by HTTP are sent to a copy only where a hook starts an application. */
const sentToCopies = ({ smoke, policy }: Target) =>
  policy.rehearsal.instance.application === undefined ? [] : httpSteps(smoke);

const copiesOf = (targets: readonly Target[]) =>
  targets.flatMap(({ policy }) => policy.snapshot.copies.map(placeOf));

/** A job whose last run failed without an alert: its worker died before the alert. */
function forgottenFailures(
  deps: ReconcileDeps,
  statuses: ReadonlyMap<string, TargetStatus>,
  open: readonly OpenFinding[],
  now: Date,
): Finding[] {
  return deps.plan.targets.flatMap((target) =>
    SCHEDULED_JOBS.flatMap((job) => {
      const last = statuses.get(target.id)?.lastRun[job];
      const said = open.some(
        (each) => each.target === target.id && each.code === 'job-failed' && each.subject === job,
      );
      if (last?.state !== 'failed' || said) return [];
      // An event is closed after a day: it was sent.
      if (!comesAgain(target, job) && secondsBetween(last.scheduledFor, now) >= DAY) return [];
      return [
        jobFailed(target, job, {
          code: 'run-failed',
          message: last.summary ?? `its run for ${last.scheduledFor} failed`,
        }),
      ];
    }),
  );
}

function lastRunState(statuses: ReadonlyMap<string, TargetStatus>, open: OpenFinding): string | undefined {
  return Object.entries(statuses.get(open.target)?.lastRun ?? {}).find(([job]) => job === open.subject)?.[1]
    .state;
}

const identity = ({ target, code, subject }: About) => `${target}#${code}#${subject}`;
