import { foundBad, isVerified, type RecoveryPoint } from '../../lib/domain/points/recovery-point.ts';
import { bad, good } from './say.ts';

/** Bytes stored, or allocated where it is a snapshot. */
export function sizeOf(point: RecoveryPoint): number | undefined {
  return point.kind === 'dump' ? point.dump?.bytes : point.snapshot.bytes;
}

/** Its state, and `bad` where a rehearsal found it so. */
export function formatState(point: RecoveryPoint): string {
  const { state } = point;
  if (foundBad(point) && isVerified(point)) return bad('bad');
  if (isVerified(point)) return good(state);
  return state === 'corrupt' || state === 'failed' ? bad(state) : state;
}
