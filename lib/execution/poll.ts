import { codeOf, type ErrorInfo, type Refusal, reasonOf, refusalOf, toErrorInfo } from '../domain/errors.ts';
import { plusSeconds, secondsBetween, utc } from '../domain/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Durable } from '../ports/durable.ts';

/** The result of one look: done with a value, worth waiting for, or refused because waiting does not help. */
export type Poll<T> =
  | { state: 'done'; value: T }
  | { state: 'waiting'; seen: string }
  | { state: 'refused'; why: ErrorInfo };

export type Waiting = {
  clock: Clock;
  /** Seconds between the first two looks, and between the last ones. */
  pace: { first: number; most: number };
  /** Why the wait is to end, if a person asked for that. */
  cancelled?: (() => Promise<ErrorInfo | undefined>) | undefined;
};

export type Wait<T> = {
  name: string;
  /** Seconds after which the wait ends. */
  deadline: number;
  /** An error that it throws counts as waiting, unless the platform denies the call. */
  look: () => Promise<Poll<T>>;
  /** Makes the error of a wait that ended, from the last look and the seconds waited. */
  late: (seen: string, waited: number) => Refusal;
  /** Puts the token where a notice finds this wait and ends its pause. */
  onWaiting?: (token: string) => Promise<void>;
};

/**
 * Looks again and again until it is done; the function is not billed between two looks. Rejects with a Refusal when a
 * look refuses or the deadline has passed. The deadline is a moment, kept with the execution: a replay does not move
 * it.
 *
 * Each look costs the execution a few of its 3,000 operations, so the pauses grow: a day takes some 300.
 */
export async function poll<T>(durable: Durable, deps: Waiting, wait: Wait<T>): Promise<T> {
  const began = await durable.step(`${wait.name}: begin`, async () => utc(deps.clock.now()));
  const end = plusSeconds(began, wait.deadline);
  for (let look = 1, pause = deps.pace.first; ; look++, pause = Math.min(deps.pace.most, pause * 1.5)) {
    const { seen, left } = await durable.step(`${wait.name}: look ${look}`, async () => ({
      seen: await lookOnce(deps, wait).catch(asPoll),
      left: secondsBetween(deps.clock.now(), end),
    }));
    // Thrown here, outside of the step: an error loses its code on the way out of one.
    if (seen.state === 'refused') throw refusalOf(seen.why);
    if (seen.state === 'done') return seen.value;
    if (left <= 0) throw wait.late(seen.seen, secondsBetween(began, end));
    // A notice only shortens the pause: without one it ends by itself.
    const { onWaiting } = wait;
    const announce = onWaiting && ((token: string) => onWaiting(token).catch(() => undefined));
    await durable.pause(`${wait.name}: pause ${look}`, Math.min(pause, left), announce);
  }
}

async function lookOnce<T>({ cancelled }: Waiting, { look }: Wait<T>): Promise<Poll<T>> {
  const why = await cancelled?.();
  return why ? { state: 'refused', why } : look();
}

/** A denied call will be denied in an hour too; any other error may not occur at the next look. */
function asPoll(error: unknown): Poll<never> {
  return codeOf(error) === 'platform-denied'
    ? { state: 'refused', why: toErrorInfo(error) }
    : { state: 'waiting', seen: reasonOf(error) };
}
