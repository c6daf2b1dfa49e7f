import { formatArithmetic, rpoArithmetic } from '../domain/plan/objective.ts';
import { type Policy, placeOf } from '../domain/plan/policy.ts';
import { longestInterval, scheduleMistake } from '../domain/plan/schedule.ts';
import { shortestRetention } from '../domain/points/retention.ts';
import type { ScheduledJob } from '../domain/runs/job.ts';
import { humanSeconds } from '../domain/time.ts';
import { hookContradictions, rehearsalHookContradictions } from './hook-contradictions.ts';

/** A path in the file, and the contradiction there. */
export type Contradiction = { path: (string | number)[]; message: string };

/** Promises of one policy that it cannot keep. If a schedule never fires, only that is reported. */
export function policyContradictions(policy: Policy, path: (string | number)[], now: Date): Contradiction[] {
  const never = Object.entries(policy.schedules).flatMap(([job, schedule]) => {
    const message = scheduleMistake(schedule, now);
    return message ? [{ path: [...path, 'schedules', job], message }] : [];
  });
  if (never.length > 0) return never;
  const found: Contradiction[] = [];
  const say = (where: string[], message: string) => found.push({ path: [...path, ...where], message });

  for (const job of neededJobs(policy)) {
    if (!policy.schedules[job])
      say(['schedules'], `no schedule for ${job}; add ${job}: and five cron fields`);
  }
  for (const means of ['dump', 'snapshot'] as const) {
    if (policy.schedules[means] && policy.objectives.rpo[means] === undefined)
      say(['objectives', 'rpo'], `no RPO for ${means}s, which are scheduled; add ${means}: and a duration`);
    const said = means === 'dump' && neededJobs(policy).includes('dump');
    if (!policy.schedules[means] && policy.objectives.rpo[means] !== undefined && !said)
      say(
        ['objectives', 'rpo', means],
        `no ${means} is scheduled; add schedules.${means}, or remove this RPO`,
      );
    const sum = rpoArithmetic(policy, now, undefined, means);
    if (sum && !sum.fits)
      say(
        ['objectives', 'rpo', means],
        `the schedule of ${means}s cannot meet this RPO: ${formatArithmetic(sum)}`,
      );
  }
  found.push(...platformContradictions(policy, path));
  const loosest = Math.max(0, policy.objectives.rpo.dump ?? 0, policy.objectives.rpo.snapshot ?? 0);
  const shortest = shortestRetention(policy.retention);
  if (shortest === 0) say(['retention'], 'keeps nothing; set at least one of all, daily, weekly, monthly');
  else if (
    Math.max(
      policy.retention.all,
      policy.retention.daily,
      policy.retention.weekly,
      policy.retention.monthly,
    ) < loosest
  ) {
    say(['retention'], `keeps points for less than the RPO of ${humanSeconds(loosest)}`);
  }
  if (policy.vault.lock !== 'none' && policy.vault.lockFor > shortest) {
    say(
      ['vault', 'lockFor'],
      `locks for ${humanSeconds(policy.vault.lockFor)}, longer than the shortest retention of ${humanSeconds(shortest)}: those points could not be deleted`,
    );
  }
  const rehearsals = (['rehearse', 'rehearse-snapshot', 'rehearse-moment'] as const).flatMap(
    (job) => policy.schedules[job] ?? [],
  );
  if (rehearsals.length > 0) {
    const interval = Math.min(...rehearsals.map((schedule) => longestInterval(schedule, now)));
    if (interval > policy.rehearsal.atMostEvery) {
      say(
        ['rehearsal', 'atMostEvery'],
        `rehearsals are ${humanSeconds(interval)} apart, so each would be overdue after ${humanSeconds(policy.rehearsal.atMostEvery)}`,
      );
    }
  }
  return found;
}

/**
 * What a policy requires: one of snapshots alone needs no dump, but one that dumps must rehearse dumps. One that only drills
 * keeps nothing.
 */
function neededJobs({ schedules }: Policy): ScheduledJob[] {
  if (schedules.drill && !schedules.dump && !schedules.snapshot) return [];
  const snapshots = schedules.snapshot !== undefined;
  const dumps = schedules.dump !== undefined || !snapshots;
  return [...(dumps ? (['dump', 'rehearse'] as const) : []), 'expire'];
}

/** The lowest RPO that restoring to a moment can promise, in seconds: RDS trails by 5 minutes, and the watch looks every 5. */
const PITR_TRAILS = 600;
const DAY = 86_400;

function platformContradictions(policy: Policy, path: (string | number)[]): Contradiction[] {
  const found: Contradiction[] = [];
  const say = (where: (string | number)[], message: string) =>
    found.push({ path: [...path, ...where], message });
  const { pitr } = policy.objectives.rpo;
  if (pitr !== undefined && pitr < PITR_TRAILS)
    say(
      ['objectives', 'rpo', 'pitr'],
      'RDS is about 5 minutes behind and the watch looks every 5; promise at least 10m',
    );
  if (policy.pitr.window < 7 * DAY || policy.pitr.window > 35 * DAY)
    say(
      ['pitr', 'window'],
      `${humanSeconds(policy.pitr.window)} is outside the 7 to 35 days that RDS can keep`,
    );
  if (policy.schedules.rehearse && !neededJobs(policy).includes('dump'))
    say(
      ['schedules', 'rehearse'],
      'rehearses dumps, but no dump is scheduled; for snapshots use rehearse-snapshot',
    );
  const saidAlready = policy.objectives.rpo.snapshot !== undefined;
  if (policy.snapshot.copies.length > 0 && !policy.schedules.snapshot && !saidAlready)
    say(['snapshot', 'copies'], 'copies snapshots, but no snapshot is scheduled; add schedules.snapshot');
  // A durable execution lives three days here, and waits for up to three deadlines.
  if (policy.snapshot.deadline > 23 * 3600)
    say(['snapshot', 'deadline'], 'at most 23h: Understudy waits no longer for a snapshot or a copy');
  if (policy.rehearsal.instance.deadline > 20 * 3600)
    say(['rehearsal', 'instance', 'deadline'], 'at most 20h: Understudy waits no longer for a restore');
  if (policy.restore.deadline > 20 * 3600)
    say(['restore', 'deadline'], 'at most 20h: Understudy waits no longer for a restore');
  if (policy.restore.approveWithin > 20 * 3600)
    say(['restore', 'approveWithin'], 'at most 20h: Understudy waits no longer for an approval');
  if (policy.restore.functions.length > 0 && policy.restore.cutover !== 'secret')
    say(
      ['restore', 'functions'],
      'functions start anew only after a cutover by secret; add cutover: secret, or remove them',
    );
  for (const { where, message } of hookContradictions(policy.restore)) say(['restore', ...where], message);
  for (const message of rehearsalHookContradictions(policy))
    say(['rehearsal', 'instance', 'application'], message);
  const places = policy.snapshot.copies.map(placeOf);
  const { place, subnetGroup, securityGroups } = policy.rehearsal.instance;
  if (place !== undefined && !places.includes(place))
    say(
      ['rehearsal', 'instance', 'place'],
      `the policy does not copy to ${place}; add it under snapshot.copies`,
    );
  if (place !== undefined && (!subnetGroup || !securityGroups))
    say(
      ['rehearsal', 'instance', 'place'],
      `needs subnetGroup and securityGroups in ${place}: the deployment’s quarantine is in another place`,
    );
  policy.snapshot.copies.forEach((copy, index) => {
    if (places.indexOf(places[index]!) !== index)
      say(['snapshot', 'copies', index], `duplicate place ${places[index]}`);
    if (copy.account !== undefined && copy.kmsKey === undefined && policy.snapshot.encryption === 'required')
      say(['snapshot', 'copies', index], 'an encrypted copy in another account needs a kmsKey there');
  });
  return found;
}
