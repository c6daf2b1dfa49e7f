import { runName } from '../domain/names.ts';
import type { Claim } from '../domain/runs/run.ts';
import type { Catalog } from '../ports/catalog.ts';

/** The code of a run that a person ended. */
export const CANCELLED = 'cancelled';

/** The message of a run whose claim `cancel` took back; undefined for any other. */
export async function cancellationOf(
  claim: Claim,
  catalog: Pick<Catalog, 'run'>,
): Promise<string | undefined> {
  const run = await catalog.run(claim);
  return run?.claimToken === claim.token && run.error?.code === CANCELLED
    ? `${runName(claim)} was ${run.error.message}`
    : undefined;
}
