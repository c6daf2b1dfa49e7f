import { didYouMean } from '../domain/nearest.ts';
import { formatArithmetic, rpoArithmetic } from '../domain/plan/objective.ts';
import { type Policy, placeOf } from '../domain/plan/policy.ts';
import { longestInterval, scheduleMistake } from '../domain/plan/schedule.ts';
import { shortestRetention } from '../domain/points/retention.ts';
import type { ScheduledJob } from '../domain/runs/job.ts';
import { humanSeconds } from '../domain/time.ts';
import { resolvePolicy, resolveSchedule, withOverrides } from './resolve.ts';
import { type ConfigPolicy, configSchema } from './schema.ts';

/** `because` is where it would be mended, where that is not where it is said. */
type Contradiction = { path: (string | number)[]; message: string; because?: (string | number)[] };

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
      const merged = withOverrides((base ?? {}) as ConfigPolicy, target as never);
      const unmet = unmetNeeds(record(target), record(merged), ['targets', id]);
      if (!base || !('overrides' in target) || !target.overrides) return unmet;
      const own = policyContradictions(base, ['targets', id, 'overrides'], now).map((found) => found.message);
      return [
        ...unmet,
        ...policyContradictions(merged, ['targets', id, 'overrides'], now).filter(
          (found) => found.path[3] !== 'schedules' && !own.includes(found.message),
        ),
      ];
    }),
    ...(config['targets'] !== undefined && Object.keys(targets).length === 0
      ? [{ path: ['targets'], message: 'no targets; add at least one' }]
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
    return mistake ? [{ job, path: [...path, 'schedules', job], message: mistake }] : [];
  });
  // One that never fires is said, and judged no further: in its place stands one that fits everything.
  const alive = { ...schedules, ...Object.fromEntries(dead.map(({ job }) => [job, '0 * * * *'])) };
  const parsed = configSchema.shape.policies.valueType.safeParse(
    dead.length > 0 ? { ...record(raw), schedules: alive } : raw,
  );
  const never = dead.map(({ path, message }) => ({ path, message }));
  return parsed.success ? [...never, ...judgePolicy(parsed.data, path, now)] : never;
}

function judgePolicy(config: ConfigPolicy, path: (string | number)[], now: Date): Contradiction[] {
  const policy = resolvePolicy(String(path[1]), config);
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

/** What a policy cannot do without: a policy of snapshots alone needs no dump, but one of dumps alone their rehearsal. */
function neededJobs({ schedules }: Policy): ScheduledJob[] {
  const snapshots = schedules.snapshot !== undefined;
  const dumps = schedules.dump !== undefined || !snapshots;
  return [...(dumps ? (['dump', 'rehearse'] as const) : []), 'expire'];
}

/** The least RPO that can be promised by restoring to a moment, in seconds: RDS trails by 5 minutes, and is looked at every 5. */
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
  // A durable execution lives three days here, and waits up to three deadlines.
  if (policy.snapshot.deadline > 23 * 3600)
    say(['snapshot', 'deadline'], 'at most 23h: Understudy waits no longer for a snapshot or a copy');
  if (policy.rehearsal.instance.deadline > 20 * 3600)
    say(['rehearsal', 'instance', 'deadline'], 'at most 20h: Understudy waits no longer for a restore');
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

/** What a target's policy asks of it that it has not got. */
function unmetNeeds(
  target: Record<string, unknown>,
  policy: Record<string, unknown>,
  path: (string | number)[],
): Contradiction[] {
  const schedules = record(policy['schedules']);
  const found: Contradiction[] = [];
  const say = (where: string[], message: string) => found.push({ path: [...path, ...where], message });
  const platforms = ['rds', 'aurora', 'elasticache'].filter((kind) => target[kind] !== undefined);
  const isCache = target['elasticache'] !== undefined;
  const isPostgres = !isCache && (target['engine'] ?? 'postgres') === 'postgres';
  const rpo = record(record(policy['objectives'])['rpo']);

  if (platforms.length > 1)
    say([platforms[1]!], `a target has only one of ${platforms.join(' and ')}; make two targets`);
  if (schedules['dump'] !== undefined && target['connection'] === undefined)
    say([], 'its policy schedules dumps; add connection: { secret: … }');
  if (schedules['dump'] !== undefined && !isPostgres)
    say(['engine'], 'its policy schedules dumps, which need PostgreSQL; use a policy without dumps');
  for (const job of ['snapshot', 'rehearse-snapshot', 'rehearse-moment', 'preflight']) {
    if (schedules[job] !== undefined && platforms.length === 0)
      say([], `its policy schedules ${job}; add rds:, aurora: or elasticache:`);
    else if (schedules[job] !== undefined && isCache && job !== 'snapshot')
      say(['elasticache'], `its policy schedules ${job}, which caches do not have; use a policy without it`);
  }
  if (platforms.length > 0 && !isCache && schedules['preflight'] === undefined)
    found.push({
      path,
      message:
        'its policy schedules no preflight, which checks daily whether it would restore; add preflight: "0 6 * * *"',
      because: ['policies', String(target['policy']), 'schedules', 'preflight'],
    });
  if (rpo['pitr'] !== undefined && (platforms.length === 0 || isCache))
    say([], 'its policy promises an RPO for pitr, which needs rds: or aurora:');
  const copies = record(policy['snapshot'])['copies'];
  if (isCache && Array.isArray(copies) && copies.length > 0)
    say(
      ['elasticache'],
      'its policy copies snapshots, but ElastiCache cannot copy between Regions; use a policy without copies',
    );
  if (
    (target['heartbeat'] ?? target['ledger']) === true &&
    (!isPostgres || target['connection'] === undefined)
  )
    say(['heartbeat'], 'a heartbeat needs PostgreSQL and a connection');
  return found;
}

function unknownPolicy(name: string, known: string[]): string {
  const some = known.length > 0 ? `known policies: ${known.join(', ')}` : 'add it under policies';
  return `no policy "${name}"; ${didYouMean(name, known) ?? some}`;
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
