import { shortMoment } from '../time.ts';
import { counts, isVerified, type RecoveryPoint } from './recovery-point.ts';

/** Which point to restore, why, and which one to use if it does not restore. */
export type Recommendation = {
  point: RecoveryPoint;
  reason: string;
  /** The newest proven point, if that is another one. */
  proven?: RecoveryPoint;
};

/**
 * The newest point that counts: it loses the least, and every byte of it was read. Of two of one moment, the one that
 * passed a rehearsal. Undefined when no point is known to be good.
 */
export function recommend(points: readonly RecoveryPoint[]): Recommendation | undefined {
  const good = points.filter(counts).sort(newestFirst);
  const [point] = good;
  if (!point) return undefined;
  const proven = good.find(isProven);
  const newest = points.some((other) => !counts(other) && newestFirst(other, point) < 0)
    ? 'the newest good point, newer ones are not good or not verified'
    : 'the newest point, and it is good';
  return {
    point,
    reason: `${newest}; ${formatProof(point)}`,
    ...(proven && proven.id !== point.id ? { proven } : {}),
  };
}

function newestFirst(a: RecoveryPoint, b: RecoveryPoint): number {
  const byMoment = (b.snapshotAt ?? '').localeCompare(a.snapshotAt ?? '');
  return byMoment || Number(isProven(b)) - Number(isProven(a));
}

/** Restored, and compared with its source. */
function isProven({ rehearsal }: RecoveryPoint): boolean {
  return rehearsal?.outcome === 'passed' && ['exact', 'bounded'].includes(rehearsal.strength);
}

/** `restored on 2026-11-15 and equal to its source`. */
export function formatProof(point: RecoveryPoint): string {
  const { rehearsal, rehearsedAt, verifiedAt } = point;
  if (!rehearsal) {
    const at = verifiedAt ? ` ${shortMoment(verifiedAt)} UTC` : '';
    const read = isVerified(point) ? `verified${at}` : 'not verified';
    return rehearsedAt ? `rehearsed ${shortMoment(rehearsedAt)} UTC` : `${read}, never rehearsed`;
  }
  const at = `${shortMoment(rehearsal.at)} UTC`;
  if (rehearsal.outcome === 'failed')
    return `its rehearsal of ${at} failed${rehearsal.code ? ` (${rehearsal.code})` : ''}`;
  return `test-restored ${at}: ${STRENGTH[rehearsal.strength]}`;
}

/** The strengths of evidence in the words of status and reports. */
export const STRENGTH = {
  exact: 'equal to its source',
  bounded: 'bounded',
  restored: 'restored',
  none: 'nothing shown',
} as const;
