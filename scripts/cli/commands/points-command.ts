import pc from 'picocolors';
import {
  formatProof,
  type Recommendation,
  recommend,
  STRENGTH,
} from '../../../lib/domain/points/recommend.ts';
import { isVerified, type RecoveryPoint } from '../../../lib/domain/points/recovery-point.ts';
import { DONE } from '../exit-codes.ts';
import { firstLine } from '../fit-lines.ts';
import { formatPointState, pointBytes } from '../format-point.ts';
import { type Cell, formatTable, type TableColumn } from '../format-table.ts';
import { knownTarget } from '../known-target.ts';
import { type CommandResult, humanBytes, shortUtc } from '../print-result.ts';
import type { Session } from '../session.ts';

const COLUMNS: readonly (TableColumn | string)[] = [
  'point',
  'state',
  { title: 'data as of (UTC)', optional: 1 },
  { title: 'size', optional: 2 },
  'last rehearsal',
  { title: 'verified', optional: 4 },
  { title: 'locked until', optional: 3 },
];

/** Recovery points of a target, newest first, and which of them to restore. */
export async function pointsCommand(session: Session, target: string): Promise<CommandResult> {
  const found = await session.invoke<RecoveryPoint[]>('operator', { ask: 'points', target });
  const best = recommend(found);
  const document = found.map((point) =>
    point.id === best?.point.id ? { ...point, recommended: best.reason } : point,
  );
  if (found.length === 0) {
    const first = `./understudy run ${firstJob(session, target)} ${target}`;
    return { document, lines: [`${target} has no recovery point; take one: ${first}`], exit: DONE };
  }
  const rows = found.map((point): Cell[] => [
    point.id,
    formatPointState(point),
    shortUtc(point.snapshotAt),
    humanBytes(pointBytes(point)),
    formatRehearsal(point),
    shortUtc(point.verifiedAt),
    point.legalHold ? 'legal hold' : shortUtc(point.lockedUntil),
  ]);
  return {
    document,
    lines: [...formatTable(COLUMNS, rows), '', ...found.flatMap(formatNote), ...formatBest(target, best)],
    exit: DONE,
  };
}

/** The job that makes a target's points: dumps if it has a connection, else snapshots. */
function firstJob(session: Session, id: string): string {
  const known = knownTarget(session, id);
  return known?.platform && !known.connection ? 'snapshot' : 'dump';
}

/** Which point to restore now. */
function formatBest(target: string, best: Recommendation | undefined): string[] {
  if (!best) return [pc.red(`no point of ${target} is known to be good`)];
  const { point, reason, proven } = best;
  return [
    `${pc.bold(`restore ${point.id}`)}: ${reason}`,
    ...(proven ? [`if it does not restore: ${proven.id}, ${formatProof(proven)}`] : []),
    `${pc.dim('next:')} ./understudy points show ${target} ${point.id}`,
  ];
}

function formatRehearsal({ rehearsal, rehearsedAt }: RecoveryPoint): Cell {
  if (!rehearsal) return rehearsedAt ? shortUtc(rehearsedAt) : 'never';
  const { at, outcome, strength, code } = rehearsal;
  const day = at.slice(0, 10);
  return outcome === 'passed'
    ? [`${day} ${pc.green('passed')}`, pc.green(STRENGTH[strength])]
    : [`${day} ${pc.red('failed')}`, ...(code ? [pc.red(code)] : [])];
}

/** A label, or why a point is unusable: below the table, where a long message fits. */
function formatNote(point: RecoveryPoint): string[] {
  if (point.kind !== 'dump' && point.label) return [pc.dim(`${point.id}  label: ${point.label}`)];
  if (isVerified(point) || !point.why) return [];
  return [`${point.id}  ${pc.red(firstLine(point.why, 300))}`];
}
