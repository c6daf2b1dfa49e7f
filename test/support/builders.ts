import { snapshotState, sourceState } from '../../lib/adapters/aws/states.ts';
import { UnderstudyError } from '../../lib/domain/errors.ts';
import { snapshotPointId, vaultKeys } from '../../lib/domain/names.ts';
import type { Policy, Retention, Target } from '../../lib/domain/plan/policy.ts';
import type { PlatformSnapshot, PlatformSource } from '../../lib/domain/points/platform-source.ts';
import type { DumpPoint, SnapshotPoint, StoredSnapshot } from '../../lib/domain/points/recovery-point.ts';
import type { Evidence } from '../../lib/domain/proof/evidence.ts';
import type { HeartbeatProof } from '../../lib/domain/proof/heartbeat-proof.ts';
import { FACTS, type Manifest } from '../../lib/domain/proof/manifest.ts';
import type { CopyFacts } from '../../lib/domain/proof/proof.ts';
import type { Run } from '../../lib/domain/runs/run.ts';
import type { TargetStatus } from '../../lib/domain/status/target-status.ts';
import type { Credentials } from '../../lib/ports/database.ts';

/** Whole objects for tests: each takes what the test is about, and fills in the rest with something plain. */

export const HOUR = 3600;
export const DAY = 86_400;
/** The Region that the tests' sources are in. */
export const HOME = 'eu-central-1';

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
    usual: { dump: 900, verify: 900, snapshot: 900 },
    retention: retention({ daily: 35 * DAY, weekly: 84 * DAY, monthly: 372 * DAY }),
    dump: { compression: 'auto', lockTimeout: 5, whenBlocking: 'report' },
    verify: { depth: 'full' },
    proof: { depth: 'fingerprints' },
    snapshot: { encryption: 'required', labelled: 90 * DAY, deadline: 12 * HOUR, copies: [] },
    pitr: { window: 7 * DAY },
    rehearsal: {
      point: 'newest',
      atMostEvery: 8 * DAY,
      restoreAs: 'master',
      leaveOut: [],
      instance: { class: 'db.t4g.medium', deadline: 8 * HOUR, atOnce: 1, hoursAMonth: 24 },
    },
    vault: { lock: 'none', lockFor: 7 * DAY, replica: false },
    restore: {
      ...{ freeze: 'none', cutover: 'none', secrets: [], services: [], quarantine: [], warm: [] },
      ...{ hooks: { cutover: [] }, functions: [] },
      ...{ approveWithin: 4 * HOUR, two: false, deadline: 8 * HOUR },
    },
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
    heartbeat: false,
    priority: 'P0',
    labels: {},
    assertions: [],
    smoke: { steps: [] },
    ...changes,
  };
}

/** A verified point whose dump began at its scheduled moment; `bytes` sets the size of its dump. */
export function point(
  scheduledFor: string,
  changes: Partial<DumpPoint> & { bytes?: number } = {},
): DumpPoint {
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
export function failedPoint(scheduledFor: string): DumpPoint {
  const { snapshotAt: _snapshot, availableAt: _available, dump: _dump, ...rest } = point(scheduledFor);
  return { ...rest, state: 'failed' };
}

/** A verified snapshot of ours at home, taken at its scheduled moment; `kind` and `place` make it another. */
export function snapshotPoint(
  scheduledFor: string,
  changes: Partial<Omit<SnapshotPoint, 'snapshot'>> & { snapshot?: Partial<StoredSnapshot> } = {},
): SnapshotPoint {
  const { kind = 'snapshot', place = HOME, snapshot, ...rest } = changes;
  const [region] = place.split('/');
  const id = snapshot?.id ?? `understudy-test-crm-${scheduledFor.replace(/[-:]/g, '').toLowerCase()}`;
  return {
    id: snapshotPointId(scheduledFor, kind, place),
    target: 'crm',
    kind,
    place,
    state: 'verified',
    scheduledFor,
    snapshotAt: scheduledFor,
    availableAt: scheduledFor,
    snapshot: {
      of: 'rds',
      id,
      arn: `arn:aws:rds:${region}:111122223333:snapshot:${id}`,
      sourceId: 'crm-db',
      resourceId: 'db-CRM1',
      engine: 'postgres',
      engineVersion: '15.18',
      encrypted: true,
      bytes: 20 * 2 ** 30,
      ...snapshot,
    },
    ...rest,
  };
}

/** An encrypted instance as RDS shows it: available, backed up for a week, restorable up to five minutes ago. */
export function platformSource(changes: Partial<PlatformSource> = {}): PlatformSource {
  const id = changes.id ?? 'crm-db';
  return {
    kind: 'rds',
    id,
    arn: `arn:aws:rds:${HOME}:111122223333:db:${id}`,
    resourceId: 'db-CRM1',
    status: 'available',
    engine: 'postgres',
    engineVersion: '15.18',
    bytes: 20 * 2 ** 30,
    encrypted: true,
    kmsKey: `arn:aws:kms:${HOME}:111122223333:key/home`,
    createdAt: '2026-01-01T00:00:00Z',
    instanceClass: 'db.m7g.large',
    multiAz: true,
    publiclyAccessible: false,
    deletionProtection: true,
    backups: { retention: 7 * DAY, window: '02:00-02:30' },
    pitr: { earliest: '2026-11-13T12:00:00Z', latest: '2026-11-20T11:55:00Z' },
    replicatedTo: [],
    masterUser: 'postgres',
    endpoint: { host: `${id}.example.internal`, port: 5432 },
    parameterGroup: 'default.postgres15',
    subnetGroup: 'private',
    securityGroups: ['sg-crm'],
    ...changes,
    state: sourceState(changes.status ?? 'available'),
  };
}

/** A manual snapshot of that instance, available, with no tags: nobody we know took it. */
export function platformSnapshot(changes: Partial<PlatformSnapshot> = {}): PlatformSnapshot {
  const id = changes.id ?? 'understudy-test-crm-20261120t010000z';
  return {
    of: 'rds',
    id,
    arn: `arn:aws:rds:${HOME}:111122223333:snapshot:${id}`,
    sourceId: 'crm-db',
    resourceId: 'db-CRM1',
    type: 'manual',
    status: 'available',
    createdAt: '2026-11-20T01:00:00Z',
    takenAt: '2026-11-20T01:00:00Z',
    progress: 100,
    engine: 'postgres',
    engineVersion: '15.18',
    encrypted: true,
    kmsKey: `arn:aws:kms:${HOME}:111122223333:key/home`,
    bytes: 20 * 2 ** 30,
    tags: {},
    ...changes,
    state: snapshotState(changes.status ?? 'available'),
  };
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
    source: 'dump 20261120T010000Z-1 in the vault',
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

/** Where the secret of the target leads: to the builders' instance. */
export function credentials(changes: Partial<Credentials> = {}): Credentials {
  return {
    host: 'crm-db.abc.eu-central-1.rds.amazonaws.com',
    port: 5432,
    database: 'crm',
    user: 'understudy',
    password: 'secret',
    sslmode: 'require',
    ...changes,
  };
}

/** What RDS rejects with while it is asked too often. */
export const throttled = new UnderstudyError('platform-unreachable', 'Rate exceeded');

/** What a restored copy's heartbeat says when it agrees. */
export function heartbeatProof(changes: Partial<HeartbeatProof> = {}): HeartbeatProof {
  return {
    verdict: 'agrees',
    compared: 60,
    newestAt: '2026-11-20T11:54:07.000000Z',
    missing: [],
    missingCount: 0,
    extra: [],
    extraCount: 0,
    downtimes: [],
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
    facts: FACTS,
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
