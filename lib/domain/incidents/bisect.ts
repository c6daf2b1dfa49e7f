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
