import { type AlertDeps, raise, resolve } from '../alerting/alerts.ts';
import {
  ClaimLost,
  codeOf,
  type ErrorInfo,
  hintOf,
  InputError,
  Refusal,
  reasonOf,
  toErrorInfo,
  withHint,
} from '../domain/errors.ts';
import { type Finding, finding } from '../domain/findings/finding.ts';
import { type RunName, runName } from '../domain/names.ts';
import { type Plan, type Target, targetOf } from '../domain/plan/policy.ts';
import type { JobMessage } from '../domain/runs/job.ts';
import type { Claim } from '../domain/runs/run.ts';
import { secondsBetween, utc } from '../domain/time.ts';
import type { JobMessages } from '../ports/messages.ts';
import { CANCELLED, cancellationOf, endCancelled } from './cancellation.ts';
import { keepAlive, LEASE_SECONDS } from './keep-alive.ts';

export type ClaimDeps = AlertDeps & {
  plan: Plan;
  messages: JobMessages;
  /** Seconds this process has left. */
  secondsLeft: () => number;
};

/** How one delivery of a message ended. */
export type JobOutcome =
  | { outcome: 'done'; summary: string; point?: string }
  | { outcome: 'done-before' | 'held' | 'postponed' | 'taken-over' | 'cancelled'; summary: string }
  | { outcome: 'refused'; summary: string; code: string; hint?: string };

export type ClaimedWork = { claim: Claim; signal: AbortSignal };
export type Done = { summary: string; point?: string };

/**
 * Does a run's work under its claim: by one worker at a time, once in all, with the claim renewed while the worker
 * lives, ended before the function's time is over, and on record in every case.
 *
 *   claim ── held by a live one → put the message back, unspent
 *     │  └── done before        → nothing
 *     work ── done              → succeeded; an open job-failed is resolved
 *          ├─ failed            → failed, and alerted on; thrown on if trying again may help
 *          └─ claim lost        → cancelled, or taken over by another worker: nothing more is written
 */
export async function underClaim(
  deps: ClaimDeps,
  message: JobMessage,
  name: RunName,
  work: (work: ClaimedWork) => Promise<Done>,
): Promise<JobOutcome> {
  const { catalog, clock, log } = deps;
  refuseTheFuture(message.scheduledFor, clock.now());
  const again = 'again' in message && message.again;
  const claimed = await catalog.claim({
    ...name,
    requestedBy: message.requestedBy,
    reason: message.reason,
    now: clock.now(),
    leaseSeconds: LEASE_SECONDS,
    again,
  });
  if (claimed.outcome === 'done') {
    return {
      outcome: 'done-before',
      summary: `${runName(name)} was done before: ${claimed.run.summary ?? ''}`,
    };
  }
  if (claimed.outcome === 'held') {
    await deps.messages.postpone(message, secondsBetween(clock.now(), claimed.until) + 5);
    return {
      outcome: 'held',
      summary: formatHeld(name, claimed.until),
    };
  }

  const { claim, takenOverFrom } = claimed;
  if (takenOverFrom) log.warn('took over a dead claim', { run: runName(name), attempt: claim.attempt });
  const life = keepAlive(deps, claim);
  try {
    const done = await work({ claim, signal: life.signal });
    await catalog.finish(claim, { state: 'succeeded', endedAt: utc(clock.now()), ...done });
    await takeBackFailure(deps, name);
    count(deps, name, 'JobSucceeded');
    return { outcome: 'done', ...done };
  } catch (thrown) {
    const error = life.reason() ?? thrown;
    if (codeOf(error) === CANCELLED)
      await endCancelled(claim, toErrorInfo(error), deps).catch((failure) =>
        log.warn('a cancelled run could not be recorded', { run: runName(name), reason: reasonOf(failure) }),
      );
    const cancelled = await cancellationOf(claim, catalog).catch(() => undefined);
    if (cancelled) return { outcome: 'cancelled', summary: cancelled };
    if (error instanceof ClaimLost) return { outcome: 'taken-over', summary: error.message };
    await recordFailure(deps, claim, error);
    if (error instanceof Refusal || error instanceof InputError) {
      const hint = hintFor(error, name.target);
      return { outcome: 'refused', summary: reasonOf(error), code: codeOf(error), ...(hint ? { hint } : {}) };
    }
    throw error;
  } finally {
    life.end();
    await catalog
      .refreshStatus(name.target)
      .catch((error) =>
        log.warn('the status could not be refreshed; the watch will', { reason: reasonOf(error) }),
      );
  }
}

/** Another worker has the run. */
export function formatHeld(name: RunName, until: string): string {
  return `${runName(name)} is already running elsewhere (lease expires ${until.slice(11, 16)} UTC)`;
}

/** How far a clock may be ahead. A run of next year would count as the newest until then, and hide every silence. */
export function refuseTheFuture(scheduledFor: string, now: Date): void {
  if (secondsBetween(now, scheduledFor) <= 600) return;
  throw new InputError(
    `scheduledFor ${scheduledFor} lies in the future`,
    [],
    'name the moment the run was due, or now',
  );
}

/** The work is done and on record: a failure to close its old alert must not make the run fail. */
async function takeBackFailure(deps: ClaimDeps, name: RunName): Promise<void> {
  await resolve(deps, { target: name.target, code: 'job-failed', subject: name.job }).catch((error) =>
    deps.log.warn('an old failure could not be resolved; the watch will', {
      run: runName(name),
      reason: reasonOf(error),
    }),
  );
}

/** An engine does not know the target's name, so its hints get it here. */
function hintFor(error: unknown, target: string): string | undefined {
  return hintOf(error)?.replaceAll('`./understudy doctor`', `\`./understudy doctor ${target}\``);
}

/** Records a failed run and raises its alert; neither waits for the other's success. */
async function recordFailure(deps: ClaimDeps, claim: Claim, error: unknown): Promise<void> {
  const hint = hintFor(error, claim.target);
  const said = { ...toErrorInfo(error), ...(hint ? { hint } : {}) };
  count(deps, claim, 'JobFailed');
  deps.log.error(`${claim.job} failed`, { run: runName(claim), attempt: claim.attempt, error: said });
  const recorded = deps.catalog.finish(claim, {
    state: 'failed',
    endedAt: utc(deps.clock.now()),
    summary: said.message,
    error: said,
  });
  const told = raise(
    deps,
    jobFailed(targetOf(deps.plan, claim.target) ?? { id: claim.target }, claim.job, said),
  );
  for (const outcome of await Promise.allSettled([recorded, told])) {
    if (outcome.status === 'rejected')
      deps.log.error('a failure could not be recorded, or its alert could not be sent', {
        reason: reasonOf(outcome.reason),
      });
  }
}

export function jobFailed(
  target: Target | { id: string },
  job: string,
  said: ErrorInfo,
  subject = job,
): Finding {
  const failed = finding('job-failed', {
    target,
    subject,
    job,
    message: withHint(`${job} of ${target.id} failed (${said.code}): ${said.message}`, said.hint),
  });
  // So that not every caller has to name its point and its place.
  return job === 'copy' ? { ...failed, next: 'The watch asks for the copy again within an hour.' } : failed;
}

export function count(deps: Pick<ClaimDeps, 'plan' | 'metrics'>, run: RunName, metric: string): void {
  const policy = targetOf(deps.plan, run.target)?.policy.name;
  deps.metrics.count(metric, 1, { job: run.job, policy }, { target: run.target });
}
