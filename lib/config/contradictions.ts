import type { ScheduledJob } from '../domain/job.ts';
import { rpoArithmetic, sayArithmetic } from '../domain/objective.ts';
import { shortestRetention } from '../domain/retention.ts';
import { longestInterval, scheduleMistake } from '../domain/schedule.ts';
import { humanSeconds } from '../domain/time.ts';
import { resolvePolicy, resolveSchedule, withOverrides } from './resolve.ts';
import { type ConfigPolicy, configSchema } from './schema.ts';

type Contradiction = { path: (string | number)[]; message: string };

/**
 * What is formally right and still cannot be meant: promises that the schedules cannot keep, retention that keeps
 * nothing, a schedule that never fires, names that lead nowhere. Takes a half-right file too and judges what it can.
 */
export function contradictions(raw: unknown, now: Date): Contradiction[] {
  const config = record(raw);
  const policies = record(config['policies']);
  const targets = record(config['targets']);
  return [
    ...Object.entries(policies).flatMap(([name, policy]) =>
      policyContradictions(policy, ['policies', name], now),
    ),
    ...Object.entries(targets).flatMap(([id, target]) => {
      if (typeof target !== 'object' || target === null || !('policy' in target)) return [];
      const known = Object.hasOwn(policies, String(target.policy));
      const base = known ? policies[String(target.policy)] : undefined;
      if (!known)
        return [
          {
            path: ['targets', id, 'policy'],
            message: unknownPolicy(String(target.policy), Object.keys(policies)),
          },
        ];
      if (!base || !('overrides' in target) || !target.overrides) return [];
      const merged = withOverrides(base as ConfigPolicy, target as never);
      const own = policyContradictions(base, ['targets', id, 'overrides'], now).map((found) => found.message);
      return policyContradictions(merged, ['targets', id, 'overrides'], now).filter(
        (found) => found.path[3] !== 'schedules' && !own.includes(found.message),
      );
    }),
    ...(config['targets'] !== undefined && Object.keys(targets).length === 0
      ? [{ path: ['targets'], message: 'nothing is protected; name at least one target' }]
      : []),
  ];
}

function policyContradictions(raw: unknown, path: (string | number)[], now: Date): Contradiction[] {
  const schedules = record(record(raw)['schedules']);
  const dead = Object.entries(schedules).flatMap(([job, schedule]) => {
    const mistake =
      typeof schedule === 'string' || isCron(schedule)
        ? scheduleMistake(resolveSchedule(schedule), now)
        : undefined;
    return mistake ? [{ path: [...path, 'schedules', job], message: mistake }] : [];
  });
  const parsed = configSchema.shape.policies.valueType.safeParse(raw);
  if (!parsed.success || dead.length > 0) return dead;

  const policy = resolvePolicy(String(path[1]), parsed.data);
  const found: Contradiction[] = [];
  const say = (where: string[], message: string) => found.push({ path: [...path, ...where], message });

  for (const job of ['dump', 'rehearse', 'expire'] as const satisfies ScheduledJob[]) {
    if (!policy.schedules[job])
      say(['schedules'], `no schedule for ${job}; a policy that never does it promises nothing`);
  }
  const sum = rpoArithmetic(policy, now);
  if (sum && !sum.fits) {
    say(['objectives', 'rpo', 'dump'], `these dumps cannot keep it: ${sayArithmetic(sum)}`);
  }
  const shortest = shortestRetention(policy.retention);
  if (shortest === 0) say(['retention'], 'keeps nothing; set at least one of all, daily, weekly, monthly');
  else if (
    Math.max(
      policy.retention.all,
      policy.retention.daily,
      policy.retention.weekly,
      policy.retention.monthly,
    ) < policy.objectives.rpo.dump
  ) {
    say(['retention'], `keeps points for less than the RPO of ${humanSeconds(policy.objectives.rpo.dump)}`);
  }
  if (policy.vault.lock !== 'none' && policy.vault.lockFor > shortest) {
    say(
      ['vault', 'lockFor'],
      `locks for ${humanSeconds(policy.vault.lockFor)}, longer than the shortest retention of ${humanSeconds(shortest)}: those points could not be deleted`,
    );
  }
  if (policy.schedules.rehearse) {
    const interval = longestInterval(policy.schedules.rehearse, now);
    if (interval > policy.rehearsal.atMostEvery) {
      say(
        ['rehearsal', 'atMostEvery'],
        `rehearsals are ${humanSeconds(interval)} apart, so each would be overdue after ${humanSeconds(policy.rehearsal.atMostEvery)}`,
      );
    }
  }
  return found;
}

function unknownPolicy(name: string, known: string[]): string {
  return `there is no policy "${name}"; ${known.length > 0 ? `there are ${known.join(', ')}` : 'there are none'}`;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function isCron(value: unknown): value is { cron: string; timezone?: string } {
  return (
    typeof value === 'object' && value !== null && typeof (value as { cron?: unknown }).cron === 'string'
  );
}
