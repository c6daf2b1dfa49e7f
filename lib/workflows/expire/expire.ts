import { reconcile } from '../../alerting/alerts.ts';
import { reasonOf, UnderstudyError } from '../../domain/errors.ts';
import { finding } from '../../domain/findings/finding.ts';
import { parsePointId, VAULT } from '../../domain/names.ts';
import { requireTarget, type Target } from '../../domain/plan/policy.ts';
import { foundBad, isDump, isOurs, type RecoveryPoint } from '../../domain/points/recovery-point.ts';
import { type Decision, planRetention } from '../../domain/points/retention.ts';
import type { ExpireJob } from '../../domain/runs/job.ts';
import { secondsBetween } from '../../domain/time.ts';
import { type ClaimDeps, type Done, type JobOutcome, underClaim } from '../../execution/claim.ts';
import type { Vaults } from '../../points/replica.ts';
import type { Platform } from '../../ports/platform.ts';
import { heldByRestore } from '../../restore/held-by-restore.ts';
import { unnamedObjects } from './orphans.ts';
import { removePoint, withLocks } from './stored.ts';

export type ExpireDeps = ClaimDeps &
  Vaults & {
    platform: Platform;
    /** The Region of the deployment. */
    home: string;
  };
export type ExpireOutcome = JobOutcome & Pick<Planned, 'decisions' | 'orphans' | 'unknown' | 'frozen'>;

/** Longer than any dump takes, in seconds. */
const CREATING_AGE = 86_400;

/** Deletes what retention no longer keeps. A dry run lists what it would do and why, and touches nothing. */
export async function expire(job: ExpireJob, deps: ExpireDeps): Promise<ExpireOutcome> {
  const target = requireTarget(deps.plan, job.target);
  if (job.dryRun)
    return {
      ...shown(await planFor(target, deps)),
      outcome: 'done',
      summary: 'dry run: nothing was deleted',
    };
  const why = await heldByRestore(target.id, deps.catalog);
  if (why) return { outcome: 'held', summary: why, decisions: [], orphans: [], unknown: [] };
  let planned: Planned | undefined;
  const outcome = await underClaim(deps, job, job, async ({ signal }) => {
    await giveUpOldOnes(target, deps);
    planned = await planFor(target, deps);
    await tellFrozen(target, planned, deps);
    await tellUnknown(target, planned.unknown, deps);
    return carryOut(target, planned, deps, signal);
  });
  return { ...outcome, ...(planned ? shown(planned) : { decisions: [], orphans: [], unknown: [] }) };
}

function shown({ atRisk: _atRisk, withheld: _withheld, ...rest }: Planned) {
  return rest;
}

type Planned = {
  decisions: Decision[];
  orphans: string[];
  /** Dumps in the vault that the catalog does not know. */
  unknown: string[];
  frozen?: string;
  withheld: number;
  /** Good points would have been deleted while newer ones fail. */
  atRisk: boolean;
};

/** Dumps, their replicas and snapshots are kept separately, place by place: none replaces another. */
async function planFor(target: Target, deps: ExpireDeps): Promise<Planned> {
  const points = await deps.catalog.points(target.id);
  const bad = await badRehearsals(target, deps);
  let frozenDumps = false;
  const planned: Planned = { decisions: [], orphans: [], unknown: [], withheld: 0, atRisk: false };
  for (const group of grouped(points)) {
    const plan = await planGroup(target, group, bad, deps);
    planned.decisions.push(...plan.decisions);
    if (!plan.frozen) continue;
    frozenDumps ||= group[0]!.kind === 'dump' && group[0]!.place === VAULT;
    planned.frozen ??= plan.frozen;
    planned.withheld += plan.withheld.length;
    const newest = plan.decisions[0]?.point;
    planned.atRisk ||=
      isOriginal(group[0]!, deps) &&
      newest !== undefined &&
      (newest.state === 'failed' || newest.state === 'corrupt' || foundBad(newest) !== undefined) &&
      plan.withheld.some((point) => point.availableAt !== undefined);
  }
  const { orphans, unknown } = await unnamedObjects(target, points, deps, deps.clock.now());
  if (!frozenDumps) planned.orphans = orphans;
  planned.unknown = unknown;
  return planned;
}

/** Understudy's own points, newest first within a kind and place. */
function grouped(points: readonly RecoveryPoint[]): RecoveryPoint[][] {
  return [...Map.groupBy(points.filter(isOurs), ({ kind, place }) => `${kind}@${place}`).values()];
}

async function planGroup(
  target: Target,
  group: RecoveryPoint[],
  bad: ReadonlyMap<string, string>,
  deps: ExpireDeps,
) {
  const { retention, objectives, snapshot } = target.policy;
  const { kind } = group[0]!;
  const promised = objectives.rpo[kind === 'dump' ? 'dump' : 'snapshot'] ?? Number.POSITIVE_INFINITY;
  // A copy lags by the time that copying takes.
  const rpo = isOriginal(group[0]!, deps) ? promised : promised + snapshot.deadline;
  const rules = { ...retention, labelled: snapshot.labelled };
  const decide = (from: RecoveryPoint[]) =>
    planRetention(from, rules, deps.clock.now(), rpo, bad.get(seriesOf(kind)));
  // Locks are read for every point that would be deleted, and only for those; then retention decides again.
  const goers = new Set(
    decide(group)
      .decisions.filter(({ keep }) => !keep)
      .map(({ point }) => point.id),
  );
  return decide(
    await Promise.all(
      group.map((point) => (goers.has(point.id) && isDump(point) ? withLocks(point, deps) : point)),
    ),
  );
}

/** Dumps, or what AWS copies: a copy has the same bytes in every place. */
const seriesOf = (kind: string | undefined) => (kind === 'dump' ? 'dump' : 'snapshot');

/** Originals, not copies: what there is of a target first. */
function isOriginal({ place }: RecoveryPoint, deps: ExpireDeps): boolean {
  return place === VAULT || place === deps.home;
}

/** While a rehearsal's bad result stands, the older points may be all there is, in every place. */
async function badRehearsals(target: Target, deps: ExpireDeps): Promise<ReadonlyMap<string, string>> {
  const open = await deps.catalog.openFindings(target.id);
  return new Map(
    open
      .filter(({ code }) => code === 'restore-failed' || code === 'proof-mismatch')
      .map(({ subject, message }) => [
        seriesOf(parsePointId(subject)?.kind),
        `a rehearsal failed: ${message}`,
      ]),
  );
}

/**
 * Marks, deletes, marks again. Killed between any two, the next run finds `expiring` and continues. A failed deletion
 * stops no other, and is reported at the end.
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
      await removePoint(target, point, deps);
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

/** A dump or snapshot that died without a record leaves a point in state `creating` for ever. */
async function giveUpOldOnes(target: Target, deps: ExpireDeps): Promise<void> {
  const age = Math.max(CREATING_AGE, 2 * target.policy.snapshot.deadline);
  for (const point of await deps.catalog.points(target.id, { states: ['creating'] })) {
    if (
      secondsBetween(point.begunAt ?? point.scheduledFor, deps.clock.now()) <
      (isDump(point) ? CREATING_AGE : age)
    )
      continue;
    await deps.catalog.movePoint(target.id, point.id, 'failed', { why: 'it was never finished' });
  }
}

/** Only good points that would have been deleted while newer ones fail are worth a page. */
async function tellFrozen(target: Target, planned: Planned, deps: ExpireDeps): Promise<void> {
  const message = `retention would have deleted ${planned.withheld} points of ${target.id}, but ${planned.frozen}; all are kept`;
  const found = planned.atRisk
    ? [finding('last-good-point-at-risk', { target, subject: 'retention', message })]
    : [];
  await reconcile(deps, target.id, ['last-good-point-at-risk'], found);
}

/** A vault that knows more than the catalog: the catalog was lost, or restored to an earlier moment. */
async function tellUnknown(target: Target, unknown: readonly string[], deps: ExpireDeps): Promise<void> {
  const message = `the vault holds ${unknown.length} dumps of ${target.id} that the catalog does not know, the newest ${unknown.at(-1)}; they are neither counted nor deleted`;
  const found = unknown.length > 0 ? [finding('dumps-unknown', { target, subject: 'vault', message })] : [];
  await reconcile(deps, target.id, ['dumps-unknown'], found);
}
