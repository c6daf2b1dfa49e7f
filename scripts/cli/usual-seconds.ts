import type { RecoveryPoint } from '../../lib/domain/points/recovery-point.ts';
import { type Evidence, restoredSort } from '../../lib/domain/proof/evidence.ts';
import { median } from '../../lib/domain/status/derive-status.ts';
import type { AskedMessage } from './asked-message.ts';
import type { Session } from './session.ts';

/** The usual duration of such a job in seconds, from earlier runs; undefined without any. */
export async function usualSeconds(session: Session, message: AskedMessage): Promise<number | undefined> {
  try {
    return median(await earlier(session, message));
  } catch {
    // Only an estimate: the job itself reports what is wrong.
    return undefined;
  }
}

async function earlier(session: Session, message: AskedMessage): Promise<number[]> {
  const { job, target } = message;
  if (job.startsWith('rehearse')) {
    const evidence = await session.invoke<Evidence[]>('operator', { ask: 'evidence', target, limit: 10 });
    const sort = job === 'rehearse' ? 'dump' : message.from;
    const alike = evidence.filter((each) => each.outcome === 'passed' && restoredSort(each) === sort);
    return alike.map(({ phases }) => phases.reduce((sum, { seconds }) => sum + seconds, 0));
  }
  if (job !== 'dump' && job !== 'verify') return [];
  const points = await session.invoke<RecoveryPoint[]>('operator', { ask: 'points', target, limit: 10 });
  return points.flatMap((point) => {
    const seconds = point.kind === 'dump' && (job === 'dump' ? point.dumpSeconds : point.verifySeconds);
    return typeof seconds === 'number' ? [seconds] : [];
  });
}
