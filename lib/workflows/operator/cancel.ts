import { InputError } from '../../domain/errors.ts';
import type { Run } from '../../domain/runs/run.ts';
import { utc } from '../../domain/time.ts';
import { CANCELLED } from '../../execution/cancellation.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Clock } from '../../ports/clock.ts';

export type CancelDeps = { catalog: Catalog; clock: Clock };
export type CancelRequest = { target: string; job: string; by: string; local: boolean };
export type Cancelled = { cancelled: Run[] };

const NEWEST = 100;

/**
 * Takes back the claims of a job’s running runs, on record as failed with code `cancelled` and the name of the
 * person.
 *
 *   claim taken back → every write of the worker is refused → at its next renewal it aborts its upload and ends
 *
 * No alert: a person did it, and the watch reports what is late because of it. A point that a dump was making fails
 * with it. It is refused for a deployed stage: the function `operator` may write acknowledgements and nothing else.
 */
export async function cancel(request: CancelRequest, { catalog, clock }: CancelDeps): Promise<Cancelled> {
  const { target, job, by, local } = request;
  if (!local)
    throw new InputError(
      `a ${job} of a deployed stage cannot be cancelled: what a person invokes there may end no run`,
      [],
      `its deadline ends it; ./understudy timeline ${target} shows what became of it`,
    );
  const running = (await catalog.runs(target, job, NEWEST)).filter(({ state }) => state === 'running');
  if (running.length === 0)
    throw new InputError(`no ${job} of ${target} is running`, [], `./understudy timeline ${target}`);
  const at = utc(clock.now());
  for (const run of running) await endRun(run, by, at, catalog);
  await catalog.refreshStatus(target);
  return { cancelled: running };
}

async function endRun(run: Run, by: string, at: string, catalog: Catalog): Promise<void> {
  const message = `cancelled by ${by}`;
  const { target, job, scheduledFor, claimToken: token, attempt } = run;
  await catalog.finish(
    { target, job, scheduledFor, token, attempt },
    {
      state: 'failed',
      endedAt: at,
      summary: message,
      error: { code: CANCELLED, message, hint: `ask for it again: ./understudy run ${job} ${target}` },
    },
  );
  if (job !== 'dump') return;
  const point = await catalog.pointAt(target, scheduledFor);
  if (point?.state === 'creating') await catalog.movePoint(target, point.id, 'failed', { why: message });
}
