import { type Finding, finding } from '../findings/finding.ts';
import { REPLICA } from '../names.ts';
import { MEANS, type Means } from '../plan/objective.ts';
import { placeOf, type Target } from '../plan/policy.ts';
import { lastFiring, longestInterval, nextFirings, type Schedule } from '../plan/schedule.ts';
import { SCHEDULED_JOBS } from '../runs/job.ts';
import { humanSeconds, plusSeconds, secondsBetween } from '../time.ts';
import { checkHeartbeat } from './heartbeat-lateness.ts';
import { type Owing, REHEARSING, type TargetStatus } from './target-status.ts';

const DAY = 86_400;
/** How often the watch looks, in seconds: what will be late before its next look is late now. */
export const LOOK_EVERY = 300;

/** Everything that is due for a target and has not happened, or will be late before the next look. */
export function checkLateness(target: Target, status: TargetStatus, now: Date): Finding[] {
  return [
    ...checkRpo(target, status, now),
    ...checkSilence(target, status, now),
    ...checkCopies(target, status, now),
    ...checkHeartbeat(target, status, now),
    ...checkRehearsal(target, status, now),
  ];
}

/**
 * Is the newest verified point of each means older than its RPO, or will it be before the next look? A target without
 * one is measured from when Understudy first knew of it.
 */
export function checkRpo(target: Target, status: TargetStatus, now: Date): Finding[] {
  return MEANS.flatMap((means) => {
    const promised = target.policy.objectives.rpo[means];
    return promised === undefined ? [] : checkMeans(target, status, means, promised, now);
  });
}

/** The data that a means would bring back now: the point's id, or undefined for a moment, and its age. */
export function newestBy(status: TargetStatus, means: Means): { id?: string; at: string } | undefined {
  if (means === 'pitr') return status.platform?.latest ? { at: status.platform.latest } : undefined;
  const newest = means === 'dump' ? status.newestVerified : status.snapshots?.newestVerified;
  return newest && { id: newest.id, at: newest.snapshotAt };
}

const NONE: Record<Means, string> = {
  dump: 'no verified point',
  snapshot: 'no verified snapshot',
  pitr: 'no moment that RDS can restore to',
};

function checkMeans(
  target: Target,
  status: TargetStatus,
  means: Means,
  promised: number,
  now: Date,
): Finding[] {
  const newest = newestBy(status, means);
  const age = secondsBetween(newest?.at ?? status.firstSeenAt, now);
  if (age + (means === 'pitr' ? 0 : LOOK_EVERY) <= promised) return [];
  const what = newest
    ? `the newest ${newest.id ? `verified point ${newest.id}` : 'moment'} of ${target.id}${newest.id ? '' : ' that can be restored'} is ${humanSeconds(age)} old`
    : `${target.id} has ${NONE[means]}, ${humanSeconds(age)} after the watch first saw it`;
  const objectives =
    age > promised
      ? `RPO ${humanSeconds(promised)} is breached by ${humanSeconds(age - promised)}`
      : `RPO ${humanSeconds(promised)} will be breached in ${humanSeconds(promised - age)}`;
  return [
    finding('rpo-breached', {
      target,
      subject: means,
      job: means === 'dump' ? 'dump' : 'snapshot',
      message: `${what}; ${objectives}`,
      objectives,
    }),
  ];
}

/** Everything that a target is owed, each by its schedule. */
export function owedTo({ policy, platform }: Target): Partial<Record<Owing, Schedule>> {
  const { schedules, snapshot, vault } = policy;
  const copies =
    schedules.snapshot && platform ? snapshot.copies.map((copy) => `snapshot@${placeOf(copy)}`) : [];
  return {
    ...schedules,
    ...Object.fromEntries(copies.map((place) => [`copy to ${place}`, schedules.snapshot])),
    ...(vault.replica && schedules.dump ? { [`copy to dump@${REPLICA}`]: schedules.dump } : {}),
  };
}

/** Is the newest verified copy in each of the policy's places older than the RPO and the time a copy may take? */
export function checkCopies(target: Target, status: TargetStatus, now: Date): Finding[] {
  const { snapshot, schedules, objectives, vault, grace } = target.policy;
  // Without an RPO for snapshots, their schedule tells how often there is one to copy.
  const between =
    objectives.rpo.snapshot ?? (schedules.snapshot && longestInterval(schedules.snapshot, now) + grace);
  const places = [
    ...(between !== undefined && target.platform
      ? snapshot.copies.map((copy) => ({
          place: `snapshot@${placeOf(copy)}`,
          allowed: between + snapshot.deadline,
        }))
      : []),
    ...(vault.replica && objectives.rpo.dump !== undefined
      ? [{ place: `dump@${REPLICA}`, allowed: objectives.rpo.dump + grace }]
      : []),
  ];
  return places.flatMap(({ place, allowed }) => {
    const newest = status.copies?.[place];
    // Since when it is owed: a place that the policy has copied to since yesterday had no copy last week.
    const since = status.owed?.[`copy to ${place}`]?.since ?? status.firstSeenAt;
    const age = secondsBetween(newest?.snapshotAt ?? since, now);
    if (age <= allowed) return [];
    const what = newest
      ? `the newest verified copy ${newest.id} of ${target.id} is ${humanSeconds(age)} old`
      : `${target.id} has no verified copy there, ${humanSeconds(age)} after the first was due`;
    const message = `${place}: ${what}; the limit is ${humanSeconds(allowed)}`;
    return [finding('copy-late', { target, subject: place, message })];
  });
}

/** Jobs with a run for every firing. A verification is named after its point and judged separately. */
const FIRED = SCHEDULED_JOBS.filter((job) => job !== 'verify');

/**
 * Compares every job with its own expected firings: a firing past its grace without a run is silence. What was
 * scheduled before the target was first seen, or before the schedule last changed, is not owed.
 */
export function checkSilence(target: Target, status: TargetStatus, now: Date): Finding[] {
  const { schedules, grace } = target.policy;
  const due = plusSeconds(now, -grace);
  const silent = FIRED.flatMap((job): Finding[] => {
    const schedule = schedules[job];
    const expected =
      schedule && lastFiring(schedule, due, new Date(status.owed?.[job]?.since ?? status.firstSeenAt));
    // A status from before labelled snapshots were separate has all runs only.
    const fired = status.lastFired ? status.lastFired[job] : status.lastRun[job]?.scheduledFor;
    if (!schedule || !expected || (fired && fired >= expected)) return [];
    const trace = fired ? `the last ${job} of ${target.id} was for ${fired}` : `${target.id} never had one`;
    const message = `${job} of ${target.id} was due at ${expected} and did not run; ${trace}`;
    const objectives = `next due ${nextFirings(schedule, now, 1)[0] ?? 'never'}`;
    return [finding('job-silent', { target, subject: job, job, message, objectives })];
  });
  return [...silent, ...checkVerificationSilence(target, status, now)];
}

function checkVerificationSilence(target: Target, status: TargetStatus, now: Date): Finding[] {
  const { waiting } = status;
  const allowed = target.policy.grace + (status.usual.verify ?? target.policy.usual.verify);
  if (!waiting || secondsBetween(waiting.availableAt, now) <= allowed) return [];
  const message = `${waiting.id} of ${target.id} has waited ${humanSeconds(secondsBetween(waiting.availableAt, now))} for its verification`;
  return [finding('job-silent', { target, subject: 'verify', job: 'verify', message })];
}

const SORTS = {
  rehearse: 'rehearsal',
  'rehearse-snapshot': 'rehearsal of a snapshot',
  'rehearse-moment': 'rehearsal of a moment',
} as const;

/**
 * Has no rehearsal of a scheduled sort passed for longer than the policy allows? A sort that is scheduled less often
 * than `atMostEvery` has its own interval and a day.
 */
export function checkRehearsal(target: Target, status: TargetStatus, now: Date): Finding[] {
  const { schedules, rehearsal, grace } = target.policy;
  return REHEARSING.flatMap((sort) => {
    const schedule = schedules[sort] ?? (sort === 'rehearse' ? schedules.simulation : undefined);
    if (!schedule) return [];
    // A status from before the sorts were separate has dumps only.
    const known = status.lastPassed ?? { rehearse: status.lastPassedRehearsal?.at };
    const last = known[sort];
    // Since when it is owed: what was scheduled only yesterday cannot have passed last week.
    const since = last ?? status.owed?.[sort]?.since ?? status.firstSeenAt;
    const age = secondsBetween(since, now);
    if (age <= rehearsal.atMostEvery + grace) return [];
    const allowed = Math.max(rehearsal.atMostEvery, longestInterval(schedule, now) + DAY);
    if (age <= allowed + grace) return [];
    const what = last
      ? `the last ${SORTS[sort]} of ${target.id} that passed was ${humanSeconds(age)} ago`
      : `${target.id} has never passed a ${SORTS[sort]}, ${humanSeconds(age)} after the watch first saw it`;
    return [
      finding('rehearsal-overdue', {
        target,
        subject: sort,
        job: sort,
        message: `${what}; the policy allows ${humanSeconds(allowed)}`,
      }),
    ];
  });
}
