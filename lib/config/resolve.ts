import type { Assertion, Plan, Policy, Target } from '../domain/plan/policy.ts';
import type { RestoreAllSettings, RestoreStep } from '../domain/plan/restore-all-steps.ts';
import type { Schedule } from '../domain/plan/schedule.ts';
import type { PlatformRef } from '../domain/points/platform-source.ts';
import { seconds } from '../domain/time.ts';
import type { Config, ConfigPolicy, ConfigTarget } from './config-schema.ts';
import { resolveSmoke } from './resolve-smoke.ts';

/** Turns a validated file into the plan: durations in seconds, overrides merged into each target's policy. */
export function resolvePlan(config: Config): Plan {
  const policies = Object.entries(config.policies).map(([name, policy]) => resolvePolicy(name, policy));
  const targets = Object.entries(config.targets).map(([id, target]) => resolveTarget(id, target, config));
  const restoreAll = config.restoreAll && resolveRestoreAll(config.restoreAll);
  return { schemaVersion: 1, policies, targets, ...(restoreAll ? { restoreAll } : {}) };
}

function resolveRestoreAll({ atOnce, steps }: NonNullable<Config['restoreAll']>): RestoreAllSettings {
  return {
    atOnce,
    steps: steps.map(({ name, targets, function: of, within = '15m', confirm }): RestoreStep => {
      if (targets !== undefined) return { name, targets };
      return of === undefined ? { name, confirm: confirm! } : { name, function: of, within: seconds(within) };
    }),
  };
}

export function resolvePolicy(name: string, policy: ConfigPolicy): Policy {
  return {
    name,
    objectives: {
      rpo: Object.fromEntries(
        Object.entries(policy.objectives.rpo).flatMap(([means, promised]) =>
          promised === undefined ? [] : [[means, seconds(promised)]],
        ),
      ),
      rto: seconds(policy.objectives.rto),
    },
    schedules: Object.fromEntries(
      Object.entries(policy.schedules).flatMap(([job, schedule]) =>
        schedule ? [[job, resolveSchedule(schedule)]] : [],
      ),
    ),
    grace: seconds(policy.grace),
    usual: {
      dump: seconds(policy.usual.dump),
      verify: seconds(policy.usual.verify),
      snapshot: seconds(policy.usual.snapshot),
    },
    retention: {
      all: age(policy.retention.all),
      daily: age(policy.retention.daily),
      weekly: age(policy.retention.weekly),
      monthly: age(policy.retention.monthly),
    },
    dump: {
      compression: policy.dump.compression,
      lockTimeout: seconds(policy.dump.lockTimeout),
      whenBlocking: policy.dump.whenBlocking,
    },
    verify: policy.verify,
    proof: policy.proof,
    snapshot: {
      ...policy.snapshot,
      labelled: seconds(policy.snapshot.labelled),
      deadline: seconds(policy.snapshot.deadline),
    },
    pitr: { window: seconds(policy.pitr.window) },
    rehearsal: {
      point: policy.rehearsal.point,
      atMostEvery: seconds(policy.rehearsal.atMostEvery),
      restoreAs: policy.rehearsal.restoreAs,
      leaveOut: policy.rehearsal.leaveOut,
      instance: {
        ...policy.rehearsal.instance,
        deadline: seconds(policy.rehearsal.instance.deadline),
      },
    },
    vault: {
      lock: policy.vault.lock,
      lockFor: seconds(policy.vault.lockFor),
      replica: policy.vault.replica,
    },
    restore: {
      ...policy.restore,
      hooks: { ...policy.restore.hooks, cutover: policy.restore.hooks.cutover ?? [] },
      approveWithin: seconds(policy.restore.approveWithin),
      deadline: seconds(policy.restore.deadline),
    },
    severities: policy.severities,
  };
}

export function resolveSchedule(
  schedule: string | { cron: string; timezone?: string | undefined },
): Schedule {
  return typeof schedule === 'string'
    ? { cron: schedule, timezone: 'UTC' }
    : { cron: schedule.cron, timezone: schedule.timezone ?? 'UTC' };
}

export function resolveTarget(id: string, target: ConfigTarget, config: Config): Target {
  const policy = withOverrides(config.policies[target.policy]!, target);
  const isCache = target.elasticache !== undefined;
  return {
    id,
    engine: isCache ? 'cache' : target.engine,
    policy: resolvePolicy(target.policy, policy),
    platform: platformOf(target),
    connection: target.connection,
    heartbeat: target.heartbeat ?? target.ledger ?? false,
    // A cache is a cache first: what is lost with it can be filled again.
    priority: target.priority ?? (isCache ? 'P2' : 'P0'),
    owner: target.owner,
    labels: target.labels,
    assertions: target.assertions.map(resolveAssertion),
    smoke: resolveSmoke(target.smoke),
    ...(target.drill ? { drill: { of: target.drill.of ?? id, from: target.drill.from } } : {}),
  };
}

/** The keys of a target that name where it runs. */
export const PLATFORMS = ['rds', 'aurora', 'elasticache'] as const;

function platformOf(target: ConfigTarget): PlatformRef | undefined {
  const kind = PLATFORMS.find((each) => target[each] !== undefined);
  return kind && { kind, id: target[kind]! };
}

/** The policy with the target's overrides; everything else stays. */
export function withOverrides(policy: ConfigPolicy, target: Pick<ConfigTarget, 'overrides'>): ConfigPolicy {
  return merge(policy, target.overrides ?? {}) as ConfigPolicy;
}

function merge(base: unknown, changes: unknown): unknown {
  if (changes === undefined) return base;
  if (!isPlain(base) || !isPlain(changes)) return changes;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(changes)) merged[key] = merge(base[key], value);
  return merged;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function resolveAssertion(raw: ConfigTarget['assertions'][number]): Assertion {
  const base = { name: raw.name, sql: raw.sql, when: raw.when };
  if (raw.equals !== undefined) return { ...base, equals: raw.equals };
  if (raw.minimum !== undefined) return { ...base, minimum: raw.minimum };
  if (raw.rowsOf !== undefined)
    return { ...base, rowsOf: raw.rowsOf, tolerance: Number.parseFloat(raw.tolerance ?? '0') / 100 };
  return { ...base, fresherThan: seconds(raw.fresherThan!) };
}

function age(duration: string | undefined): number {
  return duration === undefined ? 0 : seconds(duration);
}
