import { runName } from '../../lib/domain/names.ts';
import * as compose from '../../lib/runtime/compose.ts';
import { findDeadRuns } from '../../lib/workflows/watch/dead-runs.ts';
import { raiseFindings } from '../../lib/workflows/watch/look.ts';

/**
 * Ends the records of runs whose commands were killed, as the watch of a deployed stage does: no watch runs locally.
 * Returns what it ended.
 */
export async function endLocalDeadRuns(): Promise<string[]> {
  const now = compose.clock.now();
  const dead = (await compose.catalog().openRuns()).filter(({ leaseUntil }) => new Date(leaseUntil) < now);
  const deps = { ...compose.telling(), plan: compose.plan(), vault: compose.vault() };
  const { findings, afterwards, failures } = await findDeadRuns(deps, now);
  await raiseFindings(deps, findings, afterwards);
  return [
    ...dead.map((run) => `${runName(run)} was interrupted and is now on record as failed`),
    ...failures.map((failure) => `could not be cleared away: ${failure}`),
  ];
}
