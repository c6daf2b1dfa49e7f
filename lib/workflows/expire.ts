import { reasonOf, UnderstudyError } from '../domain/errors.ts';
import { finding } from '../domain/finding.ts';
import type { ExpireJob } from '../domain/job.ts';
import type { Target } from '../domain/policy.ts';
import type { RecoveryPoint } from '../domain/recovery-point.ts';
import { type Decision, planRetention, type RetentionPlan } from '../domain/retention.ts';
import { secondsBetween } from '../domain/time.ts';
import type { Vault } from '../ports/vault.ts';
import { type Done, type JobDeps, type JobOutcome, requireTarget, underClaim } from './claimed.ts';
import { settle } from './tell.ts';

export type ExpireDeps = JobDeps & { vault: Vault };
export type ExpireOutcome = JobOutcome & Pick<Planned, 'decisions' | 'orphans' | 'frozen'>;

/** An object that no point names may be a dump that is being written; after this it is not. In seconds. */
const ORPHAN_AGE = 7 * 86_400;
/** No dump takes a day. In seconds. */
const CREATING_AGE = 86_400;

/** Deletes what retention keeps no longer. A dry run says what it would do and why, and touches nothing. */
export async function expire(job: ExpireJob, deps: ExpireDeps): Promise<ExpireOutcome> {
  const target = requireTarget(deps.plan, job.target);
  if (job.dryRun)
    return {
      ...shown(await planFor(target, deps)),
      outcome: 'done',
      summary: 'dry run: nothing was deleted',
    };
  let planned: Planned | undefined;
  const outcome = await underClaim(deps, job, job, async ({ signal }) => {
    await giveUpOldOnes(target, deps);
    planned = await planFor(target, deps);
    await tellFrozen(target, planned.plan, deps);
    return carryOut(target, planned, deps, signal);
  });
  return { ...outcome, ...(planned ? shown(planned) : { decisions: [], orphans: [] }) };
}

function shown({ plan: _plan, ...rest }: Planned): Omit<Planned, 'plan'> {
  return rest;
}

type Planned = { decisions: Decision[]; orphans: string[]; plan: RetentionPlan; frozen?: string };

async function planFor(target: Target, deps: ExpireDeps): Promise<Planned> {
  const now = deps.clock.now();
  const points = await deps.catalog.points(target.id);
  const failing = await failedRehearsal(target, deps);
  const decide = (from: RecoveryPoint[]) =>
    planRetention(from, target.policy.retention, now, target.policy.objectives.rpo.dump, failing);
  // Asked about every point that would go, and only about those; then decided again.
  const goers = new Set(
    decide(points)
      .decisions.filter(({ keep }) => !keep)
      .map(({ point }) => point.id),
  );
  const asked = await Promise.all(
    points.map((point) => (goers.has(point.id) ? withLocks(point, deps) : point)),
  );
  const plan = decide(asked);
  const orphans = plan.frozen ? [] : await findOrphans(target, points, deps, now);
  return { decisions: plan.decisions, orphans, plan, ...(plan.frozen ? { frozen: plan.frozen } : {}) };
}

/** While a rehearsal's bad news stands, the older points may be all there is. */
async function failedRehearsal(target: Target, deps: ExpireDeps): Promise<string | undefined> {
  const open = await deps.catalog.openFindings(target.id);
  const bad = open.find(({ code }) => code === 'restore-failed' || code === 'proof-mismatch');
  return bad && `a rehearsal failed: ${bad.message}`;
}

/**
 * Locks and holds are read from the vault, not believed from the catalog: somebody may have set one since, on any of
 * the objects, and a dump that died may have left a locked one that the catalog knows only by its key.
 */
async function withLocks(point: RecoveryPoint, deps: ExpireDeps): Promise<RecoveryPoint> {
  const recorded = [point.dump, point.roles, point.manifest].flatMap((object) => object ?? []);
  const heads = await Promise.all([
    ...recorded.map((object) => deps.vault.headVersion(object)),
    ...Object.values(point.keys).map((key) => deps.vault.head(key)),
  ]);
  const lockedUntil = heads
    .flatMap((head) => head?.lockedUntil ?? [])
    .sort()
    .at(-1);
  const { lockedUntil: _was, ...rest } = point;
  return {
    ...rest,
    ...(lockedUntil ? { lockedUntil } : {}),
    ...(heads.some((head) => head?.legalHold) ? { legalHold: true } : {}),
  };
}

/**
 * Marks, deletes the manifest, deletes the rest, marks again. Killed between any two, the next run finds `expiring` and
 * goes on: without its manifest a dump is no recovery point, so nothing half-deleted can pass for one. What cannot be
 * deleted stops nothing else, and is said at the end.
 */
async function carryOut(
  target: Target,
  planned: Planned,
  deps: ExpireDeps,
  signal: AbortSignal,
): Promise<Done> {
  const failures: string[] = [];
  const guarded = async (what: string, work: () => Promise<void>) => {
    signal.throwIfAborted();
    await work().catch((error) => void failures.push(`${what}: ${reasonOf(error)}`));
  };
  let deleted = 0;
  for (const { point, keep } of planned.decisions) {
    if (keep) continue;
    await guarded(point.id, async () => {
      if (!(await deps.catalog.movePoint(target.id, point.id, 'expiring'))) return;
      await deps.vault.removeAllVersions(point.keys.manifest);
      await deps.vault.removeAllVersions(point.keys.dump);
      await deps.vault.removeAllVersions(point.keys.roles);
      await deps.catalog.movePoint(target.id, point.id, 'expired');
      deps.log.info('expired', { target: target.id, point: point.id });
      deleted++;
    });
  }
  for (const key of planned.orphans) {
    await guarded(key, async () => {
      await deps.vault.removeAllVersions(key);
      deps.log.info('deleted an object that belongs to no point', { target: target.id, key });
    });
  }
  if (failures.length > 0) {
    throw new UnderstudyError(
      'expire-incomplete',
      `${deleted} points expired, but not ${failures.join('; ')}`,
      { hint: 'a lock or a permission stands in the way; the next run tries again' },
    );
  }
  const orphans = planned.orphans.length > 0 ? `, ${planned.orphans.length} objects of no point deleted` : '';
  const frozen = planned.frozen ? `; nothing more, because ${planned.frozen}` : '';
  return {
    summary: `${deleted} points expired, ${planned.decisions.length - deleted} kept${orphans}${frozen}`,
  };
}

/** A dump that died before anybody could say so leaves a point that is being made for ever. */
async function giveUpOldOnes(target: Target, deps: ExpireDeps): Promise<void> {
  for (const point of await deps.catalog.points(target.id, { states: ['creating'] })) {
    if (secondsBetween(point.scheduledFor, deps.clock.now()) < CREATING_AGE) continue;
    await deps.catalog.movePoint(target.id, point.id, 'failed', { why: 'it was never finished' });
  }
}

/** What a worker left that had lost its claim: old, named by no point, and neither locked nor on hold. */
async function findOrphans(
  target: Target,
  points: RecoveryPoint[],
  deps: ExpireDeps,
  now: Date,
): Promise<string[]> {
  const named = new Set(points.flatMap((point) => Object.values(point.keys)));
  const orphans: string[] = [];
  for await (const { key, lastModified } of deps.vault.list(`${target.id}/`)) {
    if (named.has(key) || secondsBetween(lastModified, now) <= ORPHAN_AGE) continue;
    const head = await deps.vault.head(key);
    const locked = head?.lockedUntil !== undefined && new Date(head.lockedUntil) > now;
    if (!locked && !head?.legalHold) orphans.push(key);
  }
  return orphans;
}

/** Only when good points would have gone while newer ones fail is it worth waking somebody. */
async function tellFrozen(target: Target, plan: RetentionPlan, deps: ExpireDeps): Promise<void> {
  const [newest] = plan.decisions;
  const failing = newest?.point.state === 'failed' || newest?.point.state === 'corrupt';
  const atRisk = failing && plan.withheld.some((point) => point.dump !== undefined);
  const message = `retention would have deleted ${plan.withheld.length} points of ${target.id}, but ${plan.frozen}; all are kept`;
  const found = atRisk ? [finding('last-good-point-at-risk', { target, subject: 'retention', message })] : [];
  await settle(deps, target.id, ['last-good-point-at-risk'], found);
}
