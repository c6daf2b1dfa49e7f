import * as z from 'zod';
import { InputError, Refusal } from '../../domain/errors.ts';
import { adoptable, type ExtractOf } from '../../domain/incidents/extract.ts';
import { runName } from '../../domain/names.ts';
import { does } from '../../domain/plan/engines.ts';
import { connectionOf, requirePlatform, type Target } from '../../domain/plan/policy.ts';
import { counts, isSnapshot, type SnapshotPoint } from '../../domain/points/recovery-point.ts';
import type { Run } from '../../domain/runs/run.ts';
import { plusSeconds, shortMoment, utc } from '../../domain/time.ts';
import { askedMoment as moment } from '../../points/asked-moment.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Clock } from '../../ports/clock.ts';
import { refuseDuringRestore } from '../../restore/held-by-restore.ts';
import {
  type Estimate,
  estimateOf,
  formatEstimate,
  refuseOverBudget,
} from '../../restore/instance/budget.ts';

/** What would it take to have the rows of a snapshot or a moment? */
export const extractPlanRequest = z.strictObject({
  ask: z.literal('extract'),
  target: z.string().min(1),
  from: z.enum(['snapshot', 'moment']),
  point: z.string().min(1).optional(),
  /** Exactly this one. */
  moment: moment.optional(),
  /** Without a point or a moment: the newest that is not later. */
  at: moment.optional(),
  tables: z.array(z.string().min(1)).min(1).max(1000).optional(),
  find: z.string().min(1).max(10_000).optional(),
  /** Another one, even if there is one to adopt. */
  again: z.boolean().default(false),
});

export type ExtractPlan = {
  of: ExtractOf;
  /** The moment of its rows. */
  asOf: string;
  /** One of the same that is there, or under way. */
  known?: Run;
  estimate: Estimate;
  said: string;
  /** The moments that can be restored, as the watch saw them last. */
  window?: { earliest: string; latest: string };
};

type ExtractPlanDeps = { catalog: Catalog; clock: Clock; home: string };

/** What would be restored, for how long and how much; refused where it would be in vain. Makes nothing. */
export async function planExtract(
  { again, ...request }: z.output<typeof extractPlanRequest>,
  target: Target,
  deps: ExtractPlanDeps,
): Promise<ExtractPlan> {
  refuseIncomparable(target);
  await refuseDuringRestore(target.id, deps.catalog);
  const { tables, find, from } = request;
  const chosen =
    from === 'moment' ? await momentOf(request, target, deps) : await pointOf(request, target, deps);
  const { asOf, window, ...one } = chosen;
  const of: ExtractOf = {
    target: target.id,
    from,
    ...one,
    ...(tables ? { tables } : {}),
    ...(find ? { find } : {}),
  };
  const runs = again ? [] : await deps.catalog.runs(target.id, 'extract', NEWEST);
  const known = adoptable(runs, of, deps.clock.now());
  const estimate = await (known ? estimateOf : refuseOverBudget)(target, `rehearse-${from}`, deps);
  return {
    of,
    asOf,
    ...(known ? { known } : {}),
    estimate,
    said: `${formatEstimate(estimate)}${estimate.dollars === undefined ? UNKNOWN_PRICE : ''}`,
    ...(window ? { window } : {}),
  };
}

/** How many of the newest extracts may be adopted. */
const NEWEST = 50;
const UNKNOWN_PRICE = '; its price is unknown: set rehearsal.instance.pricePerHour';

function refuseIncomparable(target: Target): void {
  connectionOf(target);
  const { kind } = requirePlatform(target);
  if (kind !== 'elasticache' && does(target.engine, 'proof of instances')) return;
  throw new InputError(
    `the rows of ${target.id} cannot be compared: it is ${target.engine}, and only PostgreSQL can be`,
  );
}

type Wanted = Pick<z.output<typeof extractPlanRequest>, 'point' | 'moment' | 'at'>;
type Chosen = Pick<ExtractOf, 'point' | 'moment'> & Pick<ExtractPlan, 'asOf' | 'window'>;

async function momentOf(
  { moment: exact, at }: Wanted,
  target: Target,
  deps: ExtractPlanDeps,
): Promise<Chosen> {
  const window = await windowOf(target, deps.catalog);
  for (const [option, wanted] of Object.entries({ moment: exact, at }))
    if (wanted !== undefined) refuseOutside(option, wanted, window, target, deps.clock.now());
  // Only AWS knows what can be restored by now: the function asks it before it makes anything.
  if (exact !== undefined) return { moment: exact, asOf: exact, ...(window ? { window } : {}) };
  if (!window)
    throw new Refusal('no-moment', `AWS reports no backups of ${target.id} to restore a moment from`, {
      hint: `./understudy restore ${target.id} shows the ways back`,
    });
  const asOf = at === undefined || at > window.latest ? window.latest : at;
  return { moment: asOf, asOf, window };
}

/** RDS takes a moment before the latest one, which has no fractions. */
async function windowOf(target: Target, catalog: Catalog): Promise<ExtractPlan['window']> {
  const { platform } = await catalog.observed(target.id);
  if (!platform?.latest || platform.status === 'missing') return undefined;
  const earliest = platform.earliest ?? utc(plusSeconds(platform.latest, -platform.retention));
  return { earliest, latest: utc(plusSeconds(platform.latest, -1)) };
}

function refuseOutside(
  option: string,
  wanted: string,
  window: ExtractPlan['window'],
  { id }: Target,
  now: Date,
): void {
  if (new Date(wanted) > now)
    throw new InputError(`--${option} ${wanted} lies in the future`, [], 'name the moment before the damage');
  if (!window || wanted >= window.earliest) return;
  throw new InputError(
    `--${option} ${wanted} is before the earliest moment that AWS keeps of ${id}, ${shortMoment(window.earliest)} UTC`,
    [],
    `./understudy points ${id} lists dumps and snapshots, which reach further back`,
  );
}

/** Here at home alone does the function reach that reads the copy. */
async function pointOf({ point: id, at }: Wanted, target: Target, deps: ExtractPlanDeps): Promise<Chosen> {
  const now = deps.clock.now();
  if (at !== undefined) refuseOutside('at', at, undefined, target, now);
  const here = (await deps.catalog.points(target.id))
    .filter(isSnapshot)
    .filter(({ place, snapshotAt }) => place === deps.home && snapshotAt !== undefined);
  const found = id === undefined ? newestOf(here, at) : here.find((each) => each.id === id);
  if (found && !GONE.includes(found.state)) return { point: found.id, asOf: found.snapshotAt! };
  const state = found ? `is ${found.state}` : `is no snapshot in ${deps.home}`;
  throw new InputError(
    id === undefined
      ? `${target.id} has no good snapshot in ${deps.home}${at ? ` from before ${shortMoment(at)} UTC` : ''}`
      : `${id} of ${target.id} ${state}, so its rows cannot be compared`,
    [],
    `./understudy points ${target.id} lists what there is`,
  );
}

const GONE: readonly SnapshotPoint['state'][] = ['creating', 'failed', 'expiring', 'expired'];

function newestOf(points: readonly SnapshotPoint[], at: string | undefined): SnapshotPoint | undefined {
  return points
    .filter(counts)
    .filter(({ snapshotAt }) => at === undefined || snapshotAt! <= at)
    .sort((a, b) => b.snapshotAt!.localeCompare(a.snapshotAt!))[0];
}

/** How far an extract has come, for whoever waits for it. */
export async function followExtract(
  target: string,
  scheduledFor: string,
  catalog: Catalog,
): Promise<ExtractProgress> {
  const name = { job: 'extract', target, scheduledFor };
  const run = await catalog.run(name);
  if (run?.state !== 'running') return { run: run ?? null, phase: 'begins' };
  const record = (await catalog.openScratches()).find((each) => each.run === runName(name));
  if (!record) return { run, phase: 'begins, or ends' };
  if (record.startedAt === undefined) return { run, phase: 'waits for its turn' };
  return { run, phase: record.resourceId === undefined ? 'restores' : 'reads its rows, and tears it down' };
}

export type ExtractProgress = { run: Run | null; phase: string };
