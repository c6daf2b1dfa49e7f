import { Refusal } from '../../domain/errors.ts';
import type { Target } from '../../domain/plan/policy.ts';
import { monthOf, type Standing } from '../../domain/runs/scratch-record.ts';
import { humanSeconds, secondsBetween, utc } from '../../domain/time.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Clock } from '../../ports/clock.ts';

/** Seconds, measured or guessed; and dollars if the policy has the price of an hour. */
export type Estimate = {
  seconds: number;
  guessed?: true;
  dollars?: number;
  used: number;
  allowed: number;
};

type BudgetDeps = { catalog: Catalog; clock: Clock };

/** Until one has been measured, in seconds. */
const USUALLY = 3600;
/** The shortest billed time, in seconds; from RDS's pricing page. */
const LEAST_BILLED = 600;

/** Its expected time and cost; rejects when the policy's hours of this month do not suffice. */
export async function refuseOverBudget(
  target: Target,
  job: string,
  deps: BudgetDeps,
  standing?: Standing,
): Promise<Estimate> {
  const estimate = await estimateOf(target, job, deps, standing);
  if (estimate.used + estimate.seconds <= estimate.allowed) return estimate;
  throw new Refusal(
    'scratch-budget',
    `the scratch instances of the policy ${target.policy.name} have stood for ${humanSeconds(estimate.used)} this month, of ${humanSeconds(estimate.allowed)} allowed, and this rehearsal would take about ${humanSeconds(estimate.seconds)}`,
    { hint: 'raise rehearsal.instance.hoursAMonth, or rehearse less often' },
  );
}

/** The longest of the last three of its sort, and their cost. */
export async function estimateOf(
  target: Target,
  job: string,
  deps: BudgetDeps,
  standing?: Standing,
): Promise<Estimate> {
  const { hoursAMonth, pricePerHour } = target.policy.rehearsal.instance;
  const past = (await deps.catalog.evidence(target.id, 20))
    // A rehearsal that gave up while waiting has used no instance time.
    .filter(
      ({ run, rto, strength }) => run.startsWith(`${job}/`) && (rto !== undefined || strength !== 'none'),
    )
    .slice(0, 3)
    .map(({ phases }) => phases.reduce((sum, phase) => sum + phase.seconds, 0));
  const seconds = past.length > 0 ? Math.ceil(Math.max(...past)) : USUALLY;
  const now = deps.clock.now();
  const stands = standing ?? (await deps.catalog.standing(target.policy.name));
  const ended = await deps.catalog.scratchSeconds(target.policy.name, monthOf(utc(now)));
  return {
    seconds,
    ...(past.length > 0 ? {} : { guessed: true as const }),
    ...(pricePerHour === undefined
      ? {}
      : { dollars: Math.ceil((Math.max(seconds, LEAST_BILLED) / 3600) * pricePerHour * 100) / 100 }),
    used: ended + standingSeconds(stands, seconds, now),
    allowed: hoursAMonth * 3600,
  };
}

/** `about 42 min on a scratch instance, 0.08 USD and its storage; 3 h of 24 h used this month`. */
export function formatEstimate({ seconds, guessed, dollars, used, allowed }: Estimate): string {
  const price = dollars === undefined ? '' : `, ${dollars.toFixed(2)} USD and its storage`;
  const how = guessed ? ' (an estimate: no rehearsal has been measured yet)' : '';
  return `about ${humanSeconds(seconds)}${how} on a scratch instance${price}; ${humanSeconds(used)} of ${humanSeconds(allowed)} used this month`;
}

/** A running instance counts for its usual time, or longer. */
function standingSeconds({ since }: Standing, usually: number, now: Date): number {
  return Object.values(since).reduce(
    (sum, startedAt) => sum + Math.max(usually, secondsBetween(startedAt, now)),
    0,
  );
}
