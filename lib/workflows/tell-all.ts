import { OF_PREFLIGHT } from '../checks/preflight.ts';
import { reasonOf, UnderstudyError } from '../domain/errors.ts';
import { assertionSubject, OF_ASSERTIONS, RESTORED_SORTS } from '../domain/evidence.ts';
import { DEPLOYMENT, EVENTS, type Finding, type FindingCode } from '../domain/finding.ts';
import { SCHEDULED_JOBS } from '../domain/job.ts';
import { parsePointId } from '../domain/names.ts';
import { type Plan, placeOf, type Target, targetOf } from '../domain/policy.ts';
import { SEVERITIES } from '../domain/severity.ts';
import type { TargetStatus } from '../domain/target-status.ts';
import { secondsBetween } from '../domain/time.ts';
import type { OpenFinding } from '../ports/catalog.ts';
import { jobFailed } from './claimed.ts';
import { inLanes } from './lanes.ts';
import { OF_PLATFORMS } from './platform/look-at-platform.ts';
import { OF_SNAPSHOTS } from './snapshots/made-snapshot.ts';
import { placeOfCopy } from './snapshots/places.ts';
import { closeQuietly, findingOf, raise, resolve, type Telling } from './tell.ts';

export type TellAllDeps = Telling & { plan: Plan; home: string };

const DAY = 86_400;

/** A code as it was asked about of one target: what could not be found out of another stays open there. */
export const askedOf = (target: string, code: FindingCode) => `${target}#${code}`;

/**
 * Raises what was found, worst first, and then goes through everything that is open: resolves what this look asked
 * about and did not find, and raises the rest again as it is, which brings reminders and alerts that had not arrived.
 */
export async function tellAll(
  deps: TellAllDeps,
  findings: readonly Finding[],
  asked: ReadonlySet<string>,
  statuses: ReadonlyMap<string, TargetStatus>,
  now: Date,
): Promise<void> {
  const worstFirst = [...findings].sort(
    (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity),
  );
  const failures: unknown[] = [];
  const guarded = (work: () => Promise<void>) => work().catch((error) => void failures.push(error));

  await inLanes(worstFirst, (found) => guarded(() => raise(deps, found)));
  const found = new Set(findings.map(identity));
  const open = await deps.catalog.openFindings();
  await inLanes(
    open.filter((each) => !found.has(identity(each))),
    (each) => guarded(() => settleOpen(deps, each, asked, statuses, now)),
  );
  await inLanes(forgottenFailures(deps, statuses, open, now), (each) => guarded(() => raise(deps, each)));
  if (failures.length > 0) {
    throw new UnderstudyError(
      'telling-incomplete',
      `${failures.length} findings could not be told, the first because ${reasonOf(failures[0])}`,
    );
  }
}

async function settleOpen(
  deps: TellAllDeps,
  open: OpenFinding,
  asked: ReadonlySet<string>,
  statuses: ReadonlyMap<string, TargetStatus>,
  now: Date,
): Promise<void> {
  if (!isStillPlanned(deps, open)) return resolve(deps, open, 'dropped');
  if (await isGone(deps, open)) return resolve(deps, open, 'dropped');
  if (isEvent(deps.plan, open) && !open.untold && secondsBetween(open.since, now) >= DAY)
    return closeQuietly(deps, open);
  const succeeded = open.code === 'job-failed' && lastRunState(statuses, open) === 'succeeded';
  if (asked.has(open.code) || asked.has(askedOf(open.target, open.code)) || succeeded)
    return resolve(deps, open);
  return raise(deps, findingOf(open));
}

/** It happened once, and nothing that is still to come would show that it is over. */
function isEvent(plan: Plan, { target, code, subject }: Finding): boolean {
  return EVENTS.includes(code) || (code === 'job-failed' && !comesAgain(targetOf(plan, target), subject));
}

/** Will this job run by itself? One that only a person asked for may never succeed, because nobody asks again. */
function comesAgain(target: Target | undefined, job: string): boolean {
  const scheduled: Partial<Record<string, unknown>> = target?.policy.schedules ?? {};
  return !UNASKED.some((each) => each === job) || scheduled[job] !== undefined;
}

/** Jobs that nothing but their own schedule starts; a verification comes with its dump, a copy with its snapshot. */
const UNASKED = SCHEDULED_JOBS.filter((job) => job !== 'verify');

/** What is said against a snapshot, and taken back by nothing when it is gone. */
const OF_ONE_SNAPSHOT: readonly FindingCode[] = ['restore-failed', 'proof-mismatch', ...OF_SNAPSHOTS];

/** Of a snapshot of somebody else's, which he has deleted: no rehearsal will ever say anything better of it. */
async function isGone(deps: TellAllDeps, { target, code, subject }: Finding): Promise<boolean> {
  if (!OF_ONE_SNAPSHOT.includes(code)) return false;
  const kind = parsePointId(subject)?.kind;
  if (kind !== 'automated' && kind !== 'foreign') return false;
  return (await deps.catalog.point(target, subject))?.state === 'expired';
}

/** What is said of an instance or a cluster as it is, and asked about only while the plan names one. */
const OF_SOURCE: readonly FindingCode[] = [...OF_PLATFORMS, ...OF_PREFLIGHT, 'instance-deleted'];

/**
 * Will anybody look at it again? Not at what the plan names no longer: a target, its instance, a place that it was
 * copied to, a question.
 */
function isStillPlanned({ plan, home }: TellAllDeps, { target: id, code, subject }: Finding): boolean {
  if (id === DEPLOYMENT.id)
    return code !== 'snapshot-quota-near' || subject === home || copiesOf(plan.targets).includes(subject);
  const target = targetOf(plan, id);
  if (!target) return false;
  if (OF_SOURCE.includes(code) && !target.platform) return false;
  if (code === 'instance-deleted') return subject === target.platform?.id;
  if (OF_ASSERTIONS.includes(code))
    return target.assertions.some(({ name }) =>
      RESTORED_SORTS.some((sort) => subject === assertionSubject(name, sort)),
    );
  const lies = OF_SNAPSHOTS.includes(code) ? parsePointId(subject)?.place : undefined;
  if (lies !== undefined && lies !== home && !copiesOf([target]).includes(lies)) return false;
  const place = code === 'copy-impossible' ? subject : code === 'job-failed' && placeOfCopy(subject);
  return !place || copiesOf([target]).includes(place);
}

const copiesOf = (targets: readonly Target[]) =>
  targets.flatMap(({ policy }) => policy.snapshot.copies.map(placeOf));

/** A job whose last run failed and of which nobody was told: whoever recorded it died before telling. */
function forgottenFailures(
  deps: TellAllDeps,
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
      // An event's day is over: it was told, and closed.
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

const identity = ({ target, code, subject }: Finding) => `${target}#${code}#${subject}`;
