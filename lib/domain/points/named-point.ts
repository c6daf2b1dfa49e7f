import { VAULT } from '../names.ts';
import type { Job } from '../runs/job.ts';
import { isDump, isSnapshot, type RecoveryPoint } from './recovery-point.ts';

/** What somebody wants back: a point by its id, or the newest good one that is not later than a moment. */
export type RestorePoint = { point?: string | undefined; at?: string | undefined };

/** Jobs whose message may name a point. */
export type PointJob = Extract<Job, 'verify' | 'rehearse' | 'rehearse-instance' | 'copy'>;

const DOES: Record<PointJob, string> = {
  verify: 'verified',
  rehearse: 'rehearsed',
  'rehearse-instance': 'rehearsed on an instance',
  copy: 'copied',
};

/** Why a job cannot use the point in its message: its actual state, and what to do. Undefined where it can. */
export function whyUnusable(
  job: PointJob,
  target: string,
  id: string,
  point: RecoveryPoint | undefined,
): { message: string; hint: string } | undefined {
  const lists = `./understudy points ${target} lists them`;
  if (!point) return { message: `${target} has no recovery point ${id}`, hint: lists };
  const state = whyNotThere(point);
  if (state) {
    const makes = isDump(point) ? 'dump' : 'snapshot';
    const hint = point.state === 'failed' ? `take another: ./understudy run ${makes} ${target}` : lists;
    return { message: `${id} of ${target} ${state}; it cannot be ${DOES[job]}`, hint };
  }
  if (isSnapshot(point) !== (job === 'rehearse-instance' || job === 'copy'))
    return {
      message: `${id} of ${target} is a ${isDump(point) ? 'dump' : 'snapshot'} and cannot be ${DOES[job]}`,
      hint: lists,
    };
  if (job === 'rehearse' && point.place !== VAULT)
    return {
      message: `${id} of ${target} lies in the ${point.place}; rehearsals restore from the vault`,
      hint: lists,
    };
  return undefined;
}

/** Only a replica or a copy is waited for while it is made; any other missing point is refused. */
function whyNotThere(point: RecoveryPoint): string | undefined {
  const { state, why } = point;
  switch (state) {
    case 'failed':
      return `is failed${why ? ` (${why.slice(0, 200)})` : ''}: nothing is stored`;
    case 'creating':
      if (!isDump(point) || point.place !== VAULT) return undefined;
      return 'is still being made, or its dump died';
    case 'expiring':
    case 'expired':
      return 'was deleted by retention';
    default:
      return undefined;
  }
}

/** Why a point that somebody named is no way back, and what to do. Undefined where it may be one. */
export function whyNoWay(
  target: string,
  id: string,
  point: RecoveryPoint | undefined,
): { message: string; hint: string } | undefined {
  const hint = `./understudy points ${target} lists them`;
  if (!point) return { message: `${target} has no recovery point ${id}`, hint };
  const { state, why } = point;
  const what = `${id} of ${target}`;
  if (state === 'corrupt')
    return { message: `${what} is corrupt${why ? ` (${why.slice(0, 200)})` : ''}: do not restore it`, hint };
  const notThere = whyNotThere(point) ?? (state === 'creating' ? 'is still being made' : undefined);
  return notThere ? { message: `${what} ${notThere}; it cannot be restored`, hint } : undefined;
}
