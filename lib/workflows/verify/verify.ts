import { raise, reconcile } from '../../alerting/alerts.ts';
import { reasonOf } from '../../domain/errors.ts';
import { type Acknowledged, marked } from '../../domain/findings/acknowledgement.ts';
import { codesClosedBy, type Finding } from '../../domain/findings/finding.ts';
import { VAULT } from '../../domain/names.ts';
import { requireTarget, type Target } from '../../domain/plan/policy.ts';
import { whyUnusable } from '../../domain/points/named-point.ts';
import {
  type DumpPoint,
  fewRebuilt,
  isDump,
  isVerified,
  maybeAcquitted,
  whyMarked,
} from '../../domain/points/recovery-point.ts';
import type { VerifyJob } from '../../domain/runs/job.ts';
import { humanSeconds, secondsBetween, utc } from '../../domain/time.ts';
import {
  type ClaimDeps,
  type ClaimedWork,
  type Done,
  type JobOutcome,
  underClaim,
} from '../../execution/claim.ts';
import { refuseNamedPoint } from '../../points/refuse-named-point.ts';
import { arrived, askForReplicas, originalOf, type Vaults, vaultOf } from '../../points/replica.ts';
import type { Engine } from '../../ports/database.ts';
import { depthOf, judgeDump } from './judge-dump.ts';
import { checkSize } from './size.ts';

export type VerifyDeps = ClaimDeps & Vaults & { engine: Pick<Engine, 'inspect'> };
export type VerifyOutcome = JobOutcome & { findings: Judged[] };
/** With `acknowledged` if a person has acknowledged it. */
type Judged = Finding & { acknowledged?: Acknowledged };

/**
 * Verifies one point, or every point of the vault that awaits it, oldest first. A point is verified once, however often
 * that is asked for.
 * Replicas are looked for afterwards, by every message, and verified separately.
 */
export async function verify(job: VerifyJob, deps: VerifyDeps): Promise<VerifyOutcome[]> {
  const target = requireTarget(deps.plan, job.target);
  const named = { job: 'verify', target: target.id, scheduledFor: job.point ?? '' };
  const refused = await refuseNamedPoint(deps, target, named, 'verify', job.point);
  if (refused) return [{ ...refused, findings: [] }];
  const outcomes: VerifyOutcome[] = [];
  for (const found of await pointsToVerify(job, target, deps)) {
    const point = await arrived(job, found, deps);
    if (!point) {
      const summary = `${found.id} has not arrived in the replica yet`;
      outcomes.push({ outcome: 'postponed', summary, findings: [] });
      continue;
    }
    const findings: Finding[] = [];
    const name = { job: 'verify', target: target.id, scheduledFor: point.id };
    const outcome = await underClaim(deps, { ...job, point: point.id }, name, async (work) => {
      const done = await verifyOnce(target, point, deps, work);
      findings.push(...done.findings);
      return done;
    });
    outcomes.push({ ...outcome, findings });
  }
  return [...outcomes, ...(await replicasApart(job, target, deps))];
}

/** The vault's own verification is done; a failure to request the replicas' must not make it fail. */
async function replicasApart(job: VerifyJob, target: Target, deps: VerifyDeps): Promise<VerifyOutcome[]> {
  try {
    const asked = await askForReplicas(job, target, deps);
    return asked.map((id) => ({ outcome: 'postponed', summary: `${id} is verified apart`, findings: [] }));
  } catch (error) {
    deps.log.warn('replicas could not be looked for; the next verification will', {
      target: target.id,
      reason: reasonOf(error),
    });
    return [];
  }
}

async function pointsToVerify(job: VerifyJob, target: Target, deps: VerifyDeps): Promise<DumpPoint[]> {
  if (!job.point) {
    const waiting = await deps.catalog.points(target.id, { states: ['available'] });
    const dumps = waiting.filter(isDump).filter((point) => point.place === VAULT);
    const found = fewRebuilt(dumps).reverse();
    return job.again && found.length === 0 ? newestVerified(target, deps) : found;
  }
  const point = await deps.catalog.point(target.id, job.point);
  // It was deleted after its verification.
  if (whyUnusable('verify', target.id, job.point, point) || !point || !isDump(point)) return [];
  return [point];
}

/** A repetition without a point means the newest. */
async function newestVerified(target: Target, deps: VerifyDeps): Promise<DumpPoint[]> {
  const stored = await deps.catalog.points(target.id, { states: ['verified', 'rehearsed', 'corrupt'] });
  return stored
    .filter(isDump)
    .filter((point) => point.place === VAULT)
    .slice(0, 1);
}

async function verifyOnce(
  target: Target,
  point: DumpPoint,
  deps: VerifyDeps,
  { signal }: ClaimedWork,
): Promise<Done & { findings: Finding[] }> {
  const started = deps.clock.now();
  const bad = await judgeDump({ target, point, vault: vaultOf(point, deps) }, deps.engine, signal);
  const now = utc(deps.clock.now());

  if (bad.length > 0) {
    const marked = await deps.catalog.movePoint(target.id, point.id, 'corrupt', {
      why: whyMarked(point, [...new Set(bad.map((each) => each.code))].join(', ')),
    });
    // Expiry deletes objects too: the absence of an expiring point's objects is not a finding.
    if (!marked)
      return {
        summary: `${point.id} is being deleted by retention; there is nothing to verify`,
        point: point.id,
        findings: [],
      };
    for (const found of bad) await raise(deps, found);
    return {
      summary: `${point.id} is bad: ${bad.map((each) => each.code).join(', ')}`,
      point: point.id,
      findings: bad,
    };
  }
  const verifySeconds = secondsBetween(started, deps.clock.now());
  if (!(await markGood(point, { verifiedAt: now, verifySeconds }, deps))) {
    const { state = 'gone', why } = (await deps.catalog.point(target.id, point.id)) ?? {};
    const summary = `${point.id} reads well, but stays ${state}${why === undefined ? '' : `: ${why}`}`;
    return { summary, point: point.id, findings: [] };
  }
  const odd = await takeBackOlder(target, point, deps);
  const again = point.state === 'corrupt' ? '; it was marked corrupt and now counts again' : '';
  const summary = `${point.id} is good (${depthOf(target, point)}, ${humanSeconds(verifySeconds)})${again}`;
  return { summary, point: point.id, findings: odd };
}

/**
 * Reading all stored bytes clears earlier findings about them. The point was read before it could be marked for
 * anything else, so `why` must still be the same.
 */
async function markGood(
  point: DumpPoint,
  changes: { verifiedAt: string; verifySeconds: number },
  { catalog }: VerifyDeps,
): Promise<boolean> {
  const { target, id, state } = point;
  if (maybeAcquitted(point)) return catalog.acquitPoint(target, id, point.why!, changes);
  return catalog.movePoint(target, id, state === 'rehearsed' ? 'rehearsed' : 'verified', changes);
}

/**
 * A good point closes findings about bad ones before it, which stay marked. It closes none of a newer bad one:
 * verifying an old point must not make the newest look good. The vault and its replica do not count for each other.
 */
async function takeBackOlder(target: Target, point: DumpPoint, deps: VerifyDeps): Promise<Judged[]> {
  const stored = (
    await deps.catalog.points(target.id, { states: ['available', 'verified', 'rehearsed', 'corrupt'] })
  )
    .filter(isDump)
    .filter((other) => other.place === point.place)
    .slice(0, 30);
  // A replica has its original's size.
  const isNewest = point.place === VAULT && !stored.some((other) => other.snapshotAt! > point.snapshotAt!);
  const odd = isNewest ? checkSize(target, point, stored.filter(isVerified)) : [];
  const isReplica = (id: string) => originalOf(id) !== id;
  await reconcile(
    deps,
    target.id,
    codesClosedBy('verification'),
    [],
    (open) => isReplica(open.subject) === isReplica(point.id) && open.subject <= point.id,
  );
  if (isNewest) await reconcile(deps, target.id, ['size-anomaly'], odd);
  return known(odd, deps);
}

async function known(found: Finding[], { catalog, clock }: VerifyDeps): Promise<Judged[]> {
  const [first] = found;
  const all = first ? await catalog.acknowledgements(first.target) : [];
  return found.map((each) => marked(each, all, clock.now()));
}
