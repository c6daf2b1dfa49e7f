import type { OpenFinding } from '../../lib/domain/findings/finding-record.ts';
import { restorePlan } from '../../lib/domain/incidents/restore-plan.ts';
import type { PlanInput, Way } from '../../lib/domain/incidents/way.ts';
import type { Evidence } from '../../lib/domain/proof/evidence.ts';
import type { PlatformStatus, TargetStatus } from '../../lib/domain/status/target-status.ts';
import { evidence, HOME, point, snapshotPoint, target } from './builders.ts';

export const NOW = new Date('2026-11-20T14:00:00Z');
export const ON_RDS = target({ platform: { kind: 'rds', id: 'crm-prod' } });
export const PLATFORM = {
  readAt: '2026-11-20T13:59:00Z',
  status: 'available',
  retention: 7 * 86_400,
  earliest: '2026-11-13T14:00:00Z',
  latest: '2026-11-20T13:55:00Z',
};
export const DUMP = point('2026-11-20T01:00:00Z');
export const SNAPSHOT = snapshotPoint('2026-11-20T12:00:00Z');

/** A rehearsal that passed, of a sort, and how long it took. */
export const passed = (
  sort: string,
  at: string,
  seconds: number,
  changes: Partial<Evidence> = {},
): Evidence =>
  evidence(at, {
    run: sort === 'dump' ? `rehearse/crm/${at}` : `rehearse-${sort}/crm/${at}`,
    strength: sort === 'dump' ? 'exact' : 'bounded',
    rto: { promised: 3600, achieved: seconds, met: true },
    ...changes,
  });

/** What a plan is made of, besides a dump of 01:00, a snapshot of 12:00 and moments up to 13:55. */
export type Changes = Partial<PlanInput> & {
  platform?: PlatformStatus | undefined;
  known?: Partial<TargetStatus>;
};
/** The plan of such a target, at 14:00. */
export const planOf = ({ platform = PLATFORM, known = {}, ...changes }: Changes = {}) =>
  restorePlan({
    target: ON_RDS,
    now: NOW,
    points: [DUMP, SNAPSHOT],
    evidence: [],
    status: { target: 'crm', lastSuccess: {}, platform, ...known } as unknown as TargetStatus,
    findings: [],
    home: HOME,
    ...changes,
  });

/** One way of such a plan. */
export const wayOf = (kind: Way['kind'], changes: Changes = {}): Way =>
  planOf(changes).ways.find((way) => way.kind === kind)!;

/** An open finding of the target. */
export const found = (
  code: OpenFinding['code'],
  subject: string,
  changes: Partial<OpenFinding> = {},
): OpenFinding => ({
  ...{ code, subject, target: 'crm', severity: 'P1', message: 'it is so', next: 'mend it' },
  ...{ since: '2026-11-20T10:00:00Z', ...changes },
});
