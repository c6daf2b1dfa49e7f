import pc from 'picocolors';
import { foundBad, isVerified, type RecoveryPoint } from '../../lib/domain/points/recovery-point.ts';

/** Bytes stored, or allocated where it is a snapshot. */
export function pointBytes(point: RecoveryPoint): number | undefined {
  return point.kind === 'dump' ? point.dump?.bytes : point.snapshot.bytes;
}

/** Its state, and `bad` where a rehearsal found it so. */
export function formatPointState(point: RecoveryPoint): string {
  const { state } = point;
  if (foundBad(point) && isVerified(point)) return pc.red('bad');
  if (isVerified(point)) return pc.green(state);
  return state === 'corrupt' || state === 'failed' ? pc.red(state) : state;
}
