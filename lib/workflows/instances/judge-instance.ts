import type { Evidence, Measured } from '../../domain/evidence.ts';
import type { Finding, FindingCode } from '../../domain/finding.ts';
import type { RehearseInstanceJob } from '../../domain/job.ts';
import { lostBy } from '../../domain/ledger.ts';
import { parseRunName, type RunName, runName } from '../../domain/names.ts';
import type { Target } from '../../domain/policy.ts';
import { secondsBetween } from '../../domain/time.ts';
import {
  BAD_POINT,
  findingsOf,
  type InstanceResult,
  incomplete,
  NOT_LOOKED_AT,
  type Restored,
} from './instance-findings.ts';
import type { Chosen } from './plan-instance-rehearsal.ts';

/** Phases during which somebody would be waiting for the database. */
const RESTORE_PHASES = ['prepare', 'restore', 'secure'];
/** What is told of a rehearsal and makes it no failure. */
const ASIDE: readonly FindingCode[] = ['scratch-left-over', 'proof-incomplete'];

/** A rehearsal of a snapshot and one of a moment are jobs of their own: neither hides that the other never came. */
export function rehearsalRun(job: RehearseInstanceJob): RunName {
  return { job: `rehearse-${job.from}`, target: job.target, scheduledFor: job.scheduledFor };
}

/** What a rehearsal on an instance restored, by its run. */
export function restoredOf({ run }: Pick<Evidence, 'run'>): Restored {
  return parseRunName(run)?.job === 'rehearse-moment' ? 'moment' : 'snapshot';
}

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
