import { randomUUID } from 'node:crypto';
import { raise, resolve } from '../alerting/alerts.ts';
import { type ErrorInfo, refusalOf, toErrorInfo, UnderstudyError } from '../domain/errors.ts';
import { type RunName, runName } from '../domain/names.ts';
import { targetOf } from '../domain/plan/policy.ts';
import type { Claim, Extracted } from '../domain/runs/run.ts';
import { utc } from '../domain/time.ts';
import type { Durable } from '../ports/durable.ts';
import { CANCELLED, cancellationOf } from './cancellation.ts';
import { type ClaimDeps, count, formatHeld, jobFailed, refuseTheFuture } from './claim.ts';

/** What claiming and ending a run needs. */
export type RunDeps = Omit<ClaimDeps, 'secondsLeft' | 'messages'>;
export type DurableJobDeps = Omit<ClaimDeps, 'secondsLeft'>;

export type Claimed =
  | { outcome: 'claimed'; claim: Claim }
  | { outcome: 'done-before' | 'held'; summary: string };

/** The result of a step: its value, or why it failed. An error loses its code on the way out of a step; a value does not. */
export type Attempted<T> = { ok: true; value: T } | { ok: false; said: ErrorInfo };

/**
 * Claims a run for a durable execution. Nothing renews the claim while the execution waits: the lease covers all of
 * it. The token is a step of its own, so that a worker that died after claiming recognizes the claim when it comes
 * back.
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

/** One side effect, repeated only where that may help: a refusal is a value, which stays the same. */
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

/** Returns the value, or throws the refusal outside of the step, where it keeps its code. */
export function unwrap<T>(tried: Attempted<T>): T {
  if (tried.ok) return tried.value;
  throw refusalOf(tried.said);
}

/** Did another worker take the run over? A step throws an error under another name, with the original's name as cause. */
export function lostClaim(error: unknown): boolean {
  const { name, cause } = error as { name?: string; cause?: { name?: string } };
  return name === 'ClaimLost' || cause?.name === 'ClaimLost';
}

/** Ends a successful run: on record, its old alert closed, the status up to date. */
export async function succeed(
  durable: Durable,
  deps: RunDeps,
  claim: Claim,
  done: { summary: string; point?: string; extracted?: Extracted },
  /** The subject of its failures, if that is not the job. */
  subject: string = claim.job,
): Promise<void> {
  await durable.step('finish the run', () =>
    deps.catalog.finish(claim, { state: 'succeeded', endedAt: utc(deps.clock.now()), ...done }),
  );
  // The work is done and on record: a failure of the rest must not make the run fail. The watch makes up for it.
  await durable
    .step('close an old failure', () => resolve(deps, { target: claim.target, code: 'job-failed', subject }))
    .catch(() => undefined);
  await durable
    .step('bring the status up to date', async () => void (await deps.catalog.refreshStatus(claim.target)))
    .catch(() => undefined);
  count(deps, claim, 'JobSucceeded');
}

/** What becomes of a claimed run that an error has ended: one that another worker has taken over is left to it. */
export async function endInFailure(
  error: unknown,
  claim: Claim,
  durable: Durable,
  deps: RunDeps,
  options: Parameters<typeof fail>[4] = {},
): Promise<{ outcome: 'held'; summary: string } | ({ outcome: 'refused'; summary: string } & ErrorInfo)> {
  const said = toErrorInfo(error);
  if (lostClaim(error)) return { outcome: 'held', summary: said.message };
  await fail(durable, deps, claim, said, options);
  return { outcome: 'refused', summary: said.message, ...said };
}

/**
 * Ends a failed run: the alert first, then the record. Neither waits for the other's success. A run that a person
 * cancelled is on record already, and has no alert.
 */
export async function fail(
  durable: Durable,
  deps: RunDeps,
  claim: Claim,
  said: ErrorInfo,
  /** The subject of its alert, if that is not the job, or no alert; the point that it was about. */
  options: { subject?: string; quietly?: boolean; point?: string } = {},
): Promise<void> {
  deps.log.error(`${claim.job} failed`, { run: runName(claim), attempt: claim.attempt, error: said });
  count(deps, claim, 'JobFailed');
  const target = targetOf(deps.plan, claim.target) ?? { id: claim.target };
  const failures: unknown[] = [];
  const try_ = (name: string, work: () => Promise<void>) =>
    durable.step(name, work).catch((error) => void failures.push(error));
  const unlessCancelled = (work: () => Promise<void>) => async () =>
    (await cancellationOf(claim, deps.catalog)) ? undefined : work();
  const told = jobFailed(target, claim.job, said, options.subject);
  if (!options.quietly && said.code !== CANCELLED)
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
