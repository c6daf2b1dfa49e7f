import { codeOf, reasonOf } from '../domain/errors.ts';
import { plusSeconds, secondsBetween, utc } from '../domain/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Durable } from '../ports/durable.ts';

/** What a poll says: it is done and this came of it, it goes on, or it can never be. */
export type Poll<T> = { state: 'done'; value: T } | { state: 'waiting'; seen: string };

export type Waiting = {
  clock: Clock;
  /** Seconds between the first two looks, and between the last ones. */
  pace: { first: number; most: number };
};

/**
 * Looks again and again until something is so, or its deadline has passed; between two looks nobody is billed, and a
 * notice may end the pause early. The deadline is a moment, kept with the execution: a replay does not move it.
 *
 * Each look costs the execution a few of its 3,000 operations, so they grow apart: a day takes some 300.
 */
export async function until<T>(
  durable: Durable,
  deps: Waiting,
  wait: {
    name: string;
    /** Seconds after which it is given up. */
    deadline: number;
    look: () => Promise<Poll<T>>;
    /** Where somebody's notice would find the wait. */
    onWaiting?: (token: string) => Promise<void>;
  },
): Promise<{ outcome: 'done'; value: T } | { outcome: 'too-late'; seen: string; waited: number }> {
  const began = await durable.step(`${wait.name}: begin`, async () => utc(deps.clock.now()));
  const end = plusSeconds(began, wait.deadline);
  for (let look = 1, pause = deps.pace.first; ; look++, pause = Math.min(deps.pace.most, pause * 1.5)) {
    const { poll, left } = await durable.step(`${wait.name}: look ${look}`, async () => ({
      poll: await wait.look(),
      left: secondsBetween(deps.clock.now(), end),
    }));
    if (poll.state === 'done') return { outcome: 'done', value: poll.value };
    if (left <= 0) return { outcome: 'too-late', seen: poll.seen, waited: secondsBetween(began, end) };
    // A notice only makes it shorter: what cannot be put where notices look ends by itself.
    const { onWaiting } = wait;
    const announce = onWaiting && ((token: string) => onWaiting(token).catch(() => undefined));
    await durable.pause(`${wait.name}: pause ${look}`, Math.min(pause, left), announce);
  }
}

/** A poll returns a state; an error that a second look may not meet is a state too. */
export async function withoutThrowing<T>(look: () => Promise<Poll<T>>): Promise<Poll<T>> {
  try {
    return await look();
  } catch (error) {
    // What is not allowed now is not allowed in an hour either.
    if (codeOf(error) === 'platform-denied') throw error;
    return { state: 'waiting', seen: reasonOf(error) };
  }
}
