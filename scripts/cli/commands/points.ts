import { counts, foundBad, isVerified, type RecoveryPoint } from '../../../lib/domain/recovery-point.ts';
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
    sayRehearsal(point),
    point.legalHold ? 'legal hold' : shortUtc(point.lockedUntil),
    sayNote(point),
  ]);
  const lines =
    found.length === 0
      ? [`${target} has no recovery point; take one: ./understudy run ${firstJob(session, target)} ${target}`]
      : table(
          ['point', 'state', 'snapshot (UTC)', 'size', 'verified', 'last rehearsal', 'locked until', 'note'],
          rows,
        );
  return { document: found, lines: [...lines, ...sayBest(found)], exit: DONE };
}

/** What takes a target's points: dumps where it has a connection, else snapshots. */
function firstJob(session: Session, id: string): string {
  const known = knownTarget(session, id);
  return known?.platform && !known.connection ? 'snapshot' : 'dump';
}

/** What somebody who has to restore now wants to know first. */
function sayBest(found: readonly RecoveryPoint[]): string[] {
  if (found.length === 0) return [];
  const [best] = found.filter(counts).sort((a, b) => (b.snapshotAt ?? '').localeCompare(a.snapshotAt ?? ''));
  if (!best) return ['', bad('no point here is known to be good')];
  const how = best.rehearsal ? `rehearsal ${best.rehearsal.outcome}` : `${best.state}, never rehearsed`;
  return ['', `newest good point: ${best.id} (${how})`];
}

function sayRehearsal({ rehearsal, rehearsedAt }: RecoveryPoint): string {
  if (!rehearsal) return rehearsedAt ? shortUtc(rehearsedAt) : 'never';
  const { at, outcome, strength, code } = rehearsal;
  const how = { exact: 'equal', bounded: 'bounded', restored: 'came up', none: 'nothing shown' }[strength];
  const what = outcome === 'passed' ? good(`passed, ${how}`) : bad(`failed${code ? `: ${code}` : ''}`);
  return `${shortUtc(at)} ${what}`;
}

function sayNote(point: RecoveryPoint): string {
  const label = point.kind === 'dump' ? '' : (point.label ?? '');
  // A server's message may have many lines; --json has all of it.
  const [why] = (point.why?.slice(0, 80) ?? label).split('\n');
  return isVerified(point) ? label : why!;
}

function sayState(point: RecoveryPoint): string {
  const { state } = point;
  if (foundBad(point) && isVerified(point)) return bad('bad');
  if (isVerified(point)) return good(state);
  return state === 'corrupt' || state === 'failed' ? bad(state) : state;
}
