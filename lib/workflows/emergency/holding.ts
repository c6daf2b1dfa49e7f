import { RestoreTaken } from '../../domain/errors.ts';
import { RESTORE_LEASE, type RestoreRecord } from '../../domain/incidents/restore-record.ts';
import { plusSeconds, utc } from '../../domain/time.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Durable } from '../../ports/durable.ts';

type HoldingDeps = { catalog: Pick<Catalog, 'renewRestore'>; clock: Clock };

/**
 * The operations of the execution that works on a restore. Each step says first that the execution lives, and is not
 * done when a rollback has taken the restore: an execution that comes back late changes nothing.
 */
export function holding(
  durable: Durable,
  record: Pick<RestoreRecord, 'target' | 'id' | 'token' | 'takenBy'>,
  { catalog, clock }: HoldingDeps,
): Durable {
  const hold = async () => {
    const aliveUntil = utc(plusSeconds(clock.now(), RESTORE_LEASE));
    await catalog.renewRestore(record, aliveUntil).catch((error) => {
      // A catalog that does not answer must not keep production from being put back.
      if (error instanceof RestoreTaken) throw error;
    });
  };
  return {
    step: (name, work) =>
      durable.step(name, async () => {
        await hold();
        return work();
      }),
    invoke: durable.invoke,
    pause: durable.pause,
  };
}

/** Did a rollback take the restore? A step throws an error under another name, with the original's name as cause. */
export function wasTaken(error: unknown): boolean {
  const { name, cause } = error as { name?: string; cause?: { name?: string } };
  return name === 'RestoreTaken' || cause?.name === 'RestoreTaken';
}
