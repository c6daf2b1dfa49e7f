import { type Evidence, restoredSort } from '../../domain/proof/evidence.ts';
import { humanSeconds } from '../../domain/time.ts';
import { many } from '../../domain/words.ts';

/** `20261120T010000Z-1 restored in 31 s and equal to its source: 14 tables, 300,000 rows`. */
export function formatEvidence(evidence: Evidence): string {
  const { point, outcome, error, findings, rto } = evidence;
  if (outcome === 'failed')
    return `${point} failed its rehearsal: ${error?.message ?? findings.map(({ message }) => message).join('; ')}`;
  const restored = `${point} restored${rto ? ` in ${humanSeconds(rto.achieved)}` : ''}`;
  return restoredSort(evidence) === 'dump'
    ? `${restored}, ${formatDump(evidence)}`
    : `${restored}${formatInstance(evidence)}`;
}

function formatDump(evidence: Evidence): string {
  const { tables, rows } = evidence.compared ?? { tables: 0, rows: '0' };
  const what =
    evidence.strength === 'exact'
      ? `equal to its source${formatExceptions(evidence)}`
      : 'restored; row counts agree, and row contents were not compared';
  return `${what}: ${many(tables, 'table')}, ${many(rows, 'row')}`;
}

/** ` but for what was left out: function public.f(integer)`. */
function formatExceptions({ exceptions, leftOut }: Evidence): string {
  const names = [...new Set([...leftOut.map((name) => `extension ${name}`), ...(exceptions ?? [])])];
  if (names.length === 0) return '';
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  return ` but for what was left out (${names.slice(0, 5).join(', ')}${more})`;
}

function formatInstance(evidence: Evidence): string {
  const { bounded, strength, heartbeat, rpo } = evidence;
  const { exact = 0, bounded: within = 0, unbounded = 0, unlogged = 0, checked = 0 } = bounded ?? {};
  const emptied = unlogged > 0 ? `, ${unlogged} unlogged and empty` : '';
  // For an older snapshot that is its age, not what would be lost today.
  const lost =
    heartbeat && rpo && restoredSort(evidence) === 'moment'
      ? `; ${humanSeconds(rpo.achieved)} would be lost now`
      : '';
  return strength === 'bounded'
    ? ` and proven within bounds: ${many(exact, 'table')} unwritten since the last dump equal to it, ${within} within what was written${emptied}, ${checked} indexes and tables sound${lost}`
    : `; the server started, and not all data was compared (${many(exact + within, 'table')} compared, ${unbounded} could not be, ${checked} indexes and tables sound)${lost}`;
}
