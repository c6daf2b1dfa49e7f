import { type ErrorInfo, Refusal, toErrorInfo } from '../../domain/errors.ts';
import {
  RESTORE_LEASE,
  type RestorePhase,
  type RestoreRecord,
} from '../../domain/incidents/restore-record.ts';
import { plusSeconds, secondsBetween, utc } from '../../domain/time.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Durable } from '../../ports/durable.ts';

type LogDeps = { catalog: Catalog; clock: Clock };

/** The record of a running restore: whatever changes is stored before the next thing happens. */
export type RestoreLog = {
  readonly record: RestoreRecord;
  /** Ends a phase and begins the next. Rejects with `aborted` when a person wants it to end. */
  phase(name: RestorePhase, options?: { anyway?: boolean }): Promise<void>;
  note(what: string, changes: Partial<RestoreRecord>): Promise<void>;
  /** Adds notes for the person who decides. */
  add(what: string, ...notes: string[]): Promise<void>;
  /** Why it is to end, if a person said so. */
  aborted(): Promise<ErrorInfo | undefined>;
};

/** `durable` is the one that holds the restore. */
export function restoreLog(begun: RestoreRecord, durable: Durable, { catalog, clock }: LogDeps): RestoreLog {
  // What a step has kept stays as it is: a replay begins from it again.
  const record = structuredClone(begun);
  const { target, id } = record;
  const aborted = async () => {
    const { abort } = await catalog.restoreAnswers(target, id);
    return abort && toErrorInfo(abortedBy(target, abort.by));
  };
  const note = async (what: string, changes: Partial<RestoreRecord>) => {
    Object.assign(record, changes);
    await durable.step(`on record: ${what}`, () =>
      catalog.putRestore({ ...record, aliveUntil: utc(plusSeconds(clock.now(), RESTORE_LEASE)) }),
    );
  };
  return {
    record,
    aborted,
    note,
    add: (what, ...notes) => note(what, { notes: [...record.notes, ...notes] }),
    async phase(name, { anyway = false } = {}) {
      const { at, why } = await durable.step(`${name}: begin`, async () => ({
        at: utc(clock.now()),
        // A question that fails keeps nobody from restoring; the next phase asks again.
        why: (await aborted().catch(() => undefined)) ?? null,
      }));
      if (why && !anyway) throw new Refusal(why.code, why.message, { hint: why.hint });
      await endPhase(record, name, at, note);
      await durable.step(`${name}: on the timeline`, async () => {
        const said = { from: 'understudy' as const, subject: id, message: `restore ${id}: ${name}` };
        await catalog.addEvent({ target, at, id: `restore ${id} ${name}`, ...said }).catch(() => false);
      });
    },
  };
}

async function endPhase(
  record: RestoreRecord,
  name: RestorePhase,
  at: string,
  note: RestoreLog['note'],
): Promise<void> {
  const { phase, phases, phaseBeganAt } = record;
  const ended =
    phase === name ? [] : [{ name: phase, seconds: Math.max(0, secondsBetween(phaseBeganAt, at)) }];
  await note(name, { phase: name, phaseBeganAt: at, phases: [...phases, ...ended] });
}

export const ABORTED = 'aborted';

function abortedBy(target: string, by: string): Refusal {
  return new Refusal(ABORTED, `${by} aborted the restore of ${target}`, {
    hint: `the ways back are: ./understudy restore ${target}`,
  });
}
