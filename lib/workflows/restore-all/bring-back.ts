import { reasonOf } from '../../domain/errors.ts';
import { isTakenUp, type TargetInAll } from '../../domain/incidents/restore-all.ts';
import { isStalled, newName, type RestoreRecord } from '../../domain/incidents/restore-record.ts';
import { secondsBetween, shortMoment } from '../../domain/time.ts';
import type { Clock } from '../../ports/clock.ts';

/** What became of one target. `made`: its restore waits for approval. Durations in seconds. */
export type BroughtBack = {
  target: string;
  outcome: 'made' | 'done' | 'failed' | 'by-hand' | 'not-begun';
  /** The restore, and when it began, which may be before this. */
  restore?: string;
  startedAt?: string;
  /** An earlier one: nothing was begun. */
  takenUp?: true;
  /** From the beginning of it all until it could be approved. */
  readyAfter?: number;
  /** Where the new database is. */
  host?: string;
  port?: number;
  /** The target whose restore brings it back. */
  with?: string;
  why?: string;
};

/** What a person's command asks of the deployment for one target. */
export type RestorePorts = {
  /** The newest restore of a target, or the one with this id. */
  restore(target: string, id?: string): Promise<RestoreRecord | null>;
  /** Asks for a restore; resolves with its id before it has begun, and with why it was refused, as soon as that is known. */
  begin(restore: TargetInAll): Promise<{ id: string; refused: () => string | undefined }>;
  clock: Clock;
  live(text: string): void;
};

/** How long a function that was invoked may take to begin, and how long nobody may answer, in seconds. */
const BEGINS_WITHIN = 120;
const SILENT_FOR = 600;
const BETWEEN_LOOKS = 3000;

/**
 * Brings one target back, up to its approval. An earlier restore that is the wanted one is taken up. Never rejects: one
 * target that fails stops no other.
 */
export async function bringBack(
  restore: TargetInAll,
  wanted: string | undefined,
  ports: RestorePorts,
): Promise<BroughtBack> {
  const { target, way } = restore;
  try {
    const known = await ports.restore(target);
    if (known && isTakenUp(known, way!.asOf, wanted, ports.clock.now()))
      return { ...(await followed(target, known.id, ports)), takenUp: true };
    const { id, refused } = await ports.begin(restore);
    return await followed(target, id, ports, refused);
  } catch (error) {
    return { target, outcome: 'failed', why: reasonOf(error) };
  }
}

/** Looks until it waits for approval or has ended. A look that fails is repeated: the restore goes on without it. */
async function followed(
  target: string,
  id: string,
  { restore, clock, live }: RestorePorts,
  refused: () => string | undefined = () => undefined,
): Promise<BroughtBack> {
  const began = clock.now();
  let answered = began;
  let silence: unknown;
  for (;;) {
    const record = await restore(target, id).then(
      (found) => {
        answered = clock.now();
        return found;
      },
      (error) => {
        silence = error;
        return null;
      },
    );
    const why = refused();
    if (record?.state !== 'running' && why !== undefined) return { target, outcome: 'failed', why };
    const settled = record && settledAs(record, clock.now());
    if (settled) return settled;
    if (record) live(`${target}: ${record.phase}`);
    else if (secondsBetween(answered, clock.now()) > SILENT_FOR)
      return {
        target,
        outcome: 'failed',
        restore: id,
        why: `the deployment does not answer: ${reasonOf(silence)}`,
      };
    else if (answered > began && secondsBetween(began, clock.now()) > BEGINS_WITHIN)
      return {
        target,
        outcome: 'failed',
        why: `it has not begun: ./understudy alerts list ${target} has the reason`,
      };
    await clock.sleep(BETWEEN_LOOKS);
  }
}

function settledAs(record: RestoreRecord, now: Date): BroughtBack | undefined {
  const { target, id, startedAt, state, phase, decideBy, made, error } = record;
  const common = { target, restore: id, startedAt };
  const where = made && {
    ...(made.host ? { host: made.host } : {}),
    ...(made.port ? { port: made.port } : {}),
  };
  if (state === 'done') return { ...common, outcome: 'done', ...where };
  if (isStalled(record, now))
    return {
      ...common,
      outcome: 'failed',
      why: `its execution has died: ./understudy restore rollback ${target}`,
    };
  if (state !== 'running') return { ...common, outcome: 'failed', why: error?.message ?? `it is ${state}` };
  if (phase !== 'approve' || decideBy === undefined) return undefined;
  const why = `${newName(record)} waits until ${shortMoment(decideBy)} UTC`;
  return { ...common, outcome: 'made', ...where, why };
}
