import { type Said, saidOf } from '../../domain/errors.ts';
import type { Evidence } from '../../domain/evidence.ts';
import { finding } from '../../domain/finding.ts';
import type { RehearseInstanceJob } from '../../domain/job.ts';
import { defaultParameterGroup } from '../../domain/parameter-family.ts';
import type { Target } from '../../domain/policy.ts';
import type { Durable } from '../../ports/durable.ts';
import { requireTarget } from '../claimed.ts';
import { attempt, claimDurably, fail, granted, lostClaim } from '../durable-claim.ts';
import { refuseNamedPoint } from '../named-point.ts';
import { platformOf } from '../snapshots/snapshot.ts';
import { raise } from '../tell.ts';
import { concludeRehearsal } from './conclude-instance.ts';
import type { InstanceResult } from './instance-findings.ts';
import { judgeInstance, rehearsalRun } from './judge-instance.ts';
import { type Chosen, planRehearsal } from './plan-instance-rehearsal.ts';
import { proveCopy } from './prove-copy.ts';
import { bringUp, durableStopwatch } from './scratch-instance.ts';
import { BESIDE, orderOf, type RehearseInstanceDeps, recordOf, scratchIn } from './scratch-order.ts';
import { clearEarlierAttempt, itsTurn } from './scratch-turn.ts';
import { takeDown } from './take-down.ts';

export type { RehearseInstanceDeps };

export type InstanceRehearsalOutcome =
  | { outcome: 'rehearsed'; evidence: Evidence }
  | { outcome: 'done-before' | 'held'; summary: string }
  | ({ outcome: 'refused'; summary: string } & Said);

/**
 * Rehearses a restore of a snapshot, or to a moment, on an instance that is thrown away.
 *
 *   claim → plan (what, how long, within the policy's hours) → scratch on record → its turn
 *     → brought up in quarantine → source looked at → proven from inside → taken down, confirmed gone
 *     → judged → told → evidence kept
 *
 * The record of the scratch instance comes before its first call and is ended after its last: whatever dies in between,
 * the watch finds it. Taking down is not skipped by any failure, and no failure of it hides what was found.
 */
export async function rehearseInstance(
  job: RehearseInstanceJob,
  durable: Durable,
  deps: RehearseInstanceDeps,
): Promise<InstanceRehearsalOutcome> {
  const target = requireTarget(deps.plan, job.target);
  const run = rehearsalRun(job);
  const refused = await durable.step('look at the point named', () =>
    refuseNamedPoint(deps, target, run, 'rehearse-instance', job.point),
  );
  if (refused) return refused;
  const claimed = await claimDurably(
    durable,
    deps,
    run,
    job,
    // It may wait as long for its turn, for the restore, and for the instance of a cluster.
    3 * target.policy.rehearsal.instance.deadline + BESIDE,
  );
  if (claimed.outcome !== 'claimed') return claimed;
  const { claim } = claimed;
  try {
    platformOf(target);
    const chosen = granted(
      await attempt(durable, 'plan the rehearsal', () => planRehearsal(job, target, deps)),
    );
    const result = await onScratch(job, target, chosen, durable, deps);
    const evidence = judgeInstance(job, target, chosen, result);
    await concludeRehearsal(job, target, claim, evidence, durable, deps);
    return { outcome: 'rehearsed', evidence };
  } catch (error) {
    if (lostClaim(error)) return { outcome: 'held', summary: saidOf(error).message };
    const said = saidOf(error);
    await sayBudget(target, said, durable, deps);
    await fail(durable, deps, claim, said);
    return { outcome: 'refused', summary: said.message, ...said };
  }
}

async function onScratch(
  job: RehearseInstanceJob,
  target: Target,
  chosen: Chosen,
  durable: Durable,
  deps: RehearseInstanceDeps,
): Promise<InstanceResult> {
  await clearEarlierAttempt(job, target, durable, deps);
  const record = await durable.step('put the scratch instance on record', () =>
    deps.catalog.beginScratch(recordOf(job, target, chosen, deps)),
  );
  const time = durableStopwatch(durable, deps);
  const result: InstanceResult = { phases: time.phases, began: chosen.plannedAt, notes: chosen.notes };
  try {
    const started = await itsTurn(job, record, target, durable, deps);
    result.began = started.startedAt ?? chosen.plannedAt;
    const order = orderOf(job, target, chosen, record.name, started.expiresAt, deps);
    const there = scratchIn(deps, target, chosen.place);
    const endpoint = await bringUp(
      order,
      record,
      chosen.parametersFrom ?? defaultParameterGroup(chosen.engine, chosen.engineVersion),
      target,
      durable,
      there,
      time.phase,
    );
    if (/postgres/.test(chosen.engine) && chosen.masterUser) {
      await time.phase('proof');
      result.proof = await proveCopy(target, chosen, record.name, endpoint, durable, deps);
    } else result.notes.push(whyNotAsked(chosen));
  } catch (error) {
    if (lostClaim(error)) throw error;
    result.failure = saidOf(error);
    await sayBudget(target, result.failure, durable, deps);
  }
  await time.phase('tear down').catch(() => undefined);
  const left = await takeDown(record, target, durable, scratchIn(deps, target, chosen.place)).then(
    () => undefined,
    (error) => saidOf(error).message,
  );
  await time.end().catch(() => undefined);
  return { ...result, phases: time.phases, ...(left ? { left: { name: record.name, message: left } } : {}) };
}

function whyNotAsked({ engine, masterUser }: Chosen): string {
  return masterUser === undefined
    ? 'it is restored and not asked: nobody knows its master user'
    : `${engine} is restored and not asked: only PostgreSQL can be proven`;
}

/** Found while planning, or when its turn had come. */
async function sayBudget(
  target: Target,
  said: Said,
  durable: Durable,
  deps: RehearseInstanceDeps,
): Promise<void> {
  if (said.code !== 'scratch-budget') return;
  const { message } = said;
  const used = finding('scratch-budget', { target, subject: target.policy.name, message });
  await durable.step('say that the hours are used up', () => raise(deps, used));
}
