import { raise, reconcile } from '../../alerting/alerts.ts';
import { codesClosedBy, FINDINGS, type Finding } from '../../domain/findings/finding.ts';
import { parseRunName, restoredBefore } from '../../domain/names.ts';
import type { Target } from '../../domain/plan/policy.ts';
import {
  APPLICATION_PHASE,
  answersAssertion,
  type Evidence,
  isDrill,
  restoredSort,
  rtoSubject,
} from '../../domain/proof/evidence.ts';
import type { Claim } from '../../domain/runs/run.ts';
import { fail, type RunDeps, succeed } from '../../execution/durable-run.ts';
import type { Durable } from '../../ports/durable.ts';
import { NAMED } from '../prove/instance-findings.ts';
import { formatEvidence } from './format-evidence.ts';
import { markPoint } from './mark-point.ts';

/**
 * Alerts on and records what a rehearsal found. Alerts come first, and a failing step stops no other: a mismatch that
 * could not be recorded is still alerted on. Rejects with the first failure, before the run has ended.
 */
export async function concludeRehearsal(
  evidence: Evidence,
  target: Target,
  claim: Claim,
  durable: Durable,
  deps: RunDeps,
): Promise<void> {
  const failures: unknown[] = [];
  const guarded = (name: string, work: () => Promise<void>) =>
    durable.step(name, work).catch((error) => void failures.push(error));
  await guarded('tell', () => tell(target, evidence, deps));
  await guarded('keep the evidence', () => deps.catalog.addEvidence(evidence));
  await guarded('mark the point', () => markPoint(target, evidence, whyCorrupt(evidence), deps));
  if (failures.length > 0) throw failures[0];
  // A finding is a result: the run has judged. The run fails only if nothing could be judged.
  if (evidence.error?.kind === 'unjudged')
    return fail(durable, deps, claim, evidence.error, {
      point: evidence.point,
      // One alert is enough.
      quietly: evidence.findings.some(({ code }) => code === 'drill-failed'),
    });
  await succeed(durable, deps, claim, {
    summary: formatEvidence(evidence).slice(0, 1000),
    point: evidence.point,
  });
}

/** Failures of a restore that are about the stored bytes themselves. */
const BROKEN = ['checksum-mismatch', 'artifact-missing', 'manifest-invalid', 'manifest-missing'];

/** Different or broken is corrupt. A verification can clear broken, by its code, but not different. */
function whyCorrupt({ findings, error }: Evidence): string | undefined {
  const mismatch = findings.find(({ code }) => code === 'proof-mismatch');
  if (mismatch) return mismatch.message;
  return error?.kind === 'bad' && BROKEN.includes(error.code) ? error.code : undefined;
}

/** Raises what was found. A rehearsal that could not judge closes no earlier finding. */
async function tell(target: Target, evidence: Evidence, deps: RunDeps): Promise<void> {
  const { findings, outcome, run } = evidence;
  const metric = outcome === 'passed' ? 'RehearsalPassed' : 'RehearsalFailed';
  const job = parseRunName(run)!.job;
  deps.metrics.count(metric, 1, { policy: target.policy.name, job }, { target: target.id });
  if (evidence.error?.kind === 'unjudged') {
    for (const found of findings) await raise(deps, found);
    return;
  }
  await reconcile(deps, target.id, codesClosedBy('rehearsal', 'rehearsal-of-point'), findings, (open) =>
    FINDINGS[open.code].closedBy.includes('rehearsal')
      ? wasAsked(open, target, evidence)
      : wasRestored(open, evidence),
  );
}

/** A good rehearsal of the point or of a newer one closes it, never one of an older point; a difference needs a comparison. */
function wasRestored(open: Finding, { point, strength, compared }: Evidence): boolean {
  if (!restoredBefore(open.subject, point)) return false;
  return open.code !== 'proof-mismatch' || compared !== undefined || strength === 'bounded';
}

/** A rehearsal cannot close what it did not ask, nor findings about later data than it has. */
function wasAsked(open: Finding, target: Target, evidence: Evidence): boolean {
  if (open.asOf !== undefined && open.asOf > evidence.pointSnapshotAt) return false;
  if (open.code === 'drill-failed')
    return isDrill(evidence.run) && open.subject === parseRunName(evidence.run)?.target;
  if (['assertion', 'smoke'].includes(FINDINGS[open.code].about)) return answersAssertion(open, evidence);
  const sort = restoredSort(evidence);
  const { application: hook } = target.policy.rehearsal.instance;
  // Raised again if it could not be stopped again.
  if (open.code === 'application-left-running')
    return hook !== open.subject || evidence.phases.some(({ name }) => name === APPLICATION_PHASE);
  if (open.code === 'scratch-budget') return sort !== 'dump' && open.subject === target.policy.name;
  if (open.code === 'rto-breached')
    return evidence.rto !== undefined && open.subject === rtoSubject({ run: evidence.run, sort });
  if (open.code === 'extension-left-out') return sort === 'dump' && evidence.error === undefined;
  // Only a check of every index and page shows that one is sound, and only if no more are damaged than are listed.
  if (open.code === 'index-corrupt') {
    const { checked = 0, checkable = 0 } = evidence.bounded ?? {};
    const damaged = evidence.findings.filter(({ code }) => code === 'index-corrupt').length;
    return checked > 0 && checked >= checkable && damaged < NAMED;
  }
  // Raised again if it still holds; without a dump there is nothing to compare with.
  if (open.code === 'proof-incomplete') return evidence.strength !== 'none' && open.subject === sort;
  return evidence.heartbeat?.verdict === 'agrees' && open.subject === sort;
}
