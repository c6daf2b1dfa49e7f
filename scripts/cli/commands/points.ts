import type { RecoveryPoint } from '../../../lib/domain/recovery-point.ts';
import { DONE } from '../exit.ts';
import { knownTarget } from '../known.ts';
import { type Answer, bad, good, humanBytes, shortUtc, table } from '../say.ts';
import type { Session } from '../session.ts';

/** Recovery points of a target, newest first. */
export async function points(session: Session, target: string): Promise<Answer> {
  const found = await session.invoke<RecoveryPoint[]>('operator', { ask: 'points', target });
  const rows = found.map((point) => [
    point.id,
    sayState(point),
    shortUtc(point.snapshotAt),
    humanBytes(point.kind === 'dump' ? point.dump?.bytes : point.snapshot.bytes),
    shortUtc(point.verifiedAt),
    shortUtc(point.rehearsedAt),
    point.legalHold ? 'legal hold' : shortUtc(point.lockedUntil),
    point.why ?? (point.kind === 'dump' ? '' : (point.label ?? '')),
  ]);
  const lines =
    found.length === 0
      ? [`${target} has no recovery point; take one: ./understudy run ${firstJob(session, target)} ${target}`]
      : table(
          ['point', 'state', 'snapshot (UTC)', 'size', 'verified', 'rehearsed', 'locked until', 'note'],
          rows,
        );
  return { document: found, lines, exit: DONE };
}

/** What takes a target's points: dumps where it has a connection, else snapshots. */
function firstJob(session: Session, id: string): string {
  const known = knownTarget(session, id);
  return known?.platform && !known.connection ? 'snapshot' : 'dump';
}

function sayState({ state }: RecoveryPoint): string {
  if (state === 'verified' || state === 'rehearsed') return good(state);
  return state === 'corrupt' || state === 'failed' ? bad(state) : state;
}
