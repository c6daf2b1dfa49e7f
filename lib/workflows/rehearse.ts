import { randomUUID } from 'node:crypto';
import type { Evidence } from '../domain/evidence.ts';
import { type Finding, finding } from '../domain/finding.ts';
import type { RehearseJob } from '../domain/job.ts';
import { type RunName, runName } from '../domain/names.ts';
import type { Target } from '../domain/policy.ts';
import { sayDifference } from '../domain/proof.ts';
import { counts, type RecoveryPoint } from '../domain/recovery-point.ts';
import type { Claim } from '../domain/run.ts';
import { humanSeconds, plusSeconds, secondsBetween, utc } from '../domain/time.ts';
import type { Durable } from '../ports/durable.ts';
import { type JobDeps, jobFailed, requireTarget } from './claimed.ts';
import type { ScratchRequest, ScratchResult } from './restore-and-prove.ts';
import { raise, resolve, settle } from './tell.ts';

export type RehearseDeps = Omit<JobDeps, 'secondsLeft' | 'messages'> & {
  /** Name or ARN of the function that restores and proves. */
  scratchFunction: string;
  /** Picks one of `count`: 0 … count − 1. */
  pick: (count: number) => number;
};

export type RehearsalOutcome =
  | { outcome: 'rehearsed'; evidence: Evidence }
  | { outcome: 'done-before' | 'held' | 'refused'; summary: string; hint?: string };

/** The scratch function may take its 15 minutes twice over before this claim counts as dead. */
const LEASE_SECONDS = 45 * 60;

/** Phases during which somebody would be waiting for the database. Proof and assertions come after. */
const RESTORE_PHASES = ['server', 'fetch', 'roles', 'restore'];

const CODES = [
  'restore-failed',
  'proof-mismatch',
  'assertion-failed',
  'rto-breached',
  'extension-left-out',
] as const;

/**
 * Rehearses a restore nobody needed: picks a point, has it restored and proven on something thrown away afterwards, and
 * writes down what came of it, whatever came of it.
 */
export async function rehearse(
  job: RehearseJob,
  durable: Durable,
  deps: RehearseDeps,
): Promise<RehearsalOutcome> {
  const target = requireTarget(deps.plan, job.target);
  // The token is a step of its own: a worker that dies after claiming comes back and knows the claim for its own.
  const token = await durable.step('draw a claim token', async () => randomUUID());
  const claimed = await durable.step('claim the run', () => claimRun(job, token, deps));
  if (claimed.outcome !== 'claimed') return claimed;
  const { claim } = claimed;

  const chosen = await durable.step('choose a point', () => choosePoint(job, target, deps));
  if (!chosen) {
    return durable.step('record that there is none', () => recordNoPoint(claim, target, deps));
  }
  const began = await durable.step('begin', async () => utc(deps.clock.now()));
  const request: ScratchRequest = { point: chosen.point, simulation: job.simulation };
  const result = await durable
    .invoke<ScratchRequest, ScratchResult>('restore and prove', deps.scratchFunction, request)
    .catch(
      (error: Error): ScratchResult => ({
        phases: [],
        assertions: [],
        leftOut: [],
        notes: [],
        failure: {
          kind: 'unjudged',
          code: 'scratch-died',
          message: `the scratch function died: ${error.message}`,
          hint: 'its log says why; out of memory and out of time are the usual reasons',
        },
      }),
    );
  const evidence = judge(job, target, chosen, result, began);

  await durable.step('keep the evidence', () => deps.catalog.addEvidence(evidence));
  await durable.step('mark the point', () => markPoint(target, evidence, deps));
  await durable.step('tell', () => tellRehearsal(target, evidence, result, deps));
  await durable.step('finish', () => finish(claim, evidence, deps));
  return { outcome: 'rehearsed', evidence };
}

type Claimed = { outcome: 'claimed'; claim: Claim } | { outcome: 'done-before' | 'held'; summary: string };

async function claimRun(job: RehearseJob, token: string, deps: RehearseDeps): Promise<Claimed> {
  const name = rehearsalName(job);
  const claimed = await deps.catalog.claim({
    ...name,
    requestedBy: job.requestedBy,
    reason: job.reason,
    now: deps.clock.now(),
    leaseSeconds: LEASE_SECONDS,
    token,
  });
  if (claimed.outcome === 'done')
    return {
      outcome: 'done-before',
      summary: `${runName(name)} was done before: ${claimed.run.summary ?? ''}`,
    };
  if (claimed.outcome === 'held')
    return { outcome: 'held', summary: `${runName(name)} is being rehearsed until ${claimed.until}` };
  return { outcome: 'claimed', claim: claimed.claim };
}

/** A simulation is a run of its own: a rehearsal in the same week must not hide that it never came. */
function rehearsalName(job: RehearseJob): RunName {
  return {
    job: job.simulation ? 'simulation' : 'rehearse',
    target: job.target,
    scheduledFor: job.scheduledFor,
  };
}

type Chosen = { point: RecoveryPoint; snapshotAt: string; newestVerifiedAt: string };

/** The point asked for; else the newest verified one, or by policy any retained one by chance. */
async function choosePoint(
  job: RehearseJob,
  target: Target,
  deps: RehearseDeps,
): Promise<Chosen | undefined> {
  const good = (await deps.catalog.points(target.id)).filter(counts);
  const [newest] = good;
  const chosen = job.point
    ? await deps.catalog.point(target.id, job.point)
    : byPolicy(good, job, target, deps);
  if (!chosen?.snapshotAt || !chosen.manifest) return undefined;
  return {
    point: chosen,
    snapshotAt: chosen.snapshotAt,
    newestVerifiedAt: newest?.snapshotAt ?? chosen.snapshotAt,
  };
}

function byPolicy(
  good: readonly RecoveryPoint[],
  job: RehearseJob,
  target: Target,
  deps: RehearseDeps,
): RecoveryPoint | undefined {
  const random = target.policy.rehearsal.point === 'random' && !job.simulation;
  return random && good.length > 0 ? good[deps.pick(good.length)] : good[0];
}

async function recordNoPoint(claim: Claim, target: Target, deps: RehearseDeps): Promise<RehearsalOutcome> {
  const said = {
    code: 'no-verified-point',
    message: `${target.id} has no verified recovery point to rehearse`,
    hint: `take one: ./understudy run dump ${target.id}`,
  };
  await deps.catalog.finish(claim, {
    state: 'failed',
    endedAt: utc(deps.clock.now()),
    summary: said.message,
    error: said,
  });
  await raise(deps, jobFailed(target, 'rehearse', said));
  await deps.catalog.refreshStatus(target.id);
  return { outcome: 'refused', summary: said.message, hint: said.hint };
}

/** From what was measured to what it means. */
function judge(
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
    rpo: { promised: rpo.dump, achieved: achievedRpo, met: achievedRpo <= rpo.dump },
    ...(result.proof ? { compared: result.proof.compared } : {}),
    differences: result.proof?.differences ?? [],
    differenceCount: result.proof?.differenceCount ?? 0,
    assertions: result.assertions,
    leftOut: result.leftOut,
    notes: result.notes,
    findings,
    ...(result.failure ? { error: result.failure } : {}),
  };
}

function findingsOf(
  target: Target,
  point: RecoveryPoint,
  result: ScratchResult,
  restoreSeconds: number | undefined,
): Finding[] {
  const found: Finding[] = [];
  if (result.failure?.kind === 'bad') {
    found.push(
      finding('restore-failed', {
        target,
        subject: 'rehearsal',
        message: `${point.id} of ${target.id} did not restore: ${result.failure.message}`,
      }),
    );
  }
  const { proof } = result;
  if (proof && !proof.equal) {
    const first = proof.differences.slice(0, 5).map(sayDifference).join('; ');
    const more = proof.differenceCount > 5 ? `; and ${proof.differenceCount - 5} more` : '';
    found.push(
      finding('proof-mismatch', {
        target,
        subject: 'rehearsal',
        message: `the restored ${point.id} of ${target.id} is not equal to its source: ${first}${more}`,
      }),
    );
  }
  for (const answer of result.assertions.filter((each) => !each.passed)) {
    found.push(
      finding('assertion-failed', {
        target,
        subject: answer.name,
        message: `in the restored ${point.id} of ${target.id}, "${answer.name}" ${answer.detail}`,
      }),
    );
  }
  if (restoreSeconds !== undefined && restoreSeconds > target.policy.objectives.rto) {
    const message = `restoring ${point.id} of ${target.id} took ${humanSeconds(restoreSeconds)}, promised were ${humanSeconds(target.policy.objectives.rto)}`;
    found.push(finding('rto-breached', { target, subject: 'rehearsal', message }));
  }
  for (const extension of result.leftOut) {
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

/** Equal to its source: rehearsed. Shown to be different: corrupt. Not restored, for whatever reason: as it was. */
async function markPoint(target: Target, evidence: Evidence, deps: RehearseDeps): Promise<void> {
  const mismatch = evidence.findings.find((each) => each.code === 'proof-mismatch');
  if (mismatch) await deps.catalog.movePoint(target.id, evidence.point, 'corrupt', { why: mismatch.message });
  else if (evidence.strength !== 'none')
    await deps.catalog.movePoint(target.id, evidence.point, 'rehearsed', { rehearsedAt: evidence.at });
}

async function tellRehearsal(
  target: Target,
  evidence: Evidence,
  result: ScratchResult,
  deps: RehearseDeps,
): Promise<void> {
  const unjudged = result.failure?.kind === 'unjudged';
  // What could not be judged takes back nothing that was found before.
  if (unjudged) await raise(deps, jobFailed(target, 'rehearse', result.failure!));
  else {
    await settle(deps, target.id, CODES, evidence.findings);
    await resolve(deps, { target: target.id, code: 'job-failed', subject: 'rehearse' });
  }
  const metric = evidence.outcome === 'passed' ? 'RehearsalPassed' : 'RehearsalFailed';
  deps.metrics.count(metric, 1, { policy: target.policy.name, job: 'rehearse' }, { target: target.id });
  deps.metrics.flush();
}

async function finish(claim: Claim, evidence: Evidence, deps: RehearseDeps): Promise<void> {
  const now = deps.clock.now();
  const summary = sayEvidence(evidence);
  await deps.catalog.renew(claim, plusSeconds(now, LEASE_SECONDS));
  // A finding is a result: the run succeeded in judging. Only what could not be judged has failed.
  const unjudged = evidence.error !== undefined && evidence.findings.length === 0;
  await deps.catalog.finish(claim, {
    state: unjudged ? 'failed' : 'succeeded',
    endedAt: utc(now),
    summary,
    point: evidence.point,
    ...(unjudged ? { error: evidence.error } : {}),
  });
  await deps.catalog.refreshStatus(evidence.target);
}

/** `20261120T010000Z-1 restored in 31 s and equal to its source: 14 tables, 300,000 rows`. */
export function sayEvidence(evidence: Evidence): string {
  const took = evidence.rto ? ` in ${humanSeconds(evidence.rto.achieved)}` : '';
  if (evidence.outcome === 'failed')
    return `${evidence.point} failed its rehearsal: ${evidence.error?.message ?? evidence.findings.map((each) => each.message).join('; ')}`;
  const { tables, rows } = evidence.compared ?? { tables: 0, rows: '0' };
  const what =
    evidence.strength === 'exact'
      ? 'equal to its source'
      : 'restored; row counts agree, which proves no more';
  return `${evidence.point} restored${took}, ${what}: ${tables} tables, ${Number(rows).toLocaleString('en')} rows`;
}
