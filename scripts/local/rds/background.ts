import { setTimeout as sleep } from 'node:timers/promises';

/** What goes on after an action has been answered: states that last a while, and the work behind them. */
export type Background = {
  /** Goes on by itself; a failure is reported, never thrown. */
  start(what: string, work: () => Promise<void>): Promise<void>;
  /** Resolves when the work is done and the state has lasted as long as `pace` says. */
  lasting(work?: Promise<unknown>): Promise<void>;
  /** Ends the waits and resolves when nothing goes on any more. */
  end(): Promise<void>;
};

export function background(pace: () => number, failed: (message: string) => void): Background {
  const ending = new AbortController();
  const running = new Set<Promise<void>>();
  return {
    start(what, work) {
      const going = work()
        .catch((error: unknown) => {
          if (!ending.signal.aborted)
            failed(`${what} failed: ${error instanceof Error ? error.message : error}`);
        })
        .finally(() => running.delete(going));
      running.add(going);
      return going;
    },
    async lasting(work) {
      const lasted = sleep(pace(), undefined, { signal: ending.signal });
      const both = Promise.allSettled([work, lasted]);
      const [worked, waited] = await both;
      for (const result of [worked, waited]) if (result.status === 'rejected') throw result.reason;
    },
    async end() {
      ending.abort();
      while (running.size > 0) await Promise.all(running);
    },
  };
}
