import { endedEarly } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';

export type TimeDeps = { clock: Clock; secondsLeft: () => number };

/** Aborts its signal when work has to stop; `reason` is why. `end` stops the watching. */
export type Deadline = { signal: AbortSignal; reason: () => Error | undefined; end: () => void };

/**
 * Ends work when the process has fewer than `reserve` seconds left, or when `stopFor`, asked once a second, gives another
 * reason.
 */
export function deadline(
  { clock, secondsLeft }: TimeDeps,
  { what, hint, reserve }: { what: string; hint: string; reserve: number },
  stopFor: () => Promise<Error | undefined> = async () => undefined,
): Deadline {
  const work = new AbortController();
  const over = new AbortController();
  let reason: Error | undefined;
  void (async () => {
    while (!over.signal.aborted && !reason) {
      await clock.sleep(1000, over.signal);
      if (over.signal.aborted) return;
      reason = secondsLeft() < reserve ? endedEarly(what, secondsLeft(), hint) : await stopFor();
    }
    if (reason) work.abort(reason);
  })();
  return { signal: work.signal, reason: () => reason, end: () => over.abort() };
}

/** Work that ends by itself when the process has too few seconds left, and then rejects with why. */
export async function withinDeadline<T>(
  deps: TimeDeps,
  limits: { what: string; hint: string; reserve: number },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal, end } = deadline(deps, limits);
  try {
    return await work(signal);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    end();
  }
}
