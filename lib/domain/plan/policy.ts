import { InputError, Refusal } from '../errors.ts';
import type { Severity } from '../findings/severity.ts';
import { didYouMean } from '../nearest.ts';
import type { PlatformRef } from '../points/platform-source.ts';
import type { ScheduledJob } from '../runs/job.ts';
import type { Smoke } from '../smoke/smoke-step.ts';
import type { EngineName } from './engines.ts';
import type { RestoreAllSettings } from './restore-all-steps.ts';
import type { Schedule } from './schedule.ts';

/** The promises of a policy, in seconds, with all defaults filled in (see docs/reference/configuration.md). */
export type Policy = {
  name: string;
  objectives: {
    /**
     * Tolerated data loss by means: dumps and snapshots allow the distance between two of them at best, restoring to
     * a point in time some minutes.
     */
    rpo: { dump?: number; snapshot?: number; pitr?: number };
    /** Tolerated time to restore. */
    rto: number;
  };
  schedules: Partial<Record<ScheduledJob, Schedule>>;
  /** How late a job may be before its silence is a finding. */
  grace: number;
  /** Expected durations of a dump, its verification and a snapshot until they have been measured. */
  usual: { dump: number; verify: number; snapshot: number };
  retention: Retention;
  dump: {
    compression: 'auto' | 'zstd' | 'gzip' | 'none';
    lockTimeout: number;
    /** What to do when a session on the source waits behind the dump's shared locks with an exclusive one. */
    whenBlocking: 'report' | 'end';
  };
  verify: { depth: VerifyDepth };
  proof: { depth: 'fingerprints' | 'counts' };
  snapshot: {
    /** Must snapshots be encrypted? */
    encryption: 'required' | 'any';
    /** How long a labelled snapshot is kept. */
    labelled: number;
    /** The longest time until a snapshot is available; more is a failure. */
    deadline: number;
    copies: CopyTo[];
  };
  /** How far back restoring to a point in time must reach, at least. */
  pitr: { window: number };
  rehearsal: {
    /** Which point: the newest verified one, or any kept one at random. */
    point: 'newest' | 'random';
    /** A rehearsal older than this is overdue. */
    atMostEvery: number;
    /** The role that restores a dump: without superuser, as on a managed service, or a superuser. */
    restoreAs: 'master' | 'superuser';
    /** Entries of a dump that are not restored, such as `function public.f(integer)` or `extension pg_cron`. */
    leaveOut: string[];
    instance: ScratchInstancePolicy;
  };
  vault: { lock: 'none' | 'governance' | 'compliance'; lockFor: number; replica: boolean };
  restore: RestoreSettings;
  severities: Partial<Record<string, Severity>>;
};

/** Where snapshots are copied to: another Region, another account (through a role there), or both, under a key of that place. */
export type CopyTo = {
  region: string;
  account?: string | undefined;
  role?: string | undefined;
  kmsKey?: string | undefined;
};

/** The instance for rehearsals of snapshots and moments. */
export type ScratchInstancePolicy = {
  /** Instance class, such as `db.t4g.medium`. */
  class: string;
  /** The longest time for a restore, in seconds. */
  deadline: number;
  /** Limits of this policy: at once, and hours in a calendar month. */
  atOnce: number;
  hoursAMonth: number;
  /** Price of an hour in US dollars, for the estimate. */
  pricePerHour?: number | undefined;
  /** The place whose copies are rehearsed, and where; by default the source's own Region. */
  place?: string | undefined;
  /** Another network than the deployment's own quarantine. */
  subnetGroup?: string | undefined;
  securityGroups?: string[] | undefined;
  /** A function of the user’s own that starts an application against the copy, and stops it. */
  application?: string | undefined;
};

/** What an emergency restore does besides restoring: who is asked, what is stopped, how traffic gets to the new database. */
export type RestoreSettings = {
  /**
   * `read-only`: the application reads the old database and writes nothing while another is restored. `hook`: a function
   * of the user’s sees to it.
   */
  freeze: 'none' | 'read-only' | 'hook';
  /**
   * Functions of the user’s own: one that stops the application’s writes, those to call after a cutover, one that starts an
   * application against the new database, and one that knows which migrations the application expects.
   */
  hooks: {
    freeze?: string | undefined;
    cutover: string[];
    application?: string | undefined;
    migrations?: string | undefined;
  };
  /** `secret`: the application's secrets lead to the new database. `rename`: it takes the old one's name. */
  cutover: 'none' | 'secret' | 'rename';
  /** The application's secrets; by default the connection's. Their users can log in to the new database. */
  secrets: string[];
  /** The secret of a user who may freeze and fence; by default the connection's. */
  admin?: string | undefined;
  /** ECS services of the application: they start anew after the secrets have changed, or when a person says so. */
  services: { cluster: string; service: string }[];
  /** Functions on Lambda that start anew after the secrets have changed. */
  functions: { function: string; alias?: string | undefined }[];
  /** Security groups of the new database until it is approved: the functions get in, and nothing gets out. */
  quarantine: string[];
  /** For the day on which the old instance is gone, and nothing else says where it was. */
  subnetGroup?: string | undefined;
  securityGroups?: string[] | undefined;
  /** Tables that are read once before approval, because storage loads slowly after a restore. */
  warm: string[];
  /** How long approval is waited for, in seconds; then it is no. */
  approveWithin: number;
  /** Must another person approve than the one who began? */
  two: boolean;
  /** The longest time for the restore itself, in seconds. */
  deadline: number;
  /** Price of an hour of the source's instance in US dollars, for the plan. */
  pricePerHour?: number | undefined;
};

export type VerifyDepth = 'exists' | 'checksum' | 'readable' | 'full';

/** Ages, in seconds, until which points are kept: all of them, the last of each day, week and month. 0 keeps none that way. */
export type Retention = { all: number; daily: number; weekly: number; monthly: number };

/** Something protected, under the objectives of a policy (the policy with the target's own overrides in it). */
export type Target = {
  id: string;
  engine: EngineName;
  policy: Policy;
  /** The instance, cluster or cache that AWS backs up. */
  platform?: PlatformRef | undefined;
  /** How to connect to the database; a target with snapshots alone may have none. */
  connection?: ConnectionSettings | undefined;
  /** Does the source's heartbeat get a row a minute, so that the RPO can be measured? */
  heartbeat: boolean;
  priority: 'P0' | 'P1' | 'P2';
  owner?: string | undefined;
  labels: Record<string, string>;
  assertions: Assertion[];
  smoke: Smoke;
  drill?: DrillSettings | undefined;
};

/** What a drill of this target restores: the newest of this sort that another target has, or it itself. */
export type DrillSettings = { of: string; from: 'moment' | 'snapshot' | 'dump' };

/** How to connect to the source. The secret overrides these values; the password comes only from the secret. */
export type ConnectionSettings = {
  secret: string;
  host?: string | undefined;
  port?: number | undefined;
  database?: string | undefined;
  sslmode?: 'disable' | 'require' | 'verify-ca' | 'verify-full' | undefined;
};

/** A question to the restored copy: SQL that returns one value, and exactly one expectation. */
export type Assertion = { name: string; sql: string; when: 'always' | 'simulation' } & (
  | { equals: string | number | boolean }
  | { minimum: number }
  | { rowsOf: string; tolerance: number }
  | { fresherThan: number }
);

/** The connection of a target; the configuration was refused if one is needed and missing. */
export function connectionOf(target: Target): ConnectionSettings {
  if (target.connection) return target.connection;
  throw new InputError(
    `${target.id} has no connection in understudy.yml`,
    [],
    `add connection: { secret: … } to the target`,
  );
}

/** Does the policy rehearse anything on a schedule? One for caches does not. */
export function rehearses({ schedules }: Policy): boolean {
  return (['rehearse', 'simulation', 'rehearse-snapshot', 'rehearse-moment'] as const).some(
    (job) => schedules[job] !== undefined,
  );
}

/** `eu-west-1`, or `eu-west-1/123456789012` in another account: the place in the names of points. */
export function placeOf(copy: Pick<CopyTo, 'region' | 'account'>): string {
  return copy.account ? `${copy.region}/${copy.account}` : copy.region;
}

/** `restoreAll` only where understudy.yml has it. */
export type Plan = {
  schemaVersion: 1;
  policies: Policy[];
  targets: Target[];
  restoreAll?: RestoreAllSettings | undefined;
};

export function policyOf(plan: Plan, name: string): Policy | undefined {
  return plan.policies.find((policy) => policy.name === name);
}

export function targetOf(plan: Plan, id: string): Target | undefined {
  return plan.targets.find((target) => target.id === id);
}

export function targetsOf(plan: Plan, policy: string): Target[] {
  return plan.targets.filter((target) => target.policy.name === policy);
}

/** The target of a message, or an InputError that lists the targets. */
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
