import type { Evidence } from '../../domain/evidence.ts';
import { humanSeconds } from '../../domain/time.ts';
import { many } from '../../domain/words.ts';
import { restoredOf } from './judge-instance.ts';
import { NOTHING_PROVEN } from './proof-slices.ts';

/** `20261120T010000Z-snapshot@eu-central-1 restored in 31 min, bounded: 12 tables to their last row …`. */
export function sayInstanceEvidence(evidence: Evidence): string {
  const took = evidence.rto ? ` in ${humanSeconds(evidence.rto.achieved)}` : '';
  if (evidence.outcome === 'failed')
    return `${evidence.point} failed its rehearsal: ${evidence.error?.message ?? evidence.findings.map(({ message }) => message).join('; ')}`;
  const { exact, bounded, unbounded, unlogged, checked } = evidence.bounded ?? NOTHING_PROVEN.compared;
  const emptied = unlogged > 0 ? `, ${unlogged} unlogged and empty` : '';
  const lost =
    // Of an older snapshot that is how old it is, not what would be lost today.
    evidence.ledger && evidence.rpo && restoredOf(evidence) === 'moment'
      ? `; ${humanSeconds(evidence.rpo.achieved)} would be lost now`
      : '';
  return evidence.strength === 'bounded'
    ? `${evidence.point} restored${took} and proven within bounds: ${many(exact, 'table')} unwritten since the last dump equal to it, ${bounded} within what was written${emptied}, ${checked} indexes and tables sound${lost}`
    : `${evidence.point} restored${took}; it came up, and no more is proven (${many(exact + bounded, 'table')} compared, ${unbounded} could not be, ${checked} indexes and tables sound)${lost}`;
}
