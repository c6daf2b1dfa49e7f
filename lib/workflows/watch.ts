import { checkSchedules, checkSubscriptions } from '../checks/deployment.ts';
import { checkRehearsal, checkRpo, checkSilence } from '../checks/lateness.ts';
import { reasonOf } from '../domain/errors.ts';
import { expectedSchedules } from '../domain/expected-schedules.ts';
import { DEPLOYMENT, type Finding, type FindingCode, finding } from '../domain/finding.ts';
import { pointId, runName } from '../domain/names.ts';
import { type Plan, type Target, targetOf } from '../domain/policy.ts';
import type { Run } from '../domain/run.ts';
import type { TargetStatus } from '../domain/target-status.ts';
import { humanSeconds, secondsBetween, utc } from '../domain/time.ts';
import type { AlertTopic, Schedules } from '../ports/messages.ts';
import type { OpenUpload, Vault } from '../ports/vault.ts';
import { jobFailed } from './claimed.ts';
import { raise, resolve, type Telling } from './tell.ts';

export type WatchDeps = Telling & { plan: Plan; vault: Vault; schedules: Schedules };
export type WatchOutcome = { findings: Finding[]; unjudged: string[] };

/** What a look can say and take back about a target, and about the deployment. */
const OF_TARGETS: readonly FindingCode[] = ['rpo-breached', 'job-silent', 'rehearsal-overdue'];
const OF_SCHEDULES: readonly FindingCode[] = ['schedule-missing', 'schedule-disabled', 'schedule-different'];
const OF_SUBSCRIPTIONS: readonly FindingCode[] = ['alerts-unheard', 'subscription-unconfirmed'];
const TOPICS: readonly AlertTopic[] = ['alerts', 'pages', 'alarms'];

/** A dump may run 15 minutes; an upload that is older and belongs to no living run is nobody's. In seconds. */
const UPLOAD_AGE = 3600;

/**
 * Compares what is with what should be: what is late or will be before the next look, silent, dead, left over, unheard.
 * Every question is asked whatever became of the one before; one that could not be answered fails the look at its end,
 * after everything else was said. `WatchCompleted` is its last act: the alarm on that metric's absence watches the watch.
 */
export async function watch(deps: WatchDeps): Promise<WatchOutcome> {
  const now = deps.clock.now();
  const unjudged: string[] = [];
  const asked = new Set<FindingCode>();
  const ask = async (
    question: string,
    codes: readonly FindingCode[],
    answer: () => Promise<Finding[]>,
  ): Promise<Finding[]> => {
    try {
      const findings = await answer();
      for (const code of codes) asked.add(code);
      return findings;
    } catch (error) {
      unjudged.push(`${question}: ${reasonOf(error)}`);
      deps.log.error('the watch could not find out', { question, reason: reasonOf(error) });
      return [];
    }
  };

  const findings = [
    ...(await ask('dead runs and abandoned uploads', ['upload-abandoned'], () => clearAway(deps, now))),
    ...(await ask('targets', OF_TARGETS, () => lookAtTargets(deps, now))),
    ...(await ask('schedules', OF_SCHEDULES, async () =>
      checkSchedules(expectedSchedules(deps.plan, deps.stage), await deps.schedules.deployed()),
    )),
    ...(await ask('subscriptions', OF_SUBSCRIPTIONS, async () =>
      (
        await Promise.all(
          TOPICS.map(async (topic) => checkSubscriptions(topic, await deps.alerts.subscriptions(topic))),
        )
      ).flat(),
    )),
  ];
  await ask('telling', [], async () => {
    await tellAll(deps, findings, asked);
    return [];
  });

  deps.metrics.count('OpenFindings', findings.length);
  if (unjudged.length === 0) deps.metrics.count('WatchCompleted', 1);
  deps.metrics.flush();
  return { findings, unjudged };
}

async function lookAtTargets(deps: WatchDeps, now: Date): Promise<Finding[]> {
  const statuses = await deps.catalog.statuses(deps.plan.targets.map((target) => target.id));
  const findings: Finding[] = [];
  const ages = new Map<string, number>();
  for (const target of deps.plan.targets) {
    let status = statuses.get(target.id);
    if (!status) {
      await deps.catalog.firstSeen(target.id, now);
      continue;
    }
    let found = lookAt(target, status, now);
    if (found.length > 0) {
      // Before anybody is woken the status is derived afresh: a worker may have died between its work and its status.
      status = await deps.catalog.refreshStatus(target.id);
      found = lookAt(target, status, now);
    }
    findings.push(...found);
    const age = secondsBetween(status.newestVerified?.snapshotAt ?? status.firstSeenAt, now);
    ages.set(target.policy.name, Math.max(ages.get(target.policy.name) ?? 0, age));
  }
  // One figure a policy, its worst target's: a metric a target would cost thousands a month.
  for (const [policy, age] of ages)
    deps.metrics.count('OldestNewestVerifiedSeconds', age, { policy, job: 'dump' });
  return findings;
}

function lookAt(target: Target, status: TargetStatus, now: Date): Finding[] {
  return [
    ...checkRpo(target, status, now),
    ...checkSilence(target, status, now),
    ...checkRehearsal(target, status, now),
  ];
}

/** Ends what died: runs whose claim nobody renews any more, and uploads that nobody will finish. */
async function clearAway(deps: WatchDeps, now: Date): Promise<Finding[]> {
  const open = await deps.catalog.openRuns();
  for (const run of open) if (new Date(run.leaseUntil) < now) await endDeadRun(deps, run, now);
  const alive = open.filter((run) => new Date(run.leaseUntil) >= now);
  const abandoned: Finding[] = [];
  for (const upload of await deps.vault.openUploads('')) {
    const owner = upload.key.split('/')[0]!;
    if (
      alive.some((run) => run.job === 'dump' && run.target === owner) ||
      secondsBetween(upload.startedAt, now) < UPLOAD_AGE
    )
      continue;
    await deps.vault.abortUpload(upload);
    abandoned.push(abandonedUpload(deps.plan, owner, upload));
  }
  return abandoned;
}

/**
 * A run whose worker died without a word: its upload is aborted first, so that "failed" is never said of something
 * that could still complete; then the run and its point are marked, and people told.
 */
async function endDeadRun(deps: WatchDeps, run: Run, now: Date): Promise<void> {
  if (run.job === 'dump') {
    const started = await deps.catalog.point(run.target, pointId(run.scheduledFor, run.attempt));
    if (started)
      for (const upload of await deps.vault.openUploads(started.keys.dump))
        await deps.vault.abortUpload(upload);
  }
  const said = {
    code: 'worker-died',
    message: `its worker died: nothing was heard of it since ${run.leaseUntil} (begun ${run.startedAt}, attempt ${run.attempt})`,
    hint: 'the function’s log says why; out of memory and out of time are the usual reasons',
  };
  const failed = await deps.catalog.failDeadRun(run, {
    state: 'failed',
    endedAt: utc(now),
    summary: said.message,
    error: said,
  });
  if (!failed) return;
  if (run.job === 'dump')
    await deps.catalog.movePoint(run.target, pointId(run.scheduledFor, run.attempt), 'failed', {
      why: said.message,
    });
  deps.log.warn('a dead run was ended', {
    run: runName(run),
    silentFor: humanSeconds(secondsBetween(run.leaseUntil, now)),
  });
  await raise(deps, jobFailed(targetOf(deps.plan, run.target) ?? { id: run.target }, run.job, said));
}

function abandonedUpload(plan: Plan, owner: string, upload: OpenUpload): Finding {
  const target = targetOf(plan, owner) ?? { id: owner };
  return finding('upload-abandoned', {
    target,
    subject: upload.key,
    message: `an upload to ${upload.key}, open since ${upload.startedAt}, belonged to nobody and was aborted`,
  });
}

/**
 * Raises what was found and resolves what is no longer so, but only what this look has asked about. Findings of other
 * jobs are raised again as they are: that brings reminders, and alerts that had not arrived.
 */
async function tellAll(
  deps: WatchDeps,
  findings: readonly Finding[],
  asked: ReadonlySet<FindingCode>,
): Promise<void> {
  for (const found of findings) await raise(deps, found);
  for (const open of await deps.catalog.openFindings()) {
    const { since: _since, lastToldAt: _told, untold: _untold, ...was } = open;
    const stillFound = findings.some(
      (each) => each.target === open.target && each.code === open.code && each.subject === open.subject,
    );
    if (stillFound) continue;
    const known = open.target === DEPLOYMENT.id || targetOf(deps.plan, open.target) !== undefined;
    if (asked.has(open.code) || !known) await resolve(deps, open);
    else if (open.code === 'alert-undelivered') await retryDelivery(deps, was);
    else await raise(deps, was);
  }
}

/** A topic that takes messages again has no undelivered alerts any more; that it does is shown by publishing. */
async function retryDelivery(deps: WatchDeps, was: Finding): Promise<void> {
  const subscriptions = await deps.alerts.subscriptions(was.subject as AlertTopic).catch(() => undefined);
  if (subscriptions)
    await resolve(deps, { target: was.target, code: 'alert-undelivered', subject: was.subject });
  else await raise(deps, was);
}
