import { assertionFindings } from '../checks/assertions.ts';
import type { Evidence } from '../domain/evidence.ts';
import { type Finding, finding } from '../domain/finding.ts';
import type { RehearseJob } from '../domain/job.ts';
import { type RunName, runName } from '../domain/names.ts';
import type { Target } from '../domain/policy.ts';
import { sayDifferences } from '../domain/proof.ts';
import type { DumpPoint } from '../domain/recovery-point.ts';
import { humanSeconds, secondsBetween } from '../domain/time.ts';
import { many } from '../domain/words.ts';
import type { ScratchResult } from './restore-and-prove.ts';

/** The point that was restored, and the newest verified one's snapshot, from which the RPO is measured. */
export type Chosen = { point: DumpPoint; snapshotAt: string; newestVerifiedAt: string };

/** Phases during which somebody would be waiting for the database. Proof and assertions come after. */
const RESTORE_PHASES = ['server', 'fetch', 'roles', 'restore'];

/** A simulation is a run of its own: a rehearsal in the same week must not hide that it never came. */
export function rehearsalName(job: RehearseJob): RunName {
  return {
    job: job.simulation ? 'simulation' : 'rehearse',
    target: job.target,
    scheduledFor: job.scheduledFor,
  };
}

/** From what was measured to what it means. */
export function judge(
  job: RehearseJob,
  target: Target,
  { point, snapshotAt, newestVerifiedAt }: Chosen,
  result: ScratchResult,
  began: string,
): Evidence {
  const restored = result.proof !== undefined;
  const achievedRto =
    Math.round(
      result.phases
        .filter((phase) => RESTORE_PHASES.includes(phase.name))
        .reduce((sum, phase) => sum + phase.seconds, 0) * 10,
    ) / 10;
  const { rto, rpo } = target.policy.objectives;
  const achievedRpo = secondsBetween(newestVerifiedAt, began);
  const findings = findingsOf(target, point, result, restored ? achievedRto : undefined);
  const failed = result.failure !== undefined || findings.some((each) => each.code !== 'extension-left-out');
  return {
    target: target.id,
    run: runName(rehearsalName(job)),
    at: began,
    point: point.id,
    pointSnapshotAt: snapshotAt,
    source: `dump ${point.id} in the vault`,
    outcome: failed ? 'failed' : 'passed',
    strength: result.proof?.equal ? result.proof.strength : 'none',
    operator: job.requestedBy,
    simulation: job.simulation,
    where: 'a scratch PostgreSQL inside the function',
    phases: result.phases,
    ...(restored ? { rto: { promised: rto, achieved: achievedRto, met: achievedRto <= rto } } : {}),
    ...(rpo.dump === undefined
      ? {}
      : { rpo: { promised: rpo.dump, achieved: achievedRpo, met: achievedRpo <= rpo.dump } }),
    ...(result.proof ? { compared: result.proof.compared } : {}),
    differences: result.proof?.differences ?? [],
    differenceCount: result.proof?.differenceCount ?? 0,
    assertions: result.assertions,
    leftOut: result.leftOut,
    ...(result.exceptions ? { exceptions: result.exceptions } : {}),
    notes: result.notes,
    findings,
    ...(result.failure ? { error: result.failure } : {}),
  };
}

function findingsOf(
  target: Target,
  point: DumpPoint,
  result: ScratchResult,
  restoreSeconds: number | undefined,
): Finding[] {
  const found: Finding[] = [];
  if (result.failure?.kind === 'bad') {
    const { message, hint } = result.failure;
    const failed = finding('restore-failed', {
      target,
      subject: point.id,
      message: `${point.id} of ${target.id} did not restore: ${message}`,
    });
    // Who knows the cause knows the next step better.
    found.push(hint ? { ...failed, next: hint } : failed);
  }
  const { proof } = result;
  if (proof && !proof.equal) {
    found.push(
      finding('proof-mismatch', {
        target,
        subject: point.id,
        message: `the restored ${point.id} of ${target.id} is not equal to its source: ${sayDifferences(proof)}`,
      }),
    );
  }
  found.push(
    ...assertionFindings(target, result.assertions, {
      what: `${point.id} of ${target.id}`,
      asOf: point.snapshotAt!,
      subject: (name) => name,
    }),
  );
  if (restoreSeconds !== undefined && restoreSeconds > target.policy.objectives.rto) {
    const message = `restoring ${point.id} of ${target.id} took ${humanSeconds(restoreSeconds)}, promised were ${humanSeconds(target.policy.objectives.rto)}`;
    found.push(finding('rto-breached', { target, subject: 'rehearsal', message }));
  }
  const { leaveOut } = target.policy.rehearsal;
  for (const extension of result.leftOut.filter((name) => !leaveOut.includes(`extension ${name}`))) {
    found.push(
      finding('extension-left-out', {
        target,
        subject: extension,
        message: `${point.id} of ${target.id} was restored without the extension ${extension}`,
      }),
    );
  }
  return found;
}

/** `20261120T010000Z-1 restored in 31 s and equal to its source: 14 tables, 300,000 rows`. */
export function sayEvidence(evidence: Evidence): string {
  const took = evidence.rto ? ` in ${humanSeconds(evidence.rto.achieved)}` : '';
  if (evidence.outcome === 'failed')
    return `${evidence.point} failed its rehearsal: ${evidence.error?.message ?? evidence.findings.map((each) => each.message).join('; ')}`;
  const { tables, rows } = evidence.compared ?? { tables: 0, rows: '0' };
  const what =
    evidence.strength === 'exact'
      ? `equal to its source${sayExceptions(evidence)}`
      : 'restored; row counts agree, which proves no more';
  return `${evidence.point} restored${took}, ${what}: ${many(tables, 'table')}, ${many(rows, 'row')}`;
}

/** ` but for what was left out: function public.f(integer)`. */
function sayExceptions({ exceptions, leftOut }: Evidence): string {
  const names = [...new Set([...leftOut.map((name) => `extension ${name}`), ...(exceptions ?? [])])];
  if (names.length === 0) return '';
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  return ` but for what was left out (${names.slice(0, 5).join(', ')}${more})`;
}
