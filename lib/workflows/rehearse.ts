import { answersAssertion, type Evidence, OF_ASSERTIONS } from '../domain/evidence.ts';
import type { Finding, FindingCode } from '../domain/finding.ts';
import type { RehearseJob } from '../domain/job.ts';
import { earlierOrSame, VAULT } from '../domain/names.ts';
import type { Target } from '../domain/policy.ts';
import { counts, type DumpPoint, isDump } from '../domain/recovery-point.ts';
import type { Claim } from '../domain/run.ts';
import { utc } from '../domain/time.ts';
import type { Durable } from '../ports/durable.ts';
import { type JobDeps, jobFailed, requireTarget } from './claimed.ts';
import { claimDurably } from './durable-claim.ts';
import { type Chosen, judge, rehearsalName, sayEvidence } from './judge-rehearsal.ts';
import { markPoint } from './mark-point.ts';
import { refuseNamedPoint } from './named-point.ts';
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

/** The whole execution may take four hours (serverless.yml); nobody renews the claim while it waits for the scratch function. */
const LEASE_SECONDS = 4 * 3600 + 900;

/** About one point: a good rehearsal of it or of a newer one takes them back, never one of an older. */
const OF_POINTS: readonly FindingCode[] = ['restore-failed', 'proof-mismatch'];
const OF_RESTORES: readonly FindingCode[] = [...OF_ASSERTIONS, 'rto-breached', 'extension-left-out'];

/**
 * Rehearses a restore nobody needed: picks a point, has it restored and proven on something thrown away afterwards, and
 * writes down what came of it, whatever came of it. Telling comes first, and no failure of one step stops another: a
 * mismatch that could not be recorded is told all the same.
 */
export async function rehearse(
  job: RehearseJob,
  durable: Durable,
  deps: RehearseDeps,
): Promise<RehearsalOutcome> {
  const target = requireTarget(deps.plan, job.target);
  const name = rehearsalName(job);
  const refused = await durable.step('look at the point named', () =>
    refuseNamedPoint(deps, target, name, 'rehearse', job.point),
  );
  if (refused) return refused;
  const claimed = await claimDurably(durable, deps, name, job, LEASE_SECONDS);
  if (claimed.outcome !== 'claimed') return claimed;
  const { claim } = claimed;

  const chosen = await durable.step('choose a point', () => choosePoint(job, target, deps));
  if (!chosen)
    return durable.step('record that there is none', () => recordNoPoint(job, claim, target, deps));
  const began = await durable.step('begin', async () => utc(deps.clock.now()));
  const request: ScratchRequest = { point: chosen.point, simulation: job.simulation };
  const result = await durable
    .invoke<ScratchRequest, ScratchResult>('restore and prove', deps.scratchFunction, request)
    .catch(scratchDied);
  const gone =
    result.failure?.kind === 'bad' &&
    (await durable.step('look at the point again', () => hasLeft(chosen.point, deps)));
  const evidence = judge(job, target, chosen, gone ? expiredMeanwhile(result) : result, began);

  const failures: unknown[] = [];
  const try_ = (name: string, work: () => Promise<void>) =>
    durable.step(name, work).catch((error) => void failures.push(error));
  await try_('tell', () => tellRehearsal(job, target, evidence, deps));
  await try_('keep the evidence', () => deps.catalog.addEvidence(evidence));
  await try_('mark the point', () => markPoint(target, evidence, whyCorrupt(evidence), deps));
  await try_('finish the run', () => finish(claim, evidence, deps));
  await try_('bring the status up to date', async () => void (await deps.catalog.refreshStatus(target.id)));
  if (failures.length > 0) throw failures[0];
  return { outcome: 'rehearsed', evidence };
}

function scratchDied(error: Error): ScratchResult {
  const hint = 'its log says why; out of memory and out of time are the usual reasons';
  return {
    phases: [],
    assertions: [],
    leftOut: [],
    notes: [],
    failure: {
      kind: 'unjudged',
      code: 'scratch-died',
      message: `the scratch function died: ${error.message}`,
      hint,
    },
  };
}

/** Retention may have taken the point while it was restored; then it is not accused of being gone. */
async function hasLeft(point: DumpPoint, deps: RehearseDeps): Promise<boolean> {
  const state = (await deps.catalog.point(point.target, point.id))?.state;
  return state === undefined || state === 'expiring' || state === 'expired';
}

function expiredMeanwhile(result: ScratchResult): ScratchResult {
  const message = 'retention deleted the point while it was being restored';
  return {
    ...result,
    failure: {
      kind: 'unjudged',
      code: 'point-expired',
      message,
      hint: 'rehearse again; a newer point will be chosen',
    },
  };
}

/** The point asked for; else the newest verified one, or by policy any retained one by chance. Newest by its snapshot. */
async function choosePoint(
  job: RehearseJob,
  target: Target,
  deps: RehearseDeps,
): Promise<Chosen | undefined> {
  const points = (
    await deps.catalog.points(target.id, { states: ['available', 'verified', 'rehearsed', 'corrupt'] })
  )
    .filter(isDump)
    .filter((point) => point.place === VAULT)
    .filter((point) => point.snapshotAt !== undefined && point.manifest !== undefined)
    .sort((a, b) => b.snapshotAt!.localeCompare(a.snapshotAt!));
  const good = points.filter(counts);
  const chosen = job.point
    ? points.find((point) => point.id === job.point)
    : byPolicy(good, job, target, deps);
  if (!chosen) return undefined;
  return {
    point: chosen,
    snapshotAt: chosen.snapshotAt!,
    newestVerifiedAt: good[0]?.snapshotAt ?? chosen.snapshotAt!,
  };
}

function byPolicy(
  good: readonly DumpPoint[],
  job: RehearseJob,
  target: Target,
  deps: RehearseDeps,
): DumpPoint | undefined {
  const random = target.policy.rehearsal.point === 'random' && !job.simulation;
  return random && good.length > 0 ? good[deps.pick(good.length)] : good[0];
}

async function recordNoPoint(
  job: RehearseJob,
  claim: Claim,
  target: Target,
  deps: RehearseDeps,
): Promise<RehearsalOutcome> {
  const message = job.point
    ? `${target.id} has no recovery point ${job.point} to restore`
    : `${target.id} has no verified recovery point to rehearse`;
  const hint = job.point
    ? `./understudy points ${target.id} lists them`
    : `take one: ./understudy run dump ${target.id}`;
  const said = { code: 'no-point', message, hint };
  await raise(deps, jobFailed(target, rehearsalName(job).job, said));
  await deps.catalog.finish(claim, {
    state: 'failed',
    endedAt: utc(deps.clock.now()),
    summary: message,
    error: said,
  });
  await deps.catalog.refreshStatus(target.id);
  return { outcome: 'refused', summary: message, hint };
}

/** Failures of a restore that lie in the stored bytes themselves. */
const BROKEN = ['checksum-mismatch', 'artifact-missing', 'manifest-invalid', 'manifest-missing'];

/** Shown to be different or broken: corrupt. A verification can take back the second, by its code, but not the first. */
function whyCorrupt({ findings, error }: Evidence): string | undefined {
  const mismatch = findings.find((each) => each.code === 'proof-mismatch');
  return mismatch?.message ?? (error && BROKEN.includes(error.code) ? error.code : undefined);
}

/** Was the point not judged, for a reason that lies outside it? */
function unjudged(evidence: Evidence): boolean {
  return evidence.error?.kind === 'unjudged';
}

/** Whatever was found is told. What could not be judged takes back nothing that was found before. */
async function tellRehearsal(
  job: RehearseJob,
  target: Target,
  evidence: Evidence,
  deps: RehearseDeps,
): Promise<void> {
  const subject = rehearsalName(job).job;
  if (unjudged(evidence)) {
    for (const found of evidence.findings) await raise(deps, found);
    await raise(deps, jobFailed(target, subject, evidence.error!));
  } else {
    await settle(
      deps,
      target.id,
      OF_POINTS,
      evidence.findings.filter(({ code }) => OF_POINTS.includes(code)),
      (open) => earlierOrSame(open.subject, evidence.point),
    );
    // An ordinary rehearsal does not ask what only a simulation does, and older data cannot answer for later.
    const asked = (open: Finding) =>
      OF_ASSERTIONS.includes(open.code)
        ? (open.asOf ?? '') <= evidence.pointSnapshotAt && answersAssertion(open, evidence)
        : open.code !== 'rto-breached' || open.subject === 'rehearsal';
    await settle(
      deps,
      target.id,
      OF_RESTORES,
      evidence.findings.filter(({ code }) => OF_RESTORES.includes(code)),
      asked,
    );
    await resolve(deps, { target: target.id, code: 'job-failed', subject });
  }
  const metric = evidence.outcome === 'passed' ? 'RehearsalPassed' : 'RehearsalFailed';
  deps.metrics.count(metric, 1, { policy: target.policy.name, job: subject }, { target: target.id });
}

/** A finding is a result: the run succeeded in judging. Only what could not be judged has failed. */
async function finish(claim: Claim, evidence: Evidence, deps: RehearseDeps): Promise<void> {
  await deps.catalog.finish(claim, {
    state: unjudged(evidence) ? 'failed' : 'succeeded',
    endedAt: utc(deps.clock.now()),
    summary: sayEvidence(evidence).slice(0, 1000),
    point: evidence.point,
    ...(unjudged(evidence) ? { error: evidence.error } : {}),
  });
}
