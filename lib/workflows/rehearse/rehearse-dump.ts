import { Refusal } from '../../domain/errors.ts';
import { type Finding, finding } from '../../domain/findings/finding.ts';
import { VAULT } from '../../domain/names.ts';
import { requireTarget, type Target } from '../../domain/plan/policy.ts';
import { counts, type DumpPoint, isDump } from '../../domain/points/recovery-point.ts';
import type { RehearseJob } from '../../domain/runs/job.ts';
import { utc } from '../../domain/time.ts';
import type { RunDeps } from '../../execution/durable-run.ts';
import type { Durable } from '../../ports/durable.ts';
import type { ScratchRequest, ScratchResult } from '../../restore/on-server.ts';
import type { Chosen, Restored } from '../../restore/restored.ts';
import { type RehearsalOutcome, rehearse } from './rehearse.ts';

export type RehearseDumpDeps = RunDeps & {
  /** Name or ARN of the function that restores and proves. */
  scratchFunction: string;
  /** Picks one of `count`: 0 … count − 1. */
  pick: (count: number) => number;
};

type ChosenDump = Chosen & { stored: DumpPoint };

/** The longest time of the whole execution: four hours (serverless.yml). In seconds. */
const LEASE = 4 * 3600 + 900;

/** Rehearses a restore of a dump, onto a PostgreSQL server inside the scratch function. */
export async function rehearseDump(
  job: RehearseJob,
  durable: Durable,
  deps: RehearseDumpDeps,
): Promise<RehearsalOutcome> {
  const target = requireTarget(deps.plan, job.target);
  return rehearse<ChosenDump>(
    job,
    target,
    {
      lease: LEASE,
      choose: () => chooseDump(job, target, deps),
      restore: (chosen) => restoreOnServer(job, chosen, target, durable, deps),
    },
    durable,
    deps,
  );
}

/** The point asked for; else the newest verified one, or by policy any kept one at random. Newest by its snapshot. */
async function chooseDump(job: RehearseJob, target: Target, deps: RehearseDumpDeps): Promise<ChosenDump> {
  const points = (
    await deps.catalog.points(target.id, { states: ['available', 'verified', 'rehearsed', 'corrupt'] })
  )
    .filter(isDump)
    .filter(({ place, manifest, snapshotAt }) => place === VAULT && manifest && snapshotAt)
    .sort((a, b) => b.snapshotAt!.localeCompare(a.snapshotAt!));
  const good = points.filter(counts);
  const random = target.policy.rehearsal.point === 'random' && !job.simulation && good.length > 0;
  const byPolicy = random ? good[deps.pick(good.length)] : good[0];
  const stored = job.point ? points.find(({ id }) => id === job.point) : byPolicy;
  if (!stored) throw noPoint(job, target);
  return {
    sort: 'dump',
    point: stored.id,
    moment: stored.snapshotAt!,
    newestAt: good[0]?.snapshotAt ?? stored.snapshotAt!,
    stored,
  };
}

function noPoint({ point }: RehearseJob, { id }: Target): Refusal {
  return point
    ? new Refusal('no-point', `${id} has no recovery point ${point} to restore`, {
        hint: `./understudy points ${id} lists them`,
      })
    : new Refusal('no-point', `${id} has no verified recovery point to rehearse`, {
        hint: `take one: ./understudy run dump ${id}`,
      });
}

async function restoreOnServer(
  job: RehearseJob,
  chosen: ChosenDump,
  target: Target,
  durable: Durable,
  deps: RehearseDumpDeps,
): Promise<Restored> {
  const began = await durable.step('begin', async () => utc(deps.clock.now()));
  const request: ScratchRequest = { point: chosen.stored, simulation: job.simulation };
  const { proof, ...result } = await durable
    .invoke<ScratchRequest, ScratchResult>('restore and prove', deps.scratchFunction, request)
    .catch(scratchDied);
  return {
    ...result,
    source: `dump ${chosen.point} in the vault`,
    where: 'a scratch PostgreSQL inside the function',
    began,
    plannedAt: began,
    cameUp: proof !== undefined,
    strength: proof?.equal ? proof.strength : 'none',
    ...(proof && { compared: proof.compared }),
    differences: proof?.differences ?? [],
    differenceCount: proof?.differenceCount ?? 0,
    findings: leftOutFindings(chosen, target, result.leftOut),
  };
}

function scratchDied(error: Error): ScratchResult {
  const message = `the scratch function died: ${error.message}`;
  const hint = 'its log says why; out of memory and out of time are the usual reasons';
  const failure = { kind: 'unjudged', code: 'scratch-died', message, hint } as const;
  return { phases: [], assertions: [], leftOut: [], notes: [], failure };
}

/** A finding for an extension that could not be created, unless the policy leaves it out. */
function leftOutFindings({ point }: Chosen, target: Target, leftOut: readonly string[]): Finding[] {
  const named = target.policy.rehearsal.leaveOut;
  return leftOut
    .filter((name) => !named.includes(`extension ${name}`))
    .map((name) =>
      finding('extension-left-out', {
        target,
        subject: name,
        message: `${point} of ${target.id} was restored without the extension ${name}`,
      }),
    );
}
