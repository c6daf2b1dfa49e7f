import { InputError, toErrorInfo } from '../../domain/errors.ts';
import type { Claim, Run } from '../../domain/runs/run.ts';
import { utc } from '../../domain/time.ts';
import { cancelledBy, endCancelled } from '../../execution/cancellation.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Clock } from '../../ports/clock.ts';

export type CancelDeps = { catalog: Catalog; clock: Clock };
export type CancelJob = { target: string; job: string; by: string; local: boolean };
export type Cancelled = { cancelled: Run[] };

const NEWEST = 100;
/** Rehearsals of dumps: the durable function waits for another one, which may not read the catalog. */
const NO_LOOKS: readonly string[] = ['rehearse', 'simulation'];

/**
 * Ends a job's running runs as failed, with code `cancelled` and the name of the person. No alert: a person did it, and
 * the watch reports what is late because of it.
 *
 * Of a deployed stage it leaves a request that the worker finds at its next renewal or look: the function `operator` may
 * not end a run itself. A local run is ended at once under its own claim, so that every write of its worker is refused;
 * its worker may be dead, and no watch runs.
 */
export async function cancel(request: CancelJob, { catalog, clock }: CancelDeps): Promise<Cancelled> {
  const { target, job, by, local } = request;
  if (!local && NO_LOOKS.includes(job))
    throw new InputError(
      `a ${job} of a deployed stage cannot be cancelled`,
      [],
      `it ends within 15 minutes; ./understudy timeline ${target} shows what became of it`,
    );
  const running = (await catalog.runs(target, job, NEWEST)).filter(({ state }) => state === 'running');
  if (running.length === 0)
    throw new InputError(`no ${job} of ${target} is running`, [], `./understudy timeline ${target}`);
  for (const run of running) {
    if (local) await endCancelled(claimOf(run), toErrorInfo(cancelledBy(by, run)), { catalog, clock });
    else await catalog.requestCancel({ ...claimOf(run), by, at: utc(clock.now()) });
  }
  if (local) await catalog.refreshStatus(target);
  return { cancelled: running };
}

const claimOf = ({ target, job, scheduledFor, claimToken: token, attempt }: Run): Claim => ({
  target,
  job,
  scheduledFor,
  token,
  attempt,
});
