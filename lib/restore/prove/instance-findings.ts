import { type Finding, finding } from '../../domain/findings/finding.ts';
import type { Target } from '../../domain/plan/policy.ts';
import { many } from '../../domain/words.ts';
import type { Chosen } from '../restored.ts';
import type { ProveResult } from './proof-slices.ts';

/** Start of the note on what a proof left out. */
export const NOT_LOOKED_AT = 'not looked at:';
/** The most damaged indexes and tables that become findings by name. */
export const NAMED = 20;

/** Findings only of restored instances: indexes and pages, and the heartbeat. */
export function instanceFindings(target: Target, chosen: Chosen, proof: ProveResult): Finding[] {
  const what = `${chosen.point} of ${target.id}`;
  const asOf = chosen.moment;
  const found = proof.corrupt.slice(0, NAMED).map(({ name, problem }) =>
    finding('index-corrupt', {
      target,
      subject: name,
      asOf,
      message: `in the restored ${what}, ${name} is damaged: ${problem}`,
    }),
  );
  if (proof.heartbeat?.verdict === 'differs')
    found.push(
      finding('heartbeat-mismatch', {
        target,
        subject: chosen.sort,
        asOf,
        message: `the restored ${what} ${formatHeartbeat(proof.heartbeat)}`,
      }),
    );
  return found;
}

function formatHeartbeat({
  missingCount,
  missing,
  extraCount,
  extra,
}: NonNullable<ProveResult['heartbeat']>): string {
  return [
    ...(missingCount > 0
      ? [`lacks ${many(missingCount, 'row')} of the heartbeat (${missing.slice(0, 3).join(', ')})`]
      : []),
    ...(extraCount > 0 ? [`has ${extraCount} that came later (${extra.slice(0, 3).join(', ')})`] : []),
  ].join(' and ');
}

/** There was a dump to compare with, and the comparison was not possible or not complete: it is not proven. */
export function proofIncomplete(target: Target, chosen: Chosen, proof: ProveResult | undefined): Finding {
  const reasons = [
    ...(proof ? [] : ['nothing in it was compared']),
    ...(proof ? lackingIn(proof) : []),
    ...(target.heartbeat && proof?.heartbeat?.verdict !== 'agrees'
      ? ['its heartbeat could not be compared']
      : []),
    ...(proof?.unchecked ?? []).map((what) => `${NOT_LOOKED_AT} ${what}`),
  ];
  const more = reasons.length > 5 ? `; and ${reasons.length - 5} more` : '';
  return finding('proof-incomplete', {
    target,
    subject: chosen.sort,
    message: `the restored ${chosen.point} of ${target.id} started, and not all of it was compared: ${reasons.slice(0, 5).join('; ')}${more}`,
  });
}

/** What a comparison has no result of, by its numbers. */
export function lackingIn({ compared }: ProveResult): string[] {
  const { objects, tables, exact, bounded, unbounded, unlogged, checkable, checked } = compared;
  const skipped = Math.max(0, tables - exact - bounded - unbounded - unlogged);
  return [
    ...(objects === 0 ? ['no definition could be compared'] : []),
    ...(exact + bounded + unbounded === 0 ? ['there was no table to compare'] : []),
    ...(checked === 0 ? ['no index and no page was read'] : []),
    ...(unbounded > 0 ? [`${many(unbounded, 'table')} could not be judged`] : []),
    ...(skipped > 0 ? [`${many(skipped, 'table was', 'tables were')} not compared`] : []),
    ...(checked < checkable
      ? [`${many(checkable - checked, 'index or table was', 'indexes and tables were')} not read`]
      : []),
  ];
}
