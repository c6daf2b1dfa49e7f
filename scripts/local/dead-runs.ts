import { runName } from '../../lib/domain/names.ts';
import * as compose from '../../lib/runtime/compose.ts';
import { endDeadRuns } from '../../lib/workflows/watch/dead-runs.ts';

/**
 * Ends on record what earlier commands left running when they were killed, as the watch of a deployed stage does: no watch
 * runs locally. Says what it ended.
 */
export async function endLocalDeadRuns(): Promise<string[]> {
  const now = compose.clock.now();
  const dead = (await compose.catalog().openRuns()).filter(({ leaseUntil }) => new Date(leaseUntil) < now);
  const deps = { ...compose.telling(), plan: compose.plan(), vault: compose.vault() };
  const { failures } = await endDeadRuns(deps, now);
  return [
    ...dead.map((run) => `${runName(run)} was interrupted and is now on record as failed`),
    ...failures.map((failure) => `could not be cleared away: ${failure}`),
  ];
}
