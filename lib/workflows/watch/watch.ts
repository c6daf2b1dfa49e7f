import { checkSubscriptions } from '../../alerting/subscriptions.ts';
import { reasonOf, UnderstudyError } from '../../domain/errors.ts';
import type { AlertTopic } from '../../domain/findings/alert.ts';
import { codesClosedBy, type Finding } from '../../domain/findings/finding.ts';
import { expectedSchedules } from '../../domain/plan/expected-schedules.ts';
import type { Target } from '../../domain/plan/policy.ts';
import { checkLateness, owedTo } from '../../domain/status/lateness.ts';
import type { Owing, TargetStatus } from '../../domain/status/target-status.ts';
import { secondsBetween } from '../../domain/time.ts';
import { concurrently } from '../../execution/concurrency.ts';
import type { Schedules } from '../../ports/messages.ts';
import { type DeadRunDeps, findDeadRuns } from './dead-runs.ts';
import { checkSchedules } from './deployed-schedules.ts';
import { takeInventory } from './inventory.ts';
import type { InventoryDeps } from './inventory-look.ts';
import { type Look, raiseFindings } from './look.ts';
import { askedOf, reconcileFindings } from './reconcile-findings.ts';
import { lookAtRestores } from './restores.ts';
import { type SweepDeps, sweep } from './sweep.ts';

export type WatchDeps = DeadRunDeps & InventoryDeps & SweepDeps & { schedules: Schedules };
export type WatchOutcome = { findings: Finding[]; unjudged: string[] };

const TOPICS: readonly AlertTopic[] = ['alerts', 'pages', 'alarms'];

/**
 * Compares the actual state with the expected one: what is late or will be before the next look, silent, dead, left
 * over, without subscribers. A failing question stops no other, and fails the look at its end, after everything else
 * was reported. `WatchCompleted` is its last act: the alarm on that metric's absence watches the watch.
 */
export async function watch(deps: WatchDeps): Promise<WatchOutcome> {
  const now = deps.clock.now();
  const unjudged: string[] = [];
  const asked = new Set<string>();
  const ask: Ask = async (question, codes, answer) => {
    try {
      const answered = await answer();
      for (const code of codes) asked.add(code);
      return answered;
    } catch (error) {
      unjudged.push(`${question}: ${reasonOf(error)}`);
      deps.log.error('the watch could not find out', { question, reason: reasonOf(error) });
      return undefined;
    }
  };

  const statuses = new Map<string, TargetStatus>();
  const raiseAll = (found: Finding[], afterwards?: Look['afterwards']) =>
    ask('alerts', [], () => raiseFindings(deps, found, afterwards));
  const looks = [
    await askInParts(ask, 'dead runs and abandoned uploads', [], () => findDeadRuns(deps, now)),
    ...(await lookAtPlatforms(deps, ask, now)),
    await askInParts(ask, 'restores', codesClosedBy('restores'), () => lookAtRestores(deps, now)),
  ];
  // Before the targets' status is judged, which depends on what is recorded here.
  const early = looks.flatMap(({ findings }) => findings);
  await raiseAll(early, new Map(looks.flatMap(({ afterwards }) => [...(afterwards ?? [])])));
  const late = [
    ...(await lookAtTargets(deps, statuses, ask, now)),
    ...((await ask('schedules', codesClosedBy('schedules'), async () =>
      checkSchedules(
        expectedSchedules(deps.plan, deps.stage),
        await deps.schedules.deployed(),
        deps.schedules,
      ),
    )) ?? []),
    ...((await ask('subscriptions', codesClosedBy('subscriptions'), () => lookAtSubscriptions(deps))) ?? []),
  ];
  await raiseAll(late);
  const findings = [...early, ...late];
  const over = looks.flatMap((look) => look.over ?? []);
  await ask('open findings', [], () => reconcileFindings(deps, { findings, over }, asked, statuses, now));

  deps.metrics.count('OpenFindings', findings.length);
  if (unjudged.length === 0) deps.metrics.count('WatchCompleted', 1);
  return { findings, unjudged };
}

/** The answer, whose findings these codes close; undefined if it could not be found out, which is kept. */
type Ask = <T>(
  question: string,
  codes: readonly string[],
  answer: () => Promise<T>,
) => Promise<T | undefined>;

/** Raises what was found, also when something else could not be found out. */
async function askInParts(
  ask: Ask,
  question: string,
  codes: readonly string[],
  answer: () => Promise<Look>,
): Promise<Look> {
  let look: Look = { findings: [], failures: [] };
  await ask(question, codes, async () => {
    look = await answer();
    if (look.failures.length > 0) throw new UnderstudyError('look-incomplete', look.failures.join('; '));
  });
  return look;
}

/** AWS's state of every target that it backs up, each its own question; then what rehearsals left behind. */
async function lookAtPlatforms(deps: WatchDeps, ask: Ask, now: Date): Promise<Look[]> {
  const looks: Look[] = [];
  const onAws = deps.plan.targets.filter((target) => target.platform !== undefined);
  await concurrently(onAws, async (target) => {
    const codes = codesClosedBy('inventory').map((code) => askedOf(target.id, code));
    const look = () => takeInventory(target, target.platform!, deps, now);
    looks.push(await askInParts(ask, `what AWS has of ${target.id}`, codes, look));
  });
  const standing = await deps.catalog.openScratches().catch(() => []);
  const rehearsed = standing.length > 0 || onAws.some(({ platform }) => platform?.kind !== 'elasticache');
  if (!rehearsed) return looks;
  const swept = await askInParts(ask, 'scratch instances', codesClosedBy('sweep'), () => sweep(deps, now));
  return [...looks, swept];
}

/** What is late, by target: one that cannot be judged hides nothing of the others. */
async function lookAtTargets(
  deps: WatchDeps,
  statuses: Map<string, TargetStatus>,
  ask: Ask,
  now: Date,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const ids = deps.plan.targets.map((target) => target.id);
  const known = await ask('targets', [], () => deps.catalog.statuses(ids));
  if (!known) return findings;
  const ages = new Map<string, number>();
  await concurrently(deps.plan.targets, async (target) => {
    const codes = codesClosedBy('status').map((code) => askedOf(target.id, code));
    const late = await ask(`how ${target.id} stands`, codes, async () => {
      const status = await currentStatus(deps, target, known.get(target.id), now);
      statuses.set(target.id, status);
      const age = secondsBetween(status.newestVerified?.snapshotAt ?? status.firstSeenAt, now);
      ages.set(target.policy.name, Math.max(ages.get(target.policy.name) ?? 0, age));
      return checkLateness(target, status, now);
    });
    findings.push(...(late ?? []));
  });
  // One figure for each policy, its worst target's: a metric for each target would cost thousands a month.
  for (const [policy, age] of ages)
    deps.metrics.count('OldestNewestVerifiedSeconds', age, { policy, job: 'dump' });
  return findings;
}

/** The status to judge by: of a new target or schedule, and read afresh before anyone is woken. */
async function currentStatus(
  deps: WatchDeps,
  target: Target,
  known: TargetStatus | undefined,
  now: Date,
): Promise<TargetStatus> {
  if (!known || owesDifferently(target, known)) {
    await deps.catalog.owe(target.id, owedTo(target), now);
    return deps.catalog.refreshStatus(target.id);
  }
  // A worker may have died between its work and its status.
  return checkLateness(target, known, now).length > 0 ? deps.catalog.refreshStatus(target.id) : known;
}

function owesDifferently(target: Target, { owed = {} }: TargetStatus): boolean {
  const now = owedTo(target);
  const all = [...Object.keys(now), ...Object.keys(owed)] as Owing[];
  return all.some(
    (each) => now[each]?.cron !== owed[each]?.cron || now[each]?.timezone !== owed[each]?.timezone,
  );
}

async function lookAtSubscriptions(deps: WatchDeps): Promise<Finding[]> {
  const found = await Promise.all(
    TOPICS.map(async (topic) => checkSubscriptions(topic, await deps.alerts.subscriptions(topic))),
  );
  return found.flat();
}
