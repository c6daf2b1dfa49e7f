import { finding } from '../domain/finding.ts';
import type { ExpireJob } from '../domain/job.ts';
import type { Target } from '../domain/policy.ts';
import type { RecoveryPoint } from '../domain/recovery-point.ts';
import { type Decision, planRetention, type RetentionPlan, shortestRetention } from '../domain/retention.ts';
import { secondsBetween } from '../domain/time.ts';
import type { Vault } from '../ports/vault.ts';
import { type Done, type JobDeps, type JobOutcome, requireTarget, underClaim } from './claimed.ts';
import { settle } from './tell.ts';

export type ExpireDeps = JobDeps & { vault: Vault };
export type ExpireOutcome = JobOutcome & { decisions: Decision[]; orphans: string[]; frozen?: string };

/** An object that no point names may be a dump that is being written; after this it is not. In seconds. */
const ORPHAN_AGE = 7 * 86_400;

/** Deletes what retention keeps no longer. A dry run says what it would do and why, and touches nothing. */
export async function expire(job: ExpireJob, deps: ExpireDeps): Promise<ExpireOutcome> {
  const target = requireTarget(deps.plan, job.target);
  if (job.dryRun)
    return { ...(await planFor(target, deps)), outcome: 'done', summary: 'dry run: nothing was deleted' };
  let planned: Planned = { decisions: [], orphans: [] };
  const outcome = await underClaim(deps, job, job, async ({ signal }) => {
    planned = await planFor(target, deps);
    return carryOut(target, planned, deps, signal);
  });
  return { ...outcome, ...planned };
}

type Planned = { decisions: Decision[]; orphans: string[]; frozen?: string };

async function planFor(target: Target, deps: ExpireDeps): Promise<Planned> {
  const now = deps.clock.now();
  const points = await withLocks(await deps.catalog.points(target.id), target, deps, now);
  const plan = planRetention(points, target.policy.retention, now, target.policy.objectives.rpo.dump);
  await tellFrozen(target, plan, points, deps);
  const orphans = plan.frozen ? [] : await findOrphans(target, points, deps, now);
  return { decisions: plan.decisions, orphans, ...(plan.frozen ? { frozen: plan.frozen } : {}) };
}

/**
 * Locks and holds are read from the vault, not believed from the catalog: somebody may have extended one since. Only
 * points that are old enough to go at all are asked about.
 */
async function withLocks(
  points: RecoveryPoint[],
  target: Target,
  deps: ExpireDeps,
  now: Date,
): Promise<RecoveryPoint[]> {
  const shortest = shortestRetention(target.policy.retention);
  const known: RecoveryPoint[] = [];
  for (const point of points) {
    const old = secondsBetween(point.snapshotAt ?? point.scheduledFor, now) > shortest;
    const settled = point.state !== 'expired' && point.state !== 'creating';
    if (!point.dump || !old || !settled) {
      known.push(point);
      continue;
    }
    const heads = await Promise.all(
      [point.dump, ...(point.manifest ? [point.manifest] : [])].map((object) =>
        deps.vault.headVersion(object),
      ),
    );
    const lockedUntil = heads
      .flatMap((head) => head?.lockedUntil ?? [])
      .sort()
      .at(-1);
    const { lockedUntil: _was, ...rest } = point;
    known.push({
      ...rest,
      ...(lockedUntil ? { lockedUntil } : {}),
      ...(heads.some((head) => head?.legalHold) ? { legalHold: true } : {}),
    });
  }
  return known;
}

/**
 * Marks, deletes the manifest, deletes the rest, marks again. Killed between any two, the next run finds `expiring` and
 * goes on: without its manifest a dump is no recovery point, so nothing half-deleted can pass for one.
 */
async function carryOut(
  target: Target,
  planned: Planned,
  deps: ExpireDeps,
  signal: AbortSignal,
): Promise<Done> {
  let deleted = 0;
  for (const { point, keep } of planned.decisions) {
    if (keep) continue;
    signal.throwIfAborted();
    if (!(await deps.catalog.movePoint(target.id, point.id, 'expiring'))) continue;
    await deps.vault.removeAllVersions(point.keys.manifest);
    await deps.vault.removeAllVersions(point.keys.dump);
    await deps.vault.removeAllVersions(point.keys.roles);
    await deps.catalog.movePoint(target.id, point.id, 'expired');
    deps.log.info('expired', { target: target.id, point: point.id });
    deleted++;
  }
  for (const key of planned.orphans) {
    signal.throwIfAborted();
    await deps.vault.removeAllVersions(key);
    deps.log.info('deleted an object that belongs to no point', { target: target.id, key });
  }
  const kept = planned.decisions.length - deleted;
  const orphans = planned.orphans.length > 0 ? `, ${planned.orphans.length} objects of no point deleted` : '';
  return {
    summary: `${deleted} points expired, ${kept} kept${orphans}${planned.frozen ? `; nothing more, because ${planned.frozen}` : ''}`,
  };
}

/** What a dump left that died after its upload, or a worker that had lost its claim. */
async function findOrphans(
  target: Target,
  points: RecoveryPoint[],
  deps: ExpireDeps,
  now: Date,
): Promise<string[]> {
  const named = new Set(points.flatMap((point) => Object.values(point.keys)));
  const orphans: string[] = [];
  for await (const { key, lastModified } of deps.vault.list(`${target.id}/`)) {
    const age = Math.max(ORPHAN_AGE, target.policy.vault.lock === 'none' ? 0 : target.policy.vault.lockFor);
    if (!named.has(key) && secondsBetween(lastModified, now) > age) orphans.push(key);
  }
  return orphans;
}

/** Only when good points would have gone while newer ones fail is it worth waking somebody. */
async function tellFrozen(
  target: Target,
  plan: RetentionPlan,
  points: RecoveryPoint[],
  deps: ExpireDeps,
): Promise<void> {
  const newest = points.find((point) => point.state !== 'expired' && point.state !== 'creating');
  const failing = newest?.state === 'failed' || newest?.state === 'corrupt';
  const atRisk = failing && plan.withheld.some((point) => point.dump !== undefined);
  const message = `retention would have deleted ${plan.withheld.length} points of ${target.id}, but ${plan.frozen}; all are kept`;
  await settle(
    deps,
    target.id,
    ['last-good-point-at-risk'],
    atRisk ? [finding('last-good-point-at-risk', { target, subject: 'retention', message })] : [],
  );
}
