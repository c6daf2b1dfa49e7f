import { ClaimLost, endedEarly, reasonOf } from '../domain/errors.ts';
import { runName } from '../domain/names.ts';
import type { Claim } from '../domain/runs/run.ts';
import { plusSeconds, secondsBetween } from '../domain/time.ts';
import type { Catalog } from '../ports/catalog.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/messages.ts';
import { cancelRequested } from './cancellation.ts';

/** How long a claim holds without being renewed. */
export const LEASE_SECONDS = 120;
/** Time that is reserved to abort an upload and record what happened. */
const RESERVE_SECONDS = 30;

/**
 * Renews the claim while the work lives, and ends the work when the claim is lost, a person cancels the run, or the time
 * is nearly over.
 */
export function keepAlive(
  deps: {
    catalog: Pick<Catalog, 'renew' | 'cancelRequest'>;
    clock: Clock;
    log: Log;
    secondsLeft: () => number;
  },
  claim: Claim,
): { signal: AbortSignal; reason: () => Error | undefined; end: () => void } {
  const work = new AbortController();
  const over = new AbortController();
  let reason: Error | undefined;
  const stop = (error: Error) => {
    reason ??= error;
    work.abort(error);
  };
  void (async () => {
    let renewed = deps.clock.now();
    while (!over.signal.aborted) {
      await deps.clock.sleep(1000, over.signal);
      if (over.signal.aborted) return;
      if (deps.secondsLeft() < RESERVE_SECONDS) {
        return stop(
          endedEarly(
            runName(claim),
            deps.secondsLeft(),
            'raise the function’s timeout (900 s at most); beyond that run the image on Fargate',
          ),
        );
      }
      if (secondsBetween(renewed, deps.clock.now()) < LEASE_SECONDS / 4) continue;
      try {
        await deps.catalog.renew(claim, plusSeconds(deps.clock.now(), LEASE_SECONDS));
        renewed = deps.clock.now();
        const cancelled = await cancelRequested(claim, deps.catalog);
        if (cancelled) return stop(cancelled);
      } catch (error) {
        if (error instanceof ClaimLost) return stop(error);
        deps.log.warn('the claim could not be renewed just now', { reason: reasonOf(error) });
      }
    }
  })();
  return { signal: work.signal, reason: () => reason, end: () => over.abort() };
}
