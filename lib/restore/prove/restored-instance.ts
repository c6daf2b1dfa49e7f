import type { ErrorInfo } from '../../domain/errors.ts';
import { finding } from '../../domain/findings/finding.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { Evidence, Phase } from '../../domain/proof/evidence.ts';
import { lostBy } from '../../domain/proof/heartbeat-proof.ts';
import { type CopySmoked, stillRunning } from '../application/smoke-copy.ts';
import type { InstancePlan } from '../instance/plan-rehearsal.ts';
import type { Restored } from '../restored.ts';
import { instanceFindings, NOT_LOOKED_AT, proofIncomplete } from './instance-findings.ts';
import type { ProveResult } from './proof-slices.ts';

/** The result of restoring onto a scratch instance. */
export type InstanceResult = {
  phases: Phase[];
  began: string;
  notes: string[];
  proof?: ProveResult;
  /** Of an application that a hook started against the copy. */
  smoked?: CopySmoked;
  failure?: ErrorInfo;
  /** What could not be torn down. */
  left?: { name: string; message: string };
};

/** Is a failure about what was restored, not about the place? */
export const isBadPoint = ({ code }: Pick<ErrorInfo, 'code'>): boolean =>
  ['restore-failed', 'key-inaccessible'].includes(code);

/** What a rehearsal on an instance measured, and the strength of its proof. */
export function restoredInstance(target: Target, chosen: InstancePlan, result: InstanceResult): Restored {
  const { proof, smoked, phases, began, left } = result;
  const failure = result.failure ?? proof?.failure;
  const findings = proof ? instanceFindings(target, chosen, proof) : [];
  const bad = failure !== undefined && isBadPoint(failure);
  const strength = strengthOf(
    target,
    result,
    bad || findings.length > 0 || (proof?.differenceCount ?? 0) > 0,
  );
  if (strength === 'restored' && !failure && chosen.manifest)
    findings.push(proofIncomplete(target, chosen, proof));
  if (left)
    findings.push(finding('scratch-left-over', { target, subject: left.name, message: left.message }));
  if (smoked?.running) findings.push(stillRunning(target, smoked.running));
  return {
    source: sourceOf(chosen),
    where: `a scratch instance ${target.policy.rehearsal.instance.class}, quarantined`,
    phases,
    began,
    plannedAt: chosen.plannedAt,
    cameUp: result.failure === undefined,
    strength,
    behind: behindHeartbeat(chosen, proof),
    ...(proof && { bounded: proof.compared }),
    heartbeat: proof?.heartbeat,
    differences: proof?.differences ?? [],
    differenceCount: proof?.differenceCount ?? 0,
    assertions: [...(proof?.assertions ?? []), ...(smoked?.answers ?? [])],
    leftOut: [],
    // Notes are cut at a hundred; what was not checked comes first, so that the cut does not hide it.
    notes: [
      ...(proof?.unchecked ?? []).map((what) => `${NOT_LOOKED_AT} ${what}`),
      ...result.notes,
      ...(smoked?.notes ?? []),
      ...(proof?.notes ?? []),
    ].slice(0, 100),
    findings,
    ...(failure && { failure: { ...failure, kind: bad ? 'bad' : 'unjudged' } }),
  };
}

/** `bounded` needs everything, and the heartbeat, if there is one, in agreement. Anything less is `restored`: it came up. */
function strengthOf(
  target: Target,
  { proof, failure }: InstanceResult,
  isAgainst: boolean,
): Evidence['strength'] {
  if (failure || isAgainst) return 'none';
  const heartbeat = !target.heartbeat || proof?.heartbeat?.verdict === 'agrees';
  return proof && isComplete(proof) && heartbeat ? 'bounded' : 'restored';
}

/**
 * Was everything compared? A manifest and a look at the source, the schema, no table unjudged, and every page and B-tree
 * read.
 */
export function isComplete({ failure, unchecked, compared }: ProveResult): boolean {
  const { objects, tables, exact, bounded, unbounded, unlogged, checkable, checked } = compared;
  const judged = exact + bounded + unlogged;
  return (
    failure === undefined &&
    objects > 0 &&
    exact + bounded > 0 &&
    unbounded === 0 &&
    judged >= tables &&
    checked > 0 &&
    checked >= checkable &&
    unchecked.length === 0
  );
}

/** With a heartbeat: how far its newest row is behind the restored moment, in seconds. */
function behindHeartbeat({ sort, moment }: InstancePlan, proof: ProveResult | undefined): number {
  if (sort !== 'moment' || !proof?.heartbeat) return 0;
  return lostBy(proof.heartbeat, moment) ?? 0;
}

function sourceOf({ from, moment, point }: InstancePlan): string {
  if ('snapshot' in from) return `snapshot ${from.snapshot}`;
  return 'source' in from ? `${from.source} as of ${moment}` : `dump ${point}`;
}
