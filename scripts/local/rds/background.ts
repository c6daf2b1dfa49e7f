import { setTimeout as sleep } from 'node:timers/promises';

export type Background = ReturnType<typeof background>;

/** What goes on after an action has been answered: states that last a while, and the work behind them. */
export function background(settings: { pace: number; violations: string[] }) {
  const ending = new AbortController();
  const running = new Set<Promise<void>>();
  return {
    /** Goes on by itself; a failure is written down, never thrown. */
    start(what: string, work: () => Promise<void>): Promise<void> {
      const going = work()
        .catch((error: Error) => {
          if (!ending.signal.aborted) settings.violations.push(`${what} failed: ${error.message}`);
        })
        .finally(() => running.delete(going));
      running.add(going);
      return going;
    },
    /** Resolves when the work is done and the state has lasted as long as `pace` says. */
    async lasting(work?: Promise<unknown>): Promise<void> {
      const lasted = sleep(settings.pace, undefined, { signal: ending.signal });
      for (const result of await Promise.allSettled([work, lasted]))
        if (result.status === 'rejected') throw result.reason;
    },
    /** Ends the waits and resolves when nothing goes on any more. */
    async end(): Promise<void> {
      ending.abort();
      while (running.size > 0) await Promise.all(running);
    },
  };
}
