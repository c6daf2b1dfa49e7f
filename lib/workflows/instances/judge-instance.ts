import type { Said } from '../../domain/errors.ts';
import type { Evidence, Measured, Phase } from '../../domain/evidence.ts';
import { type Finding, type FindingCode, finding } from '../../domain/finding.ts';
import type { RehearseInstanceJob } from '../../domain/job.ts';
import { lostBy } from '../../domain/ledger.ts';
import { type RunName, runName } from '../../domain/names.ts';
import type { Target } from '../../domain/policy.ts';
import { sayDifference } from '../../domain/proof.ts';
import { humanSeconds, secondsBetween } from '../../domain/time.ts';
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
  restores: ['assertion-failed', 'rto-breached', 'index-corrupt', 'ledger-mismatch', 'proof-incomplete'],
};

/** Phases during which somebody would be waiting for the database. */
const RESTORE_PHASES = ['prepare', 'restore', 'secure'];
/** Failures that lie in what was restored, not in the place where it was tried. */
const BAD_POINT = ['restore-failed', 'key-inaccessible'];
/** What is told of a rehearsal and makes it no failure. */
const ASIDE: readonly FindingCode[] = ['scratch-left-over', 'proof-incomplete'];
/** How a note begins that says what a proof left out. */
export const NOT_LOOKED_AT = 'not looked at:';
export const NAMED = 20;

/** A rehearsal of a snapshot and one of a moment are jobs of their own: neither hides that the other never came. */
export function rehearsalRun(job: RehearseInstanceJob): RunName {
  return { job: `rehearse-${job.from}`, target: job.target, scheduledFor: job.scheduledFor };
}

/** What was restored: findings about the one are not taken back by the other. */
const sortOf = ({ from }: Chosen) => ('snapshot' in from ? 'snapshot' : 'moment');

/** From what was measured to what it means. */
export function judgeInstance(
  job: RehearseInstanceJob,
  target: Target,
  chosen: Chosen,
  result: InstanceResult,
): Evidence {
  const { proof } = result;
  const failure = result.failure ?? proof?.failure;
  const cameUp = result.failure === undefined;
  const achieved = Math.round(
    result.phases
      .filter(({ name }) => RESTORE_PHASES.includes(name))
      .reduce((sum, { seconds }) => sum + seconds, 0),
  );
  const { rto } = target.policy.objectives;
  const findings = findingsOf(target, chosen, result, cameUp ? achieved : undefined);
  const bad = failure !== undefined && BAD_POINT.includes(failure.code);
  const lost = rpoOf(target, chosen, result);
  const strength = strengthOf(target, result, findings);
  if (strength === 'restored' && !failure && chosen.manifest)
    findings.push(incomplete(target, chosen, proof));
  return {
    target: target.id,
    run: runName(rehearsalRun(job)),
    at: result.began,
    point: chosen.point,
    pointSnapshotAt: chosen.moment,
    source:
      'snapshot' in chosen.from
        ? `snapshot ${chosen.from.snapshot}`
        : `${chosen.from.source} as of ${chosen.moment}`,
    outcome: failure || findings.some(({ code }) => !ASIDE.includes(code)) ? 'failed' : 'passed',
    strength,
    operator: job.requestedBy,
    simulation: false,
    where: `a scratch instance ${target.policy.rehearsal.instance.class}, quarantined`,
    phases: result.phases,
    ...(cameUp ? { rto: { promised: rto, achieved, met: achieved <= rto } } : {}),
    ...(lost ? { rpo: lost } : {}),
    ...(proof ? { bounded: proof.compared } : {}),
    ...(proof?.ledger ? { ledger: proof.ledger } : {}),
    differences: proof?.differences ?? [],
    differenceCount: proof?.differenceCount ?? 0,
    assertions: proof?.assertions ?? [],
    leftOut: [],
    // What was not looked into comes first, lest it be what is cut off.
    notes: [
      ...(proof?.unchecked ?? []).map((what) => `${NOT_LOOKED_AT} ${what}`),
      ...result.notes,
      ...(proof?.notes ?? []),
    ].slice(0, 100),
    findings,
    ...(failure ? { error: { ...failure, kind: bad ? 'bad' : 'unjudged' } } : {}),
  };
}

/**
 * `bounded` takes everything: a manifest and a look at the source, the schema compared, no table left unjudged, every
 * page and B-tree read, and the ledger, where there is one, in agreement. Anything less is `restored`: it came up.
 */
function strengthOf(
  target: Target,
  { proof, failure }: InstanceResult,
  findings: readonly Finding[],
): Evidence['strength'] {
  const against = findings.some(({ code }) =>
    ['restore-failed', 'proof-mismatch', 'index-corrupt', 'ledger-mismatch'].includes(code),
  );
  if (failure || against) return 'none';
  if (!proof || proof.failure) return 'restored';
  const { objects, tables, exact, bounded, unbounded, unlogged, checkable, checked } = proof.compared;
  const judged = exact + bounded + unlogged;
  const whole =
    objects > 0 &&
    exact + bounded > 0 &&
    unbounded === 0 &&
    judged >= tables &&
    checked > 0 &&
    checked >= checkable &&
    proof.unchecked.length === 0;
  const ledger = !target.ledger || proof.ledger?.verdict === 'agrees';
  return whole && ledger ? 'bounded' : 'restored';
}

/** There was a dump to hold it against, and that could not be done, or not of all of it: nobody should take it for proven. */
function incomplete(target: Target, chosen: Chosen, proof: ProveResult | undefined): Finding {
  const { objects, tables, exact, bounded, unbounded, unlogged, checkable, checked } = (
    proof ?? NOTHING_PROVEN
  ).compared;
  const skipped = Math.max(0, tables - exact - bounded - unbounded - unlogged);
  const reasons = [
    ...(proof ? [] : ['nothing in it was looked at']),
    ...(proof && objects === 0 ? ['no definition could be compared'] : []),
    ...(proof && exact + bounded + unbounded === 0 ? ['there was no table to compare'] : []),
    ...(proof && checked === 0 ? ['no index and no page was read'] : []),
    ...(unbounded > 0 ? [`${unbounded} tables could not be judged`] : []),
    ...(skipped > 0 ? [`${skipped} tables were not compared`] : []),
    ...(checked < checkable ? [`${checkable - checked} indexes and tables were not read`] : []),
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

/**
 * What an emergency now would lose: how far the newest that can be restored is behind and, where there is a ledger, how
 * far a restored copy's newest row is behind the moment that it was restored to.
 */
function rpoOf(target: Target, chosen: Chosen, result: InstanceResult): Measured | undefined {
  const isMoment = 'source' in chosen.from;
  const promised = target.policy.objectives.rpo[isMoment ? 'pitr' : 'snapshot'];
  if (promised === undefined) return undefined;
  const ledger = isMoment ? result.proof?.ledger : undefined;
  const behind = (ledger && lostBy(ledger, chosen.moment)) ?? 0;
  const achieved = secondsBetween(chosen.newestAt, chosen.plannedAt) + behind;
  return { promised, achieved, met: achieved <= promised };
}

function findingsOf(
  target: Target,
  chosen: Chosen,
  result: InstanceResult,
  restoreSeconds: number | undefined,
): Finding[] {
  const { proof } = result;
  const what = `${chosen.point} of ${target.id}`;
  const found: Finding[] = [];
  if (result.failure && BAD_POINT.includes(result.failure.code))
    found.push(
      finding('restore-failed', {
        target,
        subject: chosen.point,
        message: `${what} did not restore: ${result.failure.message}`,
      }),
    );
  if (proof && proof.differenceCount > 0) {
    const first = proof.differences.slice(0, 5).map(sayDifference).join('; ');
    const more = proof.differenceCount > 5 ? `; and ${proof.differenceCount - 5} more` : '';
    found.push(
      finding('proof-mismatch', {
        target,
        subject: chosen.point,
        message: `the restored ${what} cannot be what its source was: ${first}${more}`,
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
        ? [`lacks ${missingCount} rows of the ledger (${missing.slice(0, 3).join(', ')})`]
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
  for (const answer of (proof?.assertions ?? []).filter(({ passed }) => !passed))
    found.push(
      finding('assertion-failed', {
        target,
        subject: `${answer.name}, of a ${sortOf(chosen)}`,
        asOf: chosen.moment,
        message: `in the restored ${what}, "${answer.name}" ${answer.detail}`,
      }),
    );
  const { rto } = target.policy.objectives;
  if (restoreSeconds !== undefined && restoreSeconds > rto)
    found.push(
      finding('rto-breached', {
        target,
        subject: `rehearsal of a ${sortOf(chosen)}`,
        message: `restoring ${what} took ${humanSeconds(restoreSeconds)}, promised were ${humanSeconds(rto)}`,
      }),
    );
  if (result.left)
    found.push(
      finding('scratch-left-over', { target, subject: result.left.name, message: result.left.message }),
    );
  return found;
}

/** `20261120T010000Z-snapshot@eu-central-1 restored in 31 min, bounded: 12 tables to their last row …`. */
export function sayInstanceEvidence(evidence: Evidence): string {
  const took = evidence.rto ? ` in ${humanSeconds(evidence.rto.achieved)}` : '';
  if (evidence.outcome === 'failed')
    return `${evidence.point} failed its rehearsal: ${evidence.error?.message ?? evidence.findings.map(({ message }) => message).join('; ')}`;
  const { exact, bounded, unbounded, unlogged, checked } = evidence.bounded ?? NOTHING_PROVEN.compared;
  const emptied = unlogged > 0 ? `, ${unlogged} unlogged and empty` : '';
  const lost =
    // Of an older snapshot that is how old it is, not what would be lost today.
    evidence.ledger && evidence.rpo && evidence.point.endsWith('-moment')
      ? `; ${humanSeconds(evidence.rpo.achieved)} would be lost now`
      : '';
  return evidence.strength === 'bounded'
    ? `${evidence.point} restored${took} and proven within bounds: ${exact} tables unwritten since the last dump equal to it, ${bounded} within what was written${emptied}, ${checked} indexes and tables sound${lost}`
    : `${evidence.point} restored${took}; it came up, and no more is proven (${exact + bounded} tables compared, ${unbounded} could not be, ${checked} indexes and tables sound)${lost}`;
}
