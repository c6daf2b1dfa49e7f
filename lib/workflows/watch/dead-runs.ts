import type { AlertDeps } from '../../alerting/alerts.ts';
import { reasonOf } from '../../domain/errors.ts';
import { type Finding, finding } from '../../domain/findings/finding.ts';
import { parsePointId, runName, vaultKeys } from '../../domain/names.ts';
import { type Plan, targetOf } from '../../domain/plan/policy.ts';
import type { Run } from '../../domain/runs/run.ts';
import { compactUtc, secondsBetween, utc } from '../../domain/time.ts';
import { jobFailed } from '../../execution/claim.ts';
import { subjectOfCopy } from '../../points/places.ts';
import type { OpenUpload, Vault } from '../../ports/vault.ts';
import type { Look } from './look.ts';

export type DeadRunDeps = AlertDeps & { plan: Plan; vault: Vault };

/** A dump may run 15 minutes; an older upload without a living run is abandoned. In seconds. */
const UPLOAD_AGE = 3600;
const LEASE_SECONDS = 240;

/**
 * Finds dead work: runs whose claim is no longer renewed, and uploads that no dump will finish. A failure stops no
 * other, and hides no finding.
 */
export async function findDeadRuns(deps: DeadRunDeps, now: Date): Promise<Look> {
  const failures: string[] = [];
  const dead = new Map<Finding, () => Promise<unknown>>();
  const guarded = (what: string, work: Promise<unknown>) =>
    work.catch((error) => void failures.push(`${what}: ${reasonOf(error)}`));

  const open = await deps.catalog.openRuns();
  for (const run of open)
    if (new Date(run.leaseUntil) < now) await guarded(runName(run), takeOverDeadRun(deps, run, now, dead));
  const dumping = new Set(
    open.filter((run) => run.job === 'dump' && new Date(run.leaseUntil) >= now).map((run) => run.target),
  );

  const abandoned: Finding[] = [];
  for (const upload of await deps.vault.openUploads('')) {
    const owner = upload.key.split('/')[0]!;
    if (dumping.has(owner) || secondsBetween(upload.startedAt, now) < UPLOAD_AGE) continue;
    const aborted = deps.vault
      .abortUpload(upload)
      .then(() => void abandoned.push(abandonedUpload(deps.plan, owner, upload)));
    await guarded(upload.key, aborted);
  }
  return { findings: [...dead.keys(), ...abandoned], afterwards: dead, failures };
}

/**
 * Takes over the run of a dead worker, as another worker would: a living one keeps its claim and is left alone, and a
 * dead one that wakes up is refused all writes from now on. The run is closed after its finding was raised: if this
 * worker dies too, the next look finds the run again.
 */
async function takeOverDeadRun(
  deps: DeadRunDeps,
  run: Run,
  now: Date,
  dead: Map<Finding, () => Promise<unknown>>,
): Promise<void> {
  const { target, job, scheduledFor } = run;
  const claimed = await deps.catalog.claim({
    target,
    job,
    scheduledFor,
    requestedBy: run.requestedBy,
    reason: run.reason,
    label: run.label,
    now,
    leaseSeconds: LEASE_SECONDS,
  });
  if (claimed.outcome !== 'claimed') return;
  const { claim, takenOverFrom } = claimed;
  const hint = 'the function’s log says why; out of memory and out of time are the usual reasons';
  const message = `its worker died: it has not renewed its claim since ${takenOverFrom?.leaseUntil ?? run.leaseUntil} (begun ${run.startedAt})`;
  const said = { code: 'worker-died', message, hint };

  if (job === 'dump') {
    // Aborted before "failed" is reported of an upload that could still complete.
    for (const upload of await deps.vault.openUploads(stemOf(run))) await deps.vault.abortUpload(upload);
    const point = await deps.catalog.pointAt(target, scheduledFor);
    if (point?.state === 'creating')
      await deps.catalog.movePoint(target, point.id, 'failed', { why: message });
  }
  // A copy's run is named after the copy, and its success resolves what was raised about its place.
  const place = job === 'copy' ? parsePointId(scheduledFor)?.place : undefined;
  const subject = place === undefined ? job : subjectOfCopy(place);
  dead.set(jobFailed(targetOf(deps.plan, target) ?? { id: target }, job, said, subject), async () => {
    await deps.catalog.finish(claim, { state: 'failed', endedAt: utc(now), summary: message, error: said });
    await deps.catalog.refreshStatus(target);
    deps.log.warn('a dead run was ended', { run: runName(run) });
  });
}

/** The common prefix of the keys of all attempts of a dump. */
function stemOf(run: Run): string {
  const { dump } = vaultKeys(run.target, run.scheduledFor, 0);
  return dump.slice(0, dump.indexOf(compactUtc(run.scheduledFor)) + compactUtc(run.scheduledFor).length + 1);
}

function abandonedUpload(plan: Plan, owner: string, upload: OpenUpload): Finding {
  const target = targetOf(plan, owner) ?? { id: owner };
  const message = `an upload to ${upload.key}, open since ${upload.startedAt}, belonged to no running dump and was aborted`;
  return finding('upload-abandoned', { target, subject: upload.key, message });
}
