import { type ErrorInfo, Refusal, refusalOf, toErrorInfo } from '../../domain/errors.ts';
import { isStopped, makesInstance, type Way } from '../../domain/incidents/way.ts';
import { requireTarget, type Target } from '../../domain/plan/policy.ts';
import type { Evidence } from '../../domain/proof/evidence.ts';
import { type DrillJob, type RestoreJob, restoreJob } from '../../domain/runs/job.ts';
import { failedOf, formatFailed } from '../../domain/smoke/smoke-step.ts';
import { utc } from '../../domain/time.ts';
import {
  attempt,
  type Claimed,
  claimDurably,
  endInFailure,
  type RunDeps,
  unwrap,
} from '../../execution/durable-run.ts';
import type { Durable } from '../../ports/durable.ts';
import { concludeRehearsal } from '../../restore/conclude/conclude.ts';
import { whyNotPassed } from '../../restore/conclude/judge.ts';
import { refuseDuringRestore } from '../../restore/held-by-restore.ts';
import { waysBack } from '../../restore/ways-back.ts';
import { beginRestore } from './begin.ts';
import { type Settled, settleNew } from './close.ts';
import { goBack } from './go-back.ts';
import { wasTaken } from './holding.ts';
import { intoService } from './into-service.ts';
import { type Drilled, judgeDrill } from './judge-drill.ts';
import type { RestoreDeps, Restoring } from './restoring.ts';

export type DrillDeps = RestoreDeps & RunDeps;

export type DrillOutcome =
  | { outcome: 'drilled'; evidence: Evidence }
  | Exclude<Claimed, { outcome: 'claimed' }>
  | Awaited<ReturnType<typeof endInFailure>>;

const HOUR = 3600;

/**
 * The whole emergency restore of a staging target, to the newest data of production or its own: its application gets the
 * restored database, is asked whether it works, and gets its old one back. What was made is deleted.
 *
 *   choose the way → into service, approved by policy → settle → back → judge
 */
export async function runDrill(job: DrillJob, durable: Durable, deps: DrillDeps): Promise<DrillOutcome> {
  const target = requireTarget(deps.plan, job.target);
  const of = requireTarget(deps.plan, requireDrill(target).of);
  const run = { job: 'drill', target: target.id, scheduledFor: job.scheduledFor };
  // Nothing renews the claim while the execution waits. The restore is held by its own record.
  const claimed = await claimDurably(durable, deps, run, job, 3 * target.policy.restore.deadline + 8 * HOUR);
  if (claimed.outcome !== 'claimed') return claimed;
  const { claim } = claimed;
  try {
    const asked = unwrap(
      await attempt(durable, 'choose the way back', () => chooseWay(job, target, of, deps)),
    );
    const begun = await beginRestore(asked, target, durable, deps, { of });
    if ('refused' in begun) throw refusalOf(begun.refused);
    if ('heldBy' in begun)
      throw new Refusal('restore-under-way', `${begun.heldBy.by} is restoring ${target.id}`, {
        hint: `./understudy restore status ${target.id}`,
      });
    const drilled = await drill(begun.restoring);
    const evidence = judgeDrill({ run, requestedBy: job.requestedBy }, begun.restoring, drilled);
    await concludeRehearsal(evidence, of, claim, durable, deps);
    return { outcome: 'drilled', evidence };
  } catch (error) {
    return endInFailure(error, claim, durable, deps);
  }
}

export function requireDrill({ id, drill }: Target): NonNullable<Target['drill']> {
  if (drill) return drill;
  throw new Refusal('no-drill', `${id} is not drilled: a drill replaces its database for a while`, {
    hint: 'add drill: { of: … } to a staging target in understudy.yml, and never to production',
  });
}

/** The newest way of its sort that no open finding would stop; an emergency of either target comes first. */
async function chooseWay(job: DrillJob, target: Target, of: Target, deps: RestoreDeps): Promise<RestoreJob> {
  await refuseDuringRestore(of.id, deps.catalog);
  const { from } = requireDrill(target);
  const { ways, noWays } = await waysBack(of, {}, deps);
  const possible = ways.filter(
    (each) => each.kind === from && makesInstance(each, { target: of, home: deps.home }),
  );
  const way = possible.find((each) => !isStopped(each));
  if (!way?.confirm)
    throw new Refusal(
      'no-point',
      `${of.id} has no ${from} to restore: ${possible[0] ? whyStopped(possible[0]) : (noWays.find(({ kind }) => kind === from)?.why ?? 'none is on record')}`,
      { hint: `./understudy restore ${of.id} shows every way back` },
    );
  return restoreJob.parse({
    job: 'restore',
    target: target.id,
    scheduledFor: utc(deps.clock.now()),
    requestedBy: job.requestedBy,
    reason: `a drill with the data of ${of.id}`,
    way: from,
    ...(way.point === undefined ? {} : { point: way.point }),
    asOf: way.asOf,
    confirm: way.confirm,
  });
}

const whyStopped = ({ concerns }: Way) => concerns.find(({ stops }) => stops)!.message;

/** Into service and back. Whatever happens on the way is part of the result. */
async function drill(restoring: Restoring): Promise<Drilled> {
  let settled: Settled | undefined;
  let failure: ErrorInfo | undefined;
  try {
    await restoring.log.phase('declare');
    await intoService(restoring, approveByPolicy);
    settled = await settleNew(restoring);
    failure = settled.aborted;
  } catch (error) {
    if (wasTaken(error)) throw taken(restoring);
    failure = toErrorInfo(error);
  }
  const { log, durable, deps } = restoring;
  const endedAt = await durable.step('the end of the drill', async () => utc(deps.clock.now()));
  const back = await goBack(restoring, 'the drill is over', { before: 'not-done' }).catch((error) => {
    throw wasTaken(error) ? taken(restoring) : error;
  });
  const notBack = back.outcome === 'done' ? undefined : back.summary;
  return { record: log.record, endedAt, settled, failure, notBack };
}

const taken = ({ target }: Restoring) =>
  new Refusal('restore-taken', `a person rolled back the drill of ${target.id}`, {
    hint: `./understudy restore status ${target.id}`,
  });

/** In a person's place: no to what a rehearsal would not pass, and to a copy whose P1 smoke steps fail; a P0 has ended it by now. */
async function approveByPolicy(restoring: Restoring): Promise<void> {
  const { target, of, declared, proven, log, durable, deps } = restoring;
  await log.phase('approve');
  const { id, proof, smoke = [] } = log.record;
  const against = [
    ...(proof?.unfinished ? [`the proof was not finished: ${proof.unfinished}`] : []),
    ...(proven ? whyNotPassed(of, declared.chosen, proven) : []),
    ...(proof?.strength === 'none' ? [proof.differences[0] ?? 'its rows are not those of the dump'] : []),
    ...failedOf(smoke, 'P1').map(formatFailed),
  ];
  if (against.length > 0)
    throw new Refusal('not-approved', `the policy does not approve it: ${against[0]}`, {
      hint: `./understudy restore status ${target.id} shows everything that was found`,
    });
  const at = await durable.step('the time of the approval', async () => utc(deps.clock.now()));
  const answer = { target: target.id, restore: id, answer: 'approve' as const, by: 'the policy', at };
  await log.note('the answer', { answer });
}
