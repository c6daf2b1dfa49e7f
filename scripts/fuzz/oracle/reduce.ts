/**
 * The fewest items of a list that still show something, found by leaving out smaller and smaller parts. Each test
 * costs time, so `most` limits their number.
 */
export async function reduce<T>(
  items: readonly T[],
  shows: (some: T[]) => Promise<boolean>,
  most = 80,
): Promise<T[]> {
  let left = [...items];
  let asked = 0;
  for (let size = Math.ceil(left.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let start = left.length - size; start > -size; start -= size) {
      if (asked++ >= most) return left;
      const from = Math.max(0, start);
      const fewer = [...left.slice(0, from), ...left.slice(start + size)];
      if (fewer.length < left.length && (await shows(fewer))) left = fewer;
    }
  }
  return left;
}
