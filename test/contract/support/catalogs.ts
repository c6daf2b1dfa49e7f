import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { dynamoCatalog } from '../../../lib/adapters/aws/catalog/catalog.ts';
import { dynamo } from '../../../lib/adapters/aws/clients.ts';
import { finding } from '../../../lib/domain/findings/finding.ts';
import { pointId, vaultKeys } from '../../../lib/domain/names.ts';
import type {
  DumpPoint,
  PointState,
  RecoveryPoint,
  SnapshotPoint,
} from '../../../lib/domain/points/recovery-point.ts';
import type { Evidence } from '../../../lib/domain/proof/evidence.ts';
import type { Claim } from '../../../lib/domain/runs/run.ts';
import type { ScratchRecord } from '../../../lib/domain/runs/scratch-record.ts';
import type { TimelineEvent } from '../../../lib/domain/status/timeline-event.ts';
import type { Catalog, ClaimRequest } from '../../../lib/ports/catalog.ts';
import { HOME, snapshotPoint } from '../../support/builders.ts';
import { memoryCatalog } from '../../support/doubles/catalog/catalog.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { oneAtATime } from './dynamo.ts';
import { stage } from './stage.ts';

/** Every implementation of the catalog; with a home, snapshots there are no copies. */
export const CATALOGS: [string, (home?: string) => Promise<Catalog>][] = [
  ['in memory', async (home) => memoryCatalog(manualClock(), home)],
  ['in DynamoDB', async (home) => (await awsCatalog(home)).catalog],
];

export async function awsCatalog(home?: string): Promise<{
  catalog: Catalog;
  client: DynamoDBDocumentClient;
  table: string;
}> {
  const table = (await stage()).environment['UNDERSTUDY_TABLE']!;
  const client = oneAtATime(dynamo());
  return { catalog: dynamoCatalog(client, table, home), client, table };
}

export const AT = new Date('2026-11-20T12:00:00Z');
export const later = (seconds: number) => new Date(AT.getTime() + seconds * 1000);
export const MOMENT = '2026-11-20T01:00:00Z';

export function request(target: string, changes: Partial<ClaimRequest> = {}): ClaimRequest {
  return {
    job: 'dump',
    target,
    scheduledFor: MOMENT,
    requestedBy: 'schedule',
    now: AT,
    leaseSeconds: 120,
    ...changes,
  };
}

/** Claims, and fails when that did not work. */
export async function claim(
  catalog: Catalog,
  target: string,
  changes: Partial<ClaimRequest> = {},
): Promise<Claim> {
  const outcome = await catalog.claim(request(target, changes));
  if (outcome.outcome !== 'claimed') throw new Error(`the claim is ${outcome.outcome}`);
  return outcome.claim;
}

export function point(target: string, changes: Partial<DumpPoint> = {}): DumpPoint {
  const scheduledFor = changes.scheduledFor ?? MOMENT;
  return {
    id: pointId(scheduledFor, 1),
    target,
    kind: 'dump',
    place: 'vault',
    state: 'creating',
    scheduledFor,
    keys: vaultKeys(target, scheduledFor, 1),
    ...changes,
  };
}

/** A snapshot of ours at home that is being taken, or whatever the changes make of it. */
export function snapshot(target: string, changes: Partial<SnapshotPoint> = {}): SnapshotPoint {
  const {
    snapshotAt: _at,
    availableAt: _available,
    ...made
  } = snapshotPoint(changes.scheduledFor ?? MOMENT, {
    kind: changes.kind ?? 'snapshot',
    place: changes.place ?? HOME,
  });
  return { ...made, target, state: 'creating', ...changes };
}

export function event(target: string, changes: Partial<TimelineEvent> = {}): TimelineEvent {
  return {
    target,
    at: '2026-11-20T01:00:05Z',
    id: 'event-1',
    from: 'rds',
    code: 'RDS-EVENT-0042',
    subject: 'understudy-test-crm-20261120t010000z',
    message: 'Manual snapshot created',
    ...changes,
  };
}

export function scratchRecord(target: string, changes: Partial<ScratchRecord> = {}): ScratchRecord {
  return {
    target,
    policy: `policy-of-${target}`,
    name: `understudy-scratch-${target}-0123456789`,
    kind: 'rds',
    run: `rehearse-snapshot/${target}/2026-11-22T02:00:00Z`,
    state: 'making',
    beganAt: '2026-11-22T02:00:03Z',
    expiresAt: '2026-11-22T10:00:03Z',
    ...changes,
  };
}

/** How a point gets to each state. */
const WAY: Record<PointState, PointState[]> = {
  creating: [],
  available: ['available'],
  verified: ['available', 'verified'],
  rehearsed: ['available', 'verified', 'rehearsed'],
  failed: ['failed'],
  corrupt: ['available', 'corrupt'],
  expiring: ['failed', 'expiring'],
  expired: ['failed', 'expiring', 'expired'],
};

/** Makes a point and takes it to a state; its run's claim stays alive. */
export async function pointIn(catalog: Catalog, state: PointState, made: RecoveryPoint): Promise<Claim> {
  const holder = await claim(catalog, made.target, { scheduledFor: made.scheduledFor });
  await catalog.putPoint(holder, { ...made, state: 'creating' });
  for (const next of WAY[state]) {
    if (!(await catalog.movePoint(made.target, made.id, next))) throw new Error(`no way to ${next}`);
  }
  return holder;
}

export const lateness = (target: string, message = `dump of ${target} is late`) =>
  finding('job-silent', { target: { id: target }, subject: 'dump', job: 'dump', message });

export function evidence(target: string, changes: Partial<Evidence> = {}): Evidence {
  return {
    target,
    run: `rehearse/${target}/2026-11-22T02:00:00Z`,
    at: '2026-11-22T02:00:03Z',
    point: pointId(MOMENT, 1),
    pointSnapshotAt: '2026-11-20T01:00:02Z',
    source: 'dump',
    outcome: 'passed',
    strength: 'exact',
    operator: 'schedule',
    simulation: false,
    where: 'scratch',
    phases: [{ name: 'restore', seconds: 1.5 }],
    differences: [],
    differenceCount: 0,
    assertions: [],
    leftOut: [],
    notes: [],
    findings: [],
    ...changes,
  };
}
