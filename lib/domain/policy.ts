import type { ScheduledJob } from './job.ts';
import type { Schedule } from './schedule.ts';
import type { Severity } from './severity.ts';

/** What was promised, in seconds, already completed with its defaults (see docs/configuration.md). */
export type Policy = {
  name: string;
  objectives: {
    /** Tolerated data loss by the means that keeps it: dumps give the distance between two of them at best. */
    rpo: { dump: number };
    /** Tolerated time to restore. */
    rto: number;
  };
  schedules: Partial<Record<ScheduledJob, Schedule>>;
  /** How late a job may be before its silence is an alarm. */
  grace: number;
  /** What a dump and its verification are expected to take until they have been measured. */
  usual: { dump: number; verify: number };
  retention: Retention;
  dump: {
    compression: 'auto' | 'zstd' | 'gzip' | 'none';
    /** `same-major`: a client of the server's own major. `newer`: a newer one may do. Older never may. */
    client: 'same-major' | 'newer';
    lockTimeout: number;
    /** What to do when somebody on the source waits behind our shared locks with an exclusive one. */
    whenBlocking: 'report' | 'end';
  };
  verify: { depth: VerifyDepth };
  proof: { depth: 'fingerprints' | 'counts' };
  rehearsal: {
    /** Which point: the newest verified one, or any retained one by chance. */
    point: 'newest' | 'random';
    /** A rehearsal older than this is overdue. */
    atMostEvery: number;
  };
  vault: { lock: 'none' | 'governance' | 'compliance'; lockFor: number };
  severities: Partial<Record<string, Severity>>;
};

export type VerifyDepth = 'exists' | 'checksum' | 'readable' | 'full';

/** Ages, in seconds, until which points are kept: all of them, the last of each day, week and month. 0 keeps none that way. */
export type Retention = { all: number; daily: number; weekly: number; monthly: number };

/** Something protected, under the objectives of a policy (the policy with the target's own overrides in it). */
export type Target = {
  id: string;
  engine: 'postgres';
  policy: Policy;
  connection: ConnectionSettings;
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
  sslmode?: 'disable' | 'require' | 'verify-full' | undefined;
};

/** A question to the restored copy, in SQL, that returns one value. Exactly one expectation. */
export type Assertion = { name: string; sql: string; when: 'always' | 'simulation' } & (
  | { equals: string | number | boolean }
  | { minimum: number }
  | { rowsOf: string; tolerance: number }
  | { fresherThan: number }
);

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
