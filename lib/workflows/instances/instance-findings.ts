import { assertionFindings } from '../../checks/assertions.ts';
import type { Said } from '../../domain/errors.ts';
import { assertionSubject, OF_ASSERTIONS, type Phase } from '../../domain/evidence.ts';
import { type Finding, type FindingCode, finding } from '../../domain/finding.ts';
import type { Target } from '../../domain/policy.ts';
import { sayDifferences } from '../../domain/proof.ts';
import { humanSeconds } from '../../domain/time.ts';
import { many } from '../../domain/words.ts';
import type { Chosen } from './plan-instance-rehearsal.ts';
import { NOTHING_PROVEN, type ProveResult } from './proof-slices.ts';

/** What came of restoring onto a scratch instance. */
export type InstanceResult = {
  phases: Phase[];
  began: string;
  notes: string[];
  proof?: ProveResult;
  failure?: Said;
  /** What could not be taken down. */
  left?: { name: string; message: string };
};

/** Codes about the point that was restored, and about restoring as such. */
export const OF_INSTANCES: { points: readonly FindingCode[]; restores: readonly FindingCode[] } = {
  points: ['restore-failed', 'proof-mismatch'],
  restores: [...OF_ASSERTIONS, 'rto-breached', 'index-corrupt', 'ledger-mismatch', 'proof-incomplete'],
};

/** Failures that lie in what was restored, not in the place where it was tried. */
export const BAD_POINT = ['restore-failed', 'key-inaccessible'];
/** How a note begins that says what a proof left out. */
export const NOT_LOOKED_AT = 'not looked at:';
/** As many damaged indexes and tables are told by name. */
export const NAMED = 20;

/** What was restored: findings about the one are not taken back by the other. */
export type Restored = 'snapshot' | 'moment';

const sortOf = ({ from }: Chosen): Restored => ('snapshot' in from ? 'snapshot' : 'moment');

/** What a breached RTO is said of. */
export const rtoSubject = (of: Restored) => `rehearsal of a ${of}`;

/** Everything that a rehearsal found wrong, each about what it is about. */
export function findingsOf(
  target: Target,
  chosen: Chosen,
  result: InstanceResult,
  restoreSeconds: number | undefined,
): Finding[] {
  const { proof } = result;
  const what = `${chosen.point} of ${target.id}`;
  const found: Finding[] = [];
  if (result.failure && BAD_POINT.includes(result.failure.code))
    found.push(didNotRestore(target, chosen, what, result.failure));
  if (proof && proof.differenceCount > 0) {
    found.push(
      finding('proof-mismatch', {
        target,
        subject: chosen.point,
        message: `the restored ${what} cannot be what its source was: ${sayDifferences(proof)}`,
      }),
    );
  }
  for (const { name, problem } of (proof?.corrupt ?? []).slice(0, NAMED))
    found.push(
      finding('index-corrupt', {
        target,
        subject: name,
        asOf: chosen.moment,
        message: `in the restored ${what}, ${name} is damaged: ${problem}`,
      }),
    );
  if (proof?.ledger?.verdict === 'differs') {
    const { missingCount, missing, extraCount, extra } = proof.ledger;
    const parts = [
      ...(missingCount > 0
        ? [`lacks ${many(missingCount, 'row')} of the ledger (${missing.slice(0, 3).join(', ')})`]
        : []),
      ...(extraCount > 0 ? [`has ${extraCount} that came later (${extra.slice(0, 3).join(', ')})`] : []),
    ];
    found.push(
      finding('ledger-mismatch', {
        target,
        subject: sortOf(chosen),
        asOf: chosen.moment,
        message: `the restored ${what} ${parts.join(' and ')}`,
      }),
    );
  }
  found.push(
    ...assertionFindings(target, proof?.assertions ?? [], {
      what,
      asOf: chosen.moment,
      subject: (name) => assertionSubject(name, sortOf(chosen)),
    }),
  );
  const { rto } = target.policy.objectives;
  if (restoreSeconds !== undefined && restoreSeconds > rto)
    found.push(
      finding('rto-breached', {
        target,
        subject: rtoSubject(sortOf(chosen)),
        message: `restoring ${what} took ${humanSeconds(restoreSeconds)}, promised were ${humanSeconds(rto)}`,
      }),
    );
  if (result.left)
    found.push(
      finding('scratch-left-over', { target, subject: result.left.name, message: result.left.message }),
    );
  return found;
}

function didNotRestore(target: Target, { point }: Chosen, what: string, { message, hint }: Said): Finding {
  const failed = finding('restore-failed', {
    target,
    subject: point,
    message: `${what} did not restore: ${message}`,
  });
  return hint ? { ...failed, next: hint } : failed;
}

/** There was a dump to hold it against, and that could not be done, or not of all of it: nobody should take it for proven. */
export function incomplete(target: Target, chosen: Chosen, proof: ProveResult | undefined): Finding {
  const { objects, tables, exact, bounded, unbounded, unlogged, checkable, checked } = (
    proof ?? NOTHING_PROVEN
  ).compared;
  const skipped = Math.max(0, tables - exact - bounded - unbounded - unlogged);
  const reasons = [
    ...(proof ? [] : ['nothing in it was looked at']),
    ...(proof && objects === 0 ? ['no definition could be compared'] : []),
    ...(proof && exact + bounded + unbounded === 0 ? ['there was no table to compare'] : []),
    ...(proof && checked === 0 ? ['no index and no page was read'] : []),
    ...(unbounded > 0 ? [`${many(unbounded, 'table')} could not be judged`] : []),
    ...(skipped > 0 ? [`${many(skipped, 'table was', 'tables were')} not compared`] : []),
    ...(checked < checkable
      ? [`${many(checkable - checked, 'index or table was', 'indexes and tables were')} not read`]
      : []),
    ...(target.ledger && proof?.ledger?.verdict !== 'agrees' ? ['its ledger could not be compared'] : []),
    ...(proof?.unchecked ?? []).map((what) => `${NOT_LOOKED_AT} ${what}`),
  ];
  const more = reasons.length > 5 ? `; and ${reasons.length - 5} more` : '';
  return finding('proof-incomplete', {
    target,
    subject: sortOf(chosen),
    message: `${chosen.point} of ${target.id} came up, and no more is proven: ${reasons.slice(0, 5).join('; ')}${more}`,
  });
}
