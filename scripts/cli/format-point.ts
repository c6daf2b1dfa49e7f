import pc from 'picocolors';
import { foundBad, isVerified, type RecoveryPoint } from '../../lib/domain/points/recovery-point.ts';

/** Bytes stored; for a snapshot, bytes allocated. */
export function pointBytes(point: RecoveryPoint): number | undefined {
  return point.kind === 'dump' ? point.dump?.bytes : point.snapshot.bytes;
}

/** Its state, or `bad` after a failed rehearsal. */
export function formatPointState(point: RecoveryPoint): string {
  const { state } = point;
  if (foundBad(point) && isVerified(point)) return pc.red('bad');
  if (isVerified(point)) return pc.green(state);
  return state === 'corrupt' || state === 'failed' ? pc.red(state) : state;
}
