import type { Target } from '../../domain/plan/policy.ts';
import type { Evidence } from '../../domain/proof/evidence.ts';
import { type RehearseInstanceJob, type RehearseJob, rehearsalRun } from '../../domain/runs/job.ts';
import type { Claim } from '../../domain/runs/run.ts';
import {
  attempt,
  type Claimed,
  claimDurably,
  endInFailure,
  type RunDeps,
  unwrap,
} from '../../execution/durable-run.ts';
import { type RefusedPoint, refuseNamedPoint } from '../../points/refuse-named-point.ts';
import type { Durable } from '../../ports/durable.ts';
import { concludeRehearsal } from '../../restore/conclude/conclude.ts';
import { judge } from '../../restore/conclude/judge.ts';
import { heldByRestore } from '../../restore/held-by-restore.ts';
import type { Chosen, Restored } from '../../restore/restored.ts';

/** How one sort of rehearsal restores: a dump on a server inside a function, a snapshot or a moment on an instance. */
export type Method<Choice extends Chosen> = {
  /** Seconds for which the run is claimed; nothing renews the claim while the execution waits. */
  lease: number;
  /** Rejects with a Refusal where there is nothing to restore. One step: it may be repeated. */
  choose(): Promise<Choice>;
  /** Restores onto scratch, proves it, and tears it down. Failures are part of the result. */
  restore(chosen: Choice, claim: Claim): Promise<Restored>;
};

export type RehearsalOutcome =
  | { outcome: 'rehearsed'; evidence: Evidence }
  | Exclude<Claimed, { outcome: 'claimed' }>
  | RefusedPoint
  | { outcome: 'refused'; summary: string; code: string; message: string; hint?: string };

/** A rehearsal: choose → restore onto scratch and prove → judge → conclude. Every result is recorded and alerted on. */
export async function rehearse<Choice extends Chosen>(
  job: RehearseJob | RehearseInstanceJob,
  target: Target,
  method: Method<Choice>,
  durable: Durable,
  deps: RunDeps,
): Promise<RehearsalOutcome> {
  const run = rehearsalRun(job);
  const why = await durable.step(
    'look whether somebody restores it',
    async () => (await heldByRestore(target.id, deps.catalog)) ?? null,
  );
  if (why) return { outcome: 'held', summary: why };
  const refused = await durable.step('look at the point named', () =>
    refuseNamedPoint(deps, target, run, job.job, job.point),
  );
  if (refused) return refused;
  const claimed = await claimDurably(durable, deps, run, job, method.lease);
  if (claimed.outcome !== 'claimed') return claimed;
  const { claim } = claimed;
  try {
    const chosen = unwrap(await attempt(durable, 'choose what to restore', method.choose));
    const restored = await excuseExpired(chosen, await method.restore(chosen, claim), target, durable, deps);
    const simulation = job.job === 'rehearse' && job.simulation;
    const evidence = judge({ run, requestedBy: job.requestedBy, simulation }, target, chosen, restored);
    await concludeRehearsal(evidence, target, claim, durable, deps);
    return { outcome: 'rehearsed', evidence };
  } catch (error) {
    return endInFailure(error, claim, durable, deps);
  }
}

/** Retention may have deleted the point during the restore; then its absence is not a finding. */
async function excuseExpired(
  { point: id, sort }: Chosen,
  restored: Restored,
  target: Target,
  durable: Durable,
  { catalog }: Pick<RunDeps, 'catalog'>,
): Promise<Restored> {
  if (restored.failure?.kind !== 'bad' || sort === 'moment') return restored;
  const state = await durable.step(
    'look at the point again',
    async () => (await catalog.point(target.id, id))?.state ?? 'gone',
  );
  if (!['gone', 'expiring', 'expired'].includes(state)) return restored;
  const message = 'retention deleted the point while it was being restored';
  const hint = 'rehearse again; a newer point will be chosen';
  return { ...restored, failure: { kind: 'unjudged', code: 'point-expired', message, hint } };
}
