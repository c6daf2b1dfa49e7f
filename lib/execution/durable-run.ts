import { randomUUID } from 'node:crypto';
import { raise, resolve } from '../alerting/alerts.ts';
import { type ErrorInfo, refusalOf, toErrorInfo, UnderstudyError } from '../domain/errors.ts';
import { type RunName, runName } from '../domain/names.ts';
import { targetOf } from '../domain/plan/policy.ts';
import type { Claim } from '../domain/runs/run.ts';
import { utc } from '../domain/time.ts';
import type { Durable } from '../ports/durable.ts';
import { cancellationOf } from './cancellation.ts';
import { type ClaimDeps, formatHeld, jobFailed, refuseTheFuture } from './claim.ts';

/** What claiming a run and ending it needs. */
export type RunDeps = Omit<ClaimDeps, 'secondsLeft' | 'messages'>;
export type DurableJobDeps = Omit<ClaimDeps, 'secondsLeft'>;

export type Claimed =
  | { outcome: 'claimed'; claim: Claim }
  | { outcome: 'done-before' | 'held'; summary: string };

/** What a step came to: its value, or why it cannot be done. Errors lose their code on the way out of a step; values do not. */
export type Attempted<T> = { ok: true; value: T } | { ok: false; said: ErrorInfo };

/**
 * Claims a run for a durable execution, which nobody renews while it waits: the lease covers all of it. The token is a
 * step of its own, so that a worker which died after claiming comes back and knows the claim for its own.
 */
export async function claimDurably(
  durable: Durable,
  deps: RunDeps,
  name: RunName,
  message: {
    scheduledFor: string;
    requestedBy: string;
    reason?: string | undefined;
    label?: string | undefined;
  },
  leaseSeconds: number,
): Promise<Claimed> {
  const token = await durable.step('draw a claim token', async () => randomUUID());
  return durable.step('claim the run', async (): Promise<Claimed> => {
    refuseTheFuture(message.scheduledFor, deps.clock.now());
    const claimed = await deps.catalog.claim({
      ...name,
      requestedBy: message.requestedBy,
      reason: message.reason,
      label: message.label,
      now: deps.clock.now(),
      leaseSeconds,
      token,
    });
    if (claimed.outcome === 'done')
      return {
        outcome: 'done-before',
        summary: `${runName(name)} was done before: ${claimed.run.summary ?? ''}`,
      };
    if (claimed.outcome === 'held') return { outcome: 'held', summary: formatHeld(name, claimed.until) };
    return { outcome: 'claimed', claim: claimed.claim };
  });
}

/** One side effect, tried again only where that may help: a refusal is a value, and the same the next time. */
export function attempt<T>(durable: Durable, name: string, work: () => Promise<T>): Promise<Attempted<T>> {
  return durable.step(name, async (): Promise<Attempted<T>> => {
    try {
      return { ok: true, value: await work() };
    } catch (error) {
      if (!(error instanceof UnderstudyError) || WORTH_TRYING_AGAIN.includes(error.code)) throw error;
      return { ok: false, said: toErrorInfo(error) };
    }
  });
}

const WORTH_TRYING_AGAIN = ['platform-unreachable'];

/** The value of what was tried, or its refusal, thrown outside of the step, where its code survives. */
export function unwrap<T>(tried: Attempted<T>): T {
  if (tried.ok) return tried.value;
  throw refusalOf(tried.said);
}

/** Did another worker take the run over? An error comes out of a step under another name, with its own as the cause's. */
export function lostClaim(error: unknown): boolean {
  const { name, cause } = error as { name?: string; cause?: { name?: string } };
  return name === 'ClaimLost' || cause?.name === 'ClaimLost';
}

/** Ends a run that was done: on record, its old alarm taken back, the status brought up to date. */
export async function succeed(
  durable: Durable,
  deps: RunDeps,
  claim: Claim,
  done: { summary: string; point?: string },
  /** What its failures are told about, where that is not the job. */
  subject: string = claim.job,
): Promise<void> {
  await durable.step('finish the run', () =>
    deps.catalog.finish(claim, { state: 'succeeded', endedAt: utc(deps.clock.now()), ...done }),
  );
  // The work is done and on record: that the rest could not be must not make a failure of it. The watch makes up for it.
  await durable
    .step('close an old failure', () => resolve(deps, { target: claim.target, code: 'job-failed', subject }))
    .catch(() => undefined);
  await durable
    .step('bring the status up to date', async () => void (await deps.catalog.refreshStatus(claim.target)))
    .catch(() => undefined);
  deps.metrics.count(
    'JobSucceeded',
    1,
    { job: claim.job, ...policyOf(deps, claim) },
    { target: claim.target },
  );
}

/**
 * Ends a run that could not be done: told first, then on record. Neither waits for the other's success. Where a person
 * cancelled it, that is on record already, and no alert goes out.
 */
export async function fail(
  durable: Durable,
  deps: RunDeps,
  claim: Claim,
  said: ErrorInfo,
  /** The subject of its alert, where that is not the job, or no alert; the point that it was about. */
  options: { subject?: string; quietly?: boolean; point?: string } = {},
): Promise<void> {
  deps.log.error(`${claim.job} failed`, { run: runName(claim), attempt: claim.attempt, error: said });
  deps.metrics.count('JobFailed', 1, { job: claim.job, ...policyOf(deps, claim) }, { target: claim.target });
  const target = targetOf(deps.plan, claim.target) ?? { id: claim.target };
  const failures: unknown[] = [];
  const try_ = (name: string, work: () => Promise<void>) =>
    durable.step(name, work).catch((error) => void failures.push(error));
  const unlessCancelled = (work: () => Promise<void>) => async () =>
    (await cancellationOf(claim, deps.catalog)) ? undefined : work();
  const told = jobFailed(target, claim.job, said, options.subject);
  if (!options.quietly)
    await try_(
      'send the alert',
      unlessCancelled(() => raise(deps, told)),
    );
  const record = () =>
    deps.catalog.finish(claim, {
      state: 'failed',
      endedAt: utc(deps.clock.now()),
      summary: said.message.slice(0, 1000),
      point: options.point,
      error: said,
    });
  await try_('record the failure', unlessCancelled(record));
  await try_(
    'bring the status up to date',
    async () => void (await deps.catalog.refreshStatus(claim.target)),
  );
  if (failures.length > 0) throw failures[0];
}

function policyOf(deps: RunDeps, claim: Claim): { policy?: string } {
  const policy = targetOf(deps.plan, claim.target)?.policy.name;
  return policy ? { policy } : {};
}
