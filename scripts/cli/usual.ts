import type { RecoveryPoint } from '../../lib/domain/points/recovery-point.ts';
import type { Evidence } from '../../lib/domain/proof/evidence.ts';
import type { Message } from './message.ts';
import type { Session } from './session.ts';

/** Seconds that a job like this took the last times, by what is on record; undefined where nothing is. */
export async function usualSeconds(session: Session, message: Message): Promise<number | undefined> {
  try {
    return median(await earlier(session, message));
  } catch {
    // Only an expectation: the job itself says what is wrong.
    return undefined;
  }
}

async function earlier(session: Session, { job, target }: Message): Promise<number[]> {
  if (job.startsWith('rehearse')) {
    const evidence = await session.invoke<Evidence[]>('operator', { ask: 'evidence', target, limit: 10 });
    const alike = evidence.filter(
      ({ source, outcome }) => outcome === 'passed' && (job === 'rehearse') === (source === 'dump'),
    );
    return alike.map(({ phases }) => phases.reduce((sum, { seconds }) => sum + seconds, 0));
  }
  if (job !== 'dump' && job !== 'verify') return [];
  const points = await session.invoke<RecoveryPoint[]>('operator', { ask: 'points', target, limit: 10 });
  return points.flatMap((point) => {
    const seconds = point.kind === 'dump' && (job === 'dump' ? point.dumpSeconds : point.verifySeconds);
    return typeof seconds === 'number' ? [seconds] : [];
  });
}

/** The middle of what was measured. */
export function median(figures: readonly number[]): number | undefined {
  return [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)];
}
