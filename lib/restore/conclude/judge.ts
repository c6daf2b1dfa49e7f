import { type Finding, type FindingCode, finding } from '../../domain/findings/finding.ts';
import { type RunName, runName } from '../../domain/names.ts';
import type { Target } from '../../domain/plan/policy.ts';
import { type Evidence, rtoSubject, WAITED_FOR } from '../../domain/proof/evidence.ts';
import { formatDifferences } from '../../domain/proof/proof.ts';
import { humanSeconds, secondsBetween } from '../../domain/time.ts';
import { assertionFindings } from '../prove/assertions.ts';
import type { Chosen, Restored } from '../restored.ts';

/** Does it make a rehearsal fail? */
export const countsAgainst = ({ code }: Pick<Finding, 'code'>): boolean => !ASIDE.includes(code);

/** Findings that do not make a rehearsal fail. */
const ASIDE: readonly FindingCode[] = [
  'extension-left-out',
  'scratch-left-over',
  'application-left-running',
  'proof-incomplete',
];
const RPO_OF = { dump: 'dump', snapshot: 'snapshot', moment: 'pitr' } as const;

/** Of which run, by whom, and was every assertion asked? */
export type Judged = { run: RunName; requestedBy: string; simulation?: boolean };

/** Judges the measurements. */
export function judge(
  { run: name, requestedBy, simulation = false }: Judged,
  target: Target,
  chosen: Chosen,
  restored: Restored,
): Evidence {
  const { began, cameUp, plannedAt, behind = 0, failure, findings: own, waitedFor, ...measured } = restored;
  const run = runName(name);
  const seconds = measured.phases
    .filter(({ name }) => (waitedFor ?? WAITED_FOR).includes(name))
    .reduce((sum, phase) => sum + phase.seconds, 0);
  const { rto, rpo } = target.policy.objectives;
  const promised = rpo[RPO_OF[chosen.sort]];
  const restoring = cameUp ? objective(rto, Math.round(seconds * 10) / 10) : undefined;
  const losing =
    promised === undefined
      ? undefined
      : objective(promised, secondsBetween(chosen.newestAt, plannedAt) + behind);
  const findings = [...commonFindings(target, run, chosen, restored, restoring?.achieved), ...own];
  return {
    target: target.id,
    run,
    ...(name.job === 'drill' ? { sort: chosen.sort } : {}),
    at: began,
    point: chosen.point,
    pointSnapshotAt: chosen.moment,
    outcome: failure || findings.some(countsAgainst) ? 'failed' : 'passed',
    operator: requestedBy,
    simulation,
    ...measured,
    rto: restoring,
    rpo: losing,
    findings,
    error: failure,
  };
}

/** Everything that was found against what was restored, each in a sentence. */
export function whyNotPassed(target: Target, chosen: Chosen, restored: Restored): string[] {
  const found = [...commonFindings(target, '', chosen, restored, undefined), ...restored.findings];
  return found.filter(countsAgainst).map(({ message }) => message);
}

const objective = (promised: number, achieved: number) => ({ promised, achieved, met: achieved <= promised });

/** Findings of every sort of rehearsal. */
function commonFindings(
  target: Target,
  run: string,
  { point, sort, moment }: Chosen,
  { failure, differences, differenceCount, assertions }: Restored,
  restoreSeconds: number | undefined,
): Finding[] {
  const what = `${point} of ${target.id}`;
  const found: Finding[] = [];
  if (failure?.kind === 'bad') {
    const message = `${what} did not restore: ${failure.message}`;
    const failed = finding('restore-failed', { target, subject: point, message });
    // The error knows its cause, and so the next step.
    found.push(failure.hint ? { ...failed, next: failure.hint } : failed);
  }
  if (differenceCount > 0) {
    const isNot = sort === 'dump' ? 'is not equal to its source' : 'differs from what its source was';
    const message = `the restored ${what} ${isNot}: ${formatDifferences({ differences, differenceCount })}`;
    found.push(finding('proof-mismatch', { target, subject: point, message }));
  }
  found.push(...assertionFindings(target, assertions, { what, asOf: moment, sort }));
  const { rto } = target.policy.objectives;
  if (restoreSeconds !== undefined && restoreSeconds > rto) {
    const message = `restoring ${what} took ${humanSeconds(restoreSeconds)}; the RTO is ${humanSeconds(rto)}`;
    found.push(finding('rto-breached', { target, subject: rtoSubject({ run, sort }), message }));
  }
  return found;
}
