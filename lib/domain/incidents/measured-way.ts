import { isDump, type RecoveryPoint } from '../points/recovery-point.ts';
import {
  type Evidence,
  isAgainstRestored,
  type RestoredSort,
  restoredSort,
  WAITED_FOR,
} from '../proof/evidence.ts';
import type { PlanInput, Span, Took, TookPhase, Way } from './way.ts';

/** How many of the newest rehearsals are looked at: older ones were of another size and another machine. */
const NEWEST = 10;
/** Phases that take longer for a larger database. The others start servers and make roles. */
const GROWING = ['fetch', 'restore', 'proof'];

/** What rehearsals of this sort measured, and how the last ones ended. */
export function measuredWay(
  sort: RestoredSort,
  point: RecoveryPoint | undefined,
  { evidence, points }: Pick<PlanInput, 'evidence' | 'points'>,
): Pick<Way, 'takes' | 'tested' | 'lastFailed'> {
  const ofSort = evidence.filter((each) => restoredSort(each) === sort);
  const passed = ofSort.filter(({ outcome }) => outcome === 'passed');
  const ofPoint = point && passed.find((each) => each.point === point.id);
  const best = ofPoint ?? passed[0];
  const failed = ofSort.find((each) => isAgainstRestored(each) && each.error?.kind !== 'unjudged');
  const takes = tookOf(passed.slice(0, NEWEST), scaleTo(sort, point, points));
  return {
    ...(takes ? { takes } : {}),
    ...(best ? { tested: { at: best.at, strength: best.strength, thisPoint: best === ofPoint } } : {}),
    ...(failed && (!best || failed.at > best.at)
      ? { lastFailed: { at: failed.at, codes: [...new Set(failed.findings.map(({ code }) => code))] } }
      : {}),
  };
}

/**
 * How much longer a growing phase takes for this point than it took in a rehearsal of another. A larger database takes
 * longer; that a smaller one would take less is not relied on. Only dumps have a size: an instance loads its storage
 * after it is up.
 */
function scaleTo(sort: RestoredSort, point: RecoveryPoint | undefined, points: readonly RecoveryPoint[]) {
  const sizes = new Map(points.filter(isDump).map(({ id, sourceBytes }) => [id, sourceBytes]));
  const now = point && isDump(point) ? point.sourceBytes : undefined;
  return ({ point: of }: Evidence) => {
    const then = sizes.get(of);
    return sort === 'dump' && then && now ? Math.max(1, now / then) : 1;
  };
}

function tookOf(rehearsals: readonly Evidence[], scaleOf: (of: Evidence) => number): Took | undefined {
  const measured = rehearsals.filter(({ rto }) => rto !== undefined);
  if (measured.length === 0) return undefined;
  const phases = new Map<string, { seconds: number[]; scaled: boolean }>();
  const totals = measured.map((each) => {
    const scale = scaleOf(each);
    const grows = each.phases.filter(({ name }) => GROWING.includes(name));
    for (const { name, seconds } of each.phases) {
      const isScaled = scale > 1 && grows.some((phase) => phase.name === name);
      const known = phases.get(name) ?? { seconds: [], scaled: false };
      phases.set(name, {
        seconds: [...known.seconds, seconds * (isScaled ? scale : 1)],
        scaled: known.scaled || isScaled,
      });
    }
    const growing = grows.filter(({ name }) => WAITED_FOR.includes(name));
    // Without its phases all of it may grow.
    const part =
      growing.length > 0 ? growing.reduce((sum, { seconds }) => sum + seconds, 0) : each.rto!.achieved;
    return each.rto!.achieved + part * (scale - 1);
  });
  return {
    ...spread(totals),
    measurements: measured.length,
    phases: [...phases].map(
      ([name, { seconds, scaled }]): TookPhase => ({
        name,
        ...spread(seconds),
        scaled,
        waitedFor: WAITED_FOR.includes(name),
      }),
    ),
  };
}

function spread(seconds: readonly number[]): Span & { middle: number } {
  const sorted = seconds.map(tenths).sort((a, b) => a - b);
  return { least: sorted[0]!, middle: sorted[Math.floor(sorted.length / 2)]!, most: sorted.at(-1)! };
}

const tenths = (seconds: number) => Math.round(seconds * 10) / 10;
