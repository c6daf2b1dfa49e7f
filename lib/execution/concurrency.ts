/** How many at once: in an outage all targets are late together. */
const LANES = 16;

/** The same for items that come one after another: no more of them are held than are worked on. */
export async function concurrentlyFrom<T>(
  items: AsyncIterable<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.asyncIterator]();
  const lane = async () => {
    for (let next = await left.next(); !next.done; next = await left.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** Does the work for every item, some at once, in their order. */
export async function concurrently<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  atOnce = LANES,
): Promise<void> {
  const left = [...items].reverse();
  const lane = async () => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane));
}
