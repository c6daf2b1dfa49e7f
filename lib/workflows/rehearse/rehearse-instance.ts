import { raise } from '../../alerting/alerts.ts';
import { type ErrorInfo, toErrorInfo } from '../../domain/errors.ts';
import { finding } from '../../domain/findings/finding.ts';
import { requireTarget, type Target } from '../../domain/plan/policy.ts';
import { APPLICATION_PHASE } from '../../domain/proof/evidence.ts';
import type { RehearseInstanceJob } from '../../domain/runs/job.ts';
import { cancellable } from '../../execution/cancellation.ts';
import { lostClaim } from '../../execution/durable-run.ts';
import type { Durable } from '../../ports/durable.ts';
import { copyOf, smokeCopy, startsApplication } from '../../restore/application/smoke-copy.ts';
import { bringUp, durableStopwatch } from '../../restore/instance/bring-up.ts';
import { type InstancePlan, planRehearsal } from '../../restore/instance/plan-rehearsal.ts';
import { clearEarlierAttempt, waitForSlot } from '../../restore/instance/queue.ts';
import {
  BESIDE,
  orderOf,
  type RehearseInstanceDeps,
  recordOf,
  scratchIn,
} from '../../restore/instance/restore-request.ts';
import { teardown } from '../../restore/instance/teardown.ts';
import { proveCopy, whyNotProven } from '../../restore/prove/prove-copy.ts';
import { type InstanceResult, restoredInstance } from '../../restore/prove/restored-instance.ts';
import type { Restored } from '../../restore/restored.ts';
import { type RehearsalOutcome, rehearse } from './rehearse.ts';

export type { RehearseInstanceDeps };

/**
 * Rehearses a restore of a snapshot, or to a moment, on a scratch instance.
 *
 *   plan (what, how long, within the policy's hours) → scratch on record → its turn → brought up in quarantine
 *     → source looked at → proven from inside → asked through an application → torn down, confirmed gone
 *
 * The record of the scratch instance comes before its first call and ends after its last: if this dies in between,
 * the watch finds it. No failure skips the teardown, and a failed teardown hides no finding.
 */
export async function rehearseInstance(
  job: RehearseInstanceJob,
  durable: Durable,
  deps: RehearseInstanceDeps,
): Promise<RehearsalOutcome> {
  const target = requireTarget(deps.plan, job.target);
  return rehearse<InstancePlan>(
    job,
    target,
    {
      // Each may take this long: the turn, the restore, and the instance of a cluster.
      lease: 3 * target.policy.rehearsal.instance.deadline + BESIDE,
      choose: () => raisingBudget(target, deps, () => planRehearsal(job, target, deps)),
      restore: (chosen, claim) => restoreOnInstance(job, target, chosen, durable, cancellable(deps, claim)),
    },
    durable,
    deps,
  );
}

async function restoreOnInstance(
  job: RehearseInstanceJob,
  target: Target,
  chosen: InstancePlan,
  durable: Durable,
  deps: RehearseInstanceDeps,
): Promise<Restored> {
  await clearEarlierAttempt(job, target, durable, deps);
  const record = await durable.step('put the scratch instance on record', () =>
    deps.catalog.beginScratch(recordOf(job, target, chosen, deps)),
  );
  const time = durableStopwatch(durable, deps);
  const there = scratchIn(deps, target, chosen.place);
  const result: InstanceResult = { phases: time.phases, began: chosen.plannedAt, notes: [...chosen.notes] };
  try {
    const started = await waitForSlot(job, record, target, durable, deps);
    result.began = started.startedAt ?? chosen.plannedAt;
    const order = orderOf(job, target, chosen, record.name, started.expiresAt, deps);
    const { resourceId: _, ...endpoint } = await bringUp(
      {
        order,
        parametersFrom: chosen.parametersFrom,
        deadline: target.policy.rehearsal.instance.deadline,
        option: 'rehearsal.instance.deadline',
        phase: time.phase,
        identify: (resourceId) => deps.catalog.identifyScratch(record.target, record.name, resourceId),
      },
      durable,
      there,
    );
    const why = whyNotProven(chosen, target);
    if (!why) {
      await time.phase('proof');
      result.proof = await proveCopy(target, chosen, record.name, endpoint, durable, deps);
      // Only a copy that is known to be silenced gets an application.
      if (!result.proof.failure) {
        if (startsApplication(target)) await time.phase(APPLICATION_PHASE);
        const copy = { ...copyOf(started, job), at: endpoint };
        result.smoked = await smokeCopy(copy, target, durable, deps);
      }
    } else result.notes.push(`restored, but not compared: ${why}`);
  } catch (error) {
    if (lostClaim(error)) throw error;
    result.failure = toErrorInfo(error);
    const said = result.failure;
    if (said.code === OVER_BUDGET)
      await durable.step('say that the hours are used up', () => raiseBudget(target, said, deps));
  }
  await time.phase('tear down').catch(() => undefined);
  await teardown(record, target, durable, there).catch((error) => {
    result.left = { name: record.name, message: toErrorInfo(error).message };
  });
  await time.end().catch(() => undefined);
  return restoredInstance(target, chosen, result);
}

const OVER_BUDGET = 'scratch-budget';

/** Used-up hours of the policy are a finding besides the error. */
async function raisingBudget<T>(
  target: Target,
  deps: RehearseInstanceDeps,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const said = toErrorInfo(error);
    if (said.code === OVER_BUDGET) await raiseBudget(target, said, deps);
    throw error;
  }
}

const raiseBudget = (target: Target, { message }: ErrorInfo, deps: RehearseInstanceDeps) =>
  raise(deps, finding(OVER_BUDGET, { target, subject: target.policy.name, message }));
