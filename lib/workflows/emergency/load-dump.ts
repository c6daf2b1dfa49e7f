import * as z from 'zod';
import { codeOf, Refusal, reasonOf, toErrorInfo, UnderstudyError } from '../../domain/errors.ts';
import { type Plan, requireTarget, type Target } from '../../domain/plan/policy.ts';
import type { DumpPoint } from '../../domain/points/recovery-point.ts';
import type { LeftOut } from '../../domain/proof/exceptions.ts';
import type { Manifest } from '../../domain/proof/manifest.ts';
import { formatDifference } from '../../domain/proof/proof.ts';
import { withinDeadline } from '../../execution/deadline.ts';
import type { Attempted } from '../../execution/durable-run.ts';
import { requireManifest } from '../../points/artifact.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Credentials } from '../../ports/credentials.ts';
import type { Instances, Secrets } from '../../ports/database.ts';
import type { Databases } from '../../ports/databases.ts';
import type { Destinations, LoadProgress, OntoResult } from '../../ports/destination.ts';
import type { Log } from '../../ports/messages.ts';
import type { ScratchSecrets } from '../../ports/platform.ts';
import type { Vault } from '../../ports/vault.ts';
import { askAssertions } from '../../restore/prove/assertions.ts';
import { masterOf } from './inside-credentials.ts';
import { insideMaster, refuseLate } from './inside-request.ts';

/** Of a dump, into the database that a restore makes. The whole point: the function reaches the vault alone. */
const ofDump = {
  target: z.string(),
  notAfter: z.iso.datetime().optional(),
  master: insideMaster,
  point: z.looseObject({ id: z.string() }).transform((point) => point as unknown as DumpPoint),
};
export const loadRequest = z.discriminatedUnion('ask', [
  /** All of it; with a mark beside the living database, where what an earlier try has left is known by the mark. */
  z.strictObject({
    ask: z.literal('load'),
    ...ofDump,
    /** Where an earlier call stopped. */
    from: z.custom<LoadProgress>().optional(),
    mark: z.string().optional(),
  }),
  /** What belongs to the database itself, once it is loaded beside the living one; a trial only says how they will differ. */
  z.strictObject({ ask: z.literal('give'), ...ofDump, living: z.string(), isTrial: z.boolean() }),
]);
export type LoadRequest = z.input<typeof loadRequest>;
type Asked = z.output<typeof loadRequest>;

/** Small: it travels through a checkpoint. `id`: of the database that was made beside the living one. */
export type Loaded = {
  /** Absent where it was not compared yet. */
  strength?: 'exact' | 'restored' | 'none';
  differences: string[];
  notes: string[];
  /** What should have been asked and was not. */
  unchecked?: string[];
  /** It is not over: the next call goes on from here. */
  next?: LoadProgress;
  /** Of the last call: a comparison has to know it. */
  leftOut?: LeftOut;
  id?: string;
};

export type LoadDeps = {
  plan: Plan;
  vault: Vault;
  passwords: ScratchSecrets;
  secrets: Secrets;
  destinations: Destinations;
  databases: Pick<Databases, 'find'>;
  instances: Pick<Instances, 'value'>;
  /** Entries restored at once. */
  jobs: number;
  clock: Clock;
  log: Log;
  secondsLeft: () => number;
};

const RESERVE_SECONDS = 30;
const SHOWN = 20;
/** The longest time of one question, in seconds. */
const ASSERTION_TAKES = 60;

/**
 * Loads a dump into the database of an empty instance, with roles, owners, privileges and settings, and compares every
 * row with the manifest; or as much of that as this function has time for. Without `from`, what an earlier try has left
 * there is gone first. A refusal is a value, as it is of `insideDatabases`.
 */
export async function loadDump(request: Asked, deps: LoadDeps): Promise<Attempted<Loaded | string[]>> {
  try {
    refuseLate(request, deps.clock);
    const of = requireTarget(deps.plan, request.target);
    const value = request.ask === 'load' ? await load(request, of, deps) : await give(request, of, deps);
    return { ok: true, value };
  } catch (error) {
    if (!(error instanceof UnderstudyError)) throw error;
    return { ok: false, said: toErrorInfo(error) };
  }
}

async function load(
  { master, point, from, mark }: Extract<Asked, { ask: 'load' }>,
  target: Target,
  deps: LoadDeps,
): Promise<Loaded> {
  const { vault, destinations } = deps;
  const manifest = await requireManifest({ target, point, vault });
  const into = await masterOf(target, master, deps);
  const limits = {
    what: 'loading the dump',
    hint: `load it from your machine, which has no time limit: ./understudy restore ${target.id} --point ${point.id} --to URL`,
    reserve: RESERVE_SECONDS,
  };
  return withinDeadline(deps, limits, async (signal) => {
    const result = await destinations
      .load(into, {
        ...{ manifest, jobs: deps.jobs, signal, from },
        ...(mark === undefined ? {} : { beside: { mark } }),
        secondsLeft: () => deps.secondsLeft() - RESERVE_SECONDS,
        dump: () => vault.read(manifest.dump, signal),
        roles: () => vault.read(manifest.roles, signal),
        phase: (name) => deps.log.info(`loading: ${name}`, { target: target.id, point: point.id }),
      })
      .catch((error) => {
        if (codeOf(error) !== 'does-not-fit') throw error;
        throw new Refusal('does-not-fit', reasonOf(error), { hint: limits.hint });
      });
    const made = mark === undefined ? undefined : await deps.databases.find(into, { name: into.database });
    const id = made ? { id: made.id } : {};
    // What compares an instance in parts asks them itself.
    if (result.next || (!result.proof && mark === undefined)) return { ...unproven(result), ...id };
    const asked = await askInTime(into, target, manifest, deps);
    return { ...(result.proof ? loadedOf(result, result.proof, asked) : unproven(result, asked)), ...id };
  });
}

type Answered = { differences: string[]; unchecked: string[] };

/** The target's own assertions: those that fail, and those for which no time was left. */
async function askInTime(
  into: Credentials,
  { assertions }: Target,
  manifest: Manifest,
  { instances, secondsLeft }: LoadDeps,
): Promise<Answered> {
  const value = (sql: string) => instances.value(into, sql, ASSERTION_TAKES);
  const answered: Answered = { differences: [], unchecked: [] };
  for (const assertion of assertions.filter(({ when }) => when === 'always')) {
    if (secondsLeft() <= RESERVE_SECONDS + ASSERTION_TAKES)
      answered.unchecked.push(`"${assertion.name}" was not asked: no time was left`);
    else
      for (const { passed, name, detail } of await askAssertions({ value }, [assertion], manifest))
        if (!passed) answered.differences.push(`"${name}" ${detail}`);
  }
  return answered;
}

/** A part of it, or all that is not compared here. */
const unproven = (
  { failed, notes, next, leftOut }: OntoResult,
  { differences, unchecked }: Answered = { differences: [], unchecked: [] },
): Loaded => ({
  differences: [...differences, ...failed.map(notRestored)].slice(0, SHOWN),
  notes: notes.slice(0, SHOWN),
  ...(unchecked.length > 0 ? { unchecked: unchecked.slice(0, SHOWN) } : {}),
  ...(next ? { next } : {}),
  ...(leftOut ? { leftOut } : {}),
});

const notRestored = (what: string) => `not restored: ${what}`;

async function give(
  { master, point, living, isTrial }: Extract<Asked, { ask: 'give' }>,
  target: Target,
  { vault, destinations, ...deps }: LoadDeps,
): Promise<string[]> {
  const manifest = await requireManifest({ target, point, vault });
  const into = await masterOf(target, master, deps);
  const dump = () => vault.read(manifest.dump);
  return (await destinations.give(into, { manifest, dump, living, isTrial })).slice(0, SHOWN);
}

/** What could not be restored, and every difference, is for the person who approves. */
function loadedOf(
  { failed, notes }: OntoResult,
  proof: NonNullable<OntoResult['proof']>,
  answered: Answered,
): Loaded {
  const differences = [
    ...answered.differences,
    ...failed.map(notRestored),
    ...proof.differences.map(formatDifference),
  ];
  return {
    strength: !proof.equal || failed.length > 0 ? 'none' : proof.strength === 'exact' ? 'exact' : 'restored',
    differences: [
      ...differences.slice(0, SHOWN),
      ...(differences.length > SHOWN ? [`and ${differences.length - SHOWN} more`] : []),
    ],
    notes: notes.slice(0, SHOWN),
    ...(answered.unchecked.length > 0 ? { unchecked: answered.unchecked.slice(0, SHOWN) } : {}),
  };
}
