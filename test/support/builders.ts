import type { Evidence } from '../../lib/domain/evidence.ts';
import type { Manifest } from '../../lib/domain/manifest.ts';
import { vaultKeys } from '../../lib/domain/names.ts';
import type { Policy, Retention, Target } from '../../lib/domain/policy.ts';
import type { CopyFacts } from '../../lib/domain/proof.ts';
import type { RecoveryPoint } from '../../lib/domain/recovery-point.ts';
import type { Run } from '../../lib/domain/run.ts';
import type { TargetStatus } from '../../lib/domain/target-status.ts';

/** Whole objects for tests: each takes what the test is about, and fills in the rest with something plain. */

export const HOUR = 3600;
export const DAY = 86_400;

export function policy(changes: Partial<Policy> = {}): Policy {
  return {
    name: 'production',
    objectives: { rpo: { dump: 26 * HOUR }, rto: HOUR },
    schedules: {
      dump: { cron: '0 1 * * *', timezone: 'UTC' },
      verify: { cron: '30 1 * * *', timezone: 'UTC' },
      rehearse: { cron: '0 2 * * SUN', timezone: 'UTC' },
      expire: { cron: '0 5 * * *', timezone: 'UTC' },
    },
    grace: HOUR / 2,
    usual: { dump: 900, verify: 900 },
    retention: retention({ daily: 35 * DAY, weekly: 84 * DAY, monthly: 372 * DAY }),
    dump: { compression: 'auto', client: 'same-major', lockTimeout: 5, whenBlocking: 'report' },
    verify: { depth: 'full' },
    proof: { depth: 'fingerprints' },
    rehearsal: { point: 'newest', atMostEvery: 8 * DAY },
    vault: { lock: 'none', lockFor: 7 * DAY },
    severities: {},
    ...changes,
  };
}

export function retention(changes: Partial<Retention>): Retention {
  return { all: 0, daily: 0, weekly: 0, monthly: 0, ...changes };
}

export function target(changes: Partial<Target> = {}): Target {
  return {
    id: 'crm',
    engine: 'postgres',
    policy: policy(),
    connection: { secret: 'understudy/crm' },
    priority: 'P0',
    labels: {},
    assertions: [],
    ...changes,
  };
}

/** A verified point whose dump began at its scheduled moment; `bytes` sets the size of its dump. */
export function point(
  scheduledFor: string,
  changes: Partial<RecoveryPoint> & { bytes?: number } = {},
): RecoveryPoint {
  const { bytes = 5_000_000, ...rest } = changes;
  const id = rest.id ?? `${scheduledFor.replace(/[-:]/g, '')}-1`;
  const keys = vaultKeys('crm', scheduledFor, 1);
  return {
    id,
    target: 'crm',
    kind: 'dump',
    place: 'vault',
    state: 'verified',
    scheduledFor,
    snapshotAt: scheduledFor,
    availableAt: scheduledFor,
    keys,
    dump: { key: keys.dump, versionId: 'v1', bytes, sha256: '0'.repeat(64) },
    ...rest,
  };
}

/** What a dump that failed leaves: a name and no copy. */
export function failedPoint(scheduledFor: string): RecoveryPoint {
  const { snapshotAt: _snapshot, availableAt: _available, dump: _dump, ...rest } = point(scheduledFor);
  return { ...rest, state: 'failed' };
}

export function run(job: string, scheduledFor: string, changes: Partial<Run> = {}): Run {
  return {
    job,
    target: 'crm',
    scheduledFor,
    state: 'succeeded',
    attempt: 1,
    requestedBy: 'schedule',
    startedAt: scheduledFor,
    leaseUntil: scheduledFor,
    claimToken: 'token',
    ...changes,
  };
}

export function status(changes: Partial<TargetStatus> = {}): TargetStatus {
  return {
    target: 'crm',
    firstSeenAt: '2026-01-01T00:00:00Z',
    lastRun: {},
    lastSuccess: {},
    usual: {},
    ...changes,
  };
}

export function evidence(at: string, changes: Partial<Evidence> = {}): Evidence {
  return {
    target: 'crm',
    run: `rehearse/crm/${at}`,
    at,
    point: '20261120T010000Z-1',
    pointSnapshotAt: '2026-11-20T01:00:00Z',
    source: 'dump',
    outcome: 'passed',
    strength: 'exact',
    operator: 'schedule',
    simulation: false,
    where: 'scratch',
    phases: [],
    differences: [],
    differenceCount: 0,
    assertions: [],
    leftOut: [],
    notes: [],
    findings: [],
    ...changes,
  };
}

const stored = { key: 'crm/x.dump', versionId: 'v1', bytes: 1, sha256: '0'.repeat(64) };

export function manifest(changes: Partial<Manifest> = {}): Manifest {
  return {
    schemaVersion: 1,
    target: 'crm',
    point: '20261120T010000Z-1',
    run: 'dump/crm/2026-11-20T01:00:00Z',
    source: {
      serverVersion: '15.18',
      serverMajor: 15,
      database: 'crm',
      owner: 'crm',
      encoding: 'UTF8',
      collate: 'C',
      ctype: 'C',
      localeProvider: 'c',
      bytes: 1,
      standby: false,
      position: '0/0',
      snapshotAt: '2026-11-20T01:00:00Z',
    },
    client: { version: '15.18', compression: '1' },
    extensions: [],
    parameters: [],
    schema: {},
    tables: [],
    largeObjects: { count: '0', fingerprint: '0:0' },
    sequences: [],
    toc: { entries: 0, sha256: '0'.repeat(64) },
    dump: stored,
    roles: stored,
    ...changes,
  };
}

/** A copy that is what its manifest says, each sequence where it was read first. */
export function faithfulCopy(of: Manifest): CopyFacts {
  return structuredClone({
    schema: of.schema,
    tables: of.tables,
    largeObjects: of.largeObjects,
    sequences: of.sequences.map(({ schema, name, before }) => ({ schema, name, value: before })),
  });
}
