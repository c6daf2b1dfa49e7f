import { saidOf } from '../../domain/errors.ts';
import { answersAssertion, type Evidence, OF_ASSERTIONS } from '../../domain/evidence.ts';
import type { Finding } from '../../domain/finding.ts';
import type { RehearseInstanceJob } from '../../domain/job.ts';
import { restoredBefore } from '../../domain/names.ts';
import type { Target } from '../../domain/policy.ts';
import type { Claim } from '../../domain/run.ts';
import type { Durable } from '../../ports/durable.ts';
import { jobFailed } from '../claimed.ts';
import { fail, succeed } from '../durable-claim.ts';
import { markPoint } from '../mark-point.ts';
import { raise, resolve, settle } from '../tell.ts';
import { NAMED, OF_INSTANCES, rtoSubject } from './instance-findings.ts';
import { rehearsalRun, restoredOf } from './judge-instance.ts';
import { sayInstanceEvidence } from './say-instance-evidence.ts';
import type { RehearseInstanceDeps } from './scratch-order.ts';

/** Telling comes first, and no failure of one step stops another: a mismatch that could not be recorded is told all the same. */
export async function concludeRehearsal(
  job: RehearseInstanceJob,
  target: Target,
  claim: Claim,
  evidence: Evidence,
  durable: Durable,
  deps: RehearseInstanceDeps,
): Promise<void> {
  const failures: unknown[] = [];
  const try_ = (name: string, work: () => Promise<void>) =>
    durable.step(name, work).catch((error) => void failures.push(error));
  await try_('tell', () => tell(target, evidence, rehearsalRun(job).job, deps));
  await try_('keep the evidence', () => deps.catalog.addEvidence(evidence));
  await try_('mark the point', () => markPoint(target, evidence, different(evidence), deps));
  if (evidence.error?.kind === 'unjudged') await fail(durable, deps, claim, evidence.error);
  else if (failures.length > 0) await fail(durable, deps, claim, saidOf(failures[0]));
  else
    await succeed(durable, deps, claim, {
      summary: sayInstanceEvidence(evidence).slice(0, 1000),
      point: evidence.point,
    });
  if (failures.length > 0) throw failures[0];
  const metric = evidence.outcome === 'passed' ? 'RehearsalPassed' : 'RehearsalFailed';
  deps.metrics.count(metric, 1, { policy: target.policy.name, job: claim.job }, { target: target.id });
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
      restoredBefore(open.subject, evidence.point) &&
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

/** What this rehearsal did not ask it cannot take back, nor what was found in later data than it looked at. */
function wasAsked(open: Finding, evidence: Evidence): boolean {
  if (open.asOf !== undefined && open.asOf > evidence.pointSnapshotAt) return false;
  const what = restoredOf(evidence);
  if (OF_ASSERTIONS.includes(open.code)) return answersAssertion(open, evidence, what);
  if (open.code === 'rto-breached') return evidence.rto !== undefined && open.subject === rtoSubject(what);
  // Only a look at every index and page can say that one is sound, and only where no more are damaged than were named.
  if (open.code === 'index-corrupt') {
    const { checked = 0, checkable = 0 } = evidence.bounded ?? {};
    const damaged = evidence.findings.filter(({ code }) => code === 'index-corrupt').length;
    return checked > 0 && checked >= checkable && damaged < NAMED;
  }
  // Said again where it is still so; where there is no dump any more there is nothing to compare.
  if (open.code === 'proof-incomplete') return evidence.strength !== 'none' && open.subject === what;
  if (open.code === 'ledger-mismatch') return evidence.ledger?.verdict === 'agrees' && open.subject === what;
  return false;
}

/** A snapshot shown to be different is corrupt. */
const different = ({ findings }: Evidence) => findings.find(({ code }) => code === 'proof-mismatch')?.message;
