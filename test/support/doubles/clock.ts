import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../../lib/ports/clock.ts';

export type ManualClock = Clock & {
  /** Moves time to a moment at once; who should have woken by then wakes. */
  set(moment: string | Date): void;
  /** Lets time pass: wakes sleepers in order, each at its own moment, so that one who sleeps again is woken again. */
  advance(seconds: number): Promise<void>;
  /** How many are asleep. */
  sleeping(): number;
};

type Sleeper = { due: number; wake: () => void };

/**
 * Time as the test says. A sleep ends when time is moved past it; with `skipping`, time moves by itself to the end of
 * the next sleep as soon as everybody else has had a turn.
 */
export function manualClock(
  start: string | Date = '2026-11-20T12:00:00Z',
  options: { skipping?: boolean } = {},
): ManualClock {
  let now = new Date(start).getTime();
  const sleepers = new Set<Sleeper>();
  const wakeUntil = (moment: number) => {
    for (const sleeper of [...sleepers].sort((a, b) => a.due - b.due)) {
      if (sleeper.due <= moment) sleeper.wake();
    }
  };
  const first = () => [...sleepers].sort((a, b) => a.due - b.due)[0];
  const skip = () => {
    const next = first();
    now = Math.max(now, next?.due ?? now);
    next?.wake();
  };
  return {
    now: () => new Date(now),

    async sleep(milliseconds, signal) {
      if (signal?.aborted) return;
      await new Promise<void>((resolve) => {
        const wake = () => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper: Sleeper = { due: now + milliseconds, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake);
        // A turn of the event loop, and not less: a loop that sleeps must not keep everybody else from running.
        if (options.skipping) setImmediate(skip);
      });
    },

    set(moment) {
      now = new Date(moment).getTime();
      wakeUntil(now);
    },

    async advance(seconds) {
      const end = now + seconds * 1000;
      for (;;) {
        const next = first();
        if (!next || next.due > end) break;
        now = Math.max(now, next.due);
        next.wake();
        await turn();
      }
      now = end;
      await turn();
    },

    sleeping: () => sleepers.size,
  };
}
