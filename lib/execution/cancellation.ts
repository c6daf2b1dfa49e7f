import { type ErrorInfo, Refusal, toErrorInfo } from '../domain/errors.ts';
import { type RunName, runName } from '../domain/names.ts';
import type { Claim } from '../domain/runs/run.ts';
import { utc } from '../domain/time.ts';
import type { Catalog } from '../ports/catalog.ts';
import type { Clock } from '../ports/clock.ts';

/** The code of a run that a person ended. */
export const CANCELLED = 'cancelled';

/** The error that ends the work of a cancelled run. */
export function cancelledBy(by: string, { job, target }: RunName): Refusal {
  return new Refusal(CANCELLED, `cancelled by ${by}`, {
    hint: `ask for it again: ./understudy run ${job} ${target}`,
  });
}

/** Why this claim's work is to end, if a person asked for that. */
export async function cancelRequested(
  claim: Claim,
  catalog: Pick<Catalog, 'cancelRequest'>,
): Promise<Refusal | undefined> {
  const request = await catalog.cancelRequest(claim);
  return request && cancelledBy(request.by, claim);
}

/**
 * Dependencies with which the looks of `poll` end when a person cancels the run of this claim. A request that cannot
 * be read keeps nobody from looking: the next look asks again.
 */
export function cancellable<Deps extends { catalog: Pick<Catalog, 'cancelRequest'> }>(
  deps: Deps,
  claim: Claim,
): Deps & { cancelled: () => Promise<ErrorInfo | undefined> } {
  return {
    ...deps,
    async cancelled() {
      const why = await cancelRequested(claim, deps.catalog).catch(() => undefined);
      return why && toErrorInfo(why);
    },
  };
}

/** Puts a cancelled run on record as failed, with the point that a dump was making. */
export async function endCancelled(
  claim: Claim,
  error: ErrorInfo,
  { catalog, clock }: { catalog: Catalog; clock: Clock },
): Promise<void> {
  const { message } = error;
  await catalog.finish(claim, { state: 'failed', endedAt: utc(clock.now()), summary: message, error });
  if (claim.job !== 'dump') return;
  const point = await catalog.pointAt(claim.target, claim.scheduledFor);
  if (point?.state === 'creating')
    await catalog.movePoint(claim.target, point.id, 'failed', { why: message });
}

/** The message of a run that was cancelled under this claim; undefined for any other. */
export async function cancellationOf(
  claim: Claim,
  catalog: Pick<Catalog, 'run'>,
): Promise<string | undefined> {
  const run = await catalog.run(claim);
  return run?.claimToken === claim.token && run.error?.code === CANCELLED
    ? `${runName(claim)} was ${run.error.message}`
    : undefined;
}
