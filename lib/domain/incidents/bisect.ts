import { plusSeconds, secondsBetween, utc } from '../time.ts';

/** The answers of a search: the last item of which the question is true, and the first after it of which it is not. */
export type LastTrue<T> = { last?: T; firstFalse?: T; asked: number };

/**
 * Finds the last item of which a question is still true, in a series that begins true and once becomes false. Asks the
 * newest and the oldest first: one true at the end was never lost, and one false at the beginning is not in the series.
 */
export async function lastTrue<T>(
  oldestFirst: readonly T[],
  isTrue: (item: T) => Promise<boolean>,
): Promise<LastTrue<T>> {
  let asked = 0;
  const ask = (item: T) => {
    asked++;
    return isTrue(item);
  };
  const newest = oldestFirst.at(-1);
  if (newest === undefined) return { asked };
  if (await ask(newest)) return { last: newest, asked };
  let [low, high] = [0, oldestFirst.length - 1];
  if (high === 0 || !(await ask(oldestFirst[0]!))) return { firstFalse: oldestFirst[0]!, asked };
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await ask(oldestFirst[middle]!)) low = middle;
    else high = middle;
  }
  return { last: oldestFirst[low]!, firstFalse: oldestFirst[high]!, asked };
}

/** The most questions that such a search asks. */
export function mostQuestions(items: number): number {
  return items <= 2 ? items : 2 + Math.ceil(Math.log2(items - 1));
}

/** A moment, and what is known to be true of it. */
export type MomentKnown = { at: string; holds?: boolean };
/** The last moment of which the question is known to be true, and the first after it of which it is not. */
export type LastMoment = { last?: string; firstFalse?: string; asked: number };
export type MomentsBetween = {
  low: MomentKnown;
  high: MomentKnown;
  /** How close the two moments of the answer are to be, in seconds. */
  within: number;
};

/**
 * Finds by halves when a condition that was true stopped being true. Ends whose answer is known are not asked. The same ends
 * always lead to the same questions, so that answers that were kept serve again.
 */
export async function lastTrueMoment(
  { low, high, within }: MomentsBetween,
  isTrue: (moment: string) => Promise<boolean>,
): Promise<LastMoment> {
  let asked = 0;
  const ask = (moment: string) => {
    asked++;
    return isTrue(moment);
  };
  if (high.holds ?? (await ask(high.at))) return { last: high.at, asked };
  if (!(low.holds ?? (await ask(low.at)))) return { firstFalse: low.at, asked };
  let [last, firstFalse] = [low.at, high.at];
  for (
    let apart = secondsBetween(last, firstFalse);
    apart > within;
    apart = secondsBetween(last, firstFalse)
  ) {
    const middle = utc(plusSeconds(last, Math.floor(apart / 2)));
    if (await ask(middle)) last = middle;
    else firstFalse = middle;
  }
  return { last, firstFalse, asked };
}

/** The most questions that such a search asks. */
export function mostMoments({ low, high, within }: MomentsBetween): number {
  const ends = [low, high].filter(({ holds }) => holds === undefined).length;
  const apart = secondsBetween(low.at, high.at);
  // A half that is no whole second is the longer one.
  let halves = 0;
  for (let left = apart; left > within; left = Math.ceil(left / 2)) halves++;
  return ends + halves;
}
