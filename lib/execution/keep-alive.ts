import { ClaimLost, reasonOf } from '../domain/errors.ts';
import { runName } from '../domain/names.ts';
import type { Claim } from '../domain/runs/run.ts';
import { plusSeconds, secondsBetween } from '../domain/time.ts';
import type { Catalog } from '../ports/catalog.ts';
import type { Log } from '../ports/messages.ts';
import { cancelRequested } from './cancellation.ts';
import { type Deadline, deadline, type TimeDeps } from './deadline.ts';

/** How long a claim holds without being renewed. */
export const LEASE_SECONDS = 120;
/** Time that is reserved to abort an upload and record what happened. */
const RESERVE_SECONDS = 30;

/**
 * Renews the claim while the work lives, and ends the work when the claim is lost, a person cancels the run, or the time
 * is nearly over.
 */
export function keepAlive(
  deps: TimeDeps & { catalog: Pick<Catalog, 'renew' | 'cancelRequest'>; log: Log },
  claim: Claim,
): Deadline {
  const { catalog, clock, log } = deps;
  let renewed = clock.now();
  const renew = async (): Promise<Error | undefined> => {
    if (secondsBetween(renewed, clock.now()) < LEASE_SECONDS / 4) return undefined;
    try {
      await catalog.renew(claim, plusSeconds(clock.now(), LEASE_SECONDS));
      renewed = clock.now();
      return await cancelRequested(claim, catalog);
    } catch (error) {
      if (error instanceof ClaimLost) return error;
      log.warn('the claim could not be renewed just now', { reason: reasonOf(error) });
      return undefined;
    }
  };
  const hint = 'raise the function’s timeout (900 s at most); beyond that run the image on Fargate';
  return deadline(deps, { what: runName(claim), hint, reserve: RESERVE_SECONDS }, renew);
}
