import { InputError, Refusal } from '../errors.ts';
import type { Severity } from '../findings/severity.ts';
import { didYouMean } from '../nearest.ts';
import type { PlatformRef } from '../points/platform.ts';
import type { ScheduledJob } from '../runs/job.ts';
import type { EngineName } from './engines.ts';
import type { Schedule } from './schedule.ts';

/** What was promised, in seconds, already completed with its defaults (see docs/reference/configuration.md). */
export type Policy = {
  name: string;
  objectives: {
    /**
     * Tolerated data loss by the means that keeps it: dumps and snapshots give the distance between two of them at
     * best, restoring to a point in time some minutes.
     */
    rpo: { dump?: number; snapshot?: number; pitr?: number };
    /** Tolerated time to restore. */
    rto: number;
  };
  schedules: Partial<Record<ScheduledJob, Schedule>>;
  /** How late a job may be before its silence is an alarm. */
  grace: number;
  /** What a dump, its verification and a snapshot are expected to take until they have been measured. */
  usual: { dump: number; verify: number; snapshot: number };
  retention: Retention;
  dump: {
    compression: 'auto' | 'zstd' | 'gzip' | 'none';
    lockTimeout: number;
    /** What to do when somebody on the source waits behind our shared locks with an exclusive one. */
    whenBlocking: 'report' | 'end';
  };
  verify: { depth: VerifyDepth };
  proof: { depth: 'fingerprints' | 'counts' };
  snapshot: {
    /** Is a snapshot that is not encrypted refused? */
    encryption: 'required' | 'any';
    /** How long one with a label is kept. */
    labelled: number;
    /** How long one may take to become available before that is a failure. */
    deadline: number;
    copies: CopyTo[];
  };
  /** How far back restoring to a point in time must reach, at least. */
  pitr: { window: number };
  rehearsal: {
    /** Which point: the newest verified one, or any retained one by chance. */
    point: 'newest' | 'random';
    /** A rehearsal older than this is overdue. */
    atMostEvery: number;
    /** Who restores a dump: a role without superuser, as on a managed service, or a superuser. */
    restoreAs: 'master' | 'superuser';
    /** What of a dump is not restored, such as `function public.f(integer)` or `extension pg_cron`. */
    leaveOut: string[];
    instance: ScratchInstancePolicy;
  };
  vault: { lock: 'none' | 'governance' | 'compliance'; lockFor: number; replica: boolean };
  severities: Partial<Record<string, Severity>>;
};

/** Where snapshots are copied to: another Region, another account (through a role there), or both, under a key of that place. */
export type CopyTo = {
  region: string;
  account?: string | undefined;
  role?: string | undefined;
  kmsKey?: string | undefined;
};

/** The instance that snapshots and moments are rehearsed on. */
export type ScratchInstancePolicy = {
  /** Instance class, such as `db.t4g.medium`. */
  class: string;
  /** How long a restore may take before it is given up, in seconds. */
  deadline: number;
  /** Of this policy, at once, and hours in a calendar month. */
  atOnce: number;
  hoursAMonth: number;
  /** What an hour costs, in US dollars, where the estimate should say it. */
  pricePerHour?: number | undefined;
  /** The place whose copies are rehearsed, and where; the source's own Region unless given. */
  place?: string | undefined;
  /** Another network than the deployment's own quarantine. */
  subnetGroup?: string | undefined;
  securityGroups?: string[] | undefined;
};

export type VerifyDepth = 'exists' | 'checksum' | 'readable' | 'full';

/** Ages, in seconds, until which points are kept: all of them, the last of each day, week and month. 0 keeps none that way. */
export type Retention = { all: number; daily: number; weekly: number; monthly: number };

/** Something protected, under the objectives of a policy (the policy with the target's own overrides in it). */
export type Target = {
  id: string;
  engine: EngineName;
  policy: Policy;
  /** The instance, cluster or cache behind it, where AWS backs it up too. */
  platform?: PlatformRef | undefined;
  /** How to reach it as a database; a target of snapshots alone may do without. */
  connection?: ConnectionSettings | undefined;
  /** Does a row a minute go into the source's heartbeat, so that the RPO can be measured? */
  heartbeat: boolean;
  priority: 'P0' | 'P1' | 'P2';
  owner?: string | undefined;
  labels: Record<string, string>;
  assertions: Assertion[];
};

/** How to reach the source. What the secret does not say comes from here; the password only ever from the secret. */
export type ConnectionSettings = {
  secret: string;
  host?: string | undefined;
  port?: number | undefined;
  database?: string | undefined;
  sslmode?: 'disable' | 'require' | 'verify-ca' | 'verify-full' | undefined;
};

/** A question to the restored copy, in SQL, that returns one value. Exactly one expectation. */
export type Assertion = { name: string; sql: string; when: 'always' | 'simulation' } & (
  | { equals: string | number | boolean }
  | { minimum: number }
  | { rowsOf: string; tolerance: number }
  | { fresherThan: number }
);

/** The connection of a target that is dumped or asked; its absence was refused when the configuration was read. */
export function connectionOf(target: Target): ConnectionSettings {
  if (target.connection) return target.connection;
  throw new InputError(
    `${target.id} has no connection in understudy.yml`,
    [],
    `add connection: { secret: … } to the target`,
  );
}

/** Does the policy restore anything on a schedule? One for caches does not. */
export function rehearses({ schedules }: Policy): boolean {
  return (['rehearse', 'simulation', 'rehearse-snapshot', 'rehearse-moment'] as const).some(
    (job) => schedules[job] !== undefined,
  );
}

/** `eu-west-1`, or `eu-west-1/123456789012` in another account: the place in the names of points. */
export function placeOf(copy: Pick<CopyTo, 'region' | 'account'>): string {
  return copy.account ? `${copy.region}/${copy.account}` : copy.region;
}

export type Plan = { schemaVersion: 1; policies: Policy[]; targets: Target[] };

export function policyOf(plan: Plan, name: string): Policy | undefined {
  return plan.policies.find((policy) => policy.name === name);
}

export function targetOf(plan: Plan, id: string): Target | undefined {
  return plan.targets.find((target) => target.id === id);
}

export function targetsOf(plan: Plan, policy: string): Target[] {
  return plan.targets.filter((target) => target.policy.name === policy);
}

/** The target of a message, or an InputError that says which there are. */
export function requireTarget(plan: Plan, id: string): Target {
  const target = targetOf(plan, id);
  if (target) return target;
  const known = plan.targets
    .slice(0, 10)
    .map((each) => each.id)
    .join(', ');
  throw new InputError(
    `there is no target "${id}" in understudy.yml`,
    [],
    didYouMean(
      id,
      plan.targets.map((each) => each.id),
    ) ?? `there are ${known}${plan.targets.length > 10 ? ', …' : ''}`,
  );
}

/** The instance, cluster or cache of a target, or a Refusal: a person may ask for a snapshot of a target without one. */
export function requirePlatform(target: Target): PlatformRef {
  if (target.platform) return target.platform;
  throw new Refusal('no-platform', `${target.id} names no rds:, aurora: or elasticache: in understudy.yml`, {
    hint: 'add the identifier of its instance, cluster or cache',
  });
}
