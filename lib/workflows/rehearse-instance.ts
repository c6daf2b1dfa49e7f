import { Refusal } from '../domain/errors.ts';
import type { Evidence } from '../domain/evidence.ts';
import { type Finding, finding } from '../domain/finding.ts';
import type { RehearseInstanceJob } from '../domain/job.ts';
import { earlierOrSame, runName, scratchName } from '../domain/names.ts';
import { defaultParameterGroup } from '../domain/parameter-family.ts';
import { TAGS } from '../domain/platform.ts';
import type { Target } from '../domain/policy.ts';
import type { Claim } from '../domain/run.ts';
import type { ScratchRecord } from '../domain/scratch.ts';
import { humanSeconds, plusSeconds, utc } from '../domain/time.ts';
import type { Durable } from '../ports/durable.ts';
import type { Place, Platform, ScratchInstances, ScratchOrder } from '../ports/platform.ts';
import { jobFailed, requireTarget } from './claimed.ts';
import {
  attempt,
  claimDurably,
  type DurableJobDeps,
  fail,
  granted,
  lostClaim,
  type Said,
  saidOf,
  succeed,
} from './durable-claim.ts';
import {
  type InstanceResult,
  judgeInstance,
  OF_INSTANCES,
  rehearsalRun,
  sayInstanceEvidence,
} from './judge-instance.ts';
import type { SourceLook, SourceLookRequest } from './look-at-source.ts';
import { placeNamed } from './places.ts';
import { type Chosen, planRehearsal, refuseOverBudget } from './plan-instance-rehearsal.ts';
import { mergeProofs, NOTHING_PROVEN, type ProveRequest, type ProveResult } from './prove-instance.ts';
import { bringUp, durableStopwatch, type ScratchInstanceDeps, takeDown } from './scratch-instance.ts';
import { platformOf } from './snapshot.ts';
import { raise, resolve, settle } from './tell.ts';
import { until, withoutThrowing } from './until.ts';

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
    /** Picks one of `count`: 0 … count − 1. */
    pick: (count: number) => number;
  };

export type InstanceRehearsalOutcome =
  | { outcome: 'rehearsed'; evidence: Evidence }
  | { outcome: 'done-before' | 'held'; summary: string }
  | ({ outcome: 'refused'; summary: string } & Said);

const HOUR = 3600;
/** What proof, deletion and the queue take beside the restore. In seconds. */
const BESIDE = 8 * HOUR;

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
    return await conclude(job, target, claim, evidence, durable, deps);
  } catch (error) {
    if (lostClaim(error)) return { outcome: 'held', summary: saidOf(error).message };
    const said = saidOf(error);
    if (said.code === 'scratch-budget')
      await durable.step('say that the hours are used up', () => raise(deps, budgetUsed(target, said)));
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
  const { instance } = target.policy.rehearsal;
  await clearEarlierAttempt(job, target, durable, deps);
  const record = await durable.step('put the scratch instance on record', () =>
    deps.catalog.beginScratch(recordOf(job, target, chosen, deps)),
  );
  const time = durableStopwatch(durable, deps);
  const result: InstanceResult = { phases: time.phases, began: chosen.plannedAt, notes: chosen.notes };
  try {
    await itsTurn(record, target, durable, deps);
    const started = granted(
      await attempt(durable, 'start its clock', async () => {
        // While it waited for its turn others may have used the hours up.
        await refuseOverBudget(target, `rehearse-${job.from}`, deps);
        const now = deps.clock.now();
        const expires = utc(plusSeconds(now, 2 * instance.deadline + BESIDE));
        return deps.catalog.startScratch(target.id, record.name, utc(now), expires);
      }),
    );
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
      result.proof = await prove(target, chosen, record.name, endpoint, durable, deps);
    } else result.notes.push(whyNotAsked(chosen));
  } catch (error) {
    if (lostClaim(error)) throw error;
    result.failure = saidOf(error);
  }
  await time.phase('tear down').catch(() => undefined);
  const left = await takeDown(record, durable, scratchIn(deps, target, chosen.place)).catch(
    (error) => saidOf(error).message,
  );
  await time.end().catch(() => undefined);
  return { ...result, phases: time.phases, ...(left ? { left: { name: record.name, message: left } } : {}) };
}

/** What brings up and takes down where the point lies. */
export function scratchIn<Deps extends Pick<RehearseInstanceDeps, 'scratch' | 'scratchAt' | 'home'>>(
  deps: Deps,
  target: Target,
  place: string,
): Deps {
  if (place === deps.home || !deps.scratchAt) return deps;
  return { ...deps, scratch: deps.scratchAt(placeNamed(target, place, deps.home)) };
}

function recordOf(
  job: RehearseInstanceJob,
  target: Target,
  chosen: Chosen,
  deps: RehearseInstanceDeps,
): ScratchRecord {
  const run = rehearsalRun(job);
  return {
    target: target.id,
    policy: target.policy.name,
    name: scratchName(target.id, run),
    kind: chosen.kind,
    ...(chosen.place === deps.home ? {} : { place: chosen.place }),
    run: runName(run),
    state: 'making',
    beganAt: chosen.plannedAt,
    expiresAt: utc(plusSeconds(deps.clock.now(), target.policy.rehearsal.instance.deadline + BESIDE)),
  };
}

/** An attempt before this one may have died with its instance standing: that is nobody's now, and would be in the way. */
async function clearEarlierAttempt(
  job: RehearseInstanceJob,
  target: Target,
  durable: Durable,
  deps: RehearseInstanceDeps,
): Promise<void> {
  const name = scratchName(target.id, rehearsalRun(job));
  const left = await durable.step('look for what an earlier attempt left', async () => {
    const open = await deps.catalog.openScratches();
    return open.find((record) => record.name === name) ?? null;
  });
  if (!left) return;
  const there = await takeDown(left, durable, scratchIn(deps, target, left.place ?? deps.home));
  if (there)
    throw new Refusal('scratch-left-over', there, { hint: 'delete it by hand, then rehearse again' });
}

/** First come, first served: those planned before it go first, and nobody passes one whose turn has come: as many at once as the policy allows. */
async function itsTurn(
  record: ScratchRecord,
  target: Target,
  durable: Durable,
  deps: RehearseInstanceDeps,
): Promise<void> {
  const { atOnce, deadline } = target.policy.rehearsal.instance;
  const rank = ({ beganAt, name }: ScratchRecord) => `${beganAt} ${name}`;
  const turn = await until(durable, deps, {
    name: 'wait for its turn',
    deadline,
    look: () =>
      withoutThrowing(async () => {
        const open = (await deps.catalog.openScratches()).filter(
          (other) =>
            other.policy === record.policy &&
            other.name !== record.name &&
            (other.startedAt !== undefined || rank(other) < rank(record)),
        );
        return open.length < atOnce
          ? { state: 'done', value: null }
          : { state: 'waiting', seen: `behind ${open.map(({ name }) => name).join(', ')}` };
      }),
  });
  if (turn.outcome === 'too-late')
    throw new Refusal('scratch-busy', `no turn came in ${humanSeconds(turn.waited)}: ${turn.seen}`, {
      hint: 'raise rehearsal.instance.atOnce in the policy, or space its rehearsals out',
    });
}

function orderOf(
  job: RehearseInstanceJob,
  target: Target,
  chosen: Chosen,
  name: string,
  expires: string,
  deps: RehearseInstanceDeps,
): ScratchOrder {
  const { instance } = target.policy.rehearsal;
  return {
    kind: chosen.kind,
    name,
    from: chosen.from,
    engine: chosen.engine,
    engineVersion: chosen.engineVersion,
    instanceClass: instance.class,
    subnetGroup: instance.subnetGroup ?? deps.network.subnetGroup,
    securityGroups: instance.securityGroups ?? [deps.network.securityGroup],
    optionGroup: chosen.optionGroup,
    tags: {
      [TAGS.run]: runName(rehearsalRun(job)),
      [TAGS.target]: target.id,
      [TAGS.policy]: target.policy.name,
      [TAGS.stage]: deps.stage,
      [TAGS.expires]: expires,
    },
  };
}

/** Looks at the source after the restore: by then everything that was written before the moment has been counted. */
async function prove(
  target: Target,
  chosen: Chosen,
  name: string,
  endpoint: { host: string; port: number },
  durable: Durable,
  deps: RehearseInstanceDeps,
): Promise<ProveResult> {
  const look: SourceLook & { failed?: string } = target.connection
    ? await durable
        .invoke<SourceLookRequest, SourceLook>('look at the source', deps.changesFunction, {
          target: target.id,
          moment: chosen.moment,
          ...(chosen.manifest ? { manifest: chosen.manifest } : {}),
        })
        .catch((error: Error) => ({ failed: error.message }))
    : {};
  let proof: ProveResult | undefined;
  for (let slice = 1, from: number | undefined = 0; from !== undefined; slice++) {
    const request: ProveRequest = {
      target: target.id,
      name,
      ...endpoint,
      user: chosen.masterUser!,
      database: chosen.database,
      moment: chosen.moment,
      toMoment: 'source' in chosen.from,
      manifest: chosen.manifest,
      since: look.since,
      ledger: look.ledger,
      from,
    };
    const part = await durable
      .invoke<ProveRequest, ProveResult>(`prove, part ${slice}`, deps.proveFunction, request)
      .catch((error: Error) => died(error, proof));
    proof = mergeProofs(proof, part);
    from = proof.failure ? undefined : proof.next;
  }
  if (look.failed) proof!.unchecked.push(`the source could not be looked at: ${look.failed}`);
  return proof!;
}

/** What an earlier part found stands, whatever became of this one. Without one there is nothing but the failure. */
function died(error: Error, before: ProveResult | undefined): ProveResult {
  if (!before) throw error;
  const failure = {
    code: 'proof-died',
    message: `the function that proves died: ${error.message}`,
    hint: 'its log says why; out of memory and out of time are the usual reasons',
  };
  return { ...NOTHING_PROVEN, failure };
}

/** Telling comes first, and no failure of one step stops another: a mismatch that could not be recorded is told all the same. */
async function conclude(
  job: RehearseInstanceJob,
  target: Target,
  claim: Claim,
  evidence: Evidence,
  durable: Durable,
  deps: RehearseInstanceDeps,
): Promise<InstanceRehearsalOutcome> {
  const failures: unknown[] = [];
  const try_ = (name: string, work: () => Promise<void>) =>
    durable.step(name, work).catch((error) => void failures.push(error));
  await try_('tell', () => tell(target, evidence, rehearsalRun(job).job, deps));
  await try_('keep the evidence', () => deps.catalog.addEvidence(evidence));
  await try_('mark the point', () => mark(target, evidence, deps));
  if (evidence.error?.kind === 'unjudged') await fail(durable, deps, claim, evidence.error);
  else
    await succeed(durable, deps, claim, {
      summary: sayInstanceEvidence(evidence).slice(0, 1000),
      point: evidence.point,
    });
  if (failures.length > 0) throw failures[0];
  const metric = evidence.outcome === 'passed' ? 'RehearsalPassed' : 'RehearsalFailed';
  deps.metrics.count(metric, 1, { policy: target.policy.name, job: claim.job }, { target: target.id });
  return { outcome: 'rehearsed', evidence };
}

async function tell(
  target: Target,
  evidence: Evidence,
  job: string,
  deps: RehearseInstanceDeps,
): Promise<void> {
  for (const left of evidence.findings.filter(({ code }) => code === 'scratch-left-over'))
    await raise(deps, left);
  if (evidence.error?.kind === 'unjudged') {
    for (const found of evidence.findings) await raise(deps, found);
    return raise(deps, jobFailed(target, job, evidence.error));
  }
  await settle(
    deps,
    target.id,
    OF_INSTANCES.points,
    evidence.findings.filter(({ code }) => OF_INSTANCES.points.includes(code)),
    (open) =>
      earlierOrSame(open.subject, evidence.point) &&
      // Only a comparison takes a difference back.
      (open.code !== 'proof-mismatch' || evidence.strength === 'bounded'),
  );
  await settle(
    deps,
    target.id,
    OF_INSTANCES.restores,
    evidence.findings.filter(({ code }) => OF_INSTANCES.restores.includes(code)),
    (open) => wasAsked(open, evidence),
  );
  await resolve(deps, { target: target.id, code: 'scratch-budget', subject: target.policy.name });
}

function whyNotAsked({ engine, masterUser }: Chosen): string {
  return masterUser === undefined
    ? 'it is restored and not asked: nobody knows its master user'
    : `${engine} is restored and not asked: only PostgreSQL can be proven`;
}

/** What this rehearsal did not ask it cannot take back. */
function wasAsked(open: Finding, evidence: Evidence): boolean {
  const what = evidence.point.endsWith('-moment') ? 'moment' : 'snapshot';
  if (open.code === 'assertion-failed')
    return evidence.assertions.some(({ name }) => open.subject === `${name}, of a ${what}`);
  if (open.code === 'rto-breached')
    return evidence.rto !== undefined && open.subject === `rehearsal of a ${what}`;
  // Only a look at every index and page can say that none is damaged.
  if (open.code === 'index-corrupt') return evidence.strength === 'bounded';
  if (open.code === 'ledger-mismatch') return evidence.ledger?.verdict === 'agrees' && open.subject === what;
  return false;
}

/** A moment is no point and has no state. A snapshot shown to be different is corrupt; one that came up is rehearsed. */
async function mark(target: Target, evidence: Evidence, deps: RehearseInstanceDeps): Promise<void> {
  const bad = evidence.findings.find(({ code }) => OF_INSTANCES.points.includes(code));
  // A key that cannot be used now may be used again: that is told, and no fault of the snapshot's.
  if (bad && evidence.error?.code === 'key-inaccessible') return;
  if (bad) await deps.catalog.movePoint(target.id, evidence.point, 'corrupt', { why: bad.message });
  else if (evidence.strength !== 'none')
    await deps.catalog.movePoint(target.id, evidence.point, 'rehearsed', { rehearsedAt: evidence.at });
}

function budgetUsed(target: Target, said: Said) {
  return finding('scratch-budget', { target, subject: target.policy.name, message: said.message });
}
