import { runName, scratchName } from '../../domain/names.ts';
import type { Target } from '../../domain/plan/policy.ts';
import { type InstanceJob, rehearsalRun } from '../../domain/runs/job.ts';
import type { ScratchRecord } from '../../domain/runs/scratch-record.ts';
import { plusSeconds, utc } from '../../domain/time.ts';
import type { DurableJobDeps } from '../../execution/durable-run.ts';
import { placeNamed } from '../../points/places.ts';
import type { Hooks } from '../../ports/hooks.ts';
import type { Place, Platform, ScratchInstances, ScratchOrder } from '../../ports/platform.ts';
import type { ScratchInstanceDeps } from './bring-up.ts';
import type { InstancePlan } from './plan-rehearsal.ts';
import { networkIn, scratchTags } from './quarantine.ts';

export type RehearseInstanceDeps = DurableJobDeps &
  ScratchInstanceDeps & {
    platform: Platform;
    home: string;
    /** Scratch instances of another place than the source's own Region. */
    scratchAt?: (place: Place) => ScratchInstances;
    /** The deployment's own quarantine, unless the policy names another network. */
    network: { subnetGroup: string; securityGroup: string };
    proveFunction: string;
    changesFunction: string;
    /** Of an application that a hook starts against the copy. */
    smokeFunction: string;
    hooks: Hooks;
    /** Picks one of `count`: 0 … count − 1. */
    pick: (count: number) => number;
  };

const HOUR = 3600;
/** The time that proof, deletion and the queue take besides the restore, in seconds. */
export const BESIDE = 8 * HOUR;

/** The dependencies, with the scratch instances of the point's place. */
export function scratchIn<Deps extends Pick<RehearseInstanceDeps, 'scratch' | 'scratchAt' | 'home'>>(
  deps: Deps,
  target: Target,
  place: string,
): Deps {
  if (place === deps.home || !deps.scratchAt) return deps;
  return { ...deps, scratch: deps.scratchAt(placeNamed(target, place, deps.home)) };
}

/** The record that is written before the first call. */
export function recordOf(
  job: InstanceJob,
  target: Target,
  chosen: InstancePlan,
  deps: RehearseInstanceDeps,
): ScratchRecord {
  const run = rehearsalRun(job);
  return {
    target: target.id,
    policy: target.policy.name,
    name: scratchName(deps.stage, target.id, run),
    kind: chosen.kind,
    ...(chosen.place === deps.home ? {} : { place: chosen.place }),
    run: runName(run),
    state: 'making',
    beganAt: chosen.plannedAt,
    expiresAt: utc(plusSeconds(deps.clock.now(), target.policy.rehearsal.instance.deadline + BESIDE)),
  };
}

/** What is restored, under which name and quarantine. */
export function orderOf(
  job: InstanceJob,
  target: Target,
  chosen: InstancePlan,
  name: string,
  expires: string,
  deps: RehearseInstanceDeps,
): ScratchOrder {
  return {
    kind: chosen.kind,
    name,
    from: chosen.from,
    engine: chosen.engine,
    engineVersion: chosen.engineVersion,
    instanceClass: target.policy.rehearsal.instance.class,
    ...networkIn(chosen.place, target, deps.network),
    optionGroup: chosen.optionGroup,
    tags: scratchTags(target, rehearsalRun(job), deps.stage, expires),
  };
}
