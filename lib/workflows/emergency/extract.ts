import { raise } from '../../alerting/alerts.ts';
import { type ErrorInfo, Refusal, refusalOf, toErrorInfo } from '../../domain/errors.ts';
import { finding } from '../../domain/findings/finding.ts';
import { extractLabel } from '../../domain/incidents/extract.ts';
import { connectionOf, requireTarget, type Target } from '../../domain/plan/policy.ts';
import { type ExtractJob, rehearsalRun } from '../../domain/runs/job.ts';
import type { Claim, Extracted } from '../../domain/runs/run.ts';
import { many } from '../../domain/words.ts';
import { cancellable } from '../../execution/cancellation.ts';
import {
  attempt,
  type Claimed,
  claimDurably,
  endInFailure,
  lostClaim,
  succeed,
  unwrap,
} from '../../execution/durable-run.ts';
import type { Durable } from '../../ports/durable.ts';
import { refuseDuringRestore } from '../../restore/held-by-restore.ts';
import { bringUp } from '../../restore/instance/bring-up.ts';
import { type InstancePlan, planRehearsal } from '../../restore/instance/plan-rehearsal.ts';
import { clearEarlierAttempt, waitForSlot } from '../../restore/instance/queue.ts';
import {
  BESIDE,
  orderOf,
  type RehearseInstanceDeps,
  recordOf,
} from '../../restore/instance/restore-request.ts';
import { teardown } from '../../restore/instance/teardown.ts';
import { whyNotProven } from '../../restore/prove/prove-copy.ts';
import type { ExtractInsideRequest, ExtractResult } from './extract-inside.ts';

export type ExtractInstanceDeps = RehearseInstanceDeps & { extractFunction: string };
export type ExtractOutcome =
  | { outcome: 'extracted'; extracted: Extracted; summary: string }
  | Exclude<Claimed, { outcome: 'claimed' }>
  | ({ outcome: 'refused'; summary: string } & ErrorInfo);

/**
 * Brings the rows of a snapshot or a moment out of a scratch instance, which is made, accounted for and torn down as for a
 * rehearsal. Its end is on its run's record and raises no alert: a person waits for it.
 */
export async function extract(
  job: ExtractJob,
  durable: Durable,
  deps: ExtractInstanceDeps,
): Promise<ExtractOutcome> {
  const target = requireTarget(deps.plan, job.target);
  const lease = 3 * target.policy.rehearsal.instance.deadline + BESIDE;
  const claimed = await claimDurably(
    durable,
    deps,
    rehearsalRun(job),
    { ...job, label: extractLabel(job) },
    lease,
  );
  if (claimed.outcome !== 'claimed') return claimed;
  const { claim } = claimed;
  try {
    const chosen = unwrap(await attempt(durable, 'choose what to restore', () => choose(job, target, deps)));
    const result = await onInstance(job, target, chosen, claim, durable, cancellable(deps, claim));
    if ('failure' in result) throw refusalOf(result.failure);
    const { point, moment: asOf } = chosen;
    const extracted: Extracted =
      'holds' in result
        ? { point, asOf, holds: result.holds }
        : {
            point,
            asOf,
            manifest: result.manifest,
            ...(result.leftOut?.length && { leftOut: result.leftOut }),
          };
    const summary = `${point}: ${formatResult(result)}`;
    await succeed(durable, deps, claim, { summary, extracted });
    return { outcome: 'extracted', extracted, summary };
  } catch (error) {
    return endInFailure(error, claim, durable, deps, { quietly: true });
  }
}

/** Neither a row nor the condition. */
function formatResult(result: Exclude<ExtractResult, { failure: unknown }>): string {
  if ('holds' in result) return `the condition is ${result.holds ? 'true' : 'not true'}`;
  return `${many(result.tables, 'table')} and ${many(result.rows, 'row')}, for a day in the bucket of files`;
}

/** Everything that would make the restore useless is refused before it begins. */
async function choose(job: ExtractJob, target: Target, deps: ExtractInstanceDeps): Promise<InstancePlan> {
  connectionOf(target);
  await refuseDuringRestore(target.id, deps.catalog);
  // Only there does the function reach that reads it.
  const chosen = await planRehearsal({ ...job, place: deps.home }, target, deps);
  const why = whyNotProven(chosen, target);
  if (!why) return chosen;
  throw new Refusal(
    'not-comparable',
    `the rows of ${chosen.point} of ${target.id} cannot be compared: ${why}`,
    {
      hint: `a dump can be: ./understudy points ${target.id} lists them`,
    },
  );
}

/** The record of the instance comes before its first call and ends after its last; no failure skips the teardown. */
async function onInstance(
  job: ExtractJob,
  target: Target,
  chosen: InstancePlan,
  claim: Claim,
  durable: Durable,
  deps: ExtractInstanceDeps,
): Promise<ExtractResult> {
  await clearEarlierAttempt(job, target, durable, deps);
  const record = await durable.step('put the scratch instance on record', () =>
    deps.catalog.beginScratch(recordOf(job, target, chosen, deps)),
  );
  const { deadline } = target.policy.rehearsal.instance;
  const phase = (name: string) =>
    durable.step(`phase ${name}`, async () => deps.log.info(`extract: ${name}`, { target: target.id }));
  let result: ExtractResult;
  try {
    const started = await waitForSlot(job, record, target, durable, deps);
    const endpoint = await bringUp(
      {
        order: orderOf(job, target, chosen, record.name, started.expiresAt, deps),
        parametersFrom: chosen.parametersFrom,
        deadline,
        option: 'rehearsal.instance.deadline',
        phase,
        identify: (resourceId) => deps.catalog.identifyScratch(record.target, record.name, resourceId),
      },
      durable,
      deps,
    );
    await phase('extract');
    const { host, port } = endpoint;
    result = await durable.invoke<ExtractInsideRequest, ExtractResult>('extract', deps.extractFunction, {
      target: target.id,
      scheduledFor: job.scheduledFor,
      attempt: claim.attempt,
      name: record.name,
      host,
      port,
      user: chosen.masterUser!,
      database: chosen.database,
      point: chosen.point,
      asOf: chosen.moment,
      tables: job.tables,
      find: job.find,
    });
  } catch (error) {
    if (lostClaim(error)) throw error;
    result = { failure: toErrorInfo(error) };
  }
  await teardown(record, target, durable, deps).catch(async (error) => {
    const { message } = toErrorInfo(error);
    const left = finding('scratch-left-over', { target, subject: record.name, message });
    await durable.step('say what is left over', () => raise(deps, left)).catch(() => undefined);
  });
  return result;
}
