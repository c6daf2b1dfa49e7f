import { setTimeout as sleep } from 'node:timers/promises';

export type Background = ReturnType<typeof background>;

/** Work after an action has been answered, and states that last a while. */
export function background(settings: { pace: number; violations: string[] }) {
  const ending = new AbortController();
  const running = new Set<Promise<void>>();
  return {
    /** Runs in the background; a failure is recorded as a violation, never thrown. */
    start(what: string, work: () => Promise<void>): Promise<void> {
      const going = work()
        .catch((error: Error) => {
          if (!ending.signal.aborted) settings.violations.push(`${what} failed: ${error.message}`);
        })
        .finally(() => running.delete(going));
      running.add(going);
      return going;
    },
    /** Resolves when the work is done and the state has lasted for `pace`. */
    async lasting(work?: Promise<unknown>): Promise<void> {
      const lasted = sleep(settings.pace, undefined, { signal: ending.signal });
      for (const result of await Promise.allSettled([work, lasted]))
        if (result.status === 'rejected') throw result.reason;
    },
    /** Ends the waits and resolves when all work has ended. */
    async end(): Promise<void> {
      ending.abort();
      while (running.size > 0) await Promise.all(running);
    },
  };
}
