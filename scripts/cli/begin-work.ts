import type { UnderstudyError } from '../../lib/domain/errors.ts';
import type { RestoreOutcome } from '../../lib/workflows/emergency/restoring.ts';
import type { Session } from './session.ts';

/** Work that was asked for. With --local it is this process's own, and has an outcome at its end. */
export type Begun = {
  outcome: () => RestoreOutcome | undefined;
  /** Rejects with why it failed. */
  throwIfFailed: () => void;
  /** Resolves when it is asked for; with --local, when it is done. */
  settled: Promise<unknown>;
};

export function beginWork({ isLocal }: Session, begin: () => Promise<unknown>): Begun {
  let outcome: RestoreOutcome | undefined;
  let failure: { error: unknown } | undefined;
  const settled = begin().then(
    (value) => {
      if (isLocal) outcome = value as RestoreOutcome;
    },
    (error: unknown) => {
      failure = { error };
    },
  );
  return {
    settled,
    outcome: () => outcome,
    throwIfFailed() {
      if (failure) throw failure.error;
    },
  };
}

const SECONDS_BETWEEN_LOOKS = 3;
/** How long a function that was invoked may take to begin, in seconds. */
const BEGINS_WITHIN = 120;

/**
 * Looks until something has ended, and once more as soon as the work has settled. `look` says whether anything has begun,
 * and what has ended.
 */
export async function untilEnded<T>(
  begun: Begun | undefined,
  look: () => Promise<{ ended: T } | { hasBegun: boolean }>,
  notBegun: () => UnderstudyError,
): Promise<T> {
  let settling = begun?.settled.then(() => {
    settling = undefined;
  });
  for (const since = Date.now(); ; ) {
    const seen = await look();
    begun?.throwIfFailed();
    if ('ended' in seen) return seen.ended;
    if (!seen.hasBegun && Date.now() - since > BEGINS_WITHIN * 1000) throw notBegun();
    await pauseUntil(settling);
  }
}

function pauseUntil(settling: Promise<void> | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, SECONDS_BETWEEN_LOOKS * 1000);
    void settling?.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
